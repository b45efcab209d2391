"""TF-IDF with sublinear counts (Salton and Buckley 1988), of texts and of a question."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from faqbot.matching.text import words

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]
FeatureNumbers = Mapping[str, int]
"""Numbered features that many views have in common."""

TEXTS_PER_CHUNK = 20_000
"""Texts that are weighed at a time."""


@dataclass(frozen=True, slots=True)
class Features:
    """What texts are compared by: the units of a text, and the features that each unit has."""

    units: Callable[[str], Sequence[str]]
    of_unit: Callable[[str], Sequence[str]]

    def of(self, text: str) -> list[str]:
        """All features of a normalised text, as often as they occur."""
        return [feature for unit in self.units(text) for feature in self.of_unit(unit)]


def words_and_pairs(text: str) -> list[str]:
    """The words of a text and the pairs of neighbours."""
    found = words(text)
    return found + [f"{left} {right}" for left, right in pairwise(found)]


def one_feature(unit: str) -> tuple[str]:
    return (unit,)


@lru_cache(maxsize=8_192)
def letter_runs(word: str) -> tuple[str, ...]:
    """The runs of three to five characters of a word with a space on both sides."""
    padded = f" {word} "
    return tuple(
        padded[at : at + size] for size in range(3, 6) for at in range(len(padded) - size + 1)
    )


WORDS = Features(words_and_pairs, one_feature)
LETTERS = Features(words, letter_runs)


class FeatureIds:
    """The number of each feature; what a common base has is held as one number, without its text.

    Args:
        ids: the features of some texts, numbered.
        base: features that other texts have as well.
    """

    def __init__(self, ids: Mapping[str, int], base: FeatureNumbers) -> None:
        self._base = base
        self._of_base: Ints = np.full(len(base), -1, dtype=np.int32)
        self._own: dict[str, int] = {}
        for feature, number in ids.items():
            place = base.get(feature)
            if place is None:
                self._own[feature] = number
            else:
                self._of_base[place] = number

    def number(self, feature: str) -> int:
        """The number of a feature; -1 where no text has it."""
        place = self._base.get(feature)
        return self._own.get(feature, -1) if place is None else int(self._of_base[place])


_NO_BASE: FeatureNumbers = MappingProxyType({})


@dataclass(frozen=True)
class TermStatistics:
    """The features of some texts, and how rare each is."""

    features: Features
    ids: FeatureIds
    idf: Floats
    unseen_idf: float

    def question_vector(self, text: str) -> tuple[Rows, Doubles]:
        """The known features of a normalised text and their weights.

        Features that no text has still lengthen the question's vector, so its length is at most 1.
        """
        counts = Counter(self.features.of(text))
        found = np.array([self.ids.number(feature) for feature in counts], dtype=np.int64)
        terms = 1 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
        known = found >= 0
        ids = found[known]
        if not len(ids):
            return ids, np.zeros(0)
        weights = terms[known] * self.idf[ids].astype(np.float64)
        unseen = terms[~known] * self.unseen_idf
        weights /= math.sqrt(float(weights @ weights) + float(unseen @ unseen))
        return ids, weights


@dataclass(frozen=True)
class TfidfMatrix:
    """The TF-IDF weights of texts, each text's vector of length 1, held text by text.

    `starts` has shape (texts + 1); the features of a text and their weights stand between its
    start and the next one's.
    """

    terms: TermStatistics
    starts: Rows
    columns: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    def similarities_at(self, text: str, rows: Rows) -> Floats:
        """The cosine of a normalised text with some of the texts, in the order of `rows`."""
        ids, weights = self.terms.question_vector(text)
        asked: Floats = np.zeros(len(self.terms.idf), dtype=np.float32)
        asked[ids] = weights
        starts, sizes = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        places = run_positions(starts, sizes)
        products = self.values[places] * asked[self.columns[places]]
        owners = np.repeat(np.arange(len(rows)), sizes)
        return np.bincount(owners, products, minlength=len(rows)).astype(np.float32)

    def inverted_index(self) -> tuple[Rows, Ints, Floats]:
        """The same as an inverted index: starts of each feature, the texts that have it, values."""
        order = np.argsort(self.columns, kind="stable")
        counts = np.bincount(self.columns, minlength=len(self.terms.idf))
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        owners = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))
        return starts, owners[order], self.values[order]


def run_positions(starts: Rows, sizes: Rows) -> Rows:
    """The places of several runs, one run after the other."""
    places: Rows = np.arange(sizes.sum()) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
    return places


def tfidf_matrix(
    texts: Sequence[str], features: Features, base: FeatureNumbers = _NO_BASE
) -> TfidfMatrix:
    """The weights of normalised texts; features are numbered in the order in which they occur.

    `base` are features that need not be held once more.
    """
    units: dict[str, int] = {}
    used, lengths_of = array("i"), array("i")
    for text in texts:
        found = features.units(text)
        used.extend([units.setdefault(unit, len(units)) for unit in found])
        lengths_of.append(len(found))
    ids: dict[str, int] = {}
    parts = [
        np.array([ids.setdefault(f, len(ids)) for f in features.of_unit(unit)], dtype=np.int32)
        for unit in units
    ]
    rows_of, columns, counts = _count_features(
        np.array(used, dtype=np.int32), np.array(lengths_of, dtype=np.int32), parts, len(ids)
    )
    documents = np.bincount(columns, minlength=len(ids))
    idf = (np.log((1 + len(texts)) / (1 + documents)) + 1).astype(np.float32)
    values = (1 + np.log(counts)).astype(np.float32) * idf[columns]
    starts = np.concatenate([[0], np.cumsum(rows_of)]).astype(np.int64)
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), rows_of)
    lengths = np.sqrt(np.bincount(owners, values**2, minlength=len(texts)))
    values /= np.where(lengths > 0, lengths, 1).astype(np.float32)[owners]
    terms = TermStatistics(features, FeatureIds(ids, base), idf, math.log(1 + len(texts)) + 1)
    return TfidfMatrix(terms, starts, columns, values)


def _count_features(
    used: Ints, lengths: Ints, parts: Sequence[Ints], count: int
) -> tuple[Rows, Ints, Ints]:
    """How many features each text has; then, text by text, these features and how often."""
    flat = np.concatenate([*parts, np.zeros(0, np.int32)])
    sizes = np.array([len(part) for part in parts], dtype=np.int64)
    found = list(
        _count_by_chunk(used, lengths, _Units(np.cumsum(sizes) - sizes, sizes, flat), count)
    )
    none = np.zeros(0, dtype=np.int32)
    return (
        np.concatenate([np.zeros(0, np.int64), *(rows for rows, _, _ in found)]),
        np.concatenate([none, *(columns for _, columns, _ in found)]),
        np.concatenate([none, *(counts for _, _, counts in found)]),
    )


@dataclass(frozen=True, slots=True)
class _Units:
    """The features of each unit, one unit after the other."""

    starts: Rows
    sizes: Rows
    flat: Ints


def _count_by_chunk(
    used: Ints, lengths: Ints, units: _Units, count: int
) -> Iterator[tuple[Rows, Ints, Ints]]:
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    for first in range(0, len(lengths), TEXTS_PER_CHUNK):
        last = min(first + TEXTS_PER_CHUNK, len(lengths))
        chunk = used[ends[first] : ends[last]]
        owners = np.repeat(np.arange(last - first), lengths[first:last])
        features = units.flat[run_positions(units.starts[chunk], units.sizes[chunk])]
        cells = np.repeat(owners, units.sizes[chunk]) * count + features
        cells, counts = np.unique(cells, return_counts=True)
        rows = np.bincount(cells // max(count, 1), minlength=last - first)
        columns = (cells % max(count, 1)).astype(np.int32)
        yield rows, columns, counts.astype(np.int32)
