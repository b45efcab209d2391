"""Contexts: what the Bolt app of a workspace needs, and what all apps of a process share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property

from faqbot.content.publisher import Publisher
from faqbot.engine import Engine
from faqbot.index.reloader import ReloadState
from faqbot.runtime.metrics import Metrics
from faqbot.runtime.question_queue import QuestionQueue
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.conversations import MessageVersions, Threads
from faqbot.slack.directory import AudienceResolver, ChannelPolicies
from faqbot.slack.middleware.deliveries import PATIENCE, ListenerTracker
from faqbot.slack.middleware.rate_limit import QuestionLimiter
from faqbot.slack.owners import OwnerDirectory
from faqbot.slack.payloads import IncomingMessage
from faqbot.storage.claims import DeliveryClaims, MemoryClaims, key_string
from faqbot.storage.models import ChannelMode, QuestionRecord, StoreError
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.reports import Grouping
from faqbot.storage.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What all Bolt apps of a process share.

    Args:
        claims: claim each delivery, so that it is handled once.
        listeners: the listeners that run.
        limiter: rejects questions above the rate limits.
        metrics: counts and measures for Prometheus.
        questions: parses questions beside the event loop.
        calls: keeps calls of the Web API to Slack's rate limits.
        recorder: writes the question log and opens the store; None without a database.
        patience: seconds to answer what isn't claimed in the database, before Slack sends it again.
        group_questions: groups questions by meaning, for reports.
    """

    claims: DeliveryClaims = field(default_factory=MemoryClaims)
    listeners: ListenerTracker = field(default_factory=ListenerTracker)
    limiter: QuestionLimiter = field(default_factory=QuestionLimiter)
    metrics: Metrics = field(default_factory=Metrics)
    questions: QuestionQueue = field(default_factory=QuestionQueue)
    calls: CallQueue = field(default_factory=CallQueue)
    recorder: QuestionRecorder | None = None
    patience: float = PATIENCE
    group_questions: Grouping = lambda texts: [[at] for at in range(len(texts))]

    def store(self) -> AbstractAsyncContextManager[Store]:
        """Open the store.

        Raises:
            StoreError: there is no database, or it is down.
        """
        if self.recorder is None:
            raise StoreError("There is no database.")
        return self.recorder.store()

    async def is_ours(self, message: IncomingMessage) -> bool:
        """Whether no other process has a message; one whose claim comes late is waited for."""
        # Only such a message, or one that comes again, may be answered elsewhere.
        return not message.may_be_answered or await self.claims.is_ours(key_string(message.key))


@dataclass(frozen=True, eq=False)
class AppContext:
    """What the Bolt app of one workspace needs.

    Args:
        engine: answers questions.
        content_state: returns which content is in use.
        services: shared by all apps of the process.
        default_owner: who stands in for owners whom Slack doesn't know, and may act for all owners.
        channel_mode: when faqbot answers in channels without settings of their own.
        publisher: makes content of approved proposals; None where nothing can be written.
    """

    engine: Engine
    content_state: Callable[[], ReloadState]
    services: Services = field(default_factory=Services)
    default_owner: str = ""
    channel_mode: ChannelMode = ChannelMode.MENTIONS
    publisher: Publisher | None = None

    @cached_property
    def threads(self) -> Threads:
        """What threads are about."""
        return Threads(self.engine, self._recorded)

    async def _recorded(self, message: IncomingMessage) -> tuple[QuestionRecord, ...]:
        """Return the questions of a message's thread, as far as the database has them."""
        if self.services.recorder is None:
            return ()
        try:
            async with self.services.recorder.store(flush_first=False) as store:
                return await store.questions.in_thread(
                    message.team, message.channel, message.thread_ts
                )
        except StoreError:
            return ()

    @cached_property
    def versions(self) -> MessageVersions:
        """Which messages were answered, as they were then."""
        return MessageVersions()

    @cached_property
    def audiences(self) -> AudienceResolver:
        """Who people are to the content."""
        return AudienceResolver()

    @cached_property
    def owners(self) -> OwnerDirectory:
        """Who owners are, and where they are reached."""
        return OwnerDirectory(self.default_owner, self.audiences)

    @cached_property
    def channels(self) -> ChannelPolicies:
        """When faqbot answers in which channel."""
        return ChannelPolicies(self.services.recorder, self.channel_mode)
