"""The check that a page is accessible, light and dark, wide and narrow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.async_api import Page

WIDTHS = {"desktop": 1280, "phone": 390}
Scheme = Literal["light", "dark"]
SHOWN: tuple[tuple[str, Scheme], ...] = (("desktop", "light"), ("phone", "dark"))
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PICTURES = os.environ.get("FAQBOT_PICTURES", "")
"""A folder for pictures of each page, for people who want to look at them."""


async def sound(page: Page, name: str) -> None:
    """A page has no finding of axe-core in either scheme, and nothing scrolls sideways."""
    from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]

    axe, found = Axe(), []
    for device, scheme in SHOWN:
        width = WIDTHS[device]
        await page.set_viewport_size({"width": width, "height": 844})
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        shown = await page.evaluate("() => document.documentElement.scrollWidth")
        if shown > width:
            found.append(f"{device}: {shown} pixels wide")
        results = (await axe.run(page)).response
        found += [
            f"{device}, {scheme}: {one['id']} at {place['target']}: {place['failureSummary']}"
            for one in results["violations"]
            for place in one["nodes"]
        ]
        if PICTURES:
            for shade in SCHEMES:
                await page.emulate_media(color_scheme=shade, reduced_motion="reduce")
                path = Path(PICTURES) / f"{name}-{device}-{shade}.png"
                await page.screenshot(path=path, full_page=True)
    assert not found, f"{name}:\n" + "\n".join(found)
