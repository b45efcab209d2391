"""Titles whose words are misspelt beyond what a word alone tells, or cut at the wrong places.

"For est wroker" is forest worker: compared as wholes and without spaces, titles are the words that
spelling correction chooses from.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from faqbot.matching.lexicon import NEVER_IN_TITLES
from faqbot.matching.spelling import MIN_WORD_LENGTH, WordList
from faqbot.matching.text import STOP_WORDS, singular

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
    """Titles by their letters without spaces.

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
