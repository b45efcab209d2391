"""Approximate search among very many phrasings: a shortlist, and its ranking.

The shortlist joins the phrasings that share the question's rarest words, from an inverted index of
which a bounded part is read, with those in the clusters nearest to the question's embedding
(inverted file index; Sivic and Zisserman 2003, Jegou, Douze and Schmid 2011).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from faqbot.matching.ranking import (
    ALL_SCOPES,
    ROLE_FAQ_PREFIX,
    ClassScores,
    Phrasing,
    PhrasingKeys,
    RankerWeights,
)
from faqbot.matching.similarity import sharpen
from faqbot.matching.tfidf import LETTERS, WORDS, Floats, Rows, TfidfMatrix, tfidf_matrix
from faqbot.matching.vector_cache import CachedEncoder

MAX_POSTINGS = 30_000
"""Postings of the inverted index that are read for a question."""

PROPOSAL_SIZE = 256
"""Phrasings that are taken by words, and as many by meaning."""

PROBED_CLUSTERS = 24
"""Clusters that are searched for a question."""

KMEANS_ROUNDS = 6
"""Rounds of k-means: later ones hardly move a phrasing."""

SAMPLE_PER_CLUSTER = 32
"""Phrasings for each cluster in the sample of k-means."""

VECTORS_PER_CHUNK = 20_000
"""Vectors that are assigned at a time, which bounds the memory for it."""


class Shortlist:
    """Proposes rows of phrasings for a question.

    Args:
        words: the phrasings' words and pairs of words.
        vectors: the phrasings' embeddings of length 1, shape (phrasings, dimensions).
    """

    def __init__(self, words: TfidfMatrix, vectors: Floats) -> None:
        self._words = words
        self._starts, self._rows, self._values = words.inverted_index()
        self._sizes = np.diff(self._starts)
        self._centres = kmeans_centres(vectors, max(1, round(2 * math.sqrt(len(vectors)))))
        cluster = nearest_centres(vectors, self._centres)
        self._order = np.argsort(cluster, kind="stable")
        self._bounds = np.searchsorted(cluster[self._order], np.arange(len(self._centres) + 1))
        # In the order of the clusters, so that each cluster is one slice of memory.
        self._vectors: Floats = vectors[self._order]
        self._position = np.empty(len(vectors), dtype=np.int64)
        self._position[self._order] = np.arange(len(vectors))

    def propose(self, text: str, vector: Floats) -> Rows:
        """Return the rows of the shortlist, ascending.

        Args:
            text: a normalised question.
            vector: its embedding.
        """
        return np.union1d(self._by_words(text), self._by_meaning(vector))

    def cosines_at(self, vector: Floats, rows: Rows) -> Floats:
        """Return the cosines of an embedding with some phrasings, shape (rows)."""
        cosines: Floats = self._vectors[self._position[rows]] @ vector
        return cosines

    def _by_words(self, text: str) -> Rows:
        ids, weights = self._words.terms.question_vector(text)
        # Rare words tell phrasings apart best, so the limited reads are spent on them first.
        rarest = np.argsort(self._sizes[ids], kind="stable")
        ids, weights = ids[rarest], weights[rarest]
        score = np.zeros(len(self._words), dtype=np.float64)
        left = MAX_POSTINGS
        for feature, weight in zip(ids.tolist(), weights.tolist(), strict=True):
            start = int(self._starts[feature])
            end = min(int(self._starts[feature + 1]), start + left)
            rows = self._rows[start:end]
            score[rows] += weight * self._values[start:end]
            left -= end - start
            if not left:
                break
        candidates = np.flatnonzero(score)
        return candidates[_top(score[candidates], PROPOSAL_SIZE)]

    def _by_meaning(self, vector: Floats) -> Rows:
        nearest = _top(self._centres @ vector, PROBED_CLUSTERS)
        spans = [(int(self._bounds[n]), int(self._bounds[n + 1])) for n in np.sort(nearest)]
        cosines = np.concatenate([self._vectors[start:end] @ vector for start, end in spans])
        positions = np.concatenate([np.arange(start, end) for start, end in spans])
        rows: Rows = self._order[positions[_top(cosines, PROPOSAL_SIZE)]]
        return rows


def kmeans_centres(vectors: Floats, count: int) -> Floats:
    """Return unit centres by spherical k-means on a sample (Dhillon and Modha 2001).

    The sample and the first centres are taken at even steps: the same vectors give the same
    centres.

    Args:
        vectors: unit vectors, shape (vectors, dimensions).
        count: how many centres there are at most.
    """
    step = max(1, len(vectors) // (SAMPLE_PER_CLUSTER * count))
    sample = vectors[::step]
    centres: Floats = sample[:: max(1, len(sample) // count)][:count].copy()
    for _ in range(KMEANS_ROUNDS):
        cluster = nearest_centres(sample, centres)
        order = np.argsort(cluster, kind="stable")
        filled, starts = np.unique(cluster[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # An empty cluster keeps its centre, since the mean of nothing is NaN.
        centres[filled] = np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), centres[filled])
    return centres


def nearest_centres(vectors: Floats, centres: Floats) -> Rows:
    """Return the number of the nearest centre of each vector, shape (vectors)."""
    return np.concatenate(
        # In chunks: the products of all vectors with all centres may take gigabytes.
        [
            (vectors[first : first + VECTORS_PER_CHUNK] @ centres.T).argmax(axis=1)
            for first in range(0, len(vectors), VECTORS_PER_CHUNK)
        ]
    )


def _top(scores: npt.NDArray[np.floating], count: int) -> Rows:
    """Return the positions of the highest scores, in no order."""
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(-scores, count)[:count]


@dataclass(frozen=True, slots=True)
class ShortlistResult:
    """The shortlisted phrasings: rows, similarities (views, rows) and their weighted sum (rows)."""

    rows: Rows
    by_view: Floats
    scores: Floats


class ShortlistRanker:
    """Scores texts against shortlisted phrasings; entries that the shortlist lacks have no score.

    Args:
        phrasings: all of them; those of the scope "" belong to every scope.
        encoder: the sentence encoder.
        weights: what each view counts.
        keys: under which key a phrasing counts in a scope; None takes its own.
    """

    view_names = ("words", "letters", "meaning")

    def __init__(
        self,
        phrasings: Sequence[Phrasing],
        encoder: CachedEncoder,
        weights: RankerWeights,
        keys: PhrasingKeys | None = None,
    ) -> None:
        self._scope_keys = keys
        texts = [phrasing.text for phrasing in phrasings]
        self.texts = tuple(texts)
        self._encoder = encoder
        self._weights = np.array(weights.views, dtype=np.float32)
        self._words, self._letters = tfidf_matrix(texts, WORDS), tfidf_matrix(texts, LETTERS)
        self._shortlist = Shortlist(self._words, encoder.encode(texts))
        numbers = {key: at for at, key in enumerate(dict.fromkeys(p.key for p in phrasings))}
        self._numbers, self._keys = numbers, tuple(numbers)
        self.labels = np.array([numbers[p.key] for p in phrasings], dtype=np.int64)
        # No label is -1, so that without negatives nothing counts as one.
        self.negative_label = numbers.get("", -1)
        # The shared scope comes first: the calibration and the shortlist know it by the number 0.
        scopes = {scope: at for at, scope in enumerate(dict.fromkeys(["", *_scopes(phrasings)]))}
        self._scopes = scopes
        self.scope_of = np.array([scopes[p.scope] for p in phrasings], dtype=np.int64)

    def key_of(self, row: int) -> str:
        """Return the key of a phrasing's entry."""
        return self._keys[int(self.labels[row])]

    def prepare(self, limit: int) -> None:
        """Do nothing: no scope has a classifier of its own."""

    def freeze(self) -> None:
        """Do nothing: there is nothing to prepare or to free."""

    def shortlist(self, text: str, scope: str = "") -> ShortlistResult:
        """Return the shortlisted phrasings of a scope with their similarities to a text."""
        vector = self._encoder.encode_question(text)
        rows = self._shortlist.propose(text, vector)
        if scope != ALL_SCOPES:
            owners = self.scope_of[rows]
            rows = rows[(owners == 0) | (owners == self._scopes.get(scope, 0))]
        by_view: Floats = np.stack(
            [
                self._words.similarities_at(text, rows),
                self._letters.similarities_at(text, rows),
                sharpen(self._shortlist.cosines_at(vector, rows)),
            ]
        )
        return ShortlistResult(rows, by_view, self._weights @ by_view)

    def score(self, text: str, scope: str = "") -> ClassScores:
        """Return the scores of a normalised text for each shortlisted class of a scope."""
        found = self.shortlist(text, scope)
        labels = self._labels_in(scope, found.rows)
        order = np.argsort(labels, kind="stable")
        order = order[labels[order] != self.negative_label]
        negatives = found.scores[labels == self.negative_label]
        best_negative = float(negatives.max()) if len(negatives) else 0.0
        if not len(order):
            empty: Floats = np.zeros(0, dtype=np.float32)
            return ClassScores(
                (), empty, empty, empty, best_negative, empty, found.by_view[:, order], empty
            )
        classes, starts = np.unique(labels[order], return_index=True)
        nearest: Floats = np.maximum.reduceat(found.scores[order], starts)
        by_view = np.maximum.reduceat(found.by_view[:, order], starts, axis=1)
        keys = tuple(self._keys[number] for number in classes.tolist())
        is_role_faq: Floats = np.array(
            [key.startswith(ROLE_FAQ_PREFIX) for key in keys], dtype=np.float32
        )
        # Without a ridge the nearest phrasing stands in for it: the calibration has one form.
        # Those of the shortlist: the phrasings of a class that are far from the text don't matter.
        counts = np.diff(starts, append=len(order)).astype(np.float32)
        return ClassScores(
            keys, nearest, nearest, nearest, best_negative, is_role_faq, by_view, counts
        )

    def _labels_in(self, scope: str, rows: Rows) -> Rows:
        """Return the classes of some phrasings in a scope by number, shape (rows)."""
        labels: Rows = self.labels[rows]
        if self._scope_keys is None:
            return labels
        owners = list(self._scopes)
        kept = zip(labels.tolist(), self.scope_of[rows].tolist(), strict=True)
        phrasings = [Phrasing("", self._keys[label], owners[owner]) for label, owner in kept]
        keys = [self._scope_keys.key(phrasing, scope) for phrasing in phrasings]
        return np.array([self._numbers[key] for key in keys], dtype=np.int64)


def _scopes(phrasings: Sequence[Phrasing]) -> list[str]:
    return [phrasing.scope for phrasing in phrasings]
