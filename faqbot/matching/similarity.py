"""Views of a text: words, letters, meaning. Each compares a question with every phrasing at once.

The first two are TF-IDF with sublinear counts and cosine (Salton and Buckley 1988), held as an
inverted index; the third is the dot product of sentence embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from faqbot.matching.tfidf import (
    FeatureNumbers,
    Features,
    Floats,
    Rows,
    run_positions,
    tfidf_matrix,
)

MIN_DENSE_TEXTS = 48
"""Texts above which a feature is multiplied densely: pairs of its texts would be too many."""

MAX_DENSE_CELLS = 4_000_000
"""Weights that a view holds densely at most, 4 bytes each."""

DENSE_TEXT_SHARE = 16
"""A feature that one in so many texts has is looked up faster as a row of a dense matrix."""


MATRIX_BLOCK = 64
"""Texts to a multiple of which shared vectors are cut: matrix products go in blocks."""


class SimilarityView(Protocol):
    """One way to see texts; `name` is what an explanation calls it."""

    name: str

    def similarities(self, text: str) -> Floats:
        """The cosine of a normalised text with each of the view's texts, in their order."""
        ...

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """The cosines between texts of the view, by number, shape (rows, columns)."""
        ...


class Encoder(Protocol):
    """Turns texts into vectors of length 1 (or 0 for a text without a known word)."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of shape (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class KnownEmbeddings:
    """Texts whose vectors many views share."""

    texts: Sequence[str]
    vectors: Floats

    def shared_prefix(self, texts: Sequence[str]) -> int:
        """With how many of the shared texts some texts begin, in whole blocks.

        In whole blocks the matrix product rounds each text's cosine as it does in one matrix.
        """
        pairs = enumerate(zip(self.texts, texts, strict=False))
        same = next((at for at, (left, right) in pairs if left != right), None)
        count = min(len(self.texts), len(texts)) if same is None else same
        return count - count % MATRIX_BLOCK


@dataclass(frozen=True, slots=True)
class _SparseWeights:
    """The non-zero weights of some texts, sorted by feature."""

    features: Rows
    texts: Rows
    values: Floats

    def dense(self, features: Rows, count: int) -> Floats:
        """The weights of some features as a matrix of shape (count, features)."""
        matrix: Floats = np.zeros((count, len(features)), dtype=np.float32)
        kept = np.isin(self.features, features)
        matrix[self.texts[kept], np.searchsorted(features, self.features[kept])] = self.values[kept]
        return matrix

    def without(self, features: Rows) -> _SparseWeights:
        kept = ~np.isin(self.features, features)
        return _SparseWeights(self.features[kept], self.texts[kept], self.values[kept])


class TfidfView:
    """TF-IDF cosine over features of a text, looked up in an inverted index."""

    def __init__(
        self,
        name: str,
        texts: Sequence[str],
        features: Features,
        base: FeatureNumbers | None = None,
    ) -> None:
        self.name = name
        self._size = len(texts)
        weights = tfidf_matrix(texts, features, base or {})
        self._of_question = weights.terms.question_vector
        self._starts, self._rows, self._values = weights.inverted_index()
        self._sizes = np.diff(self._starts)
        self._lay_out_dense()

    def _lay_out_dense(self) -> None:
        """Lay out the most frequent features densely; `_place` tells a feature's row, or -1."""
        most = min(MAX_DENSE_CELLS // max(self._size, 1), len(self._sizes))
        frequent = np.argsort(-self._sizes, kind="stable")[:most]
        frequent = frequent[self._sizes[frequent] * DENSE_TEXT_SHARE > self._size]
        self._dense_row = np.full(len(self._sizes), -1, dtype=np.int64)
        self._dense_row[frequent] = np.arange(len(frequent))
        self._dense_weights: Floats = np.zeros((len(frequent), self._size), dtype=np.float32)
        for row, feature in enumerate(frequent.tolist()):
            posted = slice(self._starts[feature], self._starts[feature + 1])
            self._dense_weights[row, self._rows[posted]] = self._values[posted]

    def similarities(self, text: str) -> Floats:
        """See `View`; features that no text has still lengthen the question's vector."""
        ids, weights = self._of_question(text)
        if not len(ids):
            return np.zeros(self._size, dtype=np.float32)
        place = self._dense_row[ids]
        frequent, rare = place >= 0, place < 0
        summed = self._sparse_similarities(ids[rare], weights[rare])
        if frequent.any():
            summed += weights[frequent].astype(np.float32) @ self._dense_weights[place[frequent]]
        return summed

    def _sparse_similarities(self, ids: Rows, weights: npt.NDArray[np.float64]) -> Floats:
        """What features that few texts have add to each text's cosine."""
        starts, sizes = self._starts[ids], self._sizes[ids]
        places = run_positions(starts, sizes)
        values = self._values[places] * np.repeat(weights, sizes)
        return np.bincount(self._rows[places], values, minlength=self._size).astype(np.float32)

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """See `View`; frequent features are multiplied densely, the rest pair by pair."""
        left, right = self._entries(rows), self._entries(columns)
        common = np.flatnonzero(self._sizes > MIN_DENSE_TEXTS)
        result = left.dense(common, len(rows)) @ right.dense(common, len(columns)).T
        left, right = left.without(common), right.without(common)
        firsts = np.searchsorted(right.features, left.features, "left")
        counts = np.searchsorted(right.features, left.features, "right") - firsts
        total = int(counts.sum())
        if total:
            offsets = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
            other = np.repeat(firsts, counts) + offsets
            cells = np.repeat(left.texts, counts) * len(columns) + right.texts[other]
            products = np.repeat(left.values, counts) * right.values[other]
            summed = np.bincount(cells, products, minlength=result.size)
            result += summed.reshape(result.shape).astype(np.float32)
        return result

    def _entries(self, chosen: Rows) -> _SparseWeights:
        at = np.full(self._size, -1)
        at[chosen] = np.arange(len(chosen))
        texts = at[self._rows]
        kept = texts >= 0
        features = np.repeat(np.arange(len(self._sizes)), self._sizes)
        return _SparseWeights(features[kept], texts[kept], self._values[kept])


class MeaningView:
    """Sentence embeddings, compared by the mean of their cosine and its square.

    The square sets near texts further apart from middling ones; the mean of the two is still a
    kernel, and did best in cross-validation on training data (`docs/matching.md`).
    """

    def __init__(
        self,
        name: str,
        texts: Sequence[str],
        encoder: Encoder,
        known: KnownEmbeddings | None = None,
    ) -> None:
        self.name = name
        self._encoder = encoder
        first = known.shared_prefix(texts) if known else 0
        self._shared = known if first else None
        self._shared_count = first
        self._own_vectors: Floats = encoder.encode(texts[first:])

    def similarities(self, text: str) -> Floats:
        """See `View`."""
        vector: Floats = self._encoder.encode([text])[0]
        own: Floats = self._own_vectors @ vector
        if self._shared is None:
            return sharpen(own)
        shared = self._shared.vectors[: self._shared_count] @ vector
        return sharpen(np.concatenate([shared, own]))

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """See `View`."""
        return sharpen(self._vectors(rows) @ self._vectors(columns).T)

    def _vectors(self, rows: Rows) -> Floats:
        if self._shared is None:
            return self._own_vectors[rows]
        vectors: Floats = np.empty((len(rows), self._own_vectors.shape[1]), dtype=np.float32)
        shared = rows < self._shared_count
        vectors[shared] = self._shared.vectors[rows[shared]]
        vectors[~shared] = self._own_vectors[rows[~shared] - self._shared_count]
        return vectors


def sharpen(cosines: Floats) -> Floats:
    """The mean of cosines and their squares."""
    mean: Floats = (0.5 * (cosines + cosines * cosines)).astype(np.float32)
    return mean
