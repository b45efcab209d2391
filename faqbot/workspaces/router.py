"""Router of many workspaces: each request is dispatched to the app of its workspace."""

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
from faqbot.slack.middleware.deliveries import CLAIM
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
    """Return the organisation and the team of a payload, as Bolt reads them.

    For an event in a shared channel, that is the team that the app is authorised for, not the
    author's.
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
"""Seconds after which an installation is read again: another process may have changed it."""

_NOT_READY: Final = "I'm getting ready for this workspace: please ask again in a moment."
_NOT_INSTALLED: Final = (
    "faqbot isn't installed in this workspace any more: ask an admin to install it."
)
_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class InstallationLookup(Protocol):
    """Finds installations, and learns which workspaces they serve."""

    async def find(self, enterprise: str, team: str) -> Installation | None:
        """Return the installation that serves a workspace: its own, else the organisation's."""
        ...

    async def serves(self, enterprise: str, team: str) -> None:
        """Note that the installation of an organisation serves a workspace."""
        ...


ReleaseApps = Callable[[Workspace], Awaitable[None]]
OnUninstall = Callable[[Mapping[str, Any], ReleaseApps], Awaitable[None]]


@dataclass(slots=True)
class _Route:
    """The workspace that serves a team, when it was installed, and when to check that again."""

    key: WorkspaceKey
    installed: dt.datetime
    check_at: float


class WorkspaceRouter:
    """Dispatches requests to the apps of workspaces, which it opens.

    Args:
        installations: finds installations.
        open_app: opens an app, and loads its content.
        on_uninstall: removes the installation that an event ends, and calls its second argument
            to close the apps.
        max_open: how many apps are open at most.
        on_dropped: called with the claim of a delivery that was taken over and that no app handles.
        check_interval: seconds after which an installation is read again.
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
        """Dispatch a verified request to the app of its workspace."""
        body = request.body
        if body.get("type") == "url_verification":
            return _json_response({"challenge": body.get("challenge")})
        # Before the app is opened, which would load content only to unload it.
        if ends_installation(body):
            return await self._uninstall(body)
        enterprise, team = tenant_of(body)
        # With 200: Slack would retry an event for which no workspace can be found.
        if not team and not enterprise:
            return BoltResponse(status=200, body="")
        handle = self._open_handle(enterprise, team)
        if handle is None:
            return await self._open_and_dispatch(request, enterprise, team)
        return await _dispatch(handle, request)

    @asynccontextmanager
    async def use(self, installation: Installation, team: str) -> AsyncIterator[WorkspaceApp]:
        """Open an app, and keep it open while the block runs.

        Raises:
            FaqbotError: it can't be opened.
            ServiceError: its installation went meanwhile.
        """
        handle = await self._apps.acquire(installation, team)
        with handle.use() as workspace_app:
            yield workspace_app

    @asynccontextmanager
    async def use_team(self, enterprise: str, team: str) -> AsyncIterator[WorkspaceApp | None]:
        """Open the app that serves a team, and keep it open; None if faqbot isn't installed there.

        Raises:
            StoreError: the database can't be used.
            FaqbotError: it can't be opened.
        """
        installation = await self._installations.find(enterprise, team)
        if installation is None:
            yield None
            return
        async with self.use(installation, team) as workspace_app:
            yield workspace_app

    async def release(self, workspace: Workspace) -> None:
        """Close the apps of an installation, each after its last request."""
        self._apps.release(workspace)

    async def reopen_all(self) -> None:
        """Close all apps, each after its last request; the next request opens one again."""
        self._apps.release_all()

    async def wait_for_background(self) -> None:
        """Wait until all background tasks have ended."""
        while self._background:
            await asyncio.wait(self._background)

    async def close(self) -> None:
        """Close all apps, and cancel background tasks."""
        tasks = list(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._apps.close()

    # -- requests

    async def _open_and_dispatch(
        self, request: AsyncBoltRequest, enterprise: str, team: str
    ) -> BoltResponse:
        """Open the app and dispatch the request; if that takes long, ask for a retry.

        Opening continues in the background. Then an event is handled, late but once, though Slack
        retries it. Commands and actions aren't: the response asks people to repeat them.
        """
        task = self._run_in_background(self._open_app_for(request, enterprise, team))
        # `wait_for` would cancel the task when the time is over; `wait` doesn't.
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
        """Return the app for a request, or the response if there is none."""
        command = request.body.get("command")
        try:
            installation = await self._installations.find(enterprise, team)
            if installation is not None and installation.is_org_wide and team:
                await self._installations.serves(enterprise, team)
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
            handle = await self._apps.acquire(installation, team)
        except ServiceError:  # uninstalled or installed again: the next request finds out
            return _retry_response(request)
        place = WorkspaceKey(installation.workspace, team)
        self._routes[enterprise, team] = _Route(place, installation.installed, self._next_check())
        return handle

    async def _uninstall(self, body: Mapping[str, Any]) -> BoltResponse:
        """Remove an installation, without loading its content."""
        try:
            await self._on_uninstall(body, self.release)
        except StoreError:
            return BoltResponse(status=503)
        return BoltResponse(status=200, body="")

    # -- open apps

    def _open_handle(self, enterprise: str, team: str) -> AppHandle | None:
        route = self._routes.get((enterprise, team))
        if route is None:
            return None
        handle = self._apps.get(route.key)
        if handle is None:
            del self._routes[enterprise, team]
        elif asyncio.get_running_loop().time() > route.check_at:
            # Moved on at once, so that the next requests don't start checks of their own.
            route.check_at = self._next_check()
            # In the background: the request is served as before, and none waits for the database.
            self._run_in_background(self._check_installation(enterprise, team, route))
        return handle

    async def _check_installation(self, enterprise: str, team: str, route: _Route) -> None:
        """Close an app if another process removed or replaced its installation."""
        try:
            found = await self._installations.find(enterprise, team)
        except StoreError:
            return
        known = (route.key.installation, route.installed)
        if found is None or (found.workspace, found.installed) != known:
            self._routes.pop((enterprise, team), None)
            self._apps.release(route.key.installation)

    def _next_check(self) -> float:
        return asyncio.get_running_loop().time() + self._check_interval

    # -- background tasks

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
    # It may have been closed again to make room for others.
    return await _dispatch(found, request) if found.is_open else _retry_response(request)


async def _dispatch(handle: AppHandle, request: AsyncBoltRequest) -> BoltResponse:
    with handle.use() as workspace_app:
        return await workspace_app.app.async_dispatch(request)


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
