"""Many workspaces over HTTP: each installs faqbot itself, and has an app of its own here."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from platformdirs import user_cache_path
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.git import PREFIX
from faqbot.content.publisher import Publisher, ReadOnlyPublisher
from faqbot.engine import ConversationMemory
from faqbot.errors import FaqbotError
from faqbot.index.builder import IndexLoader
from faqbot.index.cache import Snapshots
from faqbot.index.reloader import run_periodically, write_status_file
from faqbot.matching.clusters import group_by_meaning
from faqbot.matching.training_data import SharedResources
from faqbot.runtime.tasks import BackgroundTask, background_tasks, run_until_signal
from faqbot.runtime.web import Server, background_server
from faqbot.settings.models import Settings, reveal
from faqbot.slack.app import create_app
from faqbot.slack.client import SLACK_ERRORS, describe_error, web_client
from faqbot.slack.context import AppContext, Services
from faqbot.slack.health import Health
from faqbot.slack.http_endpoint import asgi
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.service import handling, make_cipher, make_services, running
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import ChannelMode
from faqbot.storage.store import Store, open_store
from faqbot.workspaces.app_pool import AppHandle, SendDigest, WorkspaceApp
from faqbot.workspaces.config import NO_CONFIG, WorkspaceConfig, WorkspacesFile
from faqbot.workspaces.content_pool import (
    RETRY_INTERVAL,
    ContentPool,
    LoadedContent,
    keep_up_to_date,
)
from faqbot.workspaces.digests import WeeklyDigests
from faqbot.workspaces.install_pages import InstallPages
from faqbot.workspaces.oauth import (
    INSTALL_PATH,
    OAuthClient,
    OnUninstalled,
    TokenProvider,
    authorize_with,
    uninstall,
)
from faqbot.workspaces.router import WorkspaceRouter, create_unavailable_app

MAX_WORKSPACES: Final = 10_000
"""Workspaces whose conversations are remembered while their content is not loaded."""

MAX_THREADS: Final = 2_000
"""Conversations that are remembered of each."""

_CONTENT_IN_GIT: Final = (
    "This workspace's content comes from a git repository: propose the change to whoever keeps it."
)
_CONTENT_SHARED: Final = (
    "Several workspaces answer from this content, so it isn't changed from one of them: send your "
    "proposal to whoever runs faqbot."
)
_log = logging.getLogger(__name__)


class ConversationCache:
    """The conversations of each workspace, kept while its app is not open."""

    def __init__(self) -> None:
        self._of: OrderedDict[tuple[Workspace, str], ConversationMemory] = OrderedDict()

    def conversations_of(self, workspace: Workspace, team: str) -> ConversationMemory:
        """The conversations of a team, and of nobody else."""
        key = (workspace, team)
        found = self._of.setdefault(key, ConversationMemory(time.monotonic, MAX_THREADS))
        self._of.move_to_end(key)
        while len(self._of) > MAX_WORKSPACES:
            self._of.popitem(last=False)
        return found


@dataclass(frozen=True)
class AppFactory:
    """Opens the apps of workspaces.

    Args:
        pool: loads their content.
        config_of: returns what the file says of a team, given its id and its organisation's.
        owns_content: whether a team's content is used by no other team.
        default_content: the address of the content of teams that have none of their own.
        client: a client of the Web API without a token, whose session all apps share.
        tokens: returns bot tokens.
        services: shared by all apps of the process.
        default_owner: stands in for owners whom Slack doesn't know, if the file names nobody.
        channel_mode: when faqbot answers in channels without settings, if the file doesn't say.
    """

    pool: ContentPool
    config_of: Callable[[str, str], WorkspaceConfig]
    owns_content: Callable[[str], bool]
    default_content: str
    client: AsyncWebClient
    tokens: TokenProvider
    services: Services
    default_owner: str = ""
    channel_mode: ChannelMode = ChannelMode.MENTIONS
    conversations: ConversationCache = field(default_factory=ConversationCache)

    async def __call__(
        self, installation: Installation, team: str, handle: AppHandle
    ) -> WorkspaceApp:
        """Open the app of a team; an app that apologises if its content can't be loaded."""
        # Bolt takes None for “no token”, which its types do not say.
        authorize: Any = authorize_with(installation, self.tokens)
        config = self.config_of(team, installation.workspace.enterprise)
        try:
            content = await self.pool.acquire(config.knowledge or self.default_content)
        except FaqbotError:
            _log.error("workspace %s gets no answers: its content can't be loaded", team)
            app = create_unavailable_app(self._client(), self.services, authorize)
            return WorkspaceApp(app, _no_digest, lifetime=RETRY_INTERVAL)
        conversations = self.conversations.conversations_of(installation.workspace, team)
        engine = content.engine(handle, conversations)
        app_context = AppContext(
            engine,
            content_state=lambda: content.reloader.state,
            services=self.services,
            default_owner=config.owners or self.default_owner,
            channel_mode=ChannelMode(config.speaks) if config.speaks else self.channel_mode,
            publisher=self._publisher(content, team),
        )
        return WorkspaceApp(
            create_app(app_context, self._client(), authorize),
            self._digest(installation, team, app_context),
            on_use=lambda: self.pool.touch(content),
            close=lambda: content.detach(engine),
        )

    async def teams_of(self, installation: Installation) -> tuple[str, ...]:
        """The teams that an installation serves; none where Slack doesn't tell."""
        if not installation.is_org_wide:
            return (installation.workspace.team,)
        try:
            token = await self.tokens.token_of(installation.workspace)
            answer = await self._client(token or "").auth_teams_list(limit=1_000)
        except SLACK_ERRORS as error:
            _log.warning(
                "the teams of an organisation could not be listed: %s", describe_error(error)
            )
            return ()
        return tuple(str(one["id"]) for one in answer.get("teams") or ())

    def _publisher(self, content: LoadedContent, team: str) -> Publisher:
        if content.address.startswith(PREFIX):
            return ReadOnlyPublisher(_CONTENT_IN_GIT)
        return content.publisher if self.owns_content(team) else ReadOnlyPublisher(_CONTENT_SHARED)

    def _digest(self, installation: Installation, team: str, app_context: AppContext) -> SendDigest:
        if self.services.recorder is None:
            return _no_digest
        reports = Reports(app_context)

        async def digest(day: dt.date) -> int:
            token = await self.tokens.token_of(installation.workspace)
            return await reports.send_digest(self._client(token or ""), team, day)

        return digest

    def _client(self, token: str | None = None) -> AsyncWebClient:
        return AsyncWebClient(
            token=token,
            base_url=self.client.base_url,
            session=self.client.session,
            logger=self.client._logger,  # noqa: SLF001 - it has no other name
            retry_handlers=self.client.retry_handlers,
        )


async def _no_digest(_: object) -> int:
    return 0


FILE_CHECK_INTERVAL: Final = 10.0
"""Seconds after which the file that names content is looked at again."""

MAX_SNAPSHOTS: Final = 1_500
"""Folders of which what was built is kept on disk."""

_MEGABYTE: Final = 2**20
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WorkspaceContent:
    """The content of all workspaces: what is loaded, and who has which.

    Args:
        shelf: what is loaded.
        file: names the content of single workspaces; None: all have the same.
        default: the address of the content of those that have none of their own.
        folder: where that stands.
        resources: what all indexes share.
    """

    pool: ContentPool
    file: WorkspacesFile | None
    default: str
    folder: Path
    resources: SharedResources

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> WorkspaceContent:
        """The content that the settings name.

        Raises:
            ContentError: the file that names content has problems.
        """
        resources = SharedResources(settings.encoder)
        kept = Snapshots(settings.cache, MAX_SNAPSHOTS) if settings.cache else None
        clones = user_cache_path("faqbot", appauthor=False)
        load = IndexLoader(resources, kept)
        shelf = ContentPool(load, settings.faqbot_workspaces_memory_mb * _MEGABYTE, clones)
        named = settings.faqbot_workspaces
        file = WorkspacesFile(Path(named)) if named else None
        configured = settings.faqbot_knowledge or ""
        default = configured if configured.startswith(PREFIX) else str(folder.resolve())
        return cls(shelf, file, default, folder, resources)

    def config_of(self, team: str, enterprise: str) -> WorkspaceConfig:
        """What a workspace has of its own."""
        return self.file.config_of(team, enterprise) if self.file else NO_CONFIG

    def owns_content(self, team: str) -> bool:
        """Whether a workspace's content is its alone."""
        return self.file is not None and self.file.owns(team, self.folder)


def serve_workspaces(settings: Settings, folder: Path, listener: socket.socket, say: Say) -> None:
    """Serve all workspaces in which faqbot is installed, until told to stop.

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
    group_questions = partial(group_by_meaning, encoder=content.resources.bundled_encoder)
    services, cipher = make_services(settings, group_questions), make_cipher(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(content.pool.close)
        default = await content.pool.pin(content.default)
        store = await open_store(settings.database, settings.faqbot_database_pool_size, cipher)
        stack.push_async_callback(store.close)
        if cipher.has_old_keys:
            await store.installations.reencrypt()
        client = await stack.enter_async_context(
            web_client("", settings.slack_api_url, services.calls)
        )
        tasks = _content_tasks(settings, content, default)
        await stack.enter_async_context(running(services, tasks))
        parts = _Parts.of(settings, content, services, store, client)
        stack.push_async_callback(parts.workspaces.close)
        health = Health(
            services,
            lambda: default.reloader.state,
            count_workspaces=lambda: parts.workspaces.count,
        )
        site = asgi(
            parts.workspaces.dispatch,
            reveal(settings.slack_signing_secret),
            [*health.routes(), *parts.pages.routes()],
            services.metrics.request,
        )
        server = Server(site, settings.faqbot_trusted_proxies)
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


async def _refresh(content: WorkspaceContent, workspaces: WorkspaceRouter) -> None:
    """Give workspaces the content that the file names now."""
    if content.file is not None and await asyncio.to_thread(content.file.refresh):
        await workspaces.reopen_all()


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts that only many workspaces need."""

    workspaces: WorkspaceRouter
    pages: InstallPages
    digests: WeeklyDigests

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
        opener = AppFactory(
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

        async def left(body: Mapping[str, Any], gone: OnUninstalled) -> None:
            await uninstall(body, store.installations, tokens, gone)

        workspaces = WorkspaceRouter(
            store.installations, opener, left, on_dropped=services.claims.complete
        )
        return cls(
            workspaces,
            InstallPages(exchange, store, tokens, workspaces.release),
            WeeklyDigests(store.installations, workspaces, opener.teams_of, services.claims),
        )


def _content_tasks(
    settings: Settings, content: WorkspaceContent, default: LoadedContent
) -> tuple[BackgroundTask, ...]:
    """Return the tasks that follow changes of content, and write the default content's status."""
    write = write_status_file(str(content.folder.resolve()), settings.mode.value)

    async def write_status() -> None:
        write(default.reloader.state)

    write(default.reloader.state)
    return (
        partial(keep_up_to_date, content.pool, settings.pull_interval),
        partial(run_periodically, FILE_CHECK_INTERVAL, write_status),
    )
