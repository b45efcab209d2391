"""Request log: a number for each delivery, and the listeners that run."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from faqbot.slack.middleware.deliveries import LISTENER, DirectMiddleware, Next
from faqbot.slack.payloads import payload_of

DRAIN_TIMEOUT: Final = 20.0
"""Seconds that listeners have to end at shutdown."""

_BEGAN: Final = "faqbot_began"

OnFinished = Callable[[AsyncBoltRequest, float], None]


class ListenerTracker:
    """The tasks of running listeners.

    Bolt 1.30 runs a listener as a task that it keeps no reference to, so the garbage collector
    could end it (https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task).
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def count(self) -> int:
        """How many listeners run."""
        return len(self._tasks)

    def watch(self, app: AsyncApp, on_finished: OnFinished = lambda *_: None) -> None:
        """Track the listeners of an app. `on_finished` is called after each, with its seconds."""
        app.listener_runner.listener_start_handler = _Start(self._tasks)
        app.listener_runner.listener_completion_handler = _End(self._tasks, on_finished)

    async def drain(self, within: float = DRAIN_TIMEOUT) -> bool:
        """Wait until all listeners have ended. Returns False when the time is up first."""
        tasks = {task for task in self._tasks if task is not asyncio.current_task()}
        if not tasks:
            return True
        _, pending = await asyncio.wait(tasks, timeout=within)
        return not pending

    async def stop(self, within: float) -> int:
        """Wait for the listeners, then cancel those that still run. Returns how many those were."""
        if await self.drain(within):
            return 0
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)


class _Start(AsyncListenerStartHandler):
    def __init__(self, tasks: set[asyncio.Task[Any]]) -> None:
        self._tasks = tasks

    async def handle(
        self,
        request: AsyncBoltRequest,
        response: BoltResponse | None,  # noqa: ARG002 - the base class fixes the names
    ) -> None:
        request.context[_BEGAN] = time.perf_counter()
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            request.context[LISTENER] = task


class _End(AsyncListenerCompletionHandler):
    def __init__(self, tasks: set[asyncio.Task[Any]], on_finished: OnFinished) -> None:
        self._tasks = tasks
        self._on_finished = on_finished

    async def handle(
        self,
        request: AsyncBoltRequest,
        response: BoltResponse | None,  # noqa: ARG002 - the base class fixes the names
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.discard(task)
            if task.cancelling():  # unfinished: another process may handle it again
                return
        now = time.perf_counter()
        self._on_finished(request, now - float(request.context.get(_BEGAN, now)))


_log = logging.getLogger(__name__)


def register(app: AsyncApp) -> None:
    """Bind a number to the log context of each delivery, which its listeners inherit."""
    app.use(DirectMiddleware(_trace))


async def _trace(request: AsyncBoltRequest, next_: Next) -> BoltResponse:
    payload = payload_of(request)
    # A task inherits the context of its creator, which may hold values of another request.
    clear_contextvars()
    bind_contextvars(request=secrets.token_hex(6), team=payload.team, kind=payload.name)
    return await next_()


def log_handled(request: AsyncBoltRequest, seconds: float) -> None:
    """Log that a delivery was handled."""
    del request  # its number, team and kind are bound
    _log.info("handled", extra={"seconds": round(seconds, 4)})
