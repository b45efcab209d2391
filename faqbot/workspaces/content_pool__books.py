"""The content of one folder while it is loaded, and the desks that answer from it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from faqbot.content.publisher import Publisher
from faqbot.engine import Desk, Knowledge
from faqbot.engine__conversations import Conversations
from faqbot.errors import FaqbotError
from faqbot.index.reloader import Reloader, digest_of
from faqbot.model import Library

KEPT = 16
"""Readings of questions that a desk keeps: of a thousand desks each keeps few."""

_log = logging.getLogger(__name__)
Read = Callable[[Path], tuple[Knowledge, int]]


class Holder(Protocol):
    """Who answers from loaded content."""

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that needs the content."""
        ...

    def let_go(self) -> None:
        """Answer from it no more."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where content stands, and what brings it there from elsewhere, if something does."""

    folder: Path
    newer: Callable[[], None] | None = None


class Book:
    """Loaded content. What shares it is swapped together when it changes.

    Args:
        address: what it is asked for by.
        source: where it stands.
        read: loads and weighs it.
    """

    def __init__(self, address: str, source: Source, read: Read) -> None:
        self.address = address
        self.source = source
        self._read = read
        self._stamp = _stamp(source.folder)
        digest = digest_of(source.folder)
        self._knowledge: Knowledge | None
        self._knowledge, self.weight = read(source.folder)
        self._desks: dict[int, tuple[Desk, Holder]] = {}
        self.reloader = Reloader(self, source.folder, self._rebuilt, digest=digest)
        self.publisher = Publisher(self, source.folder, self.reloader.reload)

    @classmethod
    def read(cls, address: str, source: Source, read: Read) -> Book:
        """Load content; takes its time, so call it in a thread.

        Raises:
            FaqbotError: it can't be loaded.
        """
        return cls(address, source, read)

    @property
    def library(self) -> Library:
        """What is answered from."""
        return self._loaded.library

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that needs it."""
        return any(holder.is_busy for _, holder in self._desks.values())

    def swap(self, knowledge: Knowledge) -> Knowledge:
        """Let all desks answer from newer content."""
        if self._knowledge is None:  # let go while it was read anew
            return knowledge
        old, self._knowledge = self._knowledge, knowledge
        for desk, _ in self._desks.values():
            desk.swap(knowledge)
        return old

    def desk(self, holder: Holder, conversations: Conversations) -> Desk:
        """A desk that answers from it until `leave`."""
        desk = Desk(self._loaded, conversations, kept=KEPT)
        self._desks[id(desk)] = (desk, holder)
        return desk

    def leave(self, desk: Desk) -> None:
        """A desk answers no more."""
        if self._desks.pop(id(desk), None):
            desk.close()

    def let_go(self) -> None:
        """Let all who answer from it go."""
        for _, holder in list(self._desks.values()):
            holder.let_go()
        self._knowledge = None  # gone at once: no circle of ours holds it

    async def look(self) -> None:
        """Reload it where its folder changed; what is bad is told to the log."""
        stamp = await asyncio.to_thread(_stamp, self.source.folder)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        await self.reloader.try_again()

    async def fetch(self) -> None:
        """Bring it from elsewhere; what fails is tried again the next time."""
        if self.source.newer is None:
            return
        try:
            await asyncio.to_thread(self.source.newer)
        except FaqbotError as error:
            _log.warning("newer content could not be fetched: %s", error)
            return
        await self.look()

    @property
    def _loaded(self) -> Knowledge:
        assert self._knowledge is not None, "it was let go"
        return self._knowledge

    def _rebuilt(self, folder: Path) -> Knowledge:
        knowledge, self.weight = self._read(folder)
        return knowledge


def _stamp(folder: Path) -> frozenset[tuple[str, int, int]]:
    """What tells at a glance whether a file of a folder changed."""
    found: set[tuple[str, int, int]] = set()
    for place, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118 - many files, often
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:
                continue
            found.add((path, status.st_mtime_ns, status.st_size))
        if len(found) > _FILES:
            break
    return frozenset(found)


_FILES = 20_000
"""Files above which a folder is not looked at wholly: links can lead anywhere."""
