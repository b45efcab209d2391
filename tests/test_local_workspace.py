"""faqbot as it starts without Slack, with the shipped content, used by a person in a browser."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from tests.support.waiting import DEADLINE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu"]
FIVE_MINUTES = 300.0
PICTURES = os.environ.get("FAQBOT_PICTURES", "")
"""A folder for pictures of the steps of a person."""


@contextmanager
def running(folder: Path, knowledge: Path) -> Iterator[str]:
    """Run faqbot in a folder, with a knowledge folder; yields the page's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    env = {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}
    env |= {"PORT": port, "FAQBOT_KNOWLEDGE": str(knowledge)}
    command = [sys.executable, "-m", "faqbot", "run"]
    env["PYTHONPATH"] = str(ROOT)
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    ) as faqbot:
        assert faqbot.stdout is not None
        try:
            found = (re.search(r"http://\S+", line) for line in faqbot.stdout)
            yield next(match.group() for match in found if match)
        finally:
            faqbot.terminate()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("run"), ROOT / "knowledge") as started:
        yield started


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield (opened := playwright.chromium.launch(executable_path=chromium, args=FLAGS))
        opened.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the page in a window of a size; none may have an error at the end."""
    errors: list[str] = []
    pages: list[Page] = []

    def open_page(width: int = 1280, height: int = 800, **more: Any) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, **more)
        page.set_default_timeout(1000 * DEADLINE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not errors


def say(page: Page, text: str) -> None:
    page.locator("#composer").fill(text)
    page.locator("#composer").press("Enter")


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.scrollingElement.scrollWidth > innerWidth"))


@pytest.mark.browser
def test_first_sight_is_a_question_with_its_answer_and_three_more_to_try(
    visit: Callable[..., Page],
) -> None:
    page = visit()
    thread = page.get_by_label("Thread", exact=True)
    thread.get_by_role("heading", name="Skills").wait_for()
    assert "What skills does" in page.get_by_role("article").first.inner_text()
    tries = page.locator("#prompts").get_by_role("button")
    assert tries.count() == 3
    question = tries.first.inner_text()
    tries.first.click()
    asked = page.locator("#messages").get_by_role("article").filter(has_text=question)
    asked.get_by_role("button", name="1 reply").wait_for()


@pytest.mark.browser
def test_a_question_is_answered_and_a_button_shows_the_next_part(
    visit: Callable[..., Page],
) -> None:
    page = visit()
    question = "what degree do i need for pyhton backend?"
    say(page, f"@faqbot {question}")
    asked = page.locator("#messages").get_by_role("article").filter(has_text=question)
    asked.get_by_role("button", name="1 reply").click()
    thread = page.get_by_label("Thread", exact=True)
    thread.get_by_role("heading", name="Python Back End Developer · Education").wait_for()
    thread.get_by_role("button", name="Certifications").click()
    thread.get_by_role("heading", name="Python Back End Developer · Certifications").wait_for()


@pytest.mark.browser
def test_a_mended_question_changes_its_answer_where_it_is_seen(
    visit: Callable[..., Page],
) -> None:
    page = visit()
    say(page, "@faqbot which skils does a ux designer need?")
    asked = page.locator("#messages").get_by_role("article").last
    asked.get_by_text("UX Designer · Skills").wait_for()
    page.locator("#composer").press("ArrowUp")
    box = page.get_by_role("textbox", name="Edit your message")
    box.fill("@faqbot which education does a ux designer need?")
    box.press("Enter")
    asked.get_by_text("UX Designer · Education").wait_for()
    assert asked.get_by_role("button", name="1 reply").count() == 1


@pytest.mark.browser
def test_mention_where_faqbot_is_not_offers_to_invite_it(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("button", name="random").click()
    say(page, "@faqbot what skills does a data engineer need?")
    page.get_by_text("isn’t in #random, so it didn’t see your message").wait_for()
    page.get_by_role("button", name="Do nothing").click()
    say(page, "/invite @somebody")
    page.get_by_text("Only @faqbot can be invited here.").wait_for()
    say(page, "/invite @faqbot")
    page.get_by_text("faqbot was added to #random").wait_for()
    say(page, "@faqbot which degree does a data engineer need?")
    page.get_by_role("button", name="1 reply").wait_for()
    assert page.get_by_role("button", name="Invite faqbot").count() == 0


@pytest.mark.browser
def test_file_that_faqbot_sends_opens(visit: Callable[..., Page], address: str) -> None:
    page = visit()
    page.get_by_role("button", name="hiring").click()
    say(page, "/role advert data analyst")
    page.get_by_text("I send it to you as a file").wait_for()
    page.get_by_role("button", name="faqbot", exact=False).first.click()
    link = page.get_by_role("link", name="The job advertisement of Data Analyst")
    link.wait_for()
    with page.expect_popup() as opened:
        link.click()
    opened.value.get_by_text("Data Analyst").first.wait_for()
    assert opened.value.url.startswith(f"{address}page/files/")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(visit: Callable[..., Page], width: int) -> None:
    page = visit(width, 844)
    page.locator("#prompts").get_by_role("button").first.wait_for()
    code = f"```\n{'x' * 300}\n```"
    say(page, f"{'W' * 300} https://example.com/{'a' * 200}\n{code}")
    page.locator("#messages pre").last.wait_for()
    assert not scrolls_sideways(page)
    say(page, "/role compare data analyst, data engineer")
    page.get_by_role("button", name="Show all").last.click()
    page.get_by_text("What else they list").last.wait_for()
    assert not scrolls_sideways(page)


@pytest.mark.browser
def test_channels_have_names_on_a_phone_and_the_hint_speaks_of_touch(
    visit: Callable[..., Page],
) -> None:
    page = visit(390, 844, has_touch=True, is_mobile=True)
    page.get_by_text("Tap the arrow to send").wait_for()
    assert not page.get_by_text("Enter sends").is_visible()
    menu = page.get_by_role("button", name="Channels and people")
    menu.tap()
    for name in ("general", "hiring", "random"):
        page.locator("#places").get_by_text(name).wait_for()
    page.get_by_role("button", name="hiring").tap()
    page.get_by_role("heading", name="# hiring").wait_for()
    assert menu.get_attribute("aria-expanded") == "false"
    assert not scrolls_sideways(page)


@pytest.mark.browser
def test_without_content_it_says_what_to_do_and_answers_from_the_first_file(
    browser: Browser, tmp_path: Path
) -> None:
    knowledge = tmp_path / "knowledge"
    knowledge.mkdir()
    with running(tmp_path, knowledge) as started:
        page = browser.new_page()
        page.set_default_timeout(1000 * DEADLINE)
        page.goto(started)
        advice = "Write the first role with: faqbot new role, or in the editor"
        page.get_by_text(advice).wait_for()
        page.get_by_role("button", name="faqbot Home").click()
        page.get_by_text("There are no roles and no FAQs here yet").wait_for()
        page.get_by_role("tab", name="Messages").click()
        say(page, "which skills does a cook need?")
        page.get_by_role("heading", name="Nothing to answer from yet").wait_for()
        role = "role: cook\ntitle: Cook\nsections:\n  skills:\n    items: [Knives, Sauces]\n"
        (knowledge / "cook.yaml").write_text(role)
        page.get_by_role("button", name="general").click()
        asked = page.get_by_role("article").filter(has_text="What skills does a Cook need?")
        asked.get_by_role("button", name="1 reply").click()
        page.get_by_text("Sauces").wait_for()
        assert page.get_by_text(advice).count() == 0
        page.close()


class Person:
    """Somebody at the page: each step is recorded, with the time that a person needs for it.

    The times are those of the keystroke-level model (Card, Moran, Newell, 1983), for a person who
    types 40 words a minute and reads 200; what the machine takes is measured.
    """

    KEY, POINT, THINK, WORD = 0.28, 1.2, 1.35, 0.3

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps: list[tuple[str, float, float]] = []

    @contextmanager
    def step(self, title: str, read: str = "") -> Iterator[None]:
        """A step, which begins with reading and thinking."""
        self._spent = self.THINK + self.WORD * len(read.split())
        began = time.monotonic()
        yield
        self.steps.append((title, self._spent, time.monotonic() - began))
        if PICTURES:
            name = f"step-{len(self.steps)}-{title.lower().replace(' ', '-')}.png"
            self.page.screenshot(path=Path(PICTURES) / name)

    def click(self, target: Locator) -> None:
        self._spent += self.POINT
        target.click()

    def choose(self, target: Locator, label: str) -> None:
        self._spent += 2 * self.POINT
        target.select_option(label=label)

    def type(self, *lines: str) -> None:
        """Type lines, with Enter between them, where the cursor is."""
        self._spent += self.KEY * (len("\n".join(lines)) + 1)
        for number, line in enumerate(lines):
            if number:
                self.page.keyboard.press("Enter")
            self.page.keyboard.type(line)

    @property
    def seconds(self) -> float:
        return sum(person + machine for _, person, machine in self.steps)


@pytest.mark.browser
def test_from_an_empty_folder_to_an_answer_in_less_than_five_minutes(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "knowledge").mkdir()
    with running(tmp_path, tmp_path / "knowledge") as started:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(1000 * DEADLINE)
        person = Person(page)
        with person.step("Open the local workspace"):
            page.goto(started)
            advice = page.locator("#prompts p")
            advice.get_by_text("no content yet").wait_for()
        with person.step("Open the editor", read=advice.inner_text()):
            person.click(page.get_by_role("link", name="Edit roles and FAQs"))
            page.locator(".welcome").wait_for()
        with person.step("Begin a role", read=page.locator(".welcome").inner_text()):
            person.click(page.get_by_role("button", name="New role"))
            person.type("Office Cook", "")
            page.get_by_role("group", name="The role").wait_for()
        with person.step("Write what the role is about"):
            field = page.get_by_label("Text", exact=True)
            person.click(field)
            field.select_text()
            person.type("Cooks lunch for forty people, and plans the menu with them.")
        with person.step("Add a section with skills"):
            person.choose(page.get_by_label("A section to add"), "Skills")
            person.click(page.get_by_role("button", name="Add section"))
            person.type("Knife skills", "Hygiene rules", "Cooking for many")
        with person.step("Ask before it is saved"):
            person.click(page.get_by_label("A question, as people would type it"))
            person.type("what must a cook be able to do", "")
            page.locator("#answer").get_by_text("Hygiene rules").wait_for()
        with person.step("Save"):
            person.click(page.get_by_role("button", name="Save", exact=True))
            page.locator("#state", has_text="Saved").wait_for()
        with person.step("Ask in Slack", read=page.locator("#answer").inner_text()):
            person.click(page.get_by_role("link", name="Local workspace"))
            person.click(page.locator("#composer"))
            person.type("@faqbot which skills does an office cook need?")
            # The bot loads what was saved while the person types.
            said = page.locator("#messages").get_by_role("article")
            said.filter(has_text="What skills does an Office Cook").wait_for()
            page.keyboard.press("Enter")
            asked = said.filter(has_text="which skills does an office cook")
            person.click(asked.get_by_role("button", name="1 reply"))
            thread = page.get_by_label("Thread", exact=True)
            thread.get_by_text("Hygiene rules").wait_for()
        page.close()
    record = [
        f"{title}: {by_person:.0f} s of the person, {by_machine:.1f} s of the page"
        for title, by_person, by_machine in person.steps
    ]
    record.append(f"In all: {person.seconds:.0f} s")
    (Path(PICTURES or tmp_path) / "steps.txt").write_text("\n".join(record) + "\n")
    assert len(person.steps) == 8
    assert person.seconds < FIVE_MINUTES, person.steps


@pytest.mark.browser
def test_careers_page_asks_and_passes_a_question_on(visit: Callable[..., Page]) -> None:
    """The widget's demo page, from the menu of the workspace to the owners' channel."""
    page = visit(bypass_csp=True)  # the policy of the page keeps axe's own script out
    page.get_by_role("link", name="Careers page with the widget").click()
    question = page.get_by_label("Ask about a job")
    question.fill("which skills does a data analyst need?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".turn", has_text="Power BI").wait_for()
    question.fill("Is there a kindergarten?")
    question.press("Enter")
    turn = page.locator(".turn").nth(1)
    turn.get_by_text("Ask a person").click()
    turn.get_by_label("Your mail address").fill("anna@example.com")
    turn.get_by_role("button", name="Send to a person").click()
    turn.get_by_text("Your question is with a person now.").wait_for()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert not scrolls_sideways(page)
        assert Axe().run(page).response["violations"] == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("link", name="local workspace").click()
    page.locator(".place", has_text="hiring").click()
    page.get_by_text("A question from a web page").wait_for()
