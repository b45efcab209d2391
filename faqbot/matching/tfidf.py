"""TF-IDF with sublinear counts (Salton and Buckley 1988), as a sparse matrix of texts by features.

A feature is a word, a pair of words, or a run of letters. A text's units (words, say) are cut into
features once each, however many texts have them.
"""

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
"""Features by number, shared by many views."""

TEXTS_PER_CHUNK = 20_000
"""Texts whose features are counted at a time, which bounds the memory for it."""


@dataclass(frozen=True, slots=True)
class Features:
    """What texts are compared by.

    Attributes:
        units: cuts a normalised text into units.
        of_unit: cuts a unit into features.
    """

    units: Callable[[str], Sequence[str]]
    of_unit: Callable[[str], Sequence[str]]

    def of(self, text: str) -> list[str]:
        """Return all features of a normalised text, as often as they occur."""
        return [feature for unit in self.units(text) for feature in self.of_unit(unit)]


def words_and_pairs(text: str) -> list[str]:
    """Return the words of a text and the pairs of neighbours."""
    found = words(text)
    return found + [f"{left} {right}" for left, right in pairwise(found)]


def one_feature(unit: str) -> tuple[str]:
    """Return a unit as its only feature."""
    return (unit,)


# Bounded, because people keep bringing words that were never seen.
@lru_cache(maxsize=8_192)
def letter_runs(word: str) -> tuple[str, ...]:
    """Return the runs of three to five characters of a word with a space on both sides."""
    padded = f" {word} "
    return tuple(
        padded[at : at + size] for size in range(3, 6) for at in range(len(padded) - size + 1)
    )


WORDS = Features(words_and_pairs, one_feature)
LETTERS = Features(words, letter_runs)


class FeatureIds:
    """The number of each feature.

    A feature of the base takes four bytes here; only the others are stored with their texts.

    Args:
        ids: the features of some texts, numbered.
        base: features that other views have as well.
    """

    def __init__(self, ids: Mapping[str, int], base: FeatureNumbers) -> None:
        self._base = base
        self._of_base: Ints = np.full(len(base), -1, dtype=np.int32)
        self._own: dict[str, int] = {}
        for feature, number in ids.items():
            base_number = base.get(feature)
            if base_number is None:
                self._own[feature] = number
            else:
                self._of_base[base_number] = number

    def number(self, feature: str) -> int:
        """Return the number of a feature, or -1 where no text has it."""
        base_number = self._base.get(feature)
        if base_number is None:
            return self._own.get(feature, -1)
        return int(self._of_base[base_number])


_NO_BASE: FeatureNumbers = MappingProxyType({})


@dataclass(frozen=True)
class TermStatistics:
    """The features of some texts with their inverse document frequencies.

    Attributes:
        features: what the texts are compared by.
        ids: the number of each feature.
        idf: the inverse document frequencies, shape (features).
        unseen_idf: that of a feature that no text has.
    """

    features: Features
    ids: FeatureIds
    idf: Floats
    unseen_idf: float

    def question_vector(self, text: str) -> tuple[Rows, Doubles]:
        """Return the known features of a normalised text and their weights, shape (known features).

        Features that no text has lengthen the question's vector before it is scaled to length 1, so
        the weights returned have a length of at most 1.
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
    """TF-IDF weights as compressed sparse rows, each row of length 1.

    Attributes:
        terms: the features and their statistics.
        starts: where each text's weights begin, shape (texts + 1).
        columns: the features, text by text, shape (weights).
        values: the weights, shape (weights).
    """

    terms: TermStatistics
    starts: Rows
    columns: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    def similarities_at(self, text: str, rows: Rows) -> Floats:
        """Return the cosines of a normalised text with some texts, shape (rows)."""
        ids, weights = self.terms.question_vector(text)
        asked: Floats = np.zeros(len(self.terms.idf), dtype=np.float32)
        asked[ids] = weights
        starts, sizes = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        positions = run_positions(starts, sizes)
        products = self.values[positions] * asked[self.columns[positions]]
        owners = np.repeat(np.arange(len(rows)), sizes)
        return np.bincount(owners, products, minlength=len(rows)).astype(np.float32)

    def inverted_index(self) -> tuple[Rows, Ints, Floats]:
        """Return the matrix by feature: starts (features + 1), texts and values (weights)."""
        order = np.argsort(self.columns, kind="stable")
        counts = np.bincount(self.columns, minlength=len(self.terms.idf))
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        owners = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))
        return starts, owners[order], self.values[order]


def run_positions(starts: Rows, sizes: Rows) -> Rows:
    """Return the positions in several runs, one run after the other, shape (sum of sizes)."""
    positions: Rows = np.arange(sizes.sum()) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
    return positions


def tfidf_matrix(
    texts: Sequence[str], features: Features, base: FeatureNumbers = _NO_BASE
) -> TfidfMatrix:
    """Return the weights of normalised texts.

    Args:
        texts: the texts; features are numbered in the order in which they occur in them.
        features: what texts are compared by.
        base: features that other views have too, whose texts aren't stored again.
    """
    units: dict[str, int] = {}
    used, unit_counts = array("i"), array("i")
    for text in texts:
        found = features.units(text)
        used.extend([units.setdefault(unit, len(units)) for unit in found])
        unit_counts.append(len(found))
    ids: dict[str, int] = {}
    # Each distinct unit is split once, since the same words recur in thousands of phrasings.
    parts = [
        np.array([ids.setdefault(f, len(ids)) for f in features.of_unit(unit)], dtype=np.int32)
        for unit in units
    ]
    feature_counts, columns, counts = _count_features(
        np.array(used, dtype=np.int32), np.array(unit_counts, dtype=np.int32), parts, len(ids)
    )
    documents = np.bincount(columns, minlength=len(ids))
    # Smoothed: without the last 1, a feature that all texts have would weigh nothing.
    idf = (np.log((1 + len(texts)) / (1 + documents)) + 1).astype(np.float32)
    values = (1 + np.log(counts)).astype(np.float32) * idf[columns]
    starts = np.concatenate([[0], np.cumsum(feature_counts)]).astype(np.int64)
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), feature_counts)
    lengths = np.sqrt(np.bincount(owners, values**2, minlength=len(texts)))
    values /= np.where(lengths > 0, lengths, 1).astype(np.float32)[owners]
    terms = TermStatistics(features, FeatureIds(ids, base), idf, math.log(1 + len(texts)) + 1)
    return TfidfMatrix(terms, starts, columns, values)


def _count_features(
    used: Ints, lengths: Ints, parts: Sequence[Ints], count: int
) -> tuple[Rows, Ints, Ints]:
    """Return the number of features of each text, then the features and their counts by text."""
    flat = np.concatenate([*parts, np.zeros(0, np.int32)])
    sizes = np.array([len(part) for part in parts], dtype=np.int64)
    found = list(
        _count_by_chunk(used, lengths, _Units(np.cumsum(sizes) - sizes, sizes, flat), count)
    )
    empty = np.zeros(0, dtype=np.int32)
    return (
        np.concatenate([np.zeros(0, np.int64), *(rows for rows, _, _ in found)]),
        np.concatenate([empty, *(columns for _, columns, _ in found)]),
        np.concatenate([empty, *(counts for _, _, counts in found)]),
    )


@dataclass(frozen=True, slots=True)
class _Units:
    """The features of each unit, one unit after the other, with starts and sizes (units)."""

    starts: Rows
    sizes: Rows
    flat: Ints


def _count_by_chunk(
    used: Ints, lengths: Ints, units: _Units, count: int
) -> Iterator[tuple[Rows, Ints, Ints]]:
    """Yield what _count_features returns, for some texts at a time."""
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    # In chunks, because unique sorts a copy of all the cells that it gets.
    for first in range(0, len(lengths), TEXTS_PER_CHUNK):
        last = min(first + TEXTS_PER_CHUNK, len(lengths))
        chunk = used[ends[first] : ends[last]]
        owners = np.repeat(np.arange(last - first), lengths[first:last])
        features = units.flat[run_positions(units.starts[chunk], units.sizes[chunk])]
        # One number for text and feature: unique over rows of pairs is several times slower.
        cells = np.repeat(owners, units.sizes[chunk]) * count + features
        cells, counts = np.unique(cells, return_counts=True)
        rows = np.bincount(cells // max(count, 1), minlength=last - first)
        columns = (cells % max(count, 1)).astype(np.int32)
        yield rows, columns, counts.astype(np.int32)
