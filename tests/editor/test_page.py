"""The editor in a browser: what a person does who has never seen YAML."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from faqbot.content.loader import load_knowledge_base
from faqbot.runtime.web import Server, background_server, listen
from tests.editor.conftest import ROLE, pages_of
from tests.support.waiting import DEADLINE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
DOCUMENT = b"Warehouse Lead\n\nResponsibilities\n\n- Plan the shifts\n- A forklift licence\n"


@asynccontextmanager
async def opened(folder: Path, chrome: Browser, width: int = 1280) -> AsyncIterator[Page]:
    """A page of the editor, on which no script may fail."""
    listener = listen("127.0.0.1", 0)
    problems: list[str] = []
    async with background_server(Server(pages_of(folder).app()), listener):
        context = await chrome.new_context(viewport={"width": width, "height": 844})
        page = await context.new_page()
        page.set_default_timeout(1000 * DEADLINE)
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        await page.locator(".welcome").wait_for()
        try:
            yield page
        finally:
            await context.close()
    assert not problems


async def saved(page: Page) -> None:
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.locator("#state", has_text=re.compile("^Saved")).wait_for()


async def answer_to(page: Page, question: str) -> str:
    await page.get_by_label("A question, as people would type it").fill(question)
    await page.get_by_role("button", name="Ask", exact=True).click()
    await page.locator("#answer .message").wait_for()
    return await page.locator("#answer").inner_text()


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the cursor is on something by its name, as the page calls it."""
    for _ in range(120):
        await page.keyboard.press("Tab")
        if await page.evaluate(FOCUSED) == name:
            return
    pytest.fail(f"Tab never reaches {name}")


async def test_a_role_is_written_asked_and_saved_without_a_mouse(
    tmp_path: Path, chrome: Browser
) -> None:
    async with opened(tmp_path, chrome) as page:
        keyboard = page.keyboard
        await tab_to(page, "New role")
        await keyboard.press("Enter")
        await keyboard.type("Office Cook")
        await keyboard.press("Enter")
        await page.get_by_role("group", name="The role").wait_for()
        await tab_to(page, "Text")
        await keyboard.press("Control+a")
        await keyboard.type("Cooks lunch for forty people.")
        await tab_to(page, "A section to add")
        await keyboard.type("Skills")
        await tab_to(page, "Add section")
        await keyboard.press("Enter")
        for number, point in enumerate(("Knife skills", "Hygiene rules", "French")):
            if number:
                await keyboard.press("Enter")
            await keyboard.type(point)
        await keyboard.press("Alt+ArrowUp")
        await tab_to(page, "Move point 2 to")
        await keyboard.type("Skills: Pref")
        await keyboard.press("Enter")
        await page.get_by_label("Preferred, 1").wait_for()
        assert await page.evaluate(FOCUSED) == "Preferred, 1"

        await keyboard.press("Control+s")
        await page.locator("#state", has_text=re.compile("^Saved")).wait_for()
        # The cursor is still where it was.
        assert await page.evaluate(FOCUSED) == "Preferred, 1"

        await tab_to(page, "A question, as people would type it")
        await keyboard.type("what must a cook be able to do")
        await keyboard.press("Enter")
        await page.locator("#answer .message", has_text="Hygiene rules").wait_for()
        await tab_to(page, "The entry that should answer")
        await keyboard.type("Skills")
        await tab_to(page, "Add as a way to ask")
        await keyboard.press("Enter")
        await keyboard.press("Control+s")
        await page.locator("#state", has_text=re.compile("^Saved")).wait_for()

        # Before the way there: a key just after it may be faster than the order to hold choosers.
        async with page.expect_file_chooser() as chooser:
            await tab_to(page, "Import a document or a table")
            await keyboard.press("Enter")
        await (await chooser.value).set_files(
            {"name": "lead.txt", "mimeType": "text/plain", "buffer": DOCUMENT}
        )
        await page.get_by_role("heading", name="From lead.txt").wait_for()
    (role,) = load_knowledge_base(tmp_path).roles
    by_key = {one.key: one for one in role.sections}
    assert by_key["overview"].text == "Cooks lunch for forty people."
    assert by_key["skills"].required == ("Knife skills", "Hygiene rules")
    assert by_key["skills"].preferred == ("French",)
    assert by_key["skills"].phrasings == ("what must a cook be able to do",)


FOCUSED = """() => {
  const one = document.activeElement;
  return (one.ariaLabel || one.labels?.[0]?.firstChild.textContent || one.textContent).trim();
}"""


async def test_a_problem_shows_at_its_field_and_goes_when_it_is_mended(
    folder: Path, chrome: Browser
) -> None:
    async with opened(folder, chrome) as page:
        await page.get_by_role("button", name="Office Cook").click()
        title = page.get_by_label("Title", exact=True)
        await title.fill("")
        problem = page.locator("[data-path='[\"title\"]'] .finding.error")
        await problem.wait_for()
        assert await title.get_attribute("aria-invalid") == "true"
        described = await title.get_attribute("aria-describedby")
        assert described == await problem.get_attribute("id")

        await title.fill("Chef")
        await problem.wait_for(state="detached")

        assert await title.get_attribute("aria-invalid") is None


async def test_a_dropped_document_is_reviewed_and_saved(folder: Path, chrome: Browser) -> None:
    async with opened(folder, chrome) as page:
        await page.locator("#file").set_input_files(
            {"name": "lead.txt", "mimeType": "text/plain", "buffer": DOCUMENT}
        )
        await page.get_by_role("heading", name="From lead.txt").wait_for()
        await page.get_by_label("A section to add").select_option("certifications")
        await page.get_by_role("button", name="Add section").click()
        mover = page.get_by_label("Move point 2 to")
        await mover.select_option(label="Certifications: Required")
        await saved(page)

    role = load_knowledge_base(folder).role("warehouse-lead")
    assert role is not None
    by_key = {one.key: one for one in role.sections}
    assert by_key["responsibilities"].items == ("Plan the shifts",)
    assert by_key["certifications"].required == ("A forklift licence",)


async def test_a_dropped_table_is_asked_about_reviewed_and_saved(
    folder: Path, chrome: Browser
) -> None:
    table = b"HR answers\r\nQuestion,Answer\r\nIs there a canteen?,Yes\r\nMay I bring a dog?,No\r\n"
    async with opened(folder, chrome) as page:
        await page.locator("#file").set_input_files(
            {"name": "hr.csv", "mimeType": "text/csv", "buffer": table}
        )
        await page.get_by_role("heading", name="Which row names the columns?").wait_for()
        chosen = page.get_by_label("The row that names the columns")
        assert await chosen.input_value() == "2"
        await page.get_by_role("button", name="Import", exact=True).click()
        await page.get_by_role("heading", name="From hr.csv").wait_for()
        assert "2 general FAQs" in await page.locator(".report").inner_text()

        # It waits in the list while another file is looked at.
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_role("group", name="The role").wait_for()
        await page.get_by_role("button", name="FAQs 2 FAQs").click()
        await page.get_by_role("heading", name="From hr.csv").wait_for()
        await saved(page)

    found = load_knowledge_base(folder).faqs
    assert {faq.question for faq in found} >= {"Is there a canteen?", "May I bring a dog?"}


async def test_steps_and_saves_can_be_undone_by_keyboard_and_button(
    folder: Path, chrome: Browser
) -> None:
    async with opened(folder, chrome) as page:
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_role("button", name="Remove Skills").click()
        await page.get_by_role("button", name="Undo", exact=True).click()
        await page.get_by_role("button", name="Remove Skills").wait_for()

        await page.get_by_label("Title", exact=True).fill("Chef")
        await page.keyboard.press("Control+s")
        await page.locator("#state", has_text=re.compile("^Saved")).wait_for()
        assert 'title: "Chef"' in (folder / "roles/office-cook.yaml").read_text()

        await page.get_by_role("button", name="Undo the last save").click()
        await page.get_by_role("heading", name="Office Cook").wait_for()
    assert (folder / "roles/office-cook.yaml").read_text() == ROLE


async def test_a_save_by_keyboard_closes_the_dialog_of_what_it_changes(
    folder: Path, chrome: Browser
) -> None:
    async with opened(folder, chrome) as page:
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_label("Title", exact=True).fill("Chef")
        await page.get_by_role("button", name="Show changes").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_text("becomes “Chef”").wait_for()

        await page.keyboard.press("Control+s")

        await page.locator("#state", has_text=re.compile("^Saved")).wait_for()
        assert await dialog.count() == 0
        assert 'title: "Chef"' in (folder / "roles/office-cook.yaml").read_text()

        # A dialog that saves nothing stays, and so does the file.
        await page.get_by_label("Title", exact=True).fill("Cook")
        await page.get_by_role("button", name="Remove", exact=True).first.click()
        await page.keyboard.press("Control+s")
        await dialog.get_by_role("button", name="Close").click()
        await page.locator("#state", has_text="Not saved yet").wait_for()
    assert 'title: "Chef"' in (folder / "roles/office-cook.yaml").read_text()


async def test_what_is_typed_during_a_save_stays(folder: Path, chrome: Browser) -> None:
    async with opened(folder, chrome) as page:
        await page.get_by_role("button", name="Office Cook").click()
        title = page.get_by_label("Title", exact=True)
        await title.fill("Chef")

        async def type_on(route: Route) -> None:
            await title.press_sequentially(" de cuisine")
            await route.continue_()

        await page.route("**/calls/save", type_on, times=1)
        await page.keyboard.press("Control+s")
        await page.get_by_role("button", name="Undo the last save", disabled=False).wait_for()
        await page.locator("#state", has_text="Not saved yet").wait_for()
        assert await title.input_value() == "Chef de cuisine"
        assert 'title: "Chef"' in (folder / "roles/office-cook.yaml").read_text()
        await saved(page)
    assert 'title: "Chef de cuisine"' in (folder / "roles/office-cook.yaml").read_text()


async def test_a_double_click_saves_once(tmp_path: Path, chrome: Browser) -> None:
    async with opened(tmp_path, chrome) as page:
        await page.get_by_role("button", name="New role").click()
        await page.get_by_label("The role's title").fill("Baker")
        await page.keyboard.press("Enter")
        await page.get_by_role("group", name="The role").wait_for()
        await page.get_by_role("button", name="Save", exact=True).dblclick()
        await page.locator("#state", has_text=re.compile("^Saved")).wait_for()
        await page.get_by_label("Title", exact=True).fill("Pastry baker")
        await saved(page)
    assert len(load_knowledge_base(tmp_path).roles) == 1


async def test_a_role_that_is_gone_is_told(folder: Path, chrome: Browser) -> None:
    async with opened(folder, chrome) as page:
        role = page.get_by_role("button", name="Office Cook")
        await role.wait_for()  # the list comes after the page
        (folder / "roles" / "office-cook.yaml").unlink()
        await role.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_text("isn't there any more: load the page anew").wait_for()


async def test_the_second_of_two_people_sees_what_the_first_changed(
    folder: Path, chrome: Browser
) -> None:
    path = folder / "roles" / "office-cook.yaml"
    async with opened(folder, chrome) as page:
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_label("Family").fill("kitchen")
        path.write_text(ROLE.replace('"Office Cook"', '"Chef"'), encoding="utf-8")

        await page.get_by_role("button", name="Save", exact=True).click()
        await page.get_by_role("heading", name="Somebody else saved this meanwhile").wait_for()
        assert "title" in await page.locator("#dialog li").all_inner_texts()
        await page.get_by_role("button", name="Keep both changes").click()
        await page.get_by_role("heading", name="Chef").wait_for()
        await saved(page)

    assert 'title: "Chef"' in path.read_text()
    assert "family: kitchen" in path.read_text()


async def test_what_is_not_saved_is_not_left_without_a_word(folder: Path, chrome: Browser) -> None:
    async with opened(folder, chrome) as page:
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_label("Title", exact=True).fill("Chef")

        await page.get_by_role("button", name="faqs/general.yaml").click()

        await page.get_by_role("heading", name="What you wrote isn't saved").wait_for()
        await page.get_by_role("button", name="Go without saving").click()
        await page.get_by_role("heading", name="FAQs", exact=True).first.wait_for()
    assert (folder / "roles/office-cook.yaml").read_text() == ROLE


@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_scrolls_sideways_and_each_field_has_a_name(
    folder: Path, chrome: Browser, width: int
) -> None:
    long = "kitchen" * 30
    path = folder / "roles" / "office-cook.yaml"
    path.write_text(ROLE.replace("Plan the menu\n", f"{long}\n", 1), encoding="utf-8")
    async with opened(folder, chrome, width) as page:
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_role("group", name="The role").wait_for()

        shown = await page.evaluate("() => document.documentElement.scrollWidth")
        nameless = await page.evaluate(NAMELESS)

    assert shown == width
    assert nameless == []


NAMELESS: Any = """() => [...document.querySelectorAll("input, select, textarea, button")]
  .filter((one) => !(one.labels?.length || one.ariaLabel || one.textContent.trim()))
  .map((one) => one.outerHTML)"""
