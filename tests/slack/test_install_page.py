"""Installing faqbot in a browser, from the button to the page that says it is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from faqbot.workspaces.oauth import INSTALL_PATH
from tests.playground.test_page import FLAGS
from tests.slack.installing import Site, site
from tests.support.local_slack import several
from tests.support.waiting import DEADLINE

pytestmark = pytest.mark.browser


@asynccontextmanager
async def page_of(chromium: str, **given: Any) -> AsyncIterator[Any]:
    """A page of a browser that has seen nothing yet; what its console says of errors fails."""
    from playwright.async_api import async_playwright

    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(**given)
        page.set_default_timeout(1000 * DEADLINE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        yield page
        await browser.close()
    assert [error for error in errors if "the server responded with a status" not in error] == []


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(f"sqlite:///{tmp_path}/faqbot.db", several("Alpha", "Beta")) as made:
        yield made


async def test_install_page_leads_to_slack_and_back_in_a_browser(
    web: Site, chromium: str, tmp_path: Path
) -> None:
    async with page_of(chromium) as page:
        await page.goto(f"{web.base}{INSTALL_PATH}")
        await page.screenshot(path=tmp_path / "offer.png", full_page=True)
        await page.get_by_role("button", name="Add to Slack").click()
        await page.get_by_role("link", name="Cancel").click()
        await page.get_by_role("alert").get_by_text("Nothing has changed").wait_for()
        await page.screenshot(path=tmp_path / "denied.png", full_page=True)
        await page.get_by_role("link", name="Start again").click()
        await page.get_by_role("button", name="Add to Slack").click()
        await page.get_by_role("link", name="Allow in Beta").click()
        await page.get_by_role("heading", name="faqbot is installed in Beta").wait_for()
        await page.screenshot(path=tmp_path / "done.png", full_page=True)
        link = page.get_by_role("link", name="Open Slack")
        assert "team=T0BETA" in str(await link.get_attribute("href"))
        await page.reload()  # the same address once more
        await page.get_by_role("alert").get_by_text("in your workspace already").wait_for()
    (found,) = await web.store.installations.all()
    assert found.team_name == "Beta"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_install_page_fits_a_phone_and_is_accessible(
    web: Site, chromium: str, tmp_path: Path, scheme: str
) -> None:
    screen = {"width": 360, "height": 640}
    async with page_of(chromium, viewport=screen, color_scheme=scheme) as page:
        await page.goto(f"{web.base}{INSTALL_PATH}")
        await page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        size = await page.get_by_role("button", name="Add to Slack").bounding_box()
        assert size["height"] >= 44
        colours = await page.evaluate(
            "['main', 'dd', 'button'].map(name => {"
            " const style = getComputedStyle(document.querySelector(name));"
            " return style.color + style.backgroundColor })"
        )
        assert len(set(colours)) == 3
