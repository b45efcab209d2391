"""Pool of the open apps of workspaces: opened once, each with its content, and closed again."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.git import PREFIX
from faqbot.content.publisher import Publisher, ReadOnlyPublisher
from faqbot.errors import FaqbotError, ServiceError
from faqbot.matching.conversations import ConversationCache
from faqbot.runtime.tasks import CallCancelledError, SingleFlight
from faqbot.slack.app import create_app, create_unavailable_app
from faqbot.slack.client import SLACK_ERRORS, describe_error
from faqbot.slack.context import AppContext, Services
from faqbot.slack.listeners.reports import Reports
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import ChannelMode
from faqbot.workspaces.config import WorkspaceConfig
from faqbot.workspaces.content_pool import RETRY_INTERVAL, ContentPool, LoadedContent
from faqbot.workspaces.tokens import TokenProvider, authorize_with

SendDigest = Callable[[dt.date], Awaitable[int]]
"""Sends the weekly digests up to a day; returns how many were sent."""

OpenClient = Callable[[], Awaitable[AsyncWebClient]]
"""Returns a client of the Web API with a bot's token."""


@dataclass(frozen=True, slots=True)
class WorkspaceApp:
    """The app of a workspace.

    Args:
        app: the Bolt app.
        send_digest: sends the workspace's digests of the week that ends on a day.
        client: returns a client with the bot's token.
        context: what answers the workspace's questions; None if its content can't be loaded.
        on_use: called for each request, so that the content in use stays in memory.
        close: called once, when the app is closed.
        lifetime: seconds until the app is opened again; None for no limit.
    """

    app: AsyncApp
    send_digest: SendDigest
    client: OpenClient
    context: AppContext | None = None
    on_use: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    lifetime: float | None = None


class AppHandle:
    """Reference-counted handle to a workspace's app; closes it after its last request.

    It counts requests, and listeners that run on after their request was acknowledged.

    Args:
        on_release: called once, when the app gets no more requests.
    """

    def __init__(self, on_release: Callable[[], None]) -> None:
        self._on_release = on_release
        self._app: WorkspaceApp | None = None
        self._expires_at: float | None = None
        self._count = 0
        self._is_released = False

    def attach(self, app: WorkspaceApp) -> None:
        """Set the app, when it is open, and count its listeners."""
        self._app = app
        if app.lifetime is not None:
            self._expires_at = asyncio.get_running_loop().time() + app.lifetime
        runner = app.app.listener_runner
        runner.listener_start_handler = _ListenerStart(runner.listener_start_handler, self._begin)
        runner.listener_completion_handler = _ListenerEnd(
            runner.listener_completion_handler, self._end
        )

    @property
    def is_busy(self) -> bool:
        """Whether the app is in use, or about to be: it is being opened for a request."""
        return self._app is None or self._count > 0

    @property
    def is_open(self) -> bool:
        """Whether the app accepts requests."""
        return self._app is not None and not self._is_released

    @property
    def is_expired(self) -> bool:
        """Whether the app has to be opened again."""
        return self._expires_at is not None and asyncio.get_running_loop().time() > self._expires_at

    @contextmanager
    def use(self) -> Iterator[WorkspaceApp]:
        """The app, which stays open while the block runs."""
        assert self._app is not None
        self._app.on_use()
        self._begin()
        try:
            yield self._app
        finally:
            # Bolt may have scheduled a listener as a task. Ended in the next round of the loop, the
            # count doesn't fall to 0 before that task begins.
            asyncio.get_running_loop().call_soon(self._end)

    def release(self) -> None:
        """Accept no more requests; close the app when all that is running has ended."""
        if not self._is_released:
            self._is_released = True
            self._on_release()
        self._close_if_idle()

    def _begin(self) -> None:
        self._count += 1

    def _end(self) -> None:
        self._count -= 1
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._is_released and not self._count and self._app is not None:
            app, self._app = self._app, None
            app.close()


class _ListenerStart(AsyncListenerStartHandler):
    def __init__(self, inner: AsyncListenerStartHandler, begin: Callable[[], None]) -> None:
        self._inner = inner
        self._begin = begin

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self._begin()
        await self._inner.handle(request, response)


class _ListenerEnd(AsyncListenerCompletionHandler):
    def __init__(self, inner: AsyncListenerCompletionHandler, end: Callable[[], None]) -> None:
        self._inner = inner
        self._end = end

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        try:
            await self._inner.handle(request, response)
        finally:
            self._end()


MAX_OPEN_APPS: Final = 5_000
"""Apps that are open at most, some 70 KB each without their content."""


@dataclass(frozen=True, slots=True)
class WorkspaceKey:
    """A workspace that is served: its team, and the installation that serves it."""

    installation: Workspace
    team: str


OpenApp = Callable[[Installation, str, AppHandle], Awaitable[WorkspaceApp]]
"""Opens the app of an installation for one team; the handle tells whether the app is in use."""


class AppPool:
    """The open apps, by workspace.

    Args:
        open_app: opens an app and loads its content.
        max_open: how many apps are open at most. The least recently used idle ones are closed.
    """

    def __init__(self, open_app: OpenApp, max_open: int = MAX_OPEN_APPS) -> None:
        self._open_app = open_app
        self._max_open = max_open
        self._generation = 0
        # Not an LRUCache: apps that are in use stay, however long ago they were asked for.
        self._handles: OrderedDict[WorkspaceKey, AppHandle] = OrderedDict()
        self._opening: SingleFlight[WorkspaceKey, AppHandle] = SingleFlight()

    @property
    def count(self) -> int:
        """How many apps are open."""
        return len(self._handles)

    def get(self, key: WorkspaceKey) -> AppHandle | None:
        """Return the app of a workspace if it is open, and mark it as used."""
        handle = self._handles.get(key)
        if handle is None:
            return None
        if handle.is_expired:
            handle.release()
            return None
        self._handles.move_to_end(key)
        return handle

    async def acquire(self, installation: Installation, team: str) -> AppHandle:
        """Return the app of a team; open it if it isn't open.

        It is open until the caller next awaits something: use it before.

        Raises:
            FaqbotError: it can't be opened.
            ServiceError: its installation was removed or replaced meanwhile.
        """
        key = WorkspaceKey(installation.workspace, team)
        # A loop: the app may have been released again before this waiter's turn came.
        while (handle := self.get(key)) is None:
            try:
                await self._opening.run(key, lambda: self._open(installation, key))
            except CallCancelledError:
                raise ServiceError("faqbot was uninstalled, or installed again.") from None
        return handle

    def release(self, workspace: Workspace) -> None:
        """Close the apps of an installation, each after its last request."""
        for key, handle in list(self._handles.items()):
            if key.installation == workspace:
                handle.release()
        self._opening.cancel(lambda key: key.installation == workspace)

    def release_all(self) -> None:
        """Close all apps, also those that are being opened; each is opened again when asked for."""
        self._generation += 1
        for handle in list(self._handles.values()):
            handle.release()

    async def close(self) -> None:
        """Close all apps, and stop opening others."""
        await self._opening.close()
        for handle in list(self._handles.values()):
            handle.release()

    async def _open(self, installation: Installation, key: WorkspaceKey) -> AppHandle:
        # `release_all` doesn't see an app that is being opened, but changes this number.
        generation = self._generation
        handle = AppHandle(lambda: self._forget(key, handle))
        handle.attach(await self._open_app(installation, key.team, handle))
        if generation != self._generation:
            handle.release()
            return await self._open(installation, key)
        self._handles[key] = handle
        for other in list(self._handles):
            if len(self._handles) <= self._max_open:
                break
            if not self._handles[other].is_busy and other != key:
                self._handles[other].release()
        return handle

    def _forget(self, key: WorkspaceKey, handle: AppHandle) -> None:
        # A newer handle may have taken the place while this one finished its work.
        if self._handles.get(key) is handle:
            del self._handles[key]


_log = logging.getLogger(__name__)

_CONTENT_IN_GIT: Final = (
    "This workspace's content comes from a git repository: propose the change to its maintainers."
)
_CONTENT_SHARED: Final = (
    "Several workspaces answer from this content, so none of them may change it: send your "
    "proposal to the operators of faqbot."
)


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
        # Bolt 1.30 accepts None for “no token”, though its type of `authorize` doesn't.
        authorize: Any = authorize_with(installation, self.tokens)
        config = self.config_of(team, installation.workspace.enterprise)
        try:
            content = await self.pool.acquire(config.knowledge or self.default_content)
        except FaqbotError:
            _log.error("workspace %s gets no answers: its content can't be loaded", team)
            app = create_unavailable_app(self._client(), self.services, authorize)
            client_of = partial(self._client_of, installation)
            return WorkspaceApp(app, _no_digest, client_of, lifetime=RETRY_INTERVAL)
        conversations = self.conversations.conversations_of(
            WorkspaceKey(installation.workspace, team)
        )
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
            partial(self._client_of, installation),
            app_context,
            on_use=lambda: self.pool.touch(content),
            close=lambda: content.detach(engine),
        )

    async def teams_of(self, installation: Installation) -> tuple[str, ...]:
        """Return the teams that an installation serves; none if Slack refuses the list."""
        if not installation.is_org_wide:
            return (installation.workspace.team,)
        try:
            token = await self.tokens.token_of(installation.workspace)
            if token is None:
                return ()
            answer = await self._client(token).auth_teams_list(limit=1_000)
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
            return await reports.send_digest(self._client(token), team, day) if token else 0

        return digest

    async def _client_of(self, installation: Installation) -> AsyncWebClient:
        return self._client(await self.tokens.token_of(installation.workspace) or "")

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
