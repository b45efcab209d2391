"""Similarity of a text to all phrasings at once, in three views; groups of similar questions.

Words and letters are TF-IDF cosines with sublinear counts (Salton and Buckley 1988), looked up in
an inverted index; meaning is the cosine of sentence embeddings, sharpened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from faqbot.matching.encoders import Encoder
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.matching.tfidf import (
    FeatureNumbers,
    Features,
    Floats,
    Rows,
    run_positions,
    tfidf_matrix,
)
from faqbot.matching.vector_cache import CachedEncoder

MIN_DENSE_TEXTS = 48
"""Texts with a feature above which a kernel multiplies it densely: its pairs are too many."""

MAX_DENSE_CELLS = 4_000_000
"""Cells of a view's dense matrix at most, 4 bytes each."""

DENSE_TEXT_SHARE = 16
"""A feature of one in so many texts is looked up faster as a row of a dense matrix."""

MATRIX_BLOCK = 64
"""Rows that a matrix product processes together: shared vectors are cut at a multiple of it."""


class SimilarityView(Protocol):
    """One way to compare texts; `name` is what `faqbot explain` calls it."""

    name: str

    def similarities(self, text: str) -> Floats:
        """Return the similarity of a normalised text to each text of the view, shape (texts)."""
        ...

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """Return the similarities between texts of the view, shape (rows, columns)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class KnownEmbeddings:
    """Embeddings that many views share: texts, and vectors of shape (texts, dimensions)."""

    texts: Sequence[str]
    vectors: Floats

    def shared_prefix(self, texts: Sequence[str]) -> int:
        """Return with how many of the shared texts some texts begin, in whole blocks.

        A matrix product rounds a row by its place in a block. Cut at whole blocks, two matrices
        give the same cosines as one: answers don't depend on what a view shares.
        """
        pairs = enumerate(zip(self.texts, texts, strict=False))
        different = next((number for number, (left, right) in pairs if left != right), None)
        count = min(len(self.texts), len(texts)) if different is None else different
        return count - count % MATRIX_BLOCK


@dataclass(frozen=True, slots=True)
class _SparseWeights:
    """The non-zero weights of some texts, sorted by feature."""

    features: Rows
    texts: Rows
    values: Floats

    def dense(self, features: Rows, count: int) -> Floats:
        """Return the weights of some features as a matrix of shape (count, features)."""
        matrix: Floats = np.zeros((count, len(features)), dtype=np.float32)
        kept = np.isin(self.features, features)
        matrix[self.texts[kept], np.searchsorted(features, self.features[kept])] = self.values[kept]
        return matrix

    def without(self, features: Rows) -> _SparseWeights:
        """Return the weights of all other features."""
        kept = ~np.isin(self.features, features)
        return _SparseWeights(self.features[kept], self.texts[kept], self.values[kept])


class TfidfView:
    """TF-IDF cosine, looked up in an inverted index.

    Args:
        name: what `faqbot explain` calls the view.
        texts: the normalised texts to compare with.
        features: what texts are compared by.
        base: features that other views have too, whose texts aren't stored again.
    """

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
        # The matrix itself isn't kept: the inverted index holds the same weights once more.
        self._question_vector = weights.terms.question_vector
        self._starts, self._rows, self._values = weights.inverted_index()
        self._sizes = np.diff(self._starts)
        self._lay_out_dense()

    def _lay_out_dense(self) -> None:
        """Lay out the most frequent features densely; `_dense_row` is a feature's row, or -1."""
        limit = min(MAX_DENSE_CELLS // max(self._size, 1), len(self._sizes))
        frequent = np.argsort(-self._sizes, kind="stable")[:limit]
        frequent = frequent[self._sizes[frequent] * DENSE_TEXT_SHARE > self._size]
        self._dense_row = np.full(len(self._sizes), -1, dtype=np.int64)
        self._dense_row[frequent] = np.arange(len(frequent))
        self._dense_weights: Floats = np.zeros((len(frequent), self._size), dtype=np.float32)
        for row, feature in enumerate(frequent.tolist()):
            postings = slice(self._starts[feature], self._starts[feature + 1])
            self._dense_weights[row, self._rows[postings]] = self._values[postings]

    def similarities(self, text: str) -> Floats:
        """See SimilarityView; features that no text has still lengthen the question's vector."""
        ids, weights = self._question_vector(text)
        if not len(ids):
            return np.zeros(self._size, dtype=np.float32)
        dense_row = self._dense_row[ids]
        frequent, rare = dense_row >= 0, dense_row < 0
        summed = self._sparse_similarities(ids[rare], weights[rare])
        if frequent.any():
            summed += (
                weights[frequent].astype(np.float32) @ self._dense_weights[dense_row[frequent]]
            )
        return summed

    def _sparse_similarities(self, ids: Rows, weights: npt.NDArray[np.float64]) -> Floats:
        """Return what the features of few texts add to each cosine, shape (texts)."""
        starts, sizes = self._starts[ids], self._sizes[ids]
        positions = run_positions(starts, sizes)
        values = self._values[positions] * np.repeat(weights, sizes)
        return np.bincount(self._rows[positions], values, minlength=self._size).astype(np.float32)

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """See SimilarityView; frequent features are multiplied densely, others pair by pair."""
        left = self._weights_of(rows)
        # Twice the same object, where it is the same: numpy then multiplies one half only.
        right = left if rows is columns else self._weights_of(columns)
        common = np.flatnonzero(self._sizes > MIN_DENSE_TEXTS)
        dense = left.dense(common, len(rows))
        result = dense @ (dense if right is left else right.dense(common, len(columns))).T
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

    def _weights_of(self, chosen: Rows) -> _SparseWeights:
        number = np.full(self._size, -1)
        number[chosen] = np.arange(len(chosen))
        texts = number[self._rows]
        kept = texts >= 0
        features = np.repeat(np.arange(len(self._sizes)), self._sizes)
        return _SparseWeights(features[kept], texts[kept], self._values[kept])


class MeaningView:
    """Sentence embeddings, compared by the square of their cosine.

    The square tells near texts from middling ones, is still a kernel, and did best in
    cross-validation on training data (`docs/explanation/matching.md`).

    Args:
        name: what `faqbot explain` calls the view.
        texts: the normalised texts to compare with.
        encoder: embeds texts.
        known: embeddings that other views have too.
    """

    def __init__(
        self,
        name: str,
        texts: Sequence[str],
        encoder: CachedEncoder,
        known: KnownEmbeddings | None = None,
    ) -> None:
        self.name = name
        self._encoder = encoder
        # Every index begins with the shipped sentences, whose vectors are held once for all.
        first = known.shared_prefix(texts) if known else 0
        self._shared = known if first else None
        self._shared_count = first
        self._own_vectors: Floats = encoder.encode(texts[first:])

    def similarities(self, text: str) -> Floats:
        """See SimilarityView."""
        vector = self._encoder.encode_question(text)
        own: Floats = self._own_vectors @ vector
        if self._shared is None:
            return sharpen(own)
        shared = self._shared.vectors[: self._shared_count] @ vector
        return sharpen(np.concatenate([shared, own]))

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """See SimilarityView."""
        left = self._vectors(rows)
        return sharpen(left @ (left if rows is columns else self._vectors(columns)).T)

    def _vectors(self, rows: Rows) -> Floats:
        if self._shared is None:
            return self._own_vectors[rows]
        vectors: Floats = np.empty((len(rows), self._own_vectors.shape[1]), dtype=np.float32)
        shared = rows < self._shared_count
        vectors[shared] = self._shared.vectors[rows[shared]]
        vectors[~shared] = self._own_vectors[rows[~shared] - self._shared_count]
        return vectors


def sharpen(cosines: Floats) -> Floats:
    """Return the squares of cosines."""
    squares: Floats = (cosines * cosines).astype(np.float32)
    return squares


MIN_COSINE: Final = 0.62
"""Cosine from which two questions mean the same."""

MIN_SHARED_WORDS: Final = 0.5
"""Share of content words from which they do, whatever their cosine."""

MAX_ENCODED_TEXTS: Final = 2_000
"""Texts that are encoded; later ones join a group by their words alone."""


def group_by_meaning(texts: Sequence[str], encoder: Encoder) -> list[list[int]]:
    """Return the positions of texts in groups, the largest first, so that 100 misses read as ten.

    Leader clustering (Hartigan 1975): each text joins the first group whose leader it resembles. A
    group's first text is its leader: put the most frequent texts first.
    """
    if not texts:
        return []
    content = [_content_words(text) for text in texts]
    vectors = encoder.encode([normalise(text) for text in texts[:MAX_ENCODED_TEXTS]])
    groups: list[list[int]] = []
    for position in range(len(texts)):
        for group in groups:
            leader = group[0]
            near = (
                max(position, leader) < MAX_ENCODED_TEXTS
                and float(vectors[position] @ vectors[leader]) >= MIN_COSINE
            )
            if near or _word_overlap(content[position], content[leader]) >= MIN_SHARED_WORDS:
                group.append(position)
                break
        else:
            groups.append([position])
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def _content_words(text: str) -> frozenset[str]:
    return frozenset(singular(word) for word in words(normalise(text)) if word not in STOP_WORDS)


def _word_overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
