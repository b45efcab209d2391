"""One question to two processes at the same moment, while their database is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from faqbot.engine import Engine
from faqbot.model import Question
from faqbot.replies.result import Result
from faqbot.runtime.leases import LeaseManager
from faqbot.runtime.web import Server, listen
from faqbot.slack.app import create_app
from faqbot.slack.client import web_client
from faqbot.slack.context import AppContext
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.middleware.deliveries import ListenerTracker
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.models import ChannelMode
from faqbot.storage.store import open_store
from tests.slack.conftest import LOADED, Slack, make_engine, serving
from tests.slack.test_acknowledgement import TWICE, left_to_retry
from tests.storage.conftest import server, url
from tests.support.slow_store import SlowRecorder, slow_recorder
from tests.support.waiting import eventually

__all__ = ["server", "url"]

QUESTION = "What does a data analyst earn?"
SKILLS = "which skills does a data analyst need?"
SENSITIVE = "my manager harasses me"
TIMEOUT = 0.1
PATIENCE = 0.4


@dataclass(frozen=True)
class Two:
    """Two processes on one store, which both get what Slack delivers."""

    first: Slack
    others: ListenerTracker
    stores: tuple[SlowRecorder, SlowRecorder]

    def hang(self) -> None:
        for store in self.stores:
            store.gate.clear()

    def go_on(self) -> None:
        for store in self.stores:
            store.gate.set()

    async def both_listen(self) -> None:
        """Wait until both answer, though neither knows who has the question."""
        await eventually(lambda: self.first.listeners.count and self.others.count)

    async def refused(self) -> None:
        """Wait until both have left the question to Slack's retry."""
        await eventually(lambda: left_to_retry(self.first) >= 2)

    async def answer_once(self, line: str, hung: Callable[[], Awaitable[None]]) -> None:
        """Say a line while the stores hang until `hung` ends; it has one answer, after that."""
        self.hang()
        slack = self.first
        ts = await slack.maya.say("#general", line)
        await hung()
        assert not slack.workspace.answers("#general", ts)
        self.go_on()
        await slack.answer("#general", ts)
        await self.done()
        assert len(slack.workspace.answers("#general", ts)) == 1

    async def done(self) -> None:
        await self.first.workspace.settled()
        await self.first.listeners.drain()
        await self.others.drain()


@asynccontextmanager
async def listening(app: object) -> AsyncIterator[str]:
    """The address of an ASGI app as long as the block runs."""
    listener = listen("127.0.0.1", 0)
    running = Server(app)  # type: ignore[arg-type]
    task = asyncio.create_task(running.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
    finally:
        running.should_exit = True
        await task
        listener.close()


def to_both(session: aiohttp.ClientSession, *urls: str) -> Starlette:
    """Passes each delivery to two processes at once; Slack hears the worse of two responses."""

    async def one(address: str, request: Request, body: bytes) -> int:
        kept = {
            name: value
            for name, value in request.headers.items()
            if name.startswith(("x-slack-", "content-type"))
        }
        async with session.post(address, data=body, headers=kept) as answer:
            return answer.status

    async def pass_on(request: Request) -> Response:
        body = await request.body()
        codes = await asyncio.gather(*(one(address, request, body) for address in urls))
        return Response(status_code=max(codes))

    return Starlette(routes=[Route(PATH, pass_on, methods=["POST"])])


@asynccontextmanager
async def two_processes(
    address: str, within: float = TIMEOUT, mode: ChannelMode = ChannelMode.MENTIONS
) -> AsyncIterator[Two]:
    async def no_takeover(*_: object) -> bool:
        raise AssertionError("nothing has died")

    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(slow_recorder(address)) for _ in range(2)]
        claims = [
            LeaseManager(store, TokenCipher.from_secret("secret"), timeout=within)
            for store in stores
        ]
        slack = await stack.enter_async_context(
            serving(claims=claims[0], patience=PATIENCE, channel_mode=mode)
        )
        others = ListenerTracker()
        for manager, tracker in zip(claims, (slack.listeners, others), strict=True):
            await stack.enter_async_context(manager.running(no_takeover, tracker.drain))
        workspace = slack.workspace
        services = replace(slack.services, claims=claims[1], listeners=others)
        client = await stack.enter_async_context(
            web_client(workspace.bot_token, workspace.api_url, services.calls)
        )
        context = AppContext(make_engine(), lambda: LOADED, services, channel_mode=mode)
        app = create_app(context, client)
        second = await stack.enter_async_context(
            listening(asgi(app.async_dispatch, workspace.signing_secret))
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        workspace.deliver_to(
            await stack.enter_async_context(listening(to_both(session, slack.url, second)))
        )
        yield Two(slack, others, (stores[0], stores[1]))


async def test_question_whose_claims_are_late_is_answered_once(url: str) -> None:
    async with two_processes(url) as two:
        await two.answer_once(two.first.mention(QUESTION), two.both_listen)


async def test_message_to_nobody_whose_claims_are_late_is_answered_once(url: str) -> None:
    async with two_processes(url, within=0.0, mode=ChannelMode.QUESTIONS) as two:
        await two.answer_once(SKILLS, two.both_listen)


async def test_question_whose_claims_are_late_fails_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_engine: Engine, question: Question) -> Result:
        raise KeyError(question.text)

    monkeypatch.setattr(Engine, "ask", broken)
    async with two_processes(url) as two:
        await two.answer_once(two.first.mention(QUESTION), two.both_listen)


async def test_private_answer_whose_claims_are_late_is_shown_once(url: str) -> None:
    async with two_processes(url) as two:
        two.hang()
        slack = two.first
        await slack.maya.say("#general", slack.mention(SENSITIVE))
        await two.both_listen()
        two.go_on()
        await slack.workspace.until(lambda: slack.workspace.private_messages("maya"))
        await two.done()
        assert len(slack.workspace.private_messages("maya")) == 1


@pytest.mark.parametrize("begun", [False, True])
async def test_private_answer_says_that_it_may_come_twice_if_a_dead_process_had_begun_it(
    url: str, *, begun: bool
) -> None:
    async with two_processes(url) as two:
        two.hang()
        slack = two.first
        ts = await slack.maya.say("#general", slack.mention(SENSITIVE))
        await two.refused()
        if begun:
            channel = slack.workspace.channel("#general").id
            store = await open_store(url)
            team = slack.workspace.state.setup.team_id
            assert await store.claims.claim("private answer", "message", team, channel, ts)
            await store.close()
        two.go_on()
        await slack.workspace.until(lambda: slack.workspace.private_messages("maya"))
        await two.done()
        (shown,) = slack.workspace.private_messages("maya")
        assert (TWICE in str(shown.blocks)) == begun


async def test_question_that_both_refuse_is_answered_once_when_it_comes_again(url: str) -> None:
    async with two_processes(url) as two:
        await two.answer_once(two.first.mention(QUESTION), two.refused)
