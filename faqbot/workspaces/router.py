"""Many workspaces in one process: each request goes to the app of its own workspace."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.internals import (
    extract_enterprise_id,
    extract_is_enterprise_install,
    extract_team_id,
)
from slack_bolt.response import BoltResponse

from faqbot.errors import ServiceError
from faqbot.slack.blockkit.views import NOT_NOW
from faqbot.slack.middleware.deduplication import CLAIM
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import StoreError
from faqbot.workspaces.app_pool import (
    MAX_OPEN_APPS,
    AppHandle,
    AppPool,
    OpenApp,
    WorkspaceApp,
    WorkspaceKey,
)

_REVOKED: Final = "tokens_revoked"


def tenant_of(body: dict[str, Any]) -> tuple[str, str]:
    """The organisation and the team that a payload is for, as Bolt reads them.

    An event of a shared channel is for who is authorised to read it, not for who wrote there.
    """
    enterprise = str(extract_enterprise_id(body) or "")
    team = str(extract_team_id(body) or "")
    if extract_is_enterprise_install(body) and team == enterprise:
        team = ""
    return enterprise, team


def ends_installation(body: Mapping[str, Any]) -> bool:
    """Whether an event ends an installation: uninstalled, or the bot's own token revoked."""
    event = body.get("event")
    if not isinstance(event, Mapping):
        return False
    tokens = event.get("tokens")
    bot = isinstance(tokens, Mapping) and bool(tokens.get("bot"))
    return event.get("type") == "app_uninstalled" or (event.get("type") == _REVOKED and bot)


OPEN_TIMEOUT: Final = 2.0
"""Seconds to wait for content that is loaded: Slack waits for three."""

INSTALLATION_CHECK_INTERVAL: Final = 300.0
"""Seconds after which it is looked up again where faqbot is installed: nobody tells a process of
what another was told."""

_NOT_READY: Final = "I'm getting ready for this workspace: please ask again in a moment."
_NOT_INSTALLED: Final = (
    "faqbot isn't installed in this workspace any more: ask an admin to install it."
)
_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class InstallationLookup(Protocol):
    """Knows where faqbot is installed."""

    async def find(self, enterprise: str, team: str) -> Installation | None:
        """The installation that serves a workspace: its own, else the organisation's."""
        ...


ReleaseApps = Callable[[Workspace], Awaitable[None]]
OnUninstall = Callable[[Mapping[str, Any], ReleaseApps], Awaitable[None]]


@dataclass(slots=True)
class _Route:
    """Where a team is served, since when it is so installed, and when to look again."""

    key: WorkspaceKey
    installed: dt.datetime
    check_at: float


class WorkspaceRouter:
    """The workspaces in which faqbot is installed.

    Args:
        installations: know where faqbot is installed.
        opener: opens an app, and loads the content that it answers from.
        left: is told of an event that ends an installation, and says which to let go.
        most: how many apps are open at most.
        done: is told of a delivery that was taken over and that no app will finish.
        look: seconds after which it is looked up again where faqbot is installed.
    """

    def __init__(
        self,
        installations: InstallationLookup,
        open_app: OpenApp,
        on_uninstall: OnUninstall,
        *,
        max_open: int = MAX_OPEN_APPS,
        on_dropped: Callable[[str], None] = lambda _: None,
        check_interval: float = INSTALLATION_CHECK_INTERVAL,
    ) -> None:
        self._installations = installations
        self._on_uninstall = on_uninstall
        self._on_dropped = on_dropped
        self._check_interval = check_interval
        self._apps = AppPool(open_app, max_open)
        self._routes: dict[tuple[str, str], _Route] = {}
        self._background: set[asyncio.Task[Any]] = set()

    @property
    def count(self) -> int:
        """How many apps are open."""
        return self._apps.count

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        """Hand a request, of which Slack has proved to be the sender, to its workspace's app."""
        body = request.body
        if body.get("type") == "url_verification":
            return _json_response({"challenge": body.get("challenge")})
        # Before the app is looked for, which would load its content only to let it go.
        if ends_installation(body):
            return await self._uninstall(body)
        enterprise, team = tenant_of(body)
        # With 200, since Slack would only deliver again what no workspace can be found for.
        if not team and not enterprise:
            return BoltResponse(status=200, body="")
        occupied = self._open_handle(enterprise, team)
        if occupied is None:
            return await self._open_and_dispatch(request, enterprise, team)
        return await _dispatch(occupied, request)

    @asynccontextmanager
    async def use(self, installation: Installation, team: str) -> AsyncIterator[WorkspaceApp]:
        """An open app, kept open as long as the block runs.

        Raises:
            FaqbotError: it can't be opened.
            ServiceError: its installation went meanwhile.
        """
        occupied = await self._apps.acquire(installation, team)
        with occupied.use() as opened:
            yield opened

    async def release(self, workspace: Workspace) -> None:
        """Let the apps of an installation go; what is under way is finished."""
        self._apps.release(workspace)

    async def reopen_all(self) -> None:
        """Open each app anew when it is next asked: other content may be meant for it."""
        self._apps.release_all()

    async def wait_for_background(self) -> None:
        """Wait until nothing is opened or looked up that nobody waits for."""
        while self._background:
            await asyncio.wait(self._background)

    async def close(self) -> None:
        """Let all go."""
        tasks = list(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._apps.close()

    # -- requests

    async def _open_and_dispatch(
        self, request: AsyncBoltRequest, enterprise: str, team: str
    ) -> BoltResponse:
        """Open the app, then hand the request over; what takes long goes on by itself.

        Slack is then told that it failed, and sends an event again, which is handled once. What
        people did they are told to do again, so only events are handled late.
        """
        task = self._run_in_background(self._open_app_for(request, enterprise, team))
        # `wait` leaves the task alone when the time is over, where `wait_for` would cancel it.
        await asyncio.wait({task}, timeout=OPEN_TIMEOUT)
        if task.done():
            failed = task.cancelled() or task.exception()
            return (
                _retry_response(request) if failed else await _dispatch_to(task.result(), request)
            )
        if request.body.get("event"):

            async def later() -> None:
                await _dispatch_to(await task, request)

            self._run_in_background(later())
        return _retry_response(request)

    async def _open_app_for(
        self, request: AsyncBoltRequest, enterprise: str, team: str
    ) -> AppHandle | BoltResponse:
        """The app for a request, or what to say where there is none."""
        command = request.body.get("command")
        try:
            installation = await self._installations.find(enterprise, team)
        except StoreError:
            return _json_response(_ephemeral(NOT_NOW)) if command else BoltResponse(status=503)
        if installation is None:
            if request.context.get(CLAIM):
                # Otherwise its lease would expire, and process after process would take it over.
                self._on_dropped(str(request.context[CLAIM]))
            return (
                _json_response(_ephemeral(_NOT_INSTALLED))
                if command
                else BoltResponse(status=200, body="")
            )
        try:
            occupied = await self._apps.acquire(installation, team)
        except ServiceError:  # uninstalled, or installed anew: the next request finds out
            return _retry_response(request)
        place = WorkspaceKey(installation.workspace, team)
        self._routes[enterprise, team] = _Route(place, installation.installed, self._next_check())
        return occupied

    async def _uninstall(self, body: Mapping[str, Any]) -> BoltResponse:
        """An installation ends: for that no content is needed."""
        try:
            await self._on_uninstall(body, self.release)
        except StoreError:
            return BoltResponse(status=503)
        return BoltResponse(status=200, body="")

    # -- who is served where

    def _open_handle(self, enterprise: str, team: str) -> AppHandle | None:
        served = self._routes.get((enterprise, team))
        if served is None:
            return None
        occupied = self._apps.get(served.key)
        if occupied is None:
            del self._routes[enterprise, team]
        elif asyncio.get_running_loop().time() > served.check_at:
            # Moved on at once, so that the next requests don't start checks of their own.
            served.check_at = self._next_check()
            # In the background: the request is served as before, and none waits for the database.
            self._run_in_background(self._check_installation(enterprise, team, served))
        return occupied

    async def _check_installation(self, enterprise: str, team: str, served: _Route) -> None:
        """Let an app go whose installation another process removed or replaced."""
        try:
            found = await self._installations.find(enterprise, team)
        except StoreError:
            return
        known = (served.key.installation, served.installed)
        if found is None or (found.workspace, found.installed) != known:
            self._routes.pop((enterprise, team), None)
            self._apps.release(served.key.installation)

    def _next_check(self) -> float:
        return asyncio.get_running_loop().time() + self._check_interval

    # -- what goes on while nobody waits

    def _run_in_background(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._log_background_error)
        return task

    def _log_background_error(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("a workspace could not be served: %s", type(error).__name__)


async def _dispatch_to(found: AppHandle | BoltResponse, request: AsyncBoltRequest) -> BoltResponse:
    if isinstance(found, BoltResponse):
        return found
    # It may have made room for others since it was opened.
    return await _dispatch(found, request) if found.is_open else _retry_response(request)


async def _dispatch(occupied: AppHandle, request: AsyncBoltRequest) -> BoltResponse:
    with occupied.use() as opened:
        return await opened.app.async_dispatch(request)


def _retry_response(request: AsyncBoltRequest) -> BoltResponse:
    return (
        _json_response(_ephemeral(_NOT_READY))
        if request.body.get("command")
        else BoltResponse(status=503)
    )


def _ephemeral(text: str) -> dict[str, str]:
    return {"response_type": "ephemeral", "text": text}


def _json_response(said: dict[str, Any]) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {"content-type": "application/json"}
    return BoltResponse(status=200, body=json.dumps(said), headers=headers)
