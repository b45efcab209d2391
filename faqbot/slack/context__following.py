"""Content that follows what it is elsewhere, and what boot puts behind the answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from faqbot.content.publisher import Publishing
from faqbot.errors import FaqbotError
from faqbot.index.reloader import Loaded, Reloader, run_periodically
from faqbot.storage.reports import Grouping

Work = Callable[[], Coroutine[Any, Any, None]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Following:
    """How content is kept as it is elsewhere: `newer` fetches it, every so many seconds."""

    reloader: Reloader
    newer: Callable[[], None] | None = None
    seconds: float = 0.0

    async def fetch(self) -> None:
        """Fetch what is newer, and answer from it; what fails is tried again the next time."""
        if self.newer is None:
            return
        try:
            await asyncio.to_thread(self.newer)
        except FaqbotError as error:
            _log.warning("newer content could not be fetched: %s", error)
            return
        await self.reloader.try_again()

    def works(self) -> tuple[Work, ...]:
        """What goes on as long as faqbot runs."""
        if self.newer is None or not self.seconds:
            return (self.reloader.watch,)
        return (self.reloader.watch, partial(run_periodically, self.seconds, self.fetch))


@dataclass(frozen=True, slots=True)
class Backing:
    """What boot puts behind the answers besides the memory.

    Args:
        grouping: puts unanswered questions of one meaning together.
        state: says what is answered from.
        works: keep content as it is elsewhere, as long as faqbot runs.
        publisher: makes content of approved proposals; None where that can't be.
        owners: the channel or person for owners that Slack doesn't know by id.
    """

    grouping: Grouping
    state: Callable[[], Loaded]
    works: tuple[Work, ...]
    publisher: Publishing | None = None
    owners: str = ""


@asynccontextmanager
async def going_on(works: Iterable[Work]) -> AsyncIterator[None]:
    """Do what never ends, as long as the block runs."""
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
