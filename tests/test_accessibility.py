"""Every page in Chromium, light and dark, wide and narrow: axe-core finds nothing to mend."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from faqbot.content.loader import load_knowledge_base
from faqbot.exporters.documents import page as role_page
from faqbot.exporters.documents import site as exported_site
from faqbot.runtime.web import Server, background_server, listen
from faqbot.storage.recorder import QuestionRecorder
from faqbot.web.limits import WebLimits
from faqbot.web.served import PublicContent
from faqbot.web.widget import DEMO_PATH, Widget, demo_routes
from faqbot.workspaces.oauth import INSTALL_PATH
from tests.editor.conftest import pages_of
from tests.insights.owners_pages import bot, content_in, insights
from tests.slack.conftest import Slack
from tests.slack.installing import site
from tests.support.accessibility import WIDTHS, sound
from tests.support.local_slack import several
from tests.support.waiting import DEADLINE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return content_in(tmp_path_factory.mktemp("knowledge"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def memory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[QuestionRecorder]:
    store = tmp_path_factory.mktemp("store")
    async with QuestionRecorder(f"sqlite:///{store}/faqbot.db").running() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder, folder: Path) -> AsyncIterator[Slack]:
    async with bot(memory, folder) as started:
        yield started


@asynccontextmanager
async def tab(chrome: Browser, address: str) -> AsyncIterator[Page]:
    context = await chrome.new_context()
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE)
    await page.goto(address)
    try:
        yield page
    finally:
        await context.close()


async def test_local_workspace(chrome: Browser, slack: Slack) -> None:
    await slack.asked("which skills does an office cook need")
    await slack.asked("how many windows does the house have")
    async with tab(chrome, slack.workspace.address) as page:
        await page.locator(".place", has_text="general").click()
        await sound(page, "workspace-channel")
        await page.set_viewport_size({"width": WIDTHS["desktop"], "height": 844})
        await page.locator(".replies").first.click()
        await page.locator("#thread").get_by_text("Knife skills").first.wait_for()
        await sound(page, "workspace")
        await page.set_viewport_size({"width": WIDTHS["desktop"], "height": 844})
        await page.get_by_role("button", name="faqbot Home").click()
        await page.locator("#home .b-header").first.wait_for()
        await sound(page, "workspace-home")


async def test_careers_page(chrome: Browser, slack: Slack) -> None:
    address = slack.workspace.address
    widget = Widget(PublicContent(slack.engine, slack.services), [address], WebLimits.of(0, 0))
    slack.workspace.add_routes([*demo_routes(), *widget.routes()])
    async with tab(chrome, f"{address}{DEMO_PATH}") as page:
        await page.get_by_label("Ask about a job").fill("which skills does an office cook need")
        await page.get_by_role("button", name="Ask", exact=True).click()
        await page.locator("faqbot-ask .turn").wait_for()
        await sound(page, "careers")


async def test_editor(chrome: Browser, folder: Path) -> None:
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    async with (
        background_server(Server(pages_of(folder).app()), listener),
        tab(chrome, address) as page,
    ):
        await page.locator(".welcome").wait_for()
        await sound(page, "editor-welcome")
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_label("Title", exact=True).fill("")
        await page.locator(".finding.error").first.wait_for()
        await sound(page, "editor-problem")
        await page.get_by_label("Title", exact=True).fill("Chef")
        await page.get_by_label("A question, as people would type it").fill("skills of a chef")
        await page.get_by_role("button", name="Ask", exact=True).click()
        await page.locator("#answer .message").wait_for()
        await sound(page, "editor-answer")
        await page.get_by_role("button", name="Show changes").click()
        await page.locator("#dialog summary").click()
        await sound(page, "editor-changes")


async def test_insights(
    chrome: Browser, slack: Slack, memory: QuestionRecorder, folder: Path
) -> None:
    for text in ("skills of an office cook", "how tall is the tower", "where can I park"):
        await slack.asked(text)
    await memory.flush()
    async with (
        insights(slack, memory, folder, time.monotonic) as address,
        tab(chrome, address) as page,
    ):
        await sound(page, "insights-sign-in")
        await page.get_by_role("link", name="Sign in with Slack").click()
        await page.get_by_role("link", name="Continue as Jonas").click()
        await page.get_by_role("heading", name="Questions over time").wait_for()
        await sound(page, "insights")
        await page.goto(f"{address}/questions")
        await sound(page, "insights-questions")
        await page.goto(f"{address}/draft?question=Is+there+a+canteen")
        await sound(page, "insights-draft")
        await page.goto(f"{address}/edit/")
        await page.get_by_role("button", name="Office Cook").click()
        await page.get_by_label("Title", exact=True).fill("Chef")
        await page.get_by_role("button", name="Propose").click()
        await page.locator("#state", has_text="Proposed").wait_for()
        await sound(page, "insights-edit")
        await page.goto(f"{address}/proposals")
        await page.locator("summary").first.click()
        await sound(page, "insights-proposals")


async def test_install_pages(chrome: Browser, tmp_path: Path) -> None:
    setups = several("Alpha", "Beta")
    async with (
        site(f"sqlite:///{tmp_path}/faqbot.db", setups) as web,
        tab(chrome, f"{web.base}{INSTALL_PATH}") as page,
    ):
        await sound(page, "install")
        await page.get_by_role("button", name="Add to Slack").click()
        await page.get_by_role("link", name="Cancel").click()
        await page.get_by_role("alert").wait_for()
        await sound(page, "install-error")
        await page.get_by_role("link", name="Start again").click()
        await page.get_by_role("button", name="Add to Slack").click()
        await page.get_by_role("link", name="Allow in Beta").click()
        await page.get_by_role("heading", name="faqbot is installed in Beta").wait_for()
        await sound(page, "install-done")


async def test_exported_site(chrome: Browser, folder: Path, tmp_path: Path) -> None:
    knowledge_base = load_knowledge_base(folder)
    for name, text in exported_site(knowledge_base, "Our roles").files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    alone = tmp_path / "alone.html"
    alone.write_text(role_page(knowledge_base.roles[0]), encoding="utf-8")
    async with tab(chrome, f"file://{tmp_path}/index.html") as page:
        await page.get_by_label("Search roles and answers").fill("cook")
        await page.locator("#found li").first.wait_for()
        await sound(page, "site")
        await page.goto(f"file://{tmp_path}/roles/office-cook.html")
        await sound(page, "site-role")
        await page.goto(f"file://{alone}")
        await sound(page, "site-alone")
