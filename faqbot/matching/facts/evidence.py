"""Lines of roles: what each requires, prefers or mentions, indexed by the words of the lines."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.model import Evidence, KnowledgeBase, RequirementLevel, Role, Section

_SENTENCE: Final = re.compile(r"(?<=[.!?:;])\s+")
_MIN_STEM_LENGTH: Final = 4
"""Letters from which a word may stand for a longer one: "mongo" for MongoDB."""

_SECTION_ORDER: Final = ("skills", "education", "certifications")


@dataclass(frozen=True, slots=True)
class IndexedLine:
    """A line with its words in the singular, sorted."""

    line: Evidence
    words: tuple[str, ...]

    @property
    def section(self) -> str:
        return self.line.entry.rpartition("/")[2]

    def contains(self, word: str, *, whole: bool = False) -> bool:
        """Return whether a word stands in the line or, unless `whole`, begins one there."""
        at = bisect_left(self.words, word)
        if at == len(self.words):
            return False
        if self.words[at] == word:
            return True
        return not whole and len(word) >= _MIN_STEM_LENGTH and self.words[at].startswith(word)


class EvidenceIndex:
    """The lines of all roles, required before preferred before mentioned."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._by_role: Mapping[str, tuple[IndexedLine, ...]] = {
            role.id: tuple(sorted(_lines(role), key=_rank)) for role in knowledge_base.roles
        }
        self._items = frozenset(
            name
            for role in knowledge_base.roles
            for section in role.sections
            for item in (*section.required, *section.preferred)
            for name in names_in(item)
        )
        self._listed_words = frozenset(
            word
            for lines in self._by_role.values()
            for indexed in lines
            if indexed.line.level is not RequirementLevel.MENTIONED
            for word in indexed.words
        )

    def lines_of(self, role: str) -> tuple[IndexedLine, ...]:
        """Return the lines of one role."""
        return self._by_role.get(role, ())

    def any_contains(self, section: str, words: Iterable[str]) -> bool:
        """Return whether a line of such a section, in any role, contains one of some words."""
        return any(
            indexed.section == section and any(indexed.contains(word, whole=True) for word in words)
            for lines in self._by_role.values()
            for indexed in lines
        )

    def lists_item(self, item: str) -> bool:
        """Return whether some role lists just that: "javascript", but not "recruiter"."""
        return item in self._items

    def lists_word(self, word: str) -> bool:
        """Return whether some role lists the word as required or preferred."""
        return word in self._listed_words


def sorted_words(text: str) -> tuple[str, ...]:
    """Return the content words of a text in the singular, sorted, each once."""
    found = {singular(word) for word in words(normalise(text)) if word not in STOP_WORDS}
    return tuple(sorted(found))


def names_in(item: str) -> tuple[str, ...]:
    """Return the things that an item names: cloud, aws and azure of "Cloud (AWS or Azure)"."""
    pieces = re.split(r"[(),;/]|\bor\b|\band\b", normalise(item))
    return tuple(filter(None, (" ".join(words(piece)) for piece in pieces)))


def _lines(role: Role) -> Iterator[IndexedLine]:
    for section in role.sections:
        yield from _indexed(section, section.required, RequirementLevel.REQUIRED)
        yield from _indexed(section, section.preferred, RequirementLevel.PREFERRED)
        yield from _indexed(section, section.items, RequirementLevel.MENTIONED)
        yield from _indexed(
            section, _SENTENCE.split(section.text.strip()), RequirementLevel.MENTIONED
        )


def _indexed(
    section: Section, texts: Iterable[str], level: RequirementLevel
) -> Iterator[IndexedLine]:
    for text in texts:
        line = " ".join(text.split())
        if line:
            yield IndexedLine(Evidence(section.id, line, level), sorted_words(line))


def _rank(indexed: IndexedLine) -> tuple[int, int]:
    level = (
        RequirementLevel.REQUIRED,
        RequirementLevel.PREFERRED,
        RequirementLevel.MENTIONED,
    ).index(indexed.line.level)
    known = indexed.section in _SECTION_ORDER
    return level, _SECTION_ORDER.index(indexed.section) if known else len(_SECTION_ORDER)
