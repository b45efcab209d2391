"""Server of many workspaces: HTTP, content, installation pages, and weekly digests."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from platformdirs import user_cache_path
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.git import PREFIX
from faqbot.errors import FaqbotError, ServiceError
from faqbot.index.builder import IndexLoader
from faqbot.index.cache import Snapshots
from faqbot.index.reloader import run_periodically
from faqbot.index.status import write_status_file
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.similarity import group_by_meaning
from faqbot.matching.training_data import SharedResources
from faqbot.runtime.processes import run_until_signal
from faqbot.runtime.tasks import BackgroundTask, background_tasks, sleep_until
from faqbot.runtime.web import background_server
from faqbot.settings.models import Settings, reveal
from faqbot.slack.app import CONTENT_UNAVAILABLE
from faqbot.slack.client import web_client
from faqbot.slack.context import Services
from faqbot.slack.health import Health
from faqbot.slack.http_endpoint import asgi
from faqbot.slack.listeners.reports import next_monday
from faqbot.slack.manifest import MCP_SCOPE, SCOPES
from faqbot.slack.service import (
    handling,
    make_cipher,
    make_server,
    make_services,
    running,
)
from faqbot.storage.claims import DeliveryClaims
from faqbot.storage.encryption import WrongKeyError
from faqbot.storage.installations import Installation
from faqbot.storage.models import ChannelMode, StoreError, utc_now
from faqbot.storage.store import Store, open_store
from faqbot.web.served import PublicContent, ServedWorkspace, WorkspaceOf
from faqbot.web.site import web_routes
from faqbot.workspaces.app_pool import AppFactory
from faqbot.workspaces.config import NO_CONFIG, WorkspaceConfig, WorkspacesFile
from faqbot.workspaces.content_pool import (
    ContentPool,
    LoadedContent,
    keep_up_to_date,
)
from faqbot.workspaces.install_pages import InstallPages
from faqbot.workspaces.oauth import INSTALL_PATH, OAuthClient
from faqbot.workspaces.router import WorkspaceRouter
from faqbot.workspaces.tokens import OnUninstalled, TokenProvider, uninstall

_log = logging.getLogger(__name__)

FILE_CHECK_INTERVAL: Final = 10.0
"""Seconds between two checks of the file that configures workspaces."""

MAX_SNAPSHOTS: Final = 1_500
"""Content folders whose built indexes are kept on disk."""

_UNAVAILABLE: Final = "faqbot can't look up this workspace now: try again in a minute."
_MEGABYTE: Final = 2**20
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WorkspaceContent:
    """The content of all workspaces.

    Args:
        pool: loads content.
        file: names the content of single workspaces; None if all have the same.
        default: the address of the content of workspaces that have none of their own.
        folder: the folder of the default content.
        resources: shared by all indexes.
    """

    pool: ContentPool
    file: WorkspacesFile | None
    default: str
    folder: Path
    resources: SharedResources

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> WorkspaceContent:
        """Create the pool of content that the settings describe.

        Raises:
            ContentError: the file that names content has problems.
        """
        resources = SharedResources(settings.encoder, settings.cache)
        snapshots = Snapshots(settings.cache, MAX_SNAPSHOTS) if settings.cache else None
        clones = user_cache_path("faqbot", appauthor=False)
        load = IndexLoader(resources, snapshots)
        pool = ContentPool(load, settings.faqbot_workspaces_memory_mb * _MEGABYTE, clones)
        named = settings.faqbot_workspaces
        file = WorkspacesFile(Path(named)) if named else None
        configured = settings.faqbot_knowledge or ""
        default = configured if configured.startswith(PREFIX) else str(folder.absolute())
        return cls(pool, file, default, folder, resources)

    def config_of(self, team: str, enterprise: str) -> WorkspaceConfig:
        """Return the configuration of a workspace."""
        return self.file.config_of(team, enterprise) if self.file else NO_CONFIG

    def owns_content(self, team: str) -> bool:
        """Whether no other workspace uses a workspace's content."""
        return self.file is not None and self.file.owns(team, self.folder)


def serve_workspaces(settings: Settings, folder: Path, listener: socket.socket, say: Say) -> None:
    """Serve all workspaces in which faqbot is installed, until a signal.

    Raises:
        FaqbotError: the content or the file that names it has problems, or the database can't be
            used.
    """
    content = WorkspaceContent.of(settings, folder)
    run_until_signal(_serve(settings, content, listener, say))


async def _serve(
    settings: Settings, content: WorkspaceContent, listener: socket.socket, say: Say
) -> None:
    assert settings.database is not None, "the settings demand it"
    group_questions = partial(group_by_meaning, encoder=content.resources.static_encoder)
    services, cipher = make_services(settings, group_questions), make_cipher(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(content.pool.close)
        default = await content.pool.pin(content.default)
        store = await open_store(settings.database, settings.faqbot_database_pool_size, cipher)
        stack.push_async_callback(store.close)
        try:
            await store.installations.reencrypt()
        except WrongKeyError as error:  # the other workspaces get answers
            _log.error("%s", error)
        client = await stack.enter_async_context(
            web_client("", settings.slack_api_url, services.calls)
        )
        tasks = _content_tasks(settings, content, default)
        await stack.enter_async_context(running(services, tasks))
        parts = _Parts.of(settings, content, services, store, client)
        stack.push_async_callback(parts.tokens.close)
        stack.push_async_callback(parts.workspaces.close)
        health = Health(
            services,
            lambda: default.reloader.state,
            count_workspaces=lambda: parts.workspaces.count,
        )
        public = PublicContent(
            default.engine(PinnedContentUser(), ConversationMemory(time.monotonic)), services
        )
        routes = await stack.enter_async_context(
            web_routes(settings, public, workspaces_of(parts.workspaces))
        )
        site = asgi(
            parts.workspaces.dispatch,
            reveal(settings.slack_signing_secret),
            [*health.routes(), *parts.pages.routes(), *routes],
            services.metrics.request,
        )
        server = make_server(settings, services, site)
        refresh = partial(_refresh, content, parts.workspaces)
        await stack.enter_async_context(
            background_tasks(parts.digests.run(), run_periodically(FILE_CHECK_INTERVAL, refresh))
        )
        timeout = settings.faqbot_shutdown_timeout
        await stack.enter_async_context(handling(services, parts.workspaces.dispatch, timeout))
        serving = await stack.enter_async_context(background_server(server, listener))
        await stack.enter_async_context(health.watching())
        say(
            "faqbot serves many workspaces; install it at "
            f"{settings.faqbot_public_url}{INSTALL_PATH}"
        )
        await asyncio.shield(serving)


class PinnedContentUser:
    """Uses the default content, which is never unloaded."""

    is_busy = False

    def release(self) -> None:
        """Keep it."""


def workspaces_of(workspaces: WorkspaceRouter) -> WorkspaceOf:
    """Return what finds the workspace that somebody belongs to, each with its own content."""

    @asynccontextmanager
    async def workspace_of(enterprise: str, team: str) -> AsyncIterator[ServedWorkspace | None]:
        async with AsyncExitStack() as stack:
            try:
                found = await stack.enter_async_context(workspaces.use_team(enterprise, team))
                client = await found.client() if found else None
            except StoreError:
                raise ServiceError(_UNAVAILABLE) from None
            if found is None or client is None:
                yield None
                return
            if found.context is None:
                raise ServiceError(CONTENT_UNAVAILABLE)
            yield ServedWorkspace(found.context, client, team)

    return workspace_of


async def _refresh(content: WorkspaceContent, workspaces: WorkspaceRouter) -> None:
    """Close all apps if the file changed, so that they are opened with other content."""
    if content.file is not None and await asyncio.to_thread(content.file.refresh):
        await workspaces.reopen_all()


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts that only many workspaces need."""

    workspaces: WorkspaceRouter
    pages: InstallPages
    digests: WeeklyDigests
    tokens: TokenProvider

    @classmethod
    def of(
        cls,
        settings: Settings,
        content: WorkspaceContent,
        services: Services,
        store: Store,
        client: AsyncWebClient,
    ) -> _Parts:
        secret = reveal(settings.slack_client_secret)
        url = settings.faqbot_public_url
        exchange = OAuthClient(client, settings.slack_client_id, secret, url)
        tokens = TokenProvider(store.installations, exchange)
        open_app = AppFactory(
            content.pool,
            content.config_of,
            content.owns_content,
            content.default,
            client,
            tokens,
            services,
            settings.faqbot_default_owner,
            ChannelMode(settings.faqbot_channel_mode),
        )

        async def on_uninstall(body: Mapping[str, Any], on_uninstalled: OnUninstalled) -> None:
            await uninstall(body, store.installations, tokens, on_uninstalled)

        workspaces = WorkspaceRouter(
            store.installations, open_app, on_uninstall, on_dropped=services.claims.complete
        )
        return cls(
            workspaces,
            InstallPages(
                exchange,
                store,
                tokens,
                workspaces.release,
                (*SCOPES, MCP_SCOPE) if settings.serves_mcp else SCOPES,
            ),
            WeeklyDigests(store.installations, workspaces, open_app.teams_of, services.claims),
            tokens,
        )


def _content_tasks(
    settings: Settings, content: WorkspaceContent, default: LoadedContent
) -> tuple[BackgroundTask, ...]:
    """Return the tasks that follow changes of content, and write the default content's status."""
    write = write_status_file(str(content.folder), settings.mode.value, settings.listen_port)

    async def write_status() -> None:
        write(default.reloader.state)

    write(default.reloader.state)
    return (
        partial(keep_up_to_date, content.pool, settings.pull_interval),
        partial(run_periodically, FILE_CHECK_INTERVAL, write_status),
    )


DIGEST_RETRY_INTERVAL: Final = 300.0
"""Seconds until digests are tried again if the database is down on Monday morning."""

DIGEST_ATTEMPTS: Final = 12


class InstallationList(Protocol):
    """Lists installations."""

    async def all(self) -> tuple[Installation, ...]:
        """Return all installations."""
        ...


TeamsOf = Callable[[Installation], Awaitable[tuple[str, ...]]]
"""The teams that an installation serves: its own, or those of the organisation."""


@dataclass(frozen=True, slots=True)
class WeeklyDigests:
    """Sends the weekly digests of all workspaces.

    Args:
        installations: lists installations.
        workspaces: opens apps.
        teams: returns the teams of an installation.
        claims: make one process send each workspace's digests.
    """

    installations: InstallationList
    workspaces: WorkspaceRouter
    teams: TeamsOf
    claims: DeliveryClaims

    async def run(self) -> None:
        """Send digests on Monday mornings, until cancelled."""
        while True:
            due = next_monday(utc_now())
            await sleep_until(due)
            for _ in range(DIGEST_ATTEMPTS):
                try:
                    await self.send(due.date())
                    break
                except StoreError:
                    _log.warning("the weekly digests wait for the database")
                    await asyncio.sleep(DIGEST_RETRY_INTERVAL)

    async def send(self, day: dt.date) -> int:
        """Send the digests of the week that ends on a day. Returns how many this process sent.

        Raises:
            StoreError: the installations can't be read.
        """
        found = list(await self.installations.all())
        random.shuffle(found)  # so that several processes share the work
        sent = 0
        for installation in found:
            for team in await self.teams(installation):
                sent += await self._send_one(installation, team, day)
        return sent

    async def _send_one(self, installation: Installation, team: str, day: dt.date) -> int:
        place = installation.workspace
        key = ("digests", place.enterprise, team, day.isoformat())
        # Before it is sent: if the process dies in between, the digest is lost, not sent twice.
        if not await self.claims.claim(*key):
            return 0
        try:
            async with self.workspaces.use(installation, team) as workspace_app:
                return await workspace_app.send_digest(day)
        except FaqbotError as error:
            _log.warning("the digest of %s was not sent: %s", team, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever one workspace has, others get theirs
            _log.error("the digest of %s was not sent: %s", team, type(error).__name__)
        return 0
