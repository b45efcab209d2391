"""Every line of every role with what it says: required, preferred, or mentioned."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.model import Level, Library, Line, Role, Section

_SENTENCE: Final = re.compile(r"(?<=[.!?:;])\s+")
_STEM: Final = 4
"""Letters of a word that may stand for a longer one: "mongo" for MongoDB."""

_SECTIONS: Final = ("skills", "education", "certifications")


@dataclass(frozen=True, slots=True)
class Held:
    """A line with its words in the singular, sorted."""

    line: Line
    words: tuple[str, ...]

    @property
    def section(self) -> str:
        return self.line.entry.rpartition("/")[2]

    def holds(self, word: str, *, whole: bool = False) -> bool:
        """Whether a word stands in the line, or (unless it has to be whole) begins one there."""
        at = bisect_left(self.words, word)
        if at == len(self.words):
            return False
        if self.words[at] == word:
            return True
        return not whole and len(word) >= _STEM and self.words[at].startswith(word)


class Lines:
    """The lines of a library's roles, required before preferred before mentioned."""

    def __init__(self, library: Library) -> None:
        self._of: Mapping[str, tuple[Held, ...]] = {
            role.id: tuple(sorted(_lines(role), key=_rank)) for role in library.roles
        }
        self._named = frozenset(
            name
            for role in library.roles
            for section in role.sections
            for item in (*section.required, *section.preferred)
            for name in names_in(item)
        )
        self._listed = frozenset(
            word
            for lines in self._of.values()
            for held in lines
            if held.line.level is not Level.MENTIONED
            for word in held.words
        )

    def of(self, role: str) -> tuple[Held, ...]:
        """The lines of one role."""
        return self._of.get(role, ())

    def any_holds(self, section: str, words: Iterable[str]) -> bool:
        """Whether a line of such a section holds one of some words, in any role."""
        return any(
            held.section == section and any(held.holds(word, whole=True) for word in words)
            for lines in self._of.values()
            for held in lines
        )

    def names(self, thing: str) -> bool:
        """Whether some role lists just that: "javascript", but not "recruiter"."""
        return thing in self._named

    def lists(self, word: str) -> bool:
        """Whether some role lists the word as required or preferred."""
        return word in self._listed


def word_set(text: str) -> tuple[str, ...]:
    """The words of a text in the singular, sorted, without those that mean nothing."""
    found = {singular(word) for word in words(normalise(text)) if word not in STOP_WORDS}
    return tuple(sorted(found))


def names_in(item: str) -> tuple[str, ...]:
    """The things that an item names: "Cloud (AWS or Azure)" names cloud, aws and azure."""
    pieces = re.split(r"[(),;/]|\bor\b|\band\b", normalise(item))
    return tuple(filter(None, (" ".join(words(piece)) for piece in pieces)))


def _lines(role: Role) -> Iterator[Held]:
    for section in role.sections:
        yield from _held(section, section.required, Level.REQUIRED)
        yield from _held(section, section.preferred, Level.PREFERRED)
        yield from _held(section, section.items, Level.MENTIONED)
        yield from _held(section, _SENTENCE.split(section.text.strip()), Level.MENTIONED)


def _held(section: Section, texts: Iterable[str], level: Level) -> Iterator[Held]:
    for text in texts:
        line = " ".join(text.split())
        if line:
            yield Held(Line(section.id, line, level), word_set(line))


def _rank(held: Held) -> tuple[int, int]:
    level = (Level.REQUIRED, Level.PREFERRED, Level.MENTIONED).index(held.line.level)
    known = held.section in _SECTIONS
    return level, _SECTIONS.index(held.section) if known else len(_SECTIONS)


def names_role(role: Role, said: str) -> bool:
    """Whether normalised words name a role by one of its titles."""
    titles = (" ".join(words(normalise(title))) for title in (role.title, *role.aliases))
    return any(f" {title} " in f" {said} " or f" {title}s " in f" {said} " for title in titles)
