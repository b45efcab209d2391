"""The open apps of a process: opened once, let go with the least recently used."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from faqbot.errors import ServiceError
from faqbot.storage.installations import Installation, Workspace

SendDigest = Callable[[dt.date], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class WorkspaceApp:
    """The app of a workspace.

    Args:
        app: answers.
        digest: sends the workspace's digests of the week that ends on a day; how many went.
        used: is told of each request, so that what is used stays.
        close: lets the content go.
        lifetime: seconds until it is opened anew; None: as long as it is used.
    """

    app: AsyncApp
    send_digest: SendDigest
    on_use: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    lifetime: float | None = None


class AppHandle:
    """Counts what is under way in an open app: requests, and listeners that run on.

    Args:
        forget: is told when nothing new may come.
    """

    def __init__(self, on_release: Callable[[], None]) -> None:
        self._on_release = on_release
        self._app: WorkspaceApp | None = None
        self._expires_at: float | None = None
        self._count = 0
        self._is_released = False

    def attach(self, app: WorkspaceApp) -> None:
        """The app is open."""
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
        """Whether something is under way; an app that is being opened is about to be used."""
        return self._app is None or self._count > 0

    @property
    def is_open(self) -> bool:
        """Whether something may be handed to it."""
        return self._app is not None and not self._is_released

    @property
    def is_expired(self) -> bool:
        """Whether it has to be opened anew."""
        return self._expires_at is not None and asyncio.get_running_loop().time() > self._expires_at

    @contextmanager
    def use(self) -> Iterator[WorkspaceApp]:
        """Hand something to the app, and keep it open meanwhile."""
        assert self._app is not None
        self._app.on_use()
        self._begin()
        try:
            yield self._app
        finally:
            # A listener that runs on was made a task before, so it begins before this.
            asyncio.get_running_loop().call_soon(self._end)

    def release(self) -> None:
        """Take nothing new, and close when all that is under way has ended."""
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
            opened, self._app = self._app, None
            opened.close()


class _ListenerStart(AsyncListenerStartHandler):
    def __init__(self, inner: AsyncListenerStartHandler, began: Callable[[], None]) -> None:
        self._inner = inner
        self._began = began

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self._began()
        await self._inner.handle(request, response)


class _ListenerEnd(AsyncListenerCompletionHandler):
    def __init__(self, inner: AsyncListenerCompletionHandler, ended: Callable[[], None]) -> None:
        self._inner = inner
        self._ended = ended

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        try:
            await self._inner.handle(request, response)
        finally:
            self._ended()


MAX_OPEN_APPS: Final = 5_000
"""Apps that are open at most, some 70 KB each without their content."""


@dataclass(frozen=True, slots=True)
class WorkspaceKey:
    """A workspace that is served: its team, and the installation that serves it."""

    installation: Workspace
    team: str


OpenApp = Callable[[Installation, str, AppHandle], Awaitable[WorkspaceApp]]
"""Opens the app of an installation for one team; the content knows by `Occupied` what is under
way."""


class AppPool:
    """The open apps, by place.

    Args:
        opener: opens an app, and loads the content that it answers from.
        most: how many are open; of those with nothing under way the least recently used goes.
    """

    def __init__(self, open_app: OpenApp, max_open: int = MAX_OPEN_APPS) -> None:
        self._open_app = open_app
        self._max_open = max_open
        self._generation = 0
        self._handles: OrderedDict[WorkspaceKey, AppHandle] = OrderedDict()
        self._opening: dict[WorkspaceKey, asyncio.Task[AppHandle]] = {}

    @property
    def count(self) -> int:
        """How many apps are open."""
        return len(self._handles)

    def get(self, key: WorkspaceKey) -> AppHandle | None:
        """The app of a place if it is open, which counts as its use."""
        occupied = self._handles.get(key)
        if occupied is None:
            return None
        if occupied.is_expired:
            occupied.release()
            return None
        self._handles.move_to_end(key)
        return occupied

    async def acquire(self, installation: Installation, team: str) -> AppHandle:
        """The app of a team, opened if it isn't; who goes on without a pause finds it open.

        Raises:
            FaqbotError: it can't be opened.
            ServiceError: its installation went meanwhile.
        """
        place = WorkspaceKey(installation.workspace, team)
        # A loop: the app may have been released again before this waiter's turn came.
        while (occupied := self.get(place)) is None:
            task = self._opening.get(place)
            if task is None:
                task = asyncio.create_task(self._open(installation, place))
                self._opening[place] = task
                task.add_done_callback(lambda _: self._opening.pop(place, None))
            await self._opening_ended(task)
        return occupied

    def release(self, workspace: Workspace) -> None:
        """Let the apps of an installation go; what is under way is finished."""
        for place, occupied in list(self._handles.items()):
            if place.installation == workspace:
                occupied.release()
        for place, task in self._opening.items():
            if place.installation == workspace:
                task.cancel()

    def release_all(self) -> None:
        """Let all go, also those that are being opened: each is opened anew when it is needed."""
        self._generation += 1
        for occupied in list(self._handles.values()):
            occupied.release()

    async def close(self) -> None:
        """Let all go, and open no more."""
        tasks = list(self._opening.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for occupied in list(self._handles.values()):
            occupied.release()

    async def _opening_ended(self, task: asyncio.Task[AppHandle]) -> None:
        try:
            await asyncio.shield(task)  # who stops waiting doesn't stop the others
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if not task.cancelled() or (waiting and waiting.cancelling()):
                raise
            raise ServiceError("faqbot was uninstalled, or installed anew.") from None

    async def _open(self, installation: Installation, key: WorkspaceKey) -> AppHandle:
        # What `release_all` can't see yet, because it is being opened, notices it by this number.
        edition = self._generation
        occupied = AppHandle(lambda: self._forget(key, occupied))
        occupied.attach(await self._open_app(installation, key.team, occupied))
        if edition != self._generation:
            occupied.release()
            return await self._open(installation, key)
        self._handles[key] = occupied
        for other in list(self._handles):
            if len(self._handles) <= self._max_open:
                break
            if not self._handles[other].is_busy and other != key:
                self._handles[other].release()
        return occupied

    def _forget(self, key: WorkspaceKey, handle: AppHandle) -> None:
        # A newer handle may have taken the place while this one finished its work.
        if self._handles.get(key) is handle:
            del self._handles[key]
