"""A store whose transactions wait until a test lets them through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import Store


class SlowRecorder(QuestionRecorder):
    """A recorder whose database answers when a gate opens."""

    gate: asyncio.Event

    @asynccontextmanager
    async def store(self, *, flush_first: bool = True) -> AsyncIterator[Store]:
        await self.gate.wait()
        async with super().store(flush_first=flush_first) as store:
            yield store


@asynccontextmanager
async def slow_recorder(url: str) -> AsyncIterator[SlowRecorder]:
    """A recorder whose gate is open at first, and at the end."""
    recorder = SlowRecorder(url, retry_interval=0.05)
    recorder.gate = asyncio.Event()
    recorder.gate.set()
    async with recorder.running():
        try:
            yield recorder
        finally:
            recorder.gate.set()
