"""Take the pictures of the documents: start faqbot in its local workspace and use it in Chromium.

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

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE: ViewportSize = {"width": 1280, "height": 800}
LARGEST = 250_000
FLAGS = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars")


@contextlib.contextmanager
def local_workspace() -> Iterator[str]:
    """Run faqbot with the shipped content and without Slack; gives the page's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}
    env |= {"PORT": str(port), "FAQBOT_KNOWLEDGE": str(ROOT / "knowledge")}
    # An empty folder, so that no .env with real tokens is read.
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [Path(sys.executable).with_name("faqbot"), "run"],
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
            yield address
        finally:
            faqbot.terminate()


def say(page: Page, text: str) -> None:
    """Write something into the message box and send it."""
    page.locator("#composer").fill(text)
    page.locator("#composer").press("Enter")


def channel(page: Page) -> None:
    """A question in a channel, its answer, and a second question in the thread."""
    persona = page.get_by_role("combobox", name="You are")
    persona.select_option("jonas")
    say(page, "We open three roles next week: one back end developer and two data analysts.")
    page.get_by_role("article").first.wait_for()
    say(page, "@faqbot do data analysts need to code?")
    page.get_by_role("button", name="1 reply").wait_for()
    persona.select_option("maya")
    say(page, "@faqbot what degree do i need for pyhton backend?")
    page.get_by_role("button", name="1 reply").nth(1).click()
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
    page.get_by_text("Page 1 of").wait_for()
    take(page, "full-description")


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
    with local_workspace() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="light", locale="en-GB")
        page.goto(address)
        for picture in (channel, app_home, full_description):
            picture(page)
        browser.close()


if __name__ == "__main__":
    main()
