"""Words of a question that stand for words of titles.

They match exactly, by their singular, as the person of a field of work, or through a typing error.
Words that are misspelt beyond what a word alone tells, or cut at the wrong places, are compared
with titles as wholes.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rapidfuzz import process
from rapidfuzz.distance import OSA

from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.lexicon import NEVER_IN_TITLES, craftspeople, word_family
from faqbot.matching.spelling import (
    MIN_WORD_LENGTH,
    STRICT_LENGTH,
    Vocabulary,
    WordList,
    error_cost,
)
from faqbot.matching.text import STOP_WORDS, singular

PERSONS_BY_FIELD = MappingProxyType(
    {
        "analysis": "analyst",
        "analytic": "analyst",
        "analytics": "analyst",
        "design": "designer",
        "nursing": "nurse",
        "tech": "technician",
    }
)
"""Words that stand for a person where no ending tells: "data analytics", "lab tech"."""

MIN_TYPO_LENGTH = 3
"""Letters of the shortest word of a title that is recognised with a typing error."""

FIRST_LETTER_COST = 0.45
"""The cost of a wrong first letter: the other words of a title tell whether it was one."""

CACHE_SIZE = 4096
"""Words whose inflections are cached: people use few, and often."""

FIELD_WEIGHT = 0.9
"""Weight of a match through a field of work."""

CORRECTED_WEIGHT = 0.9
"""Weight of a match after spelling correction: the correction may be wrong."""

LANGUAGE_WORD_PENALTY = 0.25
"""What a correct English word loses as a misspelt word of a title."""


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A word of a question that stands for a word of titles, with its weight (0 to 1).

    `exact` tells whether it is no misspelt word of a title, `as_typed` whether it is the word that
    was typed, and not a correction of it.
    """

    position: int
    word: str
    weight: float
    exact: bool
    as_typed: bool = True


class TitleWords:
    """The words of all titles.

    Args:
        counts: in how many titles each word stands.
        asking: words in which people ask about any role.
        language: correct words of the language.
    """

    def __init__(
        self, counts: Mapping[str, int], asking: frozenset[str], language: frozenset[str]
    ) -> None:
        self._counts = counts
        self._families = _families(counts)
        self._asking = asking
        self._language = language
        self.inflections = weak_lru_cache(self._inflections, CACHE_SIZE)
        self._vocabulary = Vocabulary(
            counts, min_length=MIN_TYPO_LENGTH, max_extra_cost=FIRST_LETTER_COST
        )

    def resembles(self, word: str) -> bool:
        """Return whether a word of a title may have been meant."""
        return word in self._counts or bool(self._vocabulary.nearest(word))

    def match(
        self, asked: Sequence[str], written: Sequence[str], codes: Container[str]
    ) -> list[WordMatch]:
        """Return the words that stand for words of titles, in order.

        Args:
            asked: the words of a question, normalised and corrected.
            written: the same before correction.
            codes: those of them that are codes, which are no misspelt words.
        """
        found: list[WordMatch] = []
        for position, (word, typed) in enumerate(zip(asked, written, strict=True)):
            stem = singular(word)
            found.extend(
                WordMatch(position, inflected, FIELD_WEIGHT, exact=True, as_typed=word == typed)
                for inflected in sorted(self.inflections(word))
            )
            known = stem in self._counts
            if known and word == typed:
                # "Got it" names no IT recruiter: a stop word counts in a whole title only, or
                # where capitals make it one.
                if word not in STOP_WORDS or word in codes:
                    found.append(WordMatch(position, stem, 1.0, exact=True))
                continue
            if known:
                found.append(WordMatch(position, stem, CORRECTED_WEIGHT, exact=False))
            if _is_right(typed, codes) or typed in self._asking:
                continue
            penalty = LANGUAGE_WORD_PENALTY if typed in self._language else 0.0
            if penalty and len(typed) <= STRICT_LENGTH:
                continue  # a short correct word is one slip away from too many others
            # A misspelt word of asking is likelier than a misspelt title: "skils" are skills.
            rival = error_cost(typed, word) if word in self._asking else math.inf
            for meant, cost in self._vocabulary.nearest(singular(typed)):
                if meant != stem and cost < rival:
                    weight = 0.98 - 0.2 * max(cost, 0.3) - penalty
                    found.append(WordMatch(position, meant, weight, exact=False))
        return found

    def _inflections(self, word: str) -> frozenset[str]:
        """Return the words of titles for the person of a field of work, and the other way round."""
        stem = singular(word)
        field = PERSONS_BY_FIELD.get(stem, PERSONS_BY_FIELD.get(word, ""))
        related = self._families.get(word_family(stem), frozenset())
        persons = {field, *craftspeople(stem)}
        return (related | (persons & self._counts.keys())) - {stem}


def _is_right(typed: str, codes: Container[str]) -> bool:
    """Return whether a word is what it should be: a code, or of a closed class."""
    closed = typed in STOP_WORDS or typed in NEVER_IN_TITLES
    return closed or typed in codes or any(letter.isdigit() for letter in typed)


def _families(title_words: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return the words of titles by their family, without words that have none."""
    found: dict[str, set[str]] = {}
    for word in title_words:
        if family := word_family(word):
            found.setdefault(family, set()).add(word)
    return {family: frozenset(members) for family, members in found.items()}


MAX_ERRORS = 2
"""Errors in a whole title up to which it is recognised."""

MIN_LETTERS_PER_ERROR = 5
"""Letters of a title for each error in it: shorter titles resemble too much else."""

MAX_WINDOW = 4
"""Words that are compared with titles at a time."""

MAX_STRANGE_WORDS = 4
"""Strange words that are looked at: a text with more is in another language."""


@dataclass(frozen=True, slots=True)
class TitleRepair:
    """Titles that the words from `start` to `end` (exclusive) were meant to be, with the errors."""

    titles: tuple[int, ...]
    start: int
    end: int
    errors: int


class MisspeltTitles:
    """Titles by their letters without spaces: they are the words that correction chooses from.

    "For est wroker" is forest worker.

    Args:
        titles: the words of each title.
        asking: words in which people ask about any role.
        language: correct words of the language.
    """

    def __init__(
        self,
        titles: Sequence[tuple[str, ...]],
        asking: frozenset[str],
        language: frozenset[str],
    ) -> None:
        rows: dict[str, list[int]] = {}
        for row, title in enumerate(titles):
            rows.setdefault("".join(title), []).append(row)
        self._rows = {joined: tuple(found) for joined, found in rows.items()}
        by_length: dict[int, list[str]] = {}
        for joined in self._rows:
            by_length.setdefault(len(joined), []).append(joined)
        self._by_length = {length: WordList.of(found) for length, found in by_length.items()}
        self._title_words = frozenset(word for title in titles for word in title)
        self._right = asking | language | STOP_WORDS | NEVER_IN_TITLES

    def find(
        self, written: Sequence[str], explained: Container[int], codes: Container[str]
    ) -> Iterator[TitleRepair]:
        """Yield the titles that strange words, with those beside them, were meant to be.

        Args:
            written: the words of a question before correction.
            explained: the positions of words that other titles explain.
            codes: those of them that are codes, which are no misspelt words.
        """
        strange = [
            position
            for position, word in enumerate(written)
            if position not in explained and word not in codes and self._is_strange(word)
        ]
        if len(strange) > MAX_STRANGE_WORDS:
            return
        windows = {
            (start, end)
            for position in strange
            for end in range(position + 1, min(position + MAX_WINDOW, len(written)) + 1)
            for start in range(max(0, end - MAX_WINDOW), position + 1)
        }
        for start, end in sorted(windows):
            found = self._nearest(written[start:end])
            if found:
                errors, titles = found
                yield TitleRepair(titles, start, end, errors)

    def _is_strange(self, word: str) -> bool:
        right = word in self._right or singular(word) in self._title_words
        return not right and word.isalpha() and word.isascii()

    def _nearest(self, window: Sequence[str]) -> tuple[int, tuple[int, ...]] | None:
        """Return the fewest errors to a title, and the titles with so many."""
        joined = "".join((*window[:-1], singular(window[-1])))
        strange = sum(len(word) for word in window if self._is_strange(word))
        allowed = min(
            MAX_ERRORS, len(joined) // MIN_LETTERS_PER_ERROR, 1 + strange // MIN_WORD_LENGTH
        )
        if joined in self._rows:
            return 0, self._rows[joined]
        for errors in range(1, min(allowed, MAX_ERRORS) + 1):
            near = [
                other
                for length in range(len(joined) - errors, len(joined) + errors + 1)
                if (choices := self._by_length.get(length))
                for other, _, _ in process.extract(
                    joined,
                    choices.within(joined, errors),
                    scorer=OSA.distance,
                    processor=None,
                    score_cutoff=errors,
                    limit=5,
                )
            ]
            if near:
                return errors, tuple(row for other in sorted(near) for row in self._rows[other])
        return None
