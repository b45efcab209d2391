"""Lines of roles: what each requires, prefers or mentions, indexed by their words and names.

The whole role counts: its own sections and its FAQs as well as the standard sections.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from faqbot.matching.facts.other_names import OtherNames
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.model import Audience, Evidence, KnowledgeBase, RequirementLevel, Role

_SENTENCE: Final = re.compile(r"(?<=[.!?:;])\s+")
_SEPARATORS: Final = re.compile(r"[(),;/]|\b(?:or|and)\b")
_MIN_STEM_LENGTH: Final = 4
"""Letters from which a word may stand for a longer one: "mongo" for MongoDB."""

_SECTION_ORDER: Final = ("skills", "education", "certifications")


@dataclass(frozen=True, slots=True)
class IndexedLine:
    """A line with its words in the singular and the marks of its names, sorted.

    `audience` is who may read it; `section` is the key of its section, or "" in an FAQ.
    """

    line: Evidence
    words: tuple[str, ...]
    section: str
    audience: Audience = Audience.EVERYONE

    def contains(self, word: str, *, whole: bool = False) -> bool:
        """Return whether a word stands in the line or, unless `whole`, begins one there."""
        at = bisect_left(self.words, word)
        if at == len(self.words):
            return False
        if self.words[at] == word:
            return True
        return not whole and len(word) >= _MIN_STEM_LENGTH and self.words[at].startswith(word)


class EvidenceIndex:
    """The lines of all roles, required before preferred before mentioned.

    Args:
        knowledge_base: the content.
        names: other names of the things in it.
    """

    def __init__(self, knowledge_base: KnowledgeBase, names: OtherNames) -> None:
        self._by_role: Mapping[str, tuple[IndexedLine, ...]] = {
            role.id: tuple(sorted(_lines(role, names), key=_rank)) for role in knowledge_base.roles
        }
        self._for_everyone = {
            role: tuple(one for one in lines if one.audience is Audience.EVERYONE)
            for role, lines in self._by_role.items()
        }
        self._items = frozenset(
            name
            for role in knowledge_base.roles
            for section in role.sections
            for item in (*section.required, *section.preferred)
            for name in _names_in(normalise(item))
        )
        self._listed_texts = tuple(
            f" {' '.join(words(normalise(indexed.line.text)))} "
            for lines in self._by_role.values()
            for indexed in lines
            if indexed.line.level is not RequirementLevel.MENTIONED
        )
        self._listed_words = frozenset(
            word
            for lines in self._by_role.values()
            for indexed in lines
            if indexed.line.level is not RequirementLevel.MENTIONED
            for word in indexed.words
        )

    def lines_of(self, role: str, audience: Audience) -> tuple[IndexedLine, ...]:
        """Return the lines of one role that somebody of that audience may read."""
        if audience is Audience.EVERYONE:
            return self._for_everyone.get(role, ())
        lines = self._by_role.get(role, ())
        return tuple(one for one in lines if audience.may_read(one.audience))

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

    def lists_phrase(self, phrase: str) -> bool:
        """Return whether some role requires or prefers something with these words, in order."""
        return any(f" {phrase} " in text for text in self._listed_texts)

    def lists_together(self, words: Sequence[str]) -> bool:
        """Return whether a line of some role that is required or preferred has all these words."""
        return any(
            indexed.line.level is not RequirementLevel.MENTIONED
            and all(indexed.contains(word, whole=True) for word in words)
            for lines in self._by_role.values()
            for indexed in lines
        )

    def lists_word(self, word: str) -> bool:
        """Return whether some role lists the word as required or preferred."""
        return word in self._listed_words


def _names_in(item: str) -> tuple[str, ...]:
    """Return the things that an item names: cloud, aws and azure of "cloud (aws or azure)"."""
    pieces = _SEPARATORS.split(item)
    return tuple(filter(None, (" ".join(words(piece)) for piece in pieces)))


def _lines(role: Role, names: OtherNames) -> Iterator[IndexedLine]:
    for section in role.sections:
        text = _SENTENCE.split(section.text.strip())
        for texts, level in (
            (section.required, RequirementLevel.REQUIRED),
            (section.preferred, RequirementLevel.PREFERRED),
            ((*section.items, *text), RequirementLevel.MENTIONED),
        ):
            for line in _cleaned(texts):
                evidence = Evidence(section.id, line, level)
                yield IndexedLine(evidence, _indexed_words(evidence, names), section.key)
    for faq in role.faqs:
        for line in _cleaned(_SENTENCE.split(faq.answer.strip())):
            evidence = Evidence(faq.id, line, RequirementLevel.MENTIONED)
            yield IndexedLine(evidence, _indexed_words(evidence, names), "", faq.audience)


def _cleaned(texts: Iterable[str]) -> Iterator[str]:
    return filter(None, (" ".join(text.split()) for text in texts))


def _indexed_words(evidence: Evidence, names: OtherNames) -> tuple[str, ...]:
    """Return the words of a line in the singular, and the marks of the names in it, sorted."""
    text = normalise(evidence.text)
    spoken = words(text)
    keys = [singular(word) for word in spoken]
    found = {key for word, key in zip(spoken, keys, strict=True) if word not in STOP_WORDS}
    found.update(names.marks_in(keys))
    if evidence.level is not RequirementLevel.MENTIONED:
        # Where a thing is listed by itself, an ordinary word names it: "Go".
        listed = (names.mark_of(name.split()) for name in _names_in(text))
        found.update(filter(None, listed))
    return tuple(sorted(found))


def _rank(indexed: IndexedLine) -> tuple[int, int]:
    level = (
        RequirementLevel.REQUIRED,
        RequirementLevel.PREFERRED,
        RequirementLevel.MENTIONED,
    ).index(indexed.line.level)
    known = indexed.section in _SECTION_ORDER
    return level, _SECTION_ORDER.index(indexed.section) if known else len(_SECTION_ORDER)
