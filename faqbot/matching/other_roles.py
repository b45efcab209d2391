"""Roles that a text names and the content doesn't have: "java developer", "project manager".

A word around a title may make it another role; words may be the title of another occupation; and
one side of a comparison may be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import OSA

from faqbot.matching.lexicon import (
    NEVER_IN_TITLES,
    NO_TITLES,
    OCCUPATIONS,
    SENIORITY,
    TITLE_MODIFIERS,
    OccupationTitles,
)
from faqbot.matching.spelling import MIN_WORD_LENGTH
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.matching.titles import TitleIndex, TitleMatch
from faqbot.model import RoleMention

MAX_TITLE_WORDS: Final = 4
"""Words of the longest title of an occupation that is looked up."""

COMPARING: Final = frozenset(
    """
    vs versus between compare compared differ differs difference differences different same
    """.split()
)
"""Words in whose question two things are compared, each of which may be a role."""

JOINING: Final = frozenset("a an the to with from as than and or is are it this thing".split())
"""Words that may stand between the two sides of a comparison."""

MAX_WORDS_BEFORE: Final = 3
"""Words before the first side of a comparison among which a comparing one may stand."""

_LEVEL: Final = re.compile(r"\b[^\W_]\b")
"""A letter or digit by itself, as behind the name of a certificate."""

NOUN_PRONOUNS: Final = frozenset(("it", "us"))
"""Stop words that are part of a title where they stand before an occupation: "IT manager"."""


@dataclass(frozen=True, slots=True)
class TitleEvidence:
    """What tells a title from other words.

    Attributes:
        asking: words in which people ask about any role.
        known: words of the content, which make no other role of a whole title beside them.
        language: correct words of the language.
        occupations: titles of occupations in the world at large.
        written: texts of authors, in which they may name roles that they don't describe.
        things: what roles list, such as certificates.
    """

    asking: frozenset[str]
    known: frozenset[str] = frozenset()
    language: frozenset[str] = frozenset()
    occupations: OccupationTitles = NO_TITLES
    written: Iterable[str] = ()
    things: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    """Words from `start` to `end` (exclusive), and whether they name a role of the content."""

    start: int
    end: int
    is_mention: bool = False


class OtherRoles:
    """Finds roles that the content doesn't have.

    Args:
        index: the titles of the content.
        evidence: what tells a title from other words.
    """

    def __init__(self, index: TitleIndex, evidence: TitleEvidence) -> None:
        self._index = index
        self._asking = evidence.asking
        self._known = evidence.known | evidence.asking
        self._language = evidence.language
        self._occupations = evidence.occupations
        written = [words(normalise(text)) for text in evidence.written]
        # One text each: thousands of short ones take a hundred times as long to look through.
        self._written = "\n".join(map(_phrase, written))
        # Only things with a level are looked up, and only few have one.
        leveled = filter(_LEVEL.search, evidence.things)
        self._things = "\n".join(_phrase(words(normalise(thing))) for thing in leveled)
        self._comparisons = "\n".join(_phrase(text) for text in written if compares(text))

    def is_written(self, phrase: str, asked: Sequence[str]) -> bool:
        """Return whether an author wrote of a role that the content doesn't describe.

        Args:
            phrase: the words for the role.
            asked: the question; what compares roles is answered by a text that does so, too.
        """
        said = _phrase(phrase.split())
        return said in (self._comparisons if compares(asked) else self._written)

    def names_thing(self, asked: Sequence[str], start: int, end: int) -> bool:
        """Return whether a letter or number behind a title makes it a thing that roles list.

        "Trainer C" is a certificate, where a role lists it.
        """
        level = asked[end] if end < len(asked) else ""
        if len(level) != 1:
            return False
        return _phrase(asked[start : end + 1]) in self._things

    def spans(self, asked: Sequence[str], breaks: Collection[int] = ()) -> list[tuple[int, int]]:
        """Return where titles of occupations of several words stand, the longest at each end.

        Args:
            asked: the words of a question.
            breaks: where clauses begin: "nurse and receptionist" is no "nurse receptionist".
        """
        found = []
        for last, word in enumerate(asked):
            if not last or not self._occupations.is_last_word(singular(word)):
                continue
            for start in range(max(0, last + 1 - MAX_TITLE_WORDS), last):
                if any(start < at <= last for at in breaks):
                    continue
                if asked[start : last + 1] in self._occupations:
                    found.append((start, last + 1))
                    break
        return found

    def around(
        self,
        asked: Sequence[str],
        match: TitleMatch,
        spans: Iterable[tuple[int, int]],
        breaks: Collection[int] = (),
    ) -> str:
        """Return the noun phrase around a title where it is another role.

        Args:
            asked: the words of a question.
            match: a title and its words.
            spans: where titles of occupations stand.
            breaks: where clauses begin, which no phrase crosses.
        """
        inside = not match.as_whole and any(
            self._makes_another(w, asked, match) for w in asked[match.start : match.end]
        )
        left, right = self._left_end(asked, match, breaks), match.end
        while (
            right < len(asked) and right not in breaks and self._closes_title(asked[right], match)
        ):
            right += 1
        if inside or left < match.start or right > match.end:
            return " ".join(asked[left:right])
        for start, end in spans:
            apart = match.as_whole or end <= match.start or match.end <= start
            whole = match.is_full and match.exact and match.start <= start and end <= match.end
            if not apart and not whole and not self._is_own(asked[start:end], match):
                return " ".join(asked[start:end])
        return ""

    def _left_end(self, asked: Sequence[str], match: TitleMatch, breaks: Collection[int]) -> int:
        """Return where the noun phrase begins that a title ends."""
        title = self._index.titles[match.title]
        if match.is_full and len(title) == 1 and not self.is_occupation(title[0]):
            return match.start  # initials: what stands before "SRE" is no part of it
        left = match.start
        while (
            left > 0 and left not in breaks and self._makes_another(asked[left - 1], asked, match)
        ):
            if match.is_full and singular(asked[left - 1]) != asked[left - 1]:
                break  # "problems data analysts face": a plural doesn't modify what follows
            left -= 1
        if left == match.start and left > 0 and self._makes_title(asked[left - 1], asked, match):
            left -= 1
        return left

    def _makes_title(self, before: str, asked: Sequence[str], match: TitleMatch) -> bool:
        """Return whether "it" or "us" before an occupation is part of its title: "IT manager"."""
        return (
            before in NOUN_PRONOUNS
            and not match.is_full
            and self.is_occupation(singular(asked[match.start]))
            and not self._index.has_word(self._index.roles[match.title], before)
        )

    def _makes_another(self, word: str, asked: Sequence[str], match: TitleMatch) -> bool:
        """Return whether a word beside or inside a title makes it another role."""
        title, role = self._index.titles[match.title], self._index.roles[match.title]
        stem = self._index.in_title(word, title)
        # Part of a title is weak evidence: beside it only words for asking are harmless.
        harmless = self._known if match.is_full else self._asking
        if _is_neutral(word) or word in harmless or stem in title or word.isdigit():
            return False
        said = map(singular, asked[match.start : match.end])
        has_noun = any(other in title and self.is_occupation(other) for other in said)
        if stem in self._index:
            # "Web designer": the word belongs to titles of other roles only.
            return has_noun and not match.is_full and not self._index.has_word(role, stem)
        if word in self._language and has_noun:
            return not self._is_slip(word, role)
        # A misspelt word of a title must not make the role an unknown one; but beside a whole title
        # it belongs to another.
        if match.is_full and match.exact and len(word) >= MIN_WORD_LENGTH:
            return True
        return not self._index.resembles_word(stem)

    def _is_slip(self, word: str, role: str) -> bool:
        """Return whether a word is one slip away from a word of a role: "font" and "front"."""
        return any(
            OSA.distance(word, other, score_cutoff=1) <= 1
            for title in self._index.titles_of(role)
            for other in (*title, *(first + second for first, second in pairwise(title)))
            if len(other) >= MIN_WORD_LENGTH
        )

    def _is_own(self, said: Sequence[str], match: TitleMatch) -> bool:
        """Return whether words may stand for the role of a match.

        "Support specialist" is short for "customer support specialist", and "QA tester" has words
        of two titles; but "business analyst" is no "business data analyst".
        """
        titles = self._index.titles_of(self._index.roles[match.title])
        own = {word for title in titles for word in title}
        stems = [self._index.in_title(word, own) for word in said if word not in SENIORITY]
        if any(_phrase(stems) in _phrase(title) for title in titles):
            return True
        return own.issuperset(stems) and not any(set(title).issuperset(stems) for title in titles)

    def fits(self, phrase: str, role: str) -> bool:
        """Return whether all words of a phrase are words of a role's titles."""
        return all(self._index.has_word(role, singular(word)) for word in phrase.split())

    def _closes_title(self, word: str, match: TitleMatch) -> bool:
        """Return whether an occupation after a title makes it another role: "analyst tutor"."""
        stem = singular(word)
        return (
            stem in OCCUPATIONS
            and stem not in TITLE_MODIFIERS
            and not self._index.has_word(self._index.roles[match.title], stem)
        )

    def is_occupation(self, stem: str) -> bool:
        """Return whether titles end in a word, given in the singular."""
        return stem in OCCUPATIONS or self._occupations.is_last_word(stem)

    def alone(self, asked: Sequence[str], spans: Sequence[tuple[int, int]]) -> str:
        """Return the words of an occupation in a text that names no role of the content."""
        for position, word in enumerate(asked):
            stem = singular(word)
            if stem not in OCCUPATIONS or word in TITLE_MODIFIERS or word in STOP_WORDS:
                continue
            if self.names_thing(asked, position, position + 1):
                continue
            for start, end in spans:
                if start <= position < end:
                    return " ".join(asked[start:end])
            left = position
            while left > 0 and self._is_modifier(asked[left - 1]):
                left -= 1
            return " ".join(asked[left : position + 1])
        return " ".join(asked[spans[0][0] : spans[0][1]]) if spans else ""

    def _is_modifier(self, word: str) -> bool:
        stem = singular(word)
        if stem in self._index:
            return True
        harmless = _is_neutral(word) or word in self._asking or word.isdigit()
        return not harmless and not self._index.resembles_word(stem)

    def compared(self, asked: Sequence[str], mentions: Sequence[RoleMention]) -> str:
        """Return the side of a comparison that is no role of the content; the other one is."""
        if not compares(asked):
            return ""
        for left, right in pairwise(_sides(asked, mentions)):
            between = asked[left.end : right.start]
            before = asked[max(0, left.start - MAX_WORDS_BEFORE) : left.start]
            if left.is_mention == right.is_mention or not compares((*before, *between)):
                continue
            # What stands before "between" is none of its two sides.
            if not all(word in JOINING or word in COMPARING - {"between"} for word in between):
                continue
            other, role = (right, left) if left.is_mention else (left, right)
            if self._may_be_role(asked[other.start : other.end], asked[role.start : role.end]):
                return " ".join(asked[other.start : other.end])
        return ""

    def _may_be_role(self, said: Sequence[str], beside: Sequence[str]) -> bool:
        """Return whether words stand for a role: not for a matter that roles are compared by."""
        if any(not _is_neutral(word) and word not in self._known for word in said):
            return True
        if len(said) > 1 and singular(said[-1]) in OCCUPATIONS:
            return True
        if all(word in self._asking or word in STOP_WORDS for word in said):
            return False
        # "Full stack" is short for a title that ends as the other side does, or may end.
        heads = {singular(beside[-1])} | OCCUPATIONS.intersection(self._index.last_words())
        return said in self._occupations or any(
            (*said, head) in self._occupations for head in sorted(heads)
        )


def compares(asked: Sequence[str]) -> bool:
    """Return whether two things are compared in a text."""
    return not COMPARING.isdisjoint(asked)


def _sides(asked: Sequence[str], mentions: Sequence[RoleMention]) -> list[_Span]:
    """Return the roles and the other runs of words of a text, in order."""
    spans = [_Span(mention.start, mention.end, is_mention=True) for mention in mentions]
    taken = {at for span in spans for at in range(span.start, span.end)}
    start = None
    for at in range(len(asked) + 1):
        ends = at == len(asked) or at in taken or asked[at] in STOP_WORDS or asked[at] in COMPARING
        if ends and start is not None:
            spans.append(_Span(start, at))
            start = None
        elif not ends and start is None:
            start = at
    return sorted(spans, key=lambda span: span.start)


def _is_neutral(word: str) -> bool:
    """Return whether a word beside a title never makes it another role."""
    return (
        word in STOP_WORDS
        or word in NEVER_IN_TITLES
        or word in TITLE_MODIFIERS
        or singular(word) in TITLE_MODIFIERS
    )


def _phrase(said: Iterable[str]) -> str:
    return f" {' '.join(singular(word) for word in said if word not in SENIORITY)} "
