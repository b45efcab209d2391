"""What all workspaces of a process share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from faqbot.content.publisher import Publisher
from faqbot.index.reloader import ReloadState
from faqbot.runtime.leases import DeliveryClaims, MemoryClaims
from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import Limits
from faqbot.runtime.tasks import BackgroundTask
from faqbot.slack.middleware.request_log import ListenerTracker
from faqbot.storage.models import ChannelMode
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.reports import Grouping


@dataclass(frozen=True, slots=True)
class Shared:
    """The parts that every app of a process is made with.

    Args:
        claims: what was taken on, so that it is done once.
        running: the listeners that run.
        metrics: what is counted and measured.
        limits: how many questions a minute.
    """

    claims: DeliveryClaims = field(default_factory=MemoryClaims)
    running: ListenerTracker = field(default_factory=ListenerTracker)
    metrics: Metrics = field(default_factory=Metrics)
    limits: Limits = field(default_factory=lambda: Limits.of(0, 0))


@dataclass(frozen=True, slots=True)
class Backstage:
    """The parts that let an app remember, hand over and learn.

    Args:
        memory: keeps questions, ratings, hand-overs, proposals and policies.
        owners: the channel or person for owners that Slack doesn't know by id.
        publisher: makes content of approved proposals; None where that can't be.
        speaks: when it speaks in channels that nobody has set up.
        content: says what is answered from, and what became of newer content.
        grouping: puts unanswered questions of one meaning together.
    """

    memory: QuestionRecorder
    owners: str = ""
    publisher: Publisher | None = None
    speaks: ChannelMode = ChannelMode.MENTIONS
    grouping: Grouping = lambda texts: [[at] for at in range(len(texts))]
    content: Callable[[], ReloadState] | None = None


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
    state: Callable[[], ReloadState]
    works: tuple[BackgroundTask, ...]
    publisher: Publisher | None = None
    owners: str = ""


@asynccontextmanager
async def background_tasks(works: Iterable[BackgroundTask]) -> AsyncIterator[None]:
    """Do what never ends, as long as the block runs."""
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
