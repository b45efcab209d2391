"""Which of very many phrasings are worth a closer look, found without reading them all.

Two proposals are joined: phrasings that share the question's rarest words, from an inverted index
of which a bounded part is read; and those whose embeddings lie in the clusters nearest to the
question's (inverted file index; Sivic and Zisserman 2003, Jegou, Douze and Schmid 2011).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from faqbot.matching.tfidf import Floats, Rows, Weights

READ = 30_000
"""Postings of the inverted index that a question reads at most."""

PROPOSED = 256
"""Phrasings that each of the two proposals hands on."""

PROBED = 24
"""Clusters that a question looks into."""

ROUNDS = 6
"""Rounds of k-means: later ones hardly move a phrasing to another cluster."""

SAMPLED = 32
"""Phrasings for each cluster from which k-means learns."""

CHUNK = 20_000
"""Phrasings that are assigned at a time."""


class Shortlist:
    """Proposes rows of phrasings for a question.

    Args:
        words: the phrasings' words and pairs of words.
        vectors: the phrasings' embeddings of length 1, shape (phrasings, dimensions).
    """

    def __init__(self, words: Weights, vectors: Floats) -> None:
        self._words = words
        self._starts, self._rows, self._values = words.by_feature()
        self._sizes = np.diff(self._starts)
        self._centres = clusters(vectors, max(1, round(2 * math.sqrt(len(vectors)))))
        cluster = assigned(vectors, self._centres)
        self._order = np.argsort(cluster, kind="stable")
        self._bounds = np.searchsorted(cluster[self._order], np.arange(len(self._centres) + 1))
        self._vectors: Floats = vectors[self._order]
        self._place = np.empty(len(vectors), dtype=np.int64)
        self._place[self._order] = np.arange(len(vectors))

    def of(self, text: str, vector: Floats) -> Rows:
        """The rows worth a closer look, ascending.

        Args:
            text: a normalised question.
            vector: its embedding.
        """
        return np.union1d(self._by_words(text), self._by_meaning(vector))

    def cosines_at(self, vector: Floats, rows: Rows) -> Floats:
        """The cosine of an embedding with the phrasings of some rows."""
        cosines: Floats = self._vectors[self._place[rows]] @ vector
        return cosines

    def _by_words(self, text: str) -> Rows:
        ids, weights = self._words.terms.of_question(text)
        rarest = np.argsort(self._sizes[ids], kind="stable")
        ids, weights = ids[rarest], weights[rarest]
        score = np.zeros(len(self._words), dtype=np.float64)
        left = READ
        for feature, weight in zip(ids.tolist(), weights.tolist(), strict=True):
            start = int(self._starts[feature])
            end = min(int(self._starts[feature + 1]), start + left)
            rows = self._rows[start:end]
            score[rows] += weight * self._values[start:end]
            left -= end - start
            if not left:
                break
        candidates = np.flatnonzero(score)
        return candidates[_highest(score[candidates], PROPOSED)]

    def _by_meaning(self, vector: Floats) -> Rows:
        nearest = _highest(self._centres @ vector, PROBED)
        spans = [(int(self._bounds[n]), int(self._bounds[n + 1])) for n in np.sort(nearest)]
        cosines = np.concatenate([self._vectors[start:end] @ vector for start, end in spans])
        places = np.concatenate([np.arange(start, end) for start, end in spans])
        rows: Rows = self._order[places[_highest(cosines, PROPOSED)]]
        return rows


def clusters(vectors: Floats, count: int) -> Floats:
    """Centres of length 1 by spherical k-means on a sample (Dhillon and Modha 2001).

    The sample and the first centres are taken at even steps, so that the same vectors always give
    the same centres.
    """
    step = max(1, len(vectors) // (SAMPLED * count))
    sample = vectors[::step]
    centres: Floats = sample[:: max(1, len(sample) // count)][:count].copy()
    for _ in range(ROUNDS):
        cluster = assigned(sample, centres)
        order = np.argsort(cluster, kind="stable")
        filled, starts = np.unique(cluster[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres[filled] = np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), centres[filled])
    return centres


def assigned(vectors: Floats, centres: Floats) -> Rows:
    """The nearest centre of each vector."""
    return np.concatenate(
        [
            (vectors[first : first + CHUNK] @ centres.T).argmax(axis=1)
            for first in range(0, len(vectors), CHUNK)
        ]
    )


def _highest(scores: npt.NDArray[np.floating], count: int) -> Rows:
    """The places of the highest scores, in no order."""
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(-scores, count)[:count]
