"""Approved proposals become content: written, loaded aside, and answered from at once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from faqbot.content.writer import new_faq_key, write_faq, write_phrasing
from faqbot.errors import FaqbotError, UsageError
from faqbot.model import Audience, Faq, KnowledgeBase


class HasKnowledgeBase(Protocol):
    """What knows the content: an engine, or all engines that share a folder."""

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """The content."""
        ...


class Publisher(Protocol):
    """Makes content of what was approved."""

    async def publish(self, draft: ApprovedFaq) -> str:
        """Make content of a draft; returns the id of the entry.

        Raises:
            FaqbotError: it can't be; then nothing has changed.
        """
        ...

    async def add_phrasing(self, entry_id: str, text: str) -> None:
        """Let a question lead to an entry.

        Raises:
            FaqbotError: it can't; then nothing has changed.
        """
        ...


class ReadOnlyPublisher:
    """Content that isn't written from Slack: whoever approves is told why.

    Args:
        why: a sentence with what to do instead.
    """

    def __init__(self, why: str) -> None:
        self._reason = why

    async def publish(self, draft: ApprovedFaq) -> str:  # noqa: ARG002
        """Refuse."""
        raise UsageError(self._reason)

    async def add_phrasing(self, entry_id: str, text: str) -> None:  # noqa: ARG002
        """Refuse."""
        raise UsageError(self._reason)


class ContentPublisher:
    """Writes FAQs and phrasings into the content folder, and lets them answer.

    Args:
        engine: knows the content.
        folder: the content folder.
        reload: lets the engine answer from the folder as it is then.
    """

    def __init__(
        self, engine: HasKnowledgeBase, folder: Path, reload: Callable[[], Awaitable[bool]]
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._reload = reload
        self._lock = asyncio.Lock()

    async def publish(self, draft: ApprovedFaq) -> str:
        """Make content of a draft; returns the id of the entry.

        Raises:
            FaqbotError: it can't be written, or the content wouldn't load with it; then nothing
                has changed.
        """
        async with self._lock:
            knowledge_base = self._engine.knowledge_base
            faq = Faq(
                role=draft.role if knowledge_base.role(draft.role) else None,
                key=new_faq_key(draft.question, draft.role, knowledge_base),
                question=draft.question,
                answer=draft.answer,
                audience=draft.audience,
                reviewed=draft.approved,
            )
            path = await asyncio.to_thread(write_faq, self._folder, faq)
            try:
                await self._reload()
            except FaqbotError:
                path.unlink(missing_ok=True)
                raise
            return faq.id

    async def add_phrasing(self, entry_id: str, text: str) -> None:
        """Let a question lead to an entry.

        Raises:
            FaqbotError: it can't be written, or the content wouldn't load with it; then nothing
                has changed.
        """
        async with self._lock:
            path, before = await asyncio.to_thread(write_phrasing, self._folder, entry_id, text)
            try:
                await self._reload()
            except FaqbotError:
                if before is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_text(before, encoding="utf-8")
                raise


@dataclass(frozen=True, slots=True)
class ApprovedFaq:
    """An FAQ that was approved."""

    question: str
    answer: str
    role: str | None
    audience: Audience
    approved: dt.date
