"""A beat at every change, so that tests and the page wait for news instead of polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Pulse:
    """Counts changes and wakes all that wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def beat(self) -> None:
        """Tell everyone that something changed."""
        self.count += 1
        waiting, self._next = self._next, asyncio.Event()
        waiting.set()

    async def after(self, count: int) -> int:
        """Wait until more than `count` changes happened; returns how many it is now."""
        while self.count <= count:
            await self._next.wait()
        return self.count

    async def until(self, true: Callable[[], T | None], within: float) -> T:
        """Wait until `true()` is truthy and return it; raises TimeoutError after `within`."""
        async with asyncio.timeout(within):
            while not (value := true()):
                await self.after(self.count)
            return value
