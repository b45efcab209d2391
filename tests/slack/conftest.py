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

from faqbot.app import build_index
from faqbot.content.publisher import ContentPublisher
from faqbot.engine import Engine, Index
from faqbot.index.reloader import ReloadState
from faqbot.matching.conversations import ConversationMemory
from faqbot.playground.models import Setup, SlackMessage, Timing
from faqbot.playground.person import SimulatedUser
from faqbot.playground.workspace import LocalWorkspace
from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import TokenBuckets
from faqbot.runtime.web import Server, listen
from faqbot.slack.app import create_app
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.client import web_client
from faqbot.slack.context import AppContext, Services
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES
from faqbot.slack.middleware.deliveries import PATIENCE, ListenerTracker
from faqbot.slack.middleware.rate_limit import QuestionLimiter
from faqbot.slack.service import SocketMode
from faqbot.storage.claims import DeliveryClaims, MemoryClaims
from faqbot.storage.models import ChannelMode
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.knowledge_base import knowledge_base
from tests.support.published_types import all_type_problems
from tests.support.waiting import DEADLINE

TODAY = dt.date(2026, 11, 23)
SETUP = Setup(scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)), events=frozenset(EVENTS))
NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
LOADED = ReloadState("v1", NOW, NOW)
QUICK = Timing(ack_deadline=DEADLINE, retry_delays=(0.0, 0.02, 0.04))


@cache
def knowledge() -> Index:
    """Understand the test content once for all modules."""
    return build_index(knowledge_base())


def make_engine() -> Engine:
    """An engine that remembers nothing yet."""
    return Engine(knowledge(), ConversationMemory(time.monotonic), today=lambda: TODAY)


@dataclass(frozen=True)
class Slack:
    """The app and the workspace that it works in."""

    workspace: LocalWorkspace
    engine: Engine
    url: str
    maya: SimulatedUser
    services: Services

    @property
    def listeners(self) -> ListenerTracker:
        return self.services.listeners

    def mention(self, text: str) -> str:
        return f"<@{self.workspace.bot_user_id}> {text}"

    async def answer(self, channel: str, ts: str, count: int = 1) -> SlackMessage:
        """The app's answer number `count` in a thread."""
        found = await self.workspace.until(
            lambda: self.workspace.answers(channel, ts)[count - 1 : count]
        )
        return found[0]

    async def told(self, text: str, person: str = "maya") -> SlackMessage:
        """Ask in the direct conversation; the answer below the question, at the top level."""
        ts = await self.workspace.person(person).dm(text)
        found = await self.workspace.until(
            lambda: self.workspace.answers_since(f"@{person}", ts)[:1]
        )
        return found[0]

    async def asked(self, text: str, channel: str = "#general") -> tuple[str, SlackMessage]:
        """Ask by mention; the question's timestamp and the answer."""
        ts = await self.maya.say(channel, self.mention(text))
        return ts, await self.answer(channel, ts)

    async def silent(self, check: Callable[[], int], within: float = 0.25) -> None:
        """Nothing more is said for a while."""
        before = check()
        await self.workspace.settled()
        await self.listeners.drain()
        await asyncio.sleep(within)
        assert check() == before


@asynccontextmanager
async def serving(
    setup: Setup = SETUP,
    memory: QuestionRecorder | None = None,
    owners: str = "",
    publisher: Callable[[Engine], ContentPublisher] | None = None,
    *,
    by_socket: bool = False,
    per_user: int = 0,
    per_workspace: int = 0,
    calls: CallQueue | None = None,
    claims: DeliveryClaims | None = None,
    patience: float = PATIENCE,
    timing: Timing = QUICK,
    channel_mode: ChannelMode = ChannelMode.MENTIONS,
) -> AsyncIterator[Slack]:
    """The app in a local workspace, over signed HTTP or by Socket Mode."""
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
    # In a thread: it takes seconds on a busy machine, after which a transaction would time out.
    engine = await asyncio.to_thread(make_engine)
    metrics = Metrics()
    services = Services(
        limiter=QuestionLimiter(
            TokenBuckets(per_user), TokenBuckets(per_workspace), metrics.limited
        ),
        metrics=metrics,
        calls=calls or CallQueue(),
        recorder=memory,
        claims=claims or MemoryClaims(),
        patience=patience,
    )
    app_context = AppContext(
        engine,
        lambda: LOADED,
        services,
        default_owner=owners,
        channel_mode=channel_mode,
        publisher=publisher(engine) if publisher else None,
    )
    async with (
        LocalWorkspace.start(setup=setup, timing=timing) as workspace,
        web_client(workspace.bot_token, workspace.api_url, services.calls) as client,
    ):
        secret = workspace.signing_secret
        app = create_app(app_context, client)
        server = Server(asgi(app.async_dispatch, secret))
        link = SocketMode(app, workspace.app_token)
        if by_socket:
            task = asyncio.create_task(link.run())
            await link.connected.wait()
        else:
            task = asyncio.create_task(server.serve(sockets=[listener]))
            workspace.deliver_to(url)
        try:
            yield Slack(workspace, engine, url, workspace.person("maya"), services)
            assert workspace.problems() == ()
            assert all_type_problems(workspace.sent) == []
        finally:
            await services.listeners.drain()
            server.should_exit = True
            if by_socket:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await link.close()
            listener.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def memory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[QuestionRecorder]:
    """A recorder with a database, which a module's own `slack` passes to `serving`."""
    folder = tmp_path_factory.mktemp("store")
    async with QuestionRecorder(f"sqlite:///{folder}/faqbot.db").running() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack() -> AsyncIterator[Slack]:
    async with serving() as started:
        yield started


@pytest.fixture
def engine() -> Engine:
    return make_engine()
