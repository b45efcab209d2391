"""Socket Mode over real web sockets, on good days and on bad ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from slack_bolt.async_app import AsyncApp

from faqbot.errors import ServiceError, SettingsError
from faqbot.playground.models import Faults
from faqbot.playground.workspace import LocalWorkspace
from faqbot.slack.app import create_app
from faqbot.slack.client import check_bot_token, web_client
from faqbot.slack.context import AppContext
from faqbot.slack.service import SocketMode
from tests.slack.conftest import LOADED, QUICK, SETUP, make_engine
from tests.support.published_types import all_type_problems
from tests.support.waiting import DEADLINE, eventually

PING = 0.1


@asynccontextmanager
async def app_in(workspace: LocalWorkspace) -> AsyncIterator[AsyncApp]:
    async with web_client(workspace.bot_token, workspace.api_url) as client:
        app_context = AppContext(make_engine(), lambda: LOADED)
        yield create_app(app_context, client)
        await app_context.services.listeners.drain()


@asynccontextmanager
async def connected(workspace: LocalWorkspace) -> AsyncIterator[SocketMode]:
    async with app_in(workspace) as app:
        link = SocketMode(app, workspace.app_token, ping=PING)
        task = asyncio.create_task(link.run())
        try:
            yield link
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await link.close()


@pytest.fixture
async def workspace() -> AsyncIterator[LocalWorkspace]:
    async with LocalWorkspace.start(setup=SETUP, timing=QUICK) as started:
        yield started
        assert started.problems() == ()
        assert all_type_problems(started.sent) == []


async def ask(workspace: LocalWorkspace) -> str:
    maya = workspace.person("maya")
    ts = await maya.say("#general", f"<@{workspace.bot_user_id}> data analyst skills")
    found = await workspace.until(lambda: workspace.answers("#general", ts), within=DEADLINE)
    return found[0].text


async def test_a_question_is_answered_over_a_web_socket(workspace: LocalWorkspace) -> None:
    async with connected(workspace) as link:
        await link.connected.wait()
        assert "SQL" in await ask(workspace)
        result = await workspace.person("maya").command("/role", "data analyst", "#general")
        assert "SQL" in result.messages[0].text


async def test_dropped_connection_is_opened_again(workspace: LocalWorkspace) -> None:
    async with connected(workspace) as link:
        await link.connected.wait()
        workspace.drop_sockets()
        await workspace.until(lambda: workspace.connections == 0)
        await workspace.until(lambda: workspace.connections == 1, within=DEADLINE)
        assert "SQL" in await ask(workspace)


async def test_refused_handshake_is_repeated(workspace: LocalWorkspace) -> None:
    workspace.faults = Faults(refuse_handshakes=1)
    async with connected(workspace) as link:
        async with asyncio.timeout(DEADLINE):
            await link.connected.wait()
        assert "SQL" in await ask(workspace)


async def test_a_wrong_app_token_is_refused_at_once(workspace: LocalWorkspace) -> None:
    async with app_in(workspace) as app:
        link = SocketMode(app, "xapp-wrong", ping=PING)
        with pytest.raises(SettingsError, match="SLACK_APP_TOKEN"):
            await link.run()
        await link.close()


async def test_app_token_that_is_revoked_later_ends_the_service(workspace: LocalWorkspace) -> None:
    async with app_in(workspace) as app:
        link = SocketMode(app, workspace.app_token, ping=PING)
        running = asyncio.create_task(link.run())
        await link.connected.wait()
        workspace.faults = Faults(revoked_tokens=frozenset({workspace.app_token}))
        workspace.drop_sockets()
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(SettingsError, match=r"SLACK_APP_TOKEN \(token_revoked\): copy it"):
                await running
        await link.close()


async def test_no_connection_for_too_long_ends_the_service(workspace: LocalWorkspace) -> None:
    workspace.faults = Faults(refuse_handshakes=1000)
    async with app_in(workspace) as app:
        link = SocketMode(app, workspace.app_token, ping=PING, give_up=0.3)
        with pytest.raises(ServiceError, match="No connection"):
            await link.run()
        await link.close()


async def test_a_wrong_bot_token_is_refused(workspace: LocalWorkspace) -> None:
    async with web_client("xoxb-wrong", workspace.api_url) as client:
        with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
            await check_bot_token(client)


async def test_unreachable_web_api_is_an_error_with_advice() -> None:
    async with web_client("xoxb-any", "http://127.0.0.1:9/api/") as client:
        with pytest.raises(ServiceError, match="Can't reach"):
            await check_bot_token(client)


async def test_persistent_server_errors_end_the_start(workspace: LocalWorkspace) -> None:
    workspace.faults = Faults(fail_share=1.0, fail_status=503)
    async with web_client(workspace.bot_token, workspace.api_url) as client:
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(ServiceError):
                await check_bot_token(client)


async def test_a_thread_is_remembered_after_a_restart(workspace: LocalWorkspace) -> None:
    maya = workspace.person("maya")
    async with connected(workspace) as link:
        await link.connected.wait()
        ts = await maya.say("#general", f"<@{workspace.bot_user_id}> data analyst skills")
        await workspace.until(lambda: workspace.answers("#general", ts))
    async with connected(workspace) as link:
        await link.connected.wait()
        await maya.say("#general", "and the education?", thread_ts=ts)
        found = await workspace.until(lambda: workspace.answers("#general", ts)[1:])
    assert "Data Analyst · Education" in found[0].text


async def test_a_payload_of_another_shape_is_refused_and_the_next_is_answered(
    workspace: LocalWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(workspace) as link:
        await link.connected.wait()
        workspace.event("app_mention", {"type": "app_mention", "user": 17, "text": "private words"})
        await eventually(lambda: "unknown shape" in caplog.text)
        assert "SQL" in await ask(workspace)
    assert "private words" not in caplog.text


async def test_first_delivery_has_no_retry_headers(
    workspace: LocalWorkspace,
) -> None:
    async with connected(workspace) as link:
        await link.connected.wait()
        assert "SQL" in await ask(workspace)
    assert not [sent for sent in workspace.sent if sent.by == "conversations.replies"]
