from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from faqbot.playground.workspace import LocalWorkspace
from tests.playground.showcase import connected
from tests.support.waiting import DEADLINE

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FROM_PAGE = {"x-faqbot-page": "1"}


async def _do(workspace: LocalWorkspace, headers: dict[str, str], **asked: Any) -> Any:
    url = f"{workspace.address}/page/do"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"as": "maya", **asked}, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def test_page_is_complete_with_safe_headers(workspace: LocalWorkspace) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(workspace.address) as answer:
            text = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        async with session.get(f"{workspace.address}/static/page.js") as script:
            assert script.status == 200
    assert "Maya Hassan (employee)" in text
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_page_of_another_site_cannot_act(workspace: LocalWorkspace) -> None:
    status, _ = await _do(workspace, {}, do="say", channel="C0GENERAL", text="x")
    assert status == 403
    assert not workspace.messages("#general")


async def test_malformed_action_is_refused_with_a_message(workspace: LocalWorkspace) -> None:
    status, said = await _do(workspace, FROM_PAGE, do="submit", view="V0")
    assert status == 400
    assert "no longer open" in said["error"]


async def test_only_its_author_edits_a_message(workspace: LocalWorkspace) -> None:
    ts = await workspace.person("jonas").say("#general", "hello")
    asked = {"do": "edit", "channel": "C0GENERAL", "ts": ts, "text": "good bye"}
    status, said = await _do(workspace, FROM_PAGE, **asked)
    assert status == 400
    assert "only its author" in said["error"]
    assert (await _do(workspace, FROM_PAGE, **{**asked, "as": "jonas"}))[0] == 200
    message = workspace.message("#general", ts)
    assert message is not None
    assert message.text == "good bye"
    assert message.edited


async def test_snapshot_contains_only_what_its_person_sees(workspace: LocalWorkspace) -> None:
    await _do(workspace, FROM_PAGE, do="say", channel="C0GENERAL", text="hello @faqbot")
    url = f"{workspace.address}/page/news?as=guest"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        line = await answer.content.readline()
    seen = json.loads(line.removeprefix(b"data: "))
    general = next(one for one in seen["channels"] if one["name"] == "general")
    assert general["messages"][0]["text"] == f"hello <@{workspace.bot_user_id}>"


@pytest.fixture
async def page(workspace: LocalWorkspace, chromium: str) -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with connected(workspace), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        opened = await browser.new_page()
        opened.set_default_timeout(1000 * DEADLINE)
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        await opened.goto(workspace.address)
        yield opened
        await browser.close()
        assert not errors


@pytest.mark.browser
async def test_a_person_uses_channel_thread_command_home_and_modal(
    workspace: LocalWorkspace, page: Any
) -> None:
    composer = page.locator("#composer")
    await composer.fill("@faqbot <b>skills</b> of a <script>alert(1)</script> data analyst?")
    await composer.press("Enter")
    await page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_label("Thread", exact=True)
    await thread.get_by_role("heading", name="Data Analyst: Skills").wait_for()
    assert await page.locator("b, #messages script").count() == 0
    await thread.get_by_role("button", name="Education").click()
    await page.get_by_text("Pressed education").wait_for()
    await page.get_by_role("button", name="Close the thread").click()

    await composer.press("ArrowUp")
    mended = page.get_by_role("textbox", name="Edit your message")
    assert (
        await mended.input_value()
        == "@faqbot <b>skills</b> of a <script>alert(1)</script> data analyst?"
    )
    await mended.fill("@faqbot skills of a data engineer?")
    await mended.press("Enter")
    await page.get_by_text("(edited)").wait_for()
    assert workspace.messages("#general")[0].text.endswith("skills of a data engineer?")
    await page.get_by_role("article").first.hover()
    await page.get_by_role("button", name="Edit", exact=True).click()
    await mended.fill("never mind")
    await mended.press("Escape")
    await page.get_by_text("skills of a data engineer?").wait_for()

    await composer.fill("/ro")
    await page.get_by_role("option", name="/roles").wait_for()
    await composer.press("Tab")
    await composer.press_sequentially("data analyst")
    await composer.press("Enter")
    await page.get_by_text("Only visible to you").first.wait_for()
    await composer.fill("/role silence")
    await composer.press("Enter")
    await page.get_by_text("/role failed because the app did not respond").wait_for()

    await page.get_by_role("button", name="faqbot Home").click()
    await page.get_by_role("button", name="Find a role").click()
    words = page.get_by_label("Words")
    await words.fill("x")
    await words.press("Enter")
    await page.get_by_text("Three letters at least").wait_for()
    await words.fill("analyst")
    await words.press("Enter")
    await page.get_by_role("dialog").wait_for(state="hidden")
    assert workspace.modal("maya") is None

    await page.get_by_role("combobox", name="You are").select_option("guest")
    await page.get_by_role("article").first.wait_for()
    assert await page.get_by_text("Only visible to you").count() == 0
    assert workspace.problems() == ()
