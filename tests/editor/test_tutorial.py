"""The first half of the tutorial for authors, in the editor, as its page says it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.editor.test_page import answer_to, opened, saved

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "first-role.md"


async def test_tutorial_makes_the_file_that_it_shows(tmp_path: Path, chrome: Browser) -> None:
    async with opened(tmp_path, chrome) as page:
        await page.get_by_role("button", name="New role").click()
        await page.get_by_label("The role's title").fill("Payroll Clerk")
        await page.keyboard.press("Enter")
        await page.get_by_label("Owner").fill("@people-payroll")
        overview = "Pays everybody the right amount, on time."
        await page.get_by_label("Text", exact=True).fill(overview)
        await page.get_by_label("A section to add").select_option("skills")
        await page.get_by_role("button", name="Add section").click()
        await page.keyboard.type("Excel")
        await page.keyboard.press("Enter")
        await page.keyboard.type("Payroll software")
        skills = page.get_by_role("group", name="Skills", exact=True)
        await skills.get_by_role("button", name="+ Preferred").click()
        await page.keyboard.type("SAP")
        await page.get_by_label("A section to add").select_option("experience")
        await page.get_by_role("button", name="Add section").click()
        experience = page.get_by_role("group", name="Experience", exact=True)
        await experience.get_by_role("button", name="+ Years").click()
        await page.get_by_label("At least").fill("2")

        assert "Preferred, not required" in await answer_to(
            page, "is SAP a must for a payroll clerk?"
        )
        await saved(page)

    (shown,) = re.findall(
        r"What you saved is `knowledge/([\w./-]+)`:\n\n```yaml\n(.*?)```",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert (tmp_path / shown[0]).read_text(encoding="utf-8") == shown[1]
