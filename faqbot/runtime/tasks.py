"""Asyncio tasks: one call for many waiters, and tasks that end with a block."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
BackgroundTask = Callable[[], Coroutine[Any, Any, None]]
"""Starts work that runs until it is cancelled."""

CLOCK_LOOK_INTERVAL: Final = 600.0
"""Seconds between two looks at the clock while something waits for a time of the day."""

_log = logging.getLogger(__name__)


class CallCancelledError(Exception):
    """The shared call that a waiter waited for was cancelled; the waiter itself was not."""


class SingleFlight(Generic[Key, Value]):
    """One call for many waiters: those who ask for a key while its call runs get its result.

    A waiter that is cancelled doesn't cancel the call, which others may wait for.
    """

    def __init__(self) -> None:
        self._calls: dict[Key, asyncio.Task[Value]] = {}

    async def run(self, key: Key, call: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """Return the result of the call that runs for a key; start it if there is none.

        Args:
            key: identifies the call.
            call: makes the coroutine. It isn't called while a call for the key runs.

        Raises:
            CallCancelledError: `cancel` or `close` cancelled the call.
            Exception: whatever the call raises, to each of its waiters.
        """
        task = self.start(key, call)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The same exception means that the call was cancelled, or that this waiter was.
            waiter = asyncio.current_task()
            if task.cancelled() and not (waiter and waiter.cancelling()):
                raise CallCancelledError from None
            raise

    def start(
        self, key: Key, call: Callable[[], Coroutine[Any, Any, Value]]
    ) -> asyncio.Task[Value]:
        """Start a call unless one runs for the key, and return its task without waiting."""
        task = self._calls.get(key)
        if task is None:
            task = asyncio.create_task(call())
            self._calls[key] = task
            task.add_done_callback(lambda _: self._calls.pop(key, None))
        return task

    def cancel(self, matches: Callable[[Key], bool]) -> None:
        """Cancel the calls whose key matches."""
        for key, task in self._calls.items():
            if matches(key):
                task.cancel()

    async def close(self) -> None:
        """Cancel all calls and wait until they have ended."""
        tasks = list(self._calls.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


async def sleep_until(
    moment: dt.datetime,
    now: Callable[[], dt.datetime] = _now,
    look: float = CLOCK_LOOK_INTERVAL,
) -> None:
    """Sleep until the clock shows a moment, also if somebody sets the clock meanwhile.

    Args:
        moment: with a time zone.
        now: the clock.
        look: seconds between two looks at the clock.
    """
    while (left := (moment - now()).total_seconds()) > 0:  # noqa: ASYNC110 - a clock has no event
        await asyncio.sleep(min(left, look))


@asynccontextmanager
async def background_tasks(*coroutines: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Run coroutines as tasks while the block runs; cancel them at its end and wait for them.

    A coroutine that fails meanwhile ends neither the block nor the others; its error is logged
    without its message, which may contain what somebody asked.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for task in tasks:
        task.add_done_callback(_log_failure)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _log_failure(task: asyncio.Task[object]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("a background task failed: %s", type(error).__name__)
