"""Take the screenshots of the documentation: run faqbot in its local workspace in Chromium.

python -m tools.screenshots
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
LARGEST = 250_000
FLAGS = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars")


@contextlib.contextmanager
def local_workspace() -> Iterator[tuple[str, dict[str, str]]]:
    """Run faqbot without Slack; gives the page's address and the environment."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}
    env |= {"PORT": free_port()}
    # A folder of its own, so that no .env with real tokens is read, and nothing is left behind.
    with (
        tempfile.TemporaryDirectory() as folder,
        furnished(Path(folder), env),
        subprocess.Popen(
            [sys.executable, "-m", "faqbot", "run"],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        ) as faqbot,
    ):
        assert faqbot.stdout is not None
        try:
            found = (re.search(r"http://\S+", line) for line in faqbot.stdout)
            address = next((match.group() for match in found if match), None)
            if address is None:
                sys.exit("faqbot did not start: see above.")
            yield address, env
        finally:
            faqbot.terminate()


@contextlib.contextmanager
def furnished(folder: Path, env: dict[str, str]) -> Iterator[None]:
    """Content that may be changed, and a memory that is gone afterwards."""
    shutil.copytree(ROOT / "knowledge", folder / "knowledge")
    env["FAQBOT_KNOWLEDGE"] = str(folder / "knowledge")
    env["FAQBOT_DATABASE_URL"] = f"sqlite:///{folder}/faqbot.db"
    yield


def say(page: Page, text: str) -> None:
    """Write something into the message box and send it."""
    page.locator("#composer").fill(text)
    page.locator("#composer").press("Enter")


def channel(page: Page) -> None:
    """A question in a channel, its answer, and a second question in the thread."""
    persona = page.get_by_role("combobox", name="You are")
    persona.select_option("jonas")
    say(page, "We open three roles next week: one back end developer and two data analysts.")
    page.get_by_role("article").filter(has_text="three roles next week").wait_for()
    say(page, "@faqbot do data analysts need to code?")
    page.get_by_role("button", name="1 reply").nth(1).wait_for()
    persona.select_option("maya")
    say(page, "@faqbot what degree do i need for pyhton backend?")
    page.get_by_role("button", name="1 reply").nth(2).click()
    thread = page.get_by_label("Thread", exact=True)
    thread.get_by_role("heading", name="Education").wait_for()
    page.locator("#thread-composer").fill("and which certs?")
    page.locator("#thread-composer").press("Enter")
    thread.get_by_role("heading", name="Certifications").wait_for()
    take(page, "channel")
    page.get_by_role("button", name="Close the thread").click()


def app_home(page: Page) -> None:
    """What App Home offers."""
    page.get_by_role("button", name="faqbot Home").click()
    page.get_by_role("heading", name="Ask about a job role").wait_for()
    take(page, "app-home")


def full_description(page: Page) -> None:
    """A whole role by command, from its beginning."""
    page.get_by_role("button", name="hiring").click()
    say(page, "/role python backend")
    page.get_by_role("heading", name="Python Back End Developer").wait_for()
    take(page, "full-description")


def comparison(page: Page) -> None:
    """Two roles side by side."""
    page.get_by_role("button", name="random").click()
    say(page, "/role compare data analyst, data engineer")
    page.get_by_text("Skills, required").wait_for()
    take(page, "comparison")


def required(page: Page) -> None:
    """What is required, and which roles ask for it."""
    open_thread(page, "@faqbot is docker mandatory for a python developer?", "Preferred, not")
    take(page, "required-or-preferred")
    page.get_by_role("button", name="Close the thread").click()


def look_up(page: Page) -> None:
    """Which roles need something."""
    open_thread(page, "@faqbot which roles need SQL?", "Preferred in")
    take(page, "look-up")
    page.get_by_role("button", name="Close the thread").click()


def next_step(page: Page) -> None:
    """What is missing for another role."""
    open_thread(page, "@faqbot how do I get from data analyst to data engineer?", "You bring along")
    take(page, "next-step")
    page.get_by_role("button", name="Close the thread").click()


def rating(page: Page) -> None:
    """What is asked when an answer didn't help."""
    thread = open_thread(page, "@faqbot what does a ux designer do all day?", "Day to day")
    thread.get_by_role("button", name="This answer did not help me").click()
    page.get_by_role("heading", name="What was missing?").wait_for()
    take(page, "rating")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Close the thread").click()


def person(page: Page) -> None:
    """A question that a person answers."""
    thread = open_thread(
        page, "@faqbot can I bring my dog to the office?", "rather say so than guess"
    )
    thread.get_by_role("button", name="Ask a person").click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    thread.get_by_text("with a person now").wait_for()
    page.get_by_role("button", name="Close the thread").click()
    page.get_by_role("button", name="hiring").click()
    page.get_by_role("button", name="Claim").click()
    page.get_by_text("Claimed by").wait_for()
    take(page, "ask-a-person")


def proposal(page: Page) -> None:
    """An FAQ that somebody proposes."""
    page.get_by_role("button", name="Answer", exact=True).click()
    page.get_by_role("textbox", name="Your answer").fill("Yes, on Fridays, if it is a quiet one.")
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    page.locator(".b-actions").get_by_role("button", name="Save as FAQ").click()
    page.get_by_role("dialog").get_by_role("button", name="Propose").click()
    page.get_by_role("button", name="Approve").wait_for()
    take(page, "proposal")


def settings(page: Page) -> None:
    """When faqbot speaks in a channel."""
    page.get_by_role("button", name="general").click()
    say(page, "/faq settings")
    page.get_by_role("heading", name="faqbot in this channel").wait_for()
    take(page, "settings")
    page.get_by_role("button", name="Cancel").click()


def advertisement(page: Page) -> None:
    """A job advertisement made from a role."""
    page.get_by_role("button", name="random").click()
    say(page, "/role advert data analyst")
    page.get_by_text("About the role").wait_for()
    take(page, "advertisement")


def open_thread(page: Page, text: str, awaited: str) -> Locator:
    """Ask in #general, and open the thread of the answer."""
    page.get_by_role("button", name="general").click()
    say(page, text)
    asked = page.get_by_role("article").filter(has_text=text.removeprefix("@faqbot "))
    asked.get_by_role("button", name="1 reply").click()
    thread = page.get_by_label("Thread", exact=True)
    thread.get_by_text(awaited).first.wait_for()
    return thread


@contextlib.contextmanager
def served(env: dict[str, str], *arguments: str) -> Iterator[str]:
    """Run a command that serves a page; gives its address."""
    command = [sys.executable, "-m", "faqbot", *arguments, "--port", free_port()]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        try:
            yield re.findall(r"http://\S+", serving.stdout.readline())[0]
        finally:
            serving.terminate()


def free_port() -> str:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def insights(page: Page, env: dict[str, str]) -> None:
    """The figures of what was asked."""
    with served(env, "insights") as address:
        page.goto(f"{address}?days=7")
        page.get_by_role("heading", name="Most asked").wait_for()
        take(page, "insights")


def editor(page: Page, env: dict[str, str]) -> None:
    """The role of the tutorial for authors, and a question that is answered from it."""
    with tempfile.TemporaryDirectory() as folder, served(env, "edit", "-k", folder) as address:
        page.goto(address)
        page.get_by_role("button", name="New role").click()
        page.get_by_label("The role's title").fill("Payroll Clerk")
        page.keyboard.press("Enter")
        page.get_by_label("Owner").fill("@people-payroll")
        page.get_by_label("Text", exact=True).fill("Pays everybody the right amount, on time.")
        page.get_by_label("A section to add").select_option("skills")
        page.get_by_role("button", name="Add section").click()
        page.keyboard.type("Excel")
        page.keyboard.press("Enter")
        page.keyboard.type("Payroll software")
        skills = page.get_by_role("group", name="Skills", exact=True)
        skills.get_by_role("button", name="+ Preferred").click()
        page.keyboard.type("SAP")
        page.get_by_label("A question, as people would type it").fill(
            "is SAP a must for a payroll clerk?"
        )
        page.get_by_role("button", name="Ask", exact=True).click()
        page.get_by_text("Preferred, not required").wait_for()
        skills.evaluate("one => one.scrollIntoView({block: 'center'})")
        take(page, "editor")


def editor_import(page: Page, env: dict[str, str]) -> None:
    """A job description that was dropped on the editor, as a form to review."""
    text = (
        "Payroll Clerk\n\nPays everybody the right amount, on time.\n\n"
        "What you will do\n\n- Check time sheets\n- Run the monthly payroll\n- Answer questions "
        "about pay slips\n\nWhat you bring\n\n- Excel\n- At least 2 years in payroll\n"
    )
    file: FilePayload = {
        "name": "payroll-clerk.txt",
        "mimeType": "text/plain",
        "buffer": text.encode(),
    }
    with tempfile.TemporaryDirectory() as folder, served(env, "edit", "-k", folder) as address:
        page.goto(address)
        page.locator("#file").set_input_files(file)
        page.get_by_role("heading", name="From payroll-clerk.txt").wait_for()
        take(page, "editor-import")


def elsewhere(page: Page) -> None:
    """A thread in the dark, and on a phone."""
    open_thread(page, "@faqbot what does a data engineer do all day?", "Day to day")
    page.emulate_media(color_scheme="dark")
    take(page, "dark")
    page.set_viewport_size(PHONE)
    take(page, "phone")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(SIZE)
    page.get_by_role("button", name="Close the thread").click()


PICTURES = (
    channel,
    app_home,
    full_description,
    comparison,
    required,
    look_up,
    next_step,
    rating,
    person,
    proposal,
    settings,
    advertisement,
    elsewhere,
)


def take(page: Page, name: str) -> None:
    """Save what is seen as a picture of the documents."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size:,} bytes")
    if size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST:,} bytes: show less in it.")


def main() -> None:
    """Take all pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is missing: install it (Debian: chromium) and run this again.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with local_workspace() as (address, env), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="light", locale="en-GB")
        page.set_default_timeout(8_000)
        page.goto(address)
        for picture in PICTURES:
            picture(page)
        insights(page, env)
        editor(page, env)
        editor_import(page, env)
        browser.close()


if __name__ == "__main__":
    main()
