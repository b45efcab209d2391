"""An open app, and what is under way in it: it is let go when that has ended, not before."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

Digest = Callable[[dt.date], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Opened:
    """The app of a workspace.

    Args:
        app: answers.
        digest: sends the workspace's digests of the week that ends on a day; how many went.
        used: is told of each request, so that what is used stays.
        close: lets the content go.
        lifetime: seconds until it is opened anew; None: as long as it is used.
    """

    app: AsyncApp
    digest: Digest
    used: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    lifetime: float | None = None


class Occupied:
    """Counts what is under way in an open app: requests, and listeners that run on.

    Args:
        forget: is told when nothing new may come.
    """

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget
        self._opened: Opened | None = None
        self._until: float | None = None
        self._count = 0
        self._leaving = False

    def opened(self, opened: Opened) -> None:
        """The app is open."""
        self._opened = opened
        if opened.lifetime is not None:
            self._until = asyncio.get_running_loop().time() + opened.lifetime
        runner = opened.app.listener_runner
        runner.listener_start_handler = _Start(runner.listener_start_handler, self._began)
        runner.listener_completion_handler = _End(runner.listener_completion_handler, self._ended)

    @property
    def is_busy(self) -> bool:
        """Whether something is under way; an app that is being opened is about to be used."""
        return self._opened is None or self._count > 0

    @property
    def is_open(self) -> bool:
        """Whether something may be handed to it."""
        return self._opened is not None and not self._leaving

    @property
    def is_over(self) -> bool:
        """Whether it has to be opened anew."""
        return self._until is not None and asyncio.get_running_loop().time() > self._until

    @contextmanager
    def using(self) -> Iterator[Opened]:
        """Hand something to the app, and keep it open meanwhile."""
        assert self._opened is not None
        self._opened.used()
        self._began()
        try:
            yield self._opened
        finally:
            # A listener that runs on was made a task before, so it begins before this.
            asyncio.get_running_loop().call_soon(self._ended)

    def let_go(self) -> None:
        """Take nothing new, and close when all that is under way has ended."""
        if not self._leaving:
            self._leaving = True
            self._forget()
        self._close_if_free()

    def _began(self) -> None:
        self._count += 1

    def _ended(self) -> None:
        self._count -= 1
        self._close_if_free()

    def _close_if_free(self) -> None:
        if self._leaving and not self._count and self._opened is not None:
            opened, self._opened = self._opened, None
            opened.close()


class _Start(AsyncListenerStartHandler):
    def __init__(self, inner: AsyncListenerStartHandler, began: Callable[[], None]) -> None:
        self._inner = inner
        self._began = began

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self._began()
        await self._inner.handle(request, response)


class _End(AsyncListenerCompletionHandler):
    def __init__(self, inner: AsyncListenerCompletionHandler, ended: Callable[[], None]) -> None:
        self._inner = inner
        self._ended = ended

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        try:
            await self._inner.handle(request, response)
        finally:
            self._ended()
