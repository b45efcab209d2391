"""faqbot as it starts without Slack, with the shipped content, used by a person in a browser."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import DEADLINE

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu"]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    env = {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}
    env |= {"PORT": port, "FAQBOT_KNOWLEDGE": str(ROOT / "knowledge")}
    command = [str(Path(sys.executable).with_name("faqbot")), "run"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    ) as faqbot:
        assert faqbot.stdout is not None
        try:
            found = (re.search(r"http://\S+", line) for line in faqbot.stdout)
            yield next(match.group() for match in found if match)
        finally:
            faqbot.terminate()


@pytest.mark.browser
def test_a_question_is_answered_and_a_button_shows_the_next_part(
    address: str, chromium: str
) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(1000 * DEADLINE)
        page.goto(address)
        page.locator("#composer").fill("@faqbot what degree do i need for pyhton backend?")
        page.locator("#composer").press("Enter")
        page.get_by_role("button", name="1 reply").click()
        thread = page.get_by_label("Thread", exact=True)
        thread.get_by_role("heading", name="Python Back End Developer · Education").wait_for()
        thread.get_by_role("button", name="Certifications").click()
        thread.get_by_role("heading", name="Python Back End Developer · Certifications").wait_for()
        browser.close()
