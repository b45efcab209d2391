"""Typing errors, put right against the words of the content and of the language.

Distances are optimal string alignment (Damerau-Levenshtein without repeated edits; Damerau 1964),
computed by rapidfuzz; swapped letters and slips to a neighbouring key cost less than other errors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.lexicon import SHORT_FORMS, SHORT_PHRASES
from faqbot.matching.text import STOP_WORDS, singular, words

MIN_LENGTH = 4
"""Shorter words are one letter away from too many others."""

ALMOST_SHORT = 6
"""Six letters with two errors are believed only when both are common slips."""

MAX_LENGTH = 40
"""A longer run of letters is no word."""

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
    """Words with the set of letters of each, a bit for each letter."""

    words: tuple[str, ...]
    letters: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, words: Sequence[str]) -> WordList:
        return cls(tuple(words), np.array([_letters(word) for word in words], dtype=np.uint32))

    def sharing(self, word: str, errors: int) -> list[str]:
        """The words that so many errors could make of a word, by their letters alone.

        An error takes at most one letter out of the set and puts at most one into it.
        """
        apart = self.letters ^ np.uint32(_letters(word))
        bits = _BITS[apart & 0xFFFF] + _BITS[apart >> 16]
        return [self.words[at] for at in np.flatnonzero(bits <= 2 * errors).tolist()]


def _letters(word: str) -> int:
    """The set of letters of a word as 32 bits; rarer characters share the last ones."""
    found = 0
    for letter in word:
        found |= 1 << ((ord(letter) - 97) if "a" <= letter <= "z" else 26 + ord(letter) % 6)
    return found


_BITS = np.array([number.bit_count() for number in range(1 << 16)], dtype=np.uint8)


class Vocabulary:
    """Known words with their counts, and what a misspelt one was most likely meant to be.

    Args:
        counts: how often each word of the content occurs.
        language: words of the language, correct whether or not the content has them.
        compounds: words written apart in the content, by their joined form ("backend").
        shortest: letters below which a word is not searched for.
        patience: cost beyond `allowed_cost` at which a repair is still believed.
        known: more words that are correct.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        language: frozenset[str] = frozenset(),
        compounds: Mapping[str, tuple[str, str]] | None = None,
        shortest: int = MIN_LENGTH,
        patience: float = 0.0,
        *,
        known: frozenset[str] = frozenset(),
    ) -> None:
        self._shortest = shortest
        self._patience = patience
        self._counts = dict(counts)
        self._language = language
        self._known = known
        self._compounds = dict(compounds or {})
        by_length: dict[int, list[str]] = {}
        for word in sorted({*self._counts, *self._compounds}):
            by_length.setdefault(len(word), []).append(word)
        self._by_length = {length: WordList.of(found) for length, found in by_length.items()}
        self.nearest = weak_lru_cache(self._nearest, 4096)

    def __contains__(self, word: str) -> bool:
        return word in self._counts

    def count(self, word: str) -> int:
        return self._counts.get(word, 0)

    def is_known(self, word: str) -> bool:
        """Whether a word is right as it stands: the content's, the language's, or a number."""
        return (
            word in self._counts
            or word in self._language
            or word in self._known
            or word in STOP_WORDS
            or singular(word) in self._counts
            or word.isdigit()
        )

    def repair(self, written: Sequence[str]) -> list[tuple[list[str], list[str]]]:
        """Pairs of words as written and as they were most likely meant, in order."""
        pairs: list[tuple[list[str], list[str]]] = []
        position = 0
        while position < len(written):
            taken, meant = self._read_at(written, position)
            pairs.append((list(written[position : position + taken]), meant))
            position += taken
        return pairs

    def _read_at(self, written: Sequence[str], position: int) -> tuple[int, list[str]]:
        for length in (3, 2):
            phrase = SHORT_PHRASES.get(tuple(written[position : position + length]))
            if phrase:
                return length, phrase.split()
        word = written[position]
        if position + 1 < len(written):
            joined = word + written[position + 1]
            apart_is_known = word in self._counts and written[position + 1] in self._counts
            if joined in self._counts and not apart_is_known and len(joined) >= MIN_LENGTH:
                return 2, [joined]
        return 1, self._meant(word)

    def _meant(self, word: str) -> list[str]:
        if word in self._compounds:
            return list(self._compounds[word])
        if word not in self._counts and word in SHORT_FORMS:
            return SHORT_FORMS[word].split()
        if self.is_known(word) or not MIN_LENGTH <= len(word) <= MAX_LENGTH or not word.isascii():
            return [word]
        nearest = self.nearest(word)
        if nearest:
            meant = nearest[0][0]
            return list(self._compounds.get(meant, (meant,)))
        return list(self._apart(word) or (word,))

    def _apart(self, word: str) -> tuple[str, str] | None:
        """Two known words that were typed without the space between them."""
        best: tuple[float, tuple[str, str]] | None = None
        for cut in range(2, len(word) - 1):
            left, right = word[:cut], word[cut:]
            if not (self._is_content(left) and self._is_content(right)):
                continue
            weight = math.log1p(self.count(left)) + math.log1p(self.count(right))
            if best is None or weight > best[0]:
                best = (weight, (left, right))
        return best[1] if best else None

    def _is_content(self, word: str) -> bool:
        return word in self._counts and (len(word) > 2 or word in STOP_WORDS or word.isdigit())  # noqa: PLR2004

    def _nearest(self, word: str) -> tuple[tuple[str, float], ...]:
        """At most five words that were probably meant, best first, with the cost of the errors.

        Words with more errors are looked for only where there is none with fewer.
        """
        if not self._shortest <= len(word) <= MAX_LENGTH:
            return ()
        limit = max(allowed_cost(word), 1.0) + self._patience
        for errors in range(1, max(allowed_errors(word), 1) + 1):
            costs = sorted((self._cost(word, other), other) for other in self._within(word, errors))
            near = tuple((other, cost) for cost, other in costs[:5] if cost <= limit)
            if near:
                return near
        return ()

    def _within(self, word: str, errors: int) -> Iterator[str]:
        for length in range(len(word) - errors, len(word) + errors + 1):
            choices = self._by_length.get(length)
            if choices is None:
                continue
            for other, _, _ in process.extract(
                word,
                choices.sharing(word, errors),
                scorer=OSA.distance,
                processor=None,
                score_cutoff=errors,
                limit=20,
            ):
                yield other

    def _cost(self, word: str, other: str) -> float:
        return error_cost(word, other) - 0.04 * math.log1p(self.count(other))


def allowed_errors(word: str) -> int:
    """How many typing errors a word of that length may hold and still be recognised."""
    if len(word) < MIN_LENGTH:
        return 0
    return 1 if len(word) < 6 else 2 if len(word) < 11 else 3  # noqa: PLR2004


def allowed_cost(word: str) -> float:
    """The highest cost of errors at which a repair is believed."""
    if len(word) == ALMOST_SHORT:
        return 1.5
    return (0.0, 1.0, 2.0, 2.6)[allowed_errors(word)]


def error_cost(written: str, meant: str) -> float:
    """What the errors between two words weigh: 1 an error, less for common slips.

    Swapped letters and doubled or dropped twins are the commonest slips of fast typing, keys next
    to each other the commonest wrong keys; a wrong first letter is rare (Pollock and Zamora 1984).
    """
    cost = float(OSA.distance(written, meant))
    if written[:1] != meant[:1] and written[:2] != meant[1::-1]:
        cost += 0.45
    if sorted(written) == sorted(meant):
        cost -= 0.3 if cost <= 1 else 0.55  # a letter that moved by more than one place is one slip
    elif len(written) == len(meant):
        slips = [(a, b) for a, b in zip(written, meant, strict=True) if a != b]
        cost -= 0.2 * sum(pair in _NEIGHBOURS for pair in slips) if len(slips) < 3 else 0.0  # noqa: PLR2004
    elif _squeezed(written) == _squeezed(meant):
        cost -= 0.3
    return cost


def _squeezed(word: str) -> str:
    return word[:1] + "".join(after for before, after in pairwise(word) if before != after)


def count_words(texts: Iterable[str]) -> dict[str, int]:
    """How often each word occurs in normalised texts."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in words(text):
            counts[word] = counts.get(word, 0) + 1
    return counts
