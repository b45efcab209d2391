"""Spelling correction against the words of the content and of the language.

Distances are optimal string alignment (Damerau-Levenshtein without repeated edits; Damerau 1964),
computed by rapidfuzz. Swapped letters and neighbouring keys cost less than other errors, a wrong
first letter more (Pollock and Zamora 1984).
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.lexicon import SHORT_FORMS, SHORT_PHRASES
from faqbot.matching.text import STOP_WORDS, singular, words

MIN_WORD_LENGTH = 4
"""Letters of the shortest word that is corrected: shorter ones resemble too many others."""

STRICT_LENGTH = 6
"""Letters of words in which two errors are accepted only when both are common slips."""

MAX_WORD_LENGTH = 40
"""Letters of the longest word that is corrected: a longer run of letters is no word."""

MISSING_SPACE_COST = 0.9
"""Cost of errors from which a missing space explains a word better than errors in one word do."""

MIN_MOVED_LENGTH = 3
"""Letters of the words between which a space may have been typed a letter off."""

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = frozenset(
    pair
    for row, below in zip(_ROWS, (*_ROWS[1:], ""), strict=True)
    for left, right in [
        *pairwise(row),
        *zip(row, below, strict=False),
        *zip(row[1:], below, strict=False),
    ]
    for pair in ((left, right), (right, left))
)


@dataclass(frozen=True, slots=True)
class WordList:
    """Words with their sets of letters as bits, shape (words)."""

    words: tuple[str, ...]
    letters: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, words: Sequence[str]) -> WordList:
        return cls(tuple(words), np.array([_letter_set(word) for word in words], dtype=np.uint32))

    def within(self, word: str, errors: int) -> list[str]:
        """Return the words that may be within some errors of a word, by their letters alone.

        An error takes at most one letter out of the set and puts at most one into it, so no word
        within `errors` is missing.
        """
        apart = self.letters ^ np.uint32(_letter_set(word))
        bits = _BIT_COUNTS[apart & 0xFFFF] + _BIT_COUNTS[apart >> 16]
        return [self.words[at] for at in np.flatnonzero(bits <= 2 * errors).tolist()]


def _letter_set(word: str) -> int:
    """Return the set of letters of a word as 32 bits; rare characters share the last six."""
    found = 0
    for letter in word:
        found |= 1 << ((ord(letter) - 97) if "a" <= letter <= "z" else 26 + ord(letter) % 6)
    return found


_BIT_COUNTS = np.array([number.bit_count() for number in range(1 << 16)], dtype=np.uint8)


class Vocabulary:
    """Known words with their counts; finds the word that a misspelt one was meant to be.

    Args:
        counts: how often each word of the content occurs.
        language: words of the language, correct whether or not the content has them.
        compounds: words written apart in the content, by their joined form ("backend").
        min_length: letters of the shortest word that is corrected.
        max_extra_cost: cost beyond `allowed_cost` up to which a correction is accepted.
        known: more words that are correct.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        language: frozenset[str] = frozenset(),
        compounds: Mapping[str, tuple[str, str]] | None = None,
        min_length: int = MIN_WORD_LENGTH,
        max_extra_cost: float = 0.0,
        *,
        known: frozenset[str] = frozenset(),
    ) -> None:
        self._min_length = min_length
        self._max_extra_cost = max_extra_cost
        self._counts = dict(counts)
        self._language = language
        self._known = known
        self._compounds = dict(compounds or {})
        by_length: dict[int, list[str]] = {}
        # Sorted, because the order of a set of strings differs from process to process.
        for word in sorted({*self._counts, *self._compounds}):
            by_length.setdefault(len(word), []).append(word)
        self._by_length = {length: WordList.of(found) for length, found in by_length.items()}
        self.nearest = weak_lru_cache(self._nearest, 4096)

    def __contains__(self, word: str) -> bool:
        return word in self._counts

    def count(self, word: str) -> int:
        return self._counts.get(word, 0)

    def is_known(self, word: str) -> bool:
        """Return whether a word is correct: of the content, of the language, or a number."""
        return (
            word in self._counts
            or word in self._language
            or word in self._known
            or word in STOP_WORDS
            or singular(word) in self._counts
            or word.isdigit()
        )

    def correct(
        self, written: Sequence[str], codes: Container[str] = ()
    ) -> list[tuple[list[str], list[str]]]:
        """Return pairs of the words as written and as they were most likely meant, in order.

        Args:
            written: the words of a question.
            codes: those of them that are codes, which stand for nothing but themselves.
        """
        pairs: list[tuple[list[str], list[str]]] = []
        position = 0
        while position < len(written):
            length, meant = self._correct_at(written, position, codes)
            pairs.append((list(written[position : position + length]), meant))
            position += length
        return pairs

    def _correct_at(
        self, written: Sequence[str], position: int, codes: Container[str]
    ) -> tuple[int, list[str]]:
        for length in (3, 2):
            phrase = SHORT_PHRASES.get(tuple(written[position : position + length]))
            if phrase:
                return length, phrase.split()
        word = written[position]
        after = written[position + 1] if position + 1 < len(written) else ""
        if after and word not in codes and after not in codes:
            joined = word + after
            apart_is_known = word in self._counts and after in self._counts
            # Words that the content also has apart were probably meant apart.
            if joined in self._counts and not apart_is_known and len(joined) >= MIN_WORD_LENGTH:
                return 2, [joined]
            moved = self._with_space_moved(word, after)
            if moved:
                return 2, [part for one in moved for part in self._compounds.get(one, (one,))]
        return 1, self._correct_word(word, is_code=word in codes)

    def _with_space_moved(self, word: str, after: str) -> tuple[str, str] | None:
        """Return two words of the content between which the space was typed a letter off."""
        right = self.is_known(word) and self.is_known(after)
        if right or word in STOP_WORDS or after in STOP_WORDS:
            return None
        for pair in ((word[:-1], word[-1] + after), (word + after[0], after[1:])):
            if all(part in self._counts and len(part) >= MIN_MOVED_LENGTH for part in pair):
                return pair
        return None

    def _correct_word(self, word: str, *, is_code: bool = False) -> list[str]:
        # Before known words: a joined word may be correct English, but titles write it apart.
        if word in self._compounds:
            return list(self._compounds[word])
        # A short form that the content itself uses stays as its authors write it.
        if word not in self._counts and word in SHORT_FORMS:
            return SHORT_FORMS[word].split()
        if (
            is_code
            or self.is_known(word)
            or not MIN_WORD_LENGTH <= len(word) <= MAX_WORD_LENGTH
            or not word.isascii()
        ):
            return [word]
        apart = self._split_word(word)
        # A digit makes a code of a word: "401k" is no other plan, but "10years" are ten years.
        nearest = () if any(letter.isdigit() for letter in word) else self.nearest(word)
        if nearest and not (apart and nearest[0][1] > MISSING_SPACE_COST):
            meant = nearest[0][0]
            return list(self._compounds.get(meant, (meant,)))
        apart = apart or self._split_misspelt(word)
        return [part for one in apart or (word,) for part in self._compounds.get(one, (one,))]

    def _split_word(self, word: str) -> tuple[str, str] | None:
        """Return two known words that were typed without the space between them."""
        best: tuple[float, tuple[str, str]] | None = None
        for cut in range(2, len(word) - 1):
            left, right = word[:cut], word[cut:]
            if not (self._is_content(left) and self._is_content(right)):
                continue
            weight = math.log1p(self.count(left)) + math.log1p(self.count(right))
            if best is None or weight > best[0]:
                best = (weight, (left, right))
        return best[1] if best else None

    def _split_misspelt(self, word: str) -> tuple[str, str] | None:
        """Return two words typed without the space between them, one of them misspelt."""
        best: tuple[float, tuple[str, str]] | None = None
        for cut in range(MIN_WORD_LENGTH, len(word) - MIN_WORD_LENGTH + 1):
            left, right = word[:cut], word[cut:]
            if self._is_content(left):
                found = [(cost, (left, meant)) for meant, cost in self.nearest(right)[:1]]
            elif self._is_content(right):
                found = [(cost, (meant, right)) for meant, cost in self.nearest(left)[:1]]
            else:
                continue
            best = min(filter(None, (best, *found)), default=None)
        return best[1] if best and best[0] <= 1 else None

    def _is_content(self, word: str) -> bool:
        return word in self._counts and (len(word) > 2 or word in STOP_WORDS or word.isdigit())  # noqa: PLR2004

    def _nearest(self, word: str) -> tuple[tuple[str, float], ...]:
        """Return at most five words that were probably meant, best first, with their costs.

        Words with more errors are searched only where there is none with fewer.
        """
        if not self._min_length <= len(word) <= MAX_WORD_LENGTH:
            return ()
        limit = max(allowed_cost(word), 1.0) + self._max_extra_cost
        for errors in range(1, max(allowed_errors(word), 1) + 1):
            costs = sorted(
                (self._cost(word, other), other) for other in self._words_within(word, errors)
            )
            near = tuple((other, cost) for cost, other in costs[:5] if cost <= limit)
            if near:
                return near
        return ()

    def _words_within(self, word: str, errors: int) -> Iterator[str]:
        for length in range(len(word) - errors, len(word) + errors + 1):
            choices = self._by_length.get(length)
            if choices is None:
                continue
            for other, _, _ in process.extract(
                word,
                choices.within(word, errors),
                scorer=OSA.distance,
                processor=None,
                score_cutoff=errors,
                limit=20,
            ):
                yield other

    def _cost(self, word: str, other: str) -> float:
        # Only breaks ties: a word that occurs 1,000 times gains 0.28, and an error costs 0.7.
        return error_cost(word, other) - 0.04 * math.log1p(self.count(other))


def allowed_errors(word: str) -> int:
    """Return how many typing errors are accepted in a word of that length."""
    if len(word) < MIN_WORD_LENGTH:
        return 0
    return 1 if len(word) < 6 else 2 if len(word) < 11 else 3  # noqa: PLR2004


def allowed_cost(word: str) -> float:
    """Return the cost of errors up to which a correction is accepted."""
    if len(word) == STRICT_LENGTH:
        return 1.5
    return (0.0, 1.0, 2.0, 2.6)[allowed_errors(word)]


def error_cost(written: str, meant: str) -> float:
    """Return the cost of the errors between two words: 1 for each, less for common slips.

    Swapped letters and doubled or dropped twins are the commonest slips of fast typing, neighbours
    the commonest wrong keys; a wrong first letter is rare (Pollock and Zamora 1984).
    """
    cost = float(OSA.distance(written, meant))
    # Two letters swapped at the beginning aren't a wrong first letter.
    if written[:1] != meant[:1] and written[:2] != meant[1::-1]:
        cost += 0.45
    if sorted(written) == sorted(meant):
        cost -= 0.3 if cost <= 1 else 0.55  # a letter that moved by more than one place is one slip
    elif len(written) == len(meant):
        slips = [(a, b) for a, b in zip(written, meant, strict=True) if a != b]
        cost -= 0.2 * sum(pair in _NEIGHBOURS for pair in slips) if len(slips) < 3 else 0.0  # noqa: PLR2004
    elif _without_doubles(written) == _without_doubles(meant):
        cost -= 0.3
    return cost


def _without_doubles(word: str) -> str:
    return word[:1] + "".join(after for before, after in pairwise(word) if before != after)


def count_words(texts: Iterable[str]) -> dict[str, int]:
    """Return how often each word occurs in normalised texts."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in words(text):
            counts[word] = counts.get(word, 0) + 1
    return counts
