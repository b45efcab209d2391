"""Publish approved FAQs and phrasings: write them into the content folder and reload it."""

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
    """An engine, or all engines that share a content folder."""

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """Knowledge base that is in use now."""
        ...


class Publisher(Protocol):
    """Adds approved FAQs and phrasings to the content."""

    async def publish(self, faq: ApprovedFaq) -> str:
        """Add an FAQ to the content; returns the id of the entry.

        Raises:
            FaqbotError: It can't be added; the content is unchanged.
        """
        ...

    async def add_phrasing(self, entry_id: str, text: str) -> None:
        """Add a phrasing to an entry.

        Raises:
            FaqbotError: It can't be added; the content is unchanged.
        """
        ...


class ReadOnlyPublisher:
    """Publisher for content that can't be written from Slack: refuses, and says why.

    Args:
        reason: A sentence that says what to do instead.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def publish(self, faq: ApprovedFaq) -> str:  # noqa: ARG002
        """Raise `UsageError`."""
        raise UsageError(self._reason)

    async def add_phrasing(self, entry_id: str, text: str) -> None:  # noqa: ARG002
        """Raise `UsageError`."""
        raise UsageError(self._reason)


class ContentPublisher:
    """Publisher that writes into the content folder and reloads the engine.

    Args:
        engine: The engine that answers from the folder.
        folder: The content folder.
        reload: Loads the folder into the engine.
    """

    def __init__(
        self, engine: HasKnowledgeBase, folder: Path, reload: Callable[[], Awaitable[bool]]
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._reload = reload
        # One at a time: what a failed reload undoes must be what made it fail.
        self._lock = asyncio.Lock()

    async def publish(self, faq: ApprovedFaq) -> str:
        """Add an FAQ to the content; returns the id of the entry.

        Raises:
            FaqbotError: It can't be written, or the content doesn't load with it; the content is
                unchanged.
        """
        async with self._lock:
            knowledge_base = self._engine.knowledge_base
            entry = Faq(
                role=faq.role if knowledge_base.role(faq.role) else None,
                key=new_faq_key(faq.question, faq.role, knowledge_base),
                question=faq.question,
                answer=faq.answer,
                audience=faq.audience,
                owner=faq.owner,
                reviewed=faq.approved,
            )
            path = await asyncio.to_thread(write_faq, self._folder, entry)
            try:
                await self._reload()
            except FaqbotError:
                # Left there, the bad file would keep the whole folder from loading again.
                path.unlink(missing_ok=True)
                raise
            return entry.id

    async def add_phrasing(self, entry_id: str, text: str) -> None:
        """Add a phrasing to an entry.

        Raises:
            FaqbotError: It can't be written, or the content doesn't load with it; the content is
                unchanged.
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
    """An approved FAQ; `role` is None for a general one, `approved` the day of the approval.

    `owner` is empty if the owner of its role owns it.
    """

    question: str
    answer: str
    role: str | None
    audience: Audience
    approved: dt.date
    owner: str = ""
