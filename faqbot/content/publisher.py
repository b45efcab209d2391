"""Approved proposals become content: written, loaded aside, and answered from at once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from faqbot.content.writer import key_for, write_faq, write_phrasing
from faqbot.errors import FaqbotError, UsageError
from faqbot.model import Audience, Faq, Library


class Known(Protocol):
    """What knows the content: a desk, or all desks that share a folder."""

    @property
    def library(self) -> Library:
        """The content."""
        ...


class Publishing(Protocol):
    """Makes content of what was approved."""

    async def publish(self, draft: Draft) -> str:
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


class Unwritable:
    """Content that isn't written from Slack: whoever approves is told why.

    Args:
        why: a sentence with what to do instead.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    async def publish(self, draft: Draft) -> str:  # noqa: ARG002
        """Refuse."""
        raise UsageError(self._why)

    async def add_phrasing(self, entry_id: str, text: str) -> None:  # noqa: ARG002
        """Refuse."""
        raise UsageError(self._why)


class Publisher:
    """Writes FAQs and phrasings into the content folder, and lets them answer.

    Args:
        desk: knows the content.
        folder: the content folder.
        reload: lets the desk answer from the folder as it is then.
    """

    def __init__(self, desk: Known, folder: Path, reload: Callable[[], Awaitable[bool]]) -> None:
        self._desk = desk
        self._folder = folder
        self._reload = reload
        self._turn = asyncio.Lock()

    async def publish(self, draft: Draft) -> str:
        """Make content of a draft; returns the id of the entry.

        Raises:
            FaqbotError: it can't be written, or the content wouldn't load with it; then nothing
                has changed.
        """
        async with self._turn:
            library = self._desk.library
            faq = Faq(
                role=draft.role if library.role(draft.role) else None,
                key=key_for(draft.question, draft.role, library),
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
        async with self._turn:
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
class Draft:
    """An FAQ that was approved."""

    question: str
    answer: str
    role: str | None
    audience: Audience
    approved: dt.date
