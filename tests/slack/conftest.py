from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import pytest
import pytest_asyncio

from faqbot.app import understand
from faqbot.content.publisher import Publisher
from faqbot.engine import Conversations, Desk, Knowledge
from faqbot.playground.models import Message, Setup, Timing
from faqbot.playground.person import Person
from faqbot.playground.workspace import LocalWorkspace
from faqbot.runtime.rate_limit import Limits
from faqbot.runtime.web import Server, listen
from faqbot.slack.app import create_app
from faqbot.slack.client import Pacer, web_client
from faqbot.slack.context import Backstage, Shared
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES
from faqbot.slack.middleware.request_log import Running
from faqbot.slack.socket_mode import SocketMode
from faqbot.storage.recorder import Memory
from tests.slack.library import library

TODAY = dt.date(2026, 11, 23)
SETUP = Setup(scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)), events=frozenset(EVENTS))
QUICK = Timing(retry_delays=(0.0, 0.02, 0.04))


@cache
def knowledge() -> Knowledge:
    """Understand the test content once for all modules."""
    return understand(library())


def make_desk() -> Desk:
    """A desk that remembers nothing yet."""
    return Desk(knowledge(), Conversations(time.monotonic), today=lambda: TODAY)


@dataclass(frozen=True)
class Slack:
    """The app and the workspace that it works in."""

    workspace: LocalWorkspace
    desk: Desk
    running: Running
    url: str
    maya: Person
    shared: Shared

    def mention(self, text: str) -> str:
        return f"<@{self.workspace.bot_user_id}> {text}"

    async def answer(self, channel: str, ts: str, count: int = 1) -> Message:
        """The app's answer number `count` in a thread."""
        found = await self.workspace.until(
            lambda: self.workspace.answers(channel, ts)[count - 1 : count]
        )
        return found[0]

    async def asked(self, text: str, channel: str = "#general") -> tuple[str, Message]:
        """Ask by mention; the question's timestamp and the answer."""
        ts = await self.maya.say(channel, self.mention(text))
        return ts, await self.answer(channel, ts)

    async def silent(self, check: Callable[[], int], within: float = 0.25) -> None:
        """Nothing more is said for a while."""
        before = check()
        await self.workspace.settled()
        await self.running.drain()
        await asyncio.sleep(within)
        assert check() == before


@asynccontextmanager
async def serving(
    setup: Setup = SETUP,
    memory: Memory | None = None,
    owners: str = "",
    publisher: Callable[[Desk], Publisher] | None = None,
    *,
    by_socket: bool = False,
    limits: Limits | None = None,
    pacer: Pacer | None = None,
) -> AsyncIterator[Slack]:
    """The app in a local workspace, over signed HTTP or by Socket Mode."""
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
    running, desk = Running(), make_desk()
    async with (
        LocalWorkspace.start(setup=setup, timing=QUICK) as workspace,
        web_client(workspace.bot_token, workspace.api_url, pacer) as client,
    ):
        secret = workspace.signing_secret
        backstage = None
        if memory is not None:
            made = publisher(desk) if publisher else None
            backstage = Backstage(memory, owners, made)
        shared = Shared(running=running, limits=limits or Limits.of(0, 0))
        app = create_app(desk, client, shared, backstage=backstage)
        server = Server(asgi(app.async_dispatch, secret))
        link = SocketMode(app, workspace.app_token)
        if by_socket:
            task = asyncio.create_task(link.run())
            await link.connected.wait()
        else:
            task = asyncio.create_task(server.serve(sockets=[listener]))
            workspace.deliver_to(url)
        try:
            yield Slack(workspace, desk, running, url, workspace.person("maya"), shared)
            assert workspace.problems() == ()
        finally:
            await running.drain()
            server.should_exit = True
            if by_socket:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await link.close()
            listener.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack() -> AsyncIterator[Slack]:
    async with serving() as started:
        yield started


@pytest.fixture
def desk() -> Desk:
    return make_desk()
