"""faqbot as a service, by Socket Mode or over HTTP, until it is told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette

from faqbot.engine import Engine
from faqbot.runtime.leases import LeaseManager, MemoryClaims
from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import Limits
from faqbot.runtime.web import SafeHeaders, Server, background_server, safe_headers
from faqbot.settings.models import Settings, reveal
from faqbot.settings.sources import metrics_folder
from faqbot.slack.app import create_app
from faqbot.slack.client import CallQueue, check_bot_token, web_client
from faqbot.slack.context import Backing, Backstage, Shared, background_tasks
from faqbot.slack.directory import OwnerDirectory
from faqbot.slack.health import Check, Health, token_check
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.middleware.deduplication import redeliver
from faqbot.slack.payload_parser import Dispatch
from faqbot.slack.socket_mode import SocketMode
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.models import ChannelMode, QuestionPrivacy
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import normalized_url as check_address

POST_INTERVAL: Final = 1.0
"""Seconds between two posts to a channel."""


@dataclass(frozen=True, slots=True)
class House:
    """The parts around the apps of a process.

    Args:
        settings: say how.
        backing: what boot puts behind the answers.
        shared: what the apps are made with.
        pacer: keeps Slack's pace.
        memory: what remembers; None: nothing.
        leases: the claims that other processes see; None where nothing is kept.
    """

    settings: Settings
    backing: Backing
    shared: Shared
    pacer: CallQueue
    memory: QuestionRecorder | None
    leases: LeaseManager | None

    @classmethod
    def of(cls, settings: Settings, backing: Backing, secret: str) -> House:
        """The house that the settings describe.

        Args:
            settings: say how.
            backing: what boot puts behind the answers.
            secret: seals what is kept for a while where no keys are set.

        Raises:
            SettingsError: the database's address is none, or a key is none.
        """
        metrics = Metrics(metrics_folder())
        pacer = CallQueue(POST_INTERVAL, on_call=metrics.slack_call)
        limits = Limits.of(settings.faqbot_rate_limit_user, settings.faqbot_rate_limit_workspace)
        if settings.database is None:
            shared = Shared(MemoryClaims(), metrics=metrics, limits=limits)
            return cls(settings, backing, shared, pacer, None, None)
        check_address(settings.database)
        memory = QuestionRecorder(
            settings.database,
            QuestionPrivacy(settings.faqbot_question_privacy),
            settings.faqbot_retention_days,
            pool_size=settings.faqbot_database_pool_size,
            on_failure=metrics.store_error,
        )
        leases = LeaseManager(memory, seal_of(settings, secret), on_takeover=metrics.takeover)
        shared = Shared(leases, metrics=metrics, limits=limits)
        return cls(settings, backing, shared, pacer, memory, leases)

    def web_client(self, token: str) -> AbstractAsyncContextManager[AsyncWebClient]:
        """A client of the Web API that keeps Slack's pace."""
        return web_client(token, self.settings.slack_api_url, self.pacer)

    @property
    def backstage(self) -> Backstage | None:
        """What stands behind the answers; None where nothing is kept."""
        if self.memory is None:
            return None
        return Backstage(
            self.memory,
            self.settings.faqbot_default_owner or self.backing.owners,
            self.backing.publisher,
            ChannelMode(self.settings.faqbot_channel_mode),
            self.backing.grouping,
            self.backing.state,
        )

    def health(
        self,
        check: Check | None = None,
        connected: Callable[[], bool] | None = None,
        workspaces: Callable[[], int] = lambda: 1,
    ) -> Health:
        """What is known of this process.

        Args:
            check: asks Slack whether the token is good; None where there isn't one.
            connected: whether the Socket Mode connection is open; None over HTTP.
            workspaces: how many workspaces are loaded.
        """
        return Health(
            self.shared,
            self.pacer,
            self.memory,
            self.backing.state,
            held=lambda: self.leases.held if self.leases else 0,
            check=check,
            connected=connected,
            workspaces=workspaces,
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Remember, and follow what content is elsewhere, as long as the block runs."""
        async with background_tasks(self.backing.works):
            if self.memory is None:
                yield
                return
            async with self.memory.running():
                yield

    @asynccontextmanager
    async def working(self, dispatch: Dispatch) -> AsyncIterator[None]:
        """Take over what others left, as long as the block runs; then finish what was begun."""
        finish = partial(self.shared.running.stop, float(self.settings.faqbot_shutdown_timeout))
        if self.leases is None:
            try:
                yield
            finally:
                await finish()
            return
        async with self.leases.running(partial(redeliver, dispatch), finish):
            yield


def seal_of(settings: Settings, secret: str) -> TokenCipher:
    """What seals: the keys that are set, else one that every process derives from a secret.

    Raises:
        SettingsError: a key is none.
    """
    keys = reveal(settings.faqbot_secret_keys)
    return TokenCipher.from_setting(keys) if keys else TokenCipher.from_secret(secret)


Say = Callable[[str], None]


async def run_http(
    settings: Settings, engine: Engine, say: Say, backing: Backing, listener: socket.socket
) -> None:
    """Serve Slack's requests at `/slack/events` until cancelled.

    Raises:
        SettingsError: Slack refuses the token.
        ServiceError: Slack can't be reached.
    """
    token, secret = reveal(settings.slack_bot_token), reveal(settings.slack_signing_secret)
    house = House.of(settings, backing, secret)
    async with house.web_client(token) as client, house.open():
        team = await check_bot_token(client)
        app = create_app(engine, client, house.shared, backstage=house.backstage)
        health = house.health(token_check(client))
        site = asgi(app.async_dispatch, secret, health.routes(), house.shared.metrics.request)
        async with (
            weekly_digest(engine, house.backstage, client),
            house.working(app.async_dispatch),
            background_server(Server(site, settings.faqbot_trusted_proxies), listener) as serving,
            health.watching(),
        ):
            say(f"faqbot serves {team}: http://{settings.faqbot_host}:{settings.listen_port}{PATH}")
            await asyncio.shield(serving)


async def run_socket_mode(
    settings: Settings, engine: Engine, say: Say, backing: Backing, listener: socket.socket | None
) -> None:
    """Keep a Socket Mode connection until cancelled; a listener serves health and metrics.

    Raises:
        SettingsError: Slack refuses a token.
        ServiceError: Slack can't be reached, or not any more.
    """
    token = reveal(settings.slack_bot_token)
    house = House.of(settings, backing, token)
    async with house.web_client(token) as client, house.open():
        team = await check_bot_token(client)
        app = create_app(engine, client, house.shared, backstage=house.backstage)
        link = SocketMode(app, reveal(settings.slack_app_token))
        health = house.health(token_check(client), link.connected.is_set)
        async with (
            serve_health(health, listener, settings.faqbot_trusted_proxies),
            weekly_digest(engine, house.backstage, client),
            connection(link, house.working(app.async_dispatch)),
            health.watching(),
        ):
            await link.run(lambda: say(f"faqbot serves {team} by Socket Mode."))


@asynccontextmanager
async def serve_health(
    health: Health, listener: socket.socket | None, proxies: str
) -> AsyncIterator[None]:
    """Serve health and metrics beside a Socket Mode connection, where there is a port for it."""
    if listener is None:
        yield
        return
    site = SafeHeaders(Starlette(routes=health.routes()), safe_headers({}))
    async with background_server(Server(site, proxies), listener):
        yield


@asynccontextmanager
async def weekly_digest(
    engine: Engine, backstage: Backstage | None, client: AsyncWebClient
) -> AsyncIterator[None]:
    """Send the digest every week as long as the block runs."""
    owners = OwnerDirectory(backstage.owners if backstage else "")
    task = asyncio.create_task(Reports(engine, backstage, owners).every_week(client))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def connection(
    link: SocketMode, working: AbstractAsyncContextManager[None]
) -> AsyncIterator[None]:
    """A connection that takes nothing new at the end, and is left when the work is done."""
    try:
        async with working:
            try:
                yield
            finally:
                link.stop_accepting()
    finally:
        await link.close()
