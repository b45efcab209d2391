"""Parsed questions, cached: people ask the same ones, and some are parsed ahead of their answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final

from faqbot.matching.encoders import MAX_SHORT
from faqbot.matching.matcher import Matcher
from faqbot.matching.question_reader import Reading
from faqbot.model import ParsedQuestion

LONG_CAPACITY: Final = 16
"""Longer questions that are kept, until they are answered."""

Key = tuple[str, str | None]


class ParseCache:
    """Parsed questions of one index. Several threads may use it.

    Args:
        matcher: parses the questions that aren't cached.
        capacity: how many are cached; the least recently asked one is evicted first.
    """

    def __init__(self, matcher: Matcher, capacity: int) -> None:
        self._matcher = matcher
        self._capacity = capacity
        self._short: OrderedDict[Key, ParsedQuestion] = OrderedDict()
        self._long: OrderedDict[Key, ParsedQuestion] = OrderedDict()
        self._lock = Lock()

    def find(self, text: str, role: str | None) -> ParsedQuestion | None:
        """Return a question if it is cached, with the role of its conversation."""
        kept, _ = self._place_of(text)
        with self._lock:
            found = kept.get((text, role))
            if found is not None:
                kept.move_to_end((text, role))
            return found

    def parse(self, text: str, role: str | None, reading: Reading | None = None) -> ParsedQuestion:
        """Return a question, parsed now unless it is cached."""
        found = self.find(text, role)
        if found is not None:
            return found
        found = self._matcher.parse(text, role, reading)
        kept, capacity = self._place_of(text)
        with self._lock:
            kept[text, role] = found
            while len(kept) > capacity:
                kept.popitem(last=False)
        return found

    def prepare(self, asked: Iterable[Key]) -> None:
        """Parse questions, each with the role of its conversation, together."""
        missing = [key for key in dict.fromkeys(asked) if self.find(*key) is None]
        readings = self._matcher.read_all([text for text, _ in missing])
        for (text, role), reading in zip(missing, readings, strict=True):
            self.parse(text, role, reading)

    def contents(self) -> list[ParsedQuestion]:
        """Return all that is cached."""
        with self._lock:
            return [*self._short.values(), *self._long.values()]

    def _place_of(self, text: str) -> tuple[OrderedDict[Key, ParsedQuestion], int]:
        if len(text) <= MAX_SHORT:
            return self._short, self._capacity
        return self._long, LONG_CAPACITY
