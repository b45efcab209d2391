"""Views of a text: words, letters, meaning. Each compares a question with every phrasing at once.

The first two are TF-IDF with sublinear counts and cosine (Salton and Buckley 1988), held as an
inverted index; the third is the dot product of sentence embeddings.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from faqbot.matching.text import words

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Features = Callable[[str], Iterable[str]]


class View(Protocol):
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


def word_features(text: str) -> list[str]:
    """The words of a text and the pairs of neighbours."""
    found = words(text)
    return found + [f"{left} {right}" for left, right in pairwise(found)]


def letter_features(text: str) -> list[str]:
    """The runs of two to five characters of each word with a space on both sides."""
    grams: list[str] = []
    for word in words(text):
        padded = f" {word} "
        for size in range(2, 6):
            if len(padded) < size:
                break
            grams.extend(padded[at : at + size] for at in range(len(padded) - size + 1))
    return grams


class TfidfView:
    """TF-IDF cosine over features of a text, looked up in an inverted index."""

    def __init__(self, name: str, texts: Sequence[str], features: Features) -> None:
        self.name = name
        self._features = features
        self._size = len(texts)
        counted = [Counter(features(text)) for text in texts]
        documents: Counter[str] = Counter()
        for counts in counted:
            documents.update(counts.keys())
        self._ids = {feature: number for number, feature in enumerate(sorted(documents))}
        self._idf = np.array(
            [math.log((1 + self._size) / (1 + documents[feature])) + 1 for feature in self._ids],
            dtype=np.float32,
        )
        self._unseen_idf = math.log(1 + self._size) + 1
        self._build(counted)

    def _build(self, counted: Sequence[Counter[str]]) -> None:
        rows = np.repeat(np.arange(self._size), [len(counts) for counts in counted])
        columns = np.fromiter(
            (self._ids[feature] for counts in counted for feature in counts), dtype=np.int64
        )
        values = np.fromiter(
            (1 + math.log(count) for counts in counted for count in counts.values()),
            dtype=np.float32,
        )
        values *= self._idf[columns] if len(columns) else 1
        lengths = np.sqrt(np.bincount(rows, values**2, minlength=self._size))
        values /= np.where(lengths > 0, lengths, 1)[rows].astype(np.float32)
        order = np.argsort(columns, kind="stable")
        self._rows = rows[order]
        self._values = values[order]
        self._starts = np.searchsorted(columns[order], np.arange(len(self._ids) + 1))

    def similarities(self, text: str) -> Floats:
        """See `View`; features that no text has still lengthen the question's vector."""
        ids: list[int] = []
        weights: list[float] = []
        length = 0.0
        for feature, count in Counter(self._features(text)).items():
            known = self._ids.get(feature)
            idf = self._unseen_idf if known is None else float(self._idf[known])
            weight = (1 + math.log(count)) * idf
            length += weight * weight
            if known is not None:
                ids.append(known)
                weights.append(weight)
        if not ids:
            return np.zeros(self._size, dtype=np.float32)
        spans = [slice(self._starts[i], self._starts[i + 1]) for i in ids]
        rows = np.concatenate([self._rows[span] for span in spans])
        values = np.concatenate(
            [self._values[span] * weight for span, weight in zip(spans, weights, strict=True)]
        )
        summed = np.bincount(rows, values, minlength=self._size)
        return (summed / math.sqrt(length)).astype(np.float32)

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """See `View`."""
        row_at = np.full(self._size, -1)
        row_at[rows] = np.arange(len(rows))
        column_at = np.full(self._size, -1)
        column_at[columns] = np.arange(len(columns))
        result = np.zeros((len(rows), len(columns)), dtype=np.float32)
        for start, end in zip(self._starts, self._starts[1:], strict=False):
            texts, values = self._rows[start:end], self._values[start:end]
            left, right = row_at[texts], column_at[texts]
            in_rows, in_columns = left >= 0, right >= 0
            if in_rows.any() and in_columns.any():
                result[np.ix_(left[in_rows], right[in_columns])] += np.outer(
                    values[in_rows], values[in_columns]
                )
        return result


class MeaningView:
    """Cosine of sentence embeddings."""

    def __init__(self, name: str, texts: Sequence[str], encoder: Encoder) -> None:
        self.name = name
        self._encoder = encoder
        self._vectors = encoder.encode(texts)

    def similarities(self, text: str) -> Floats:
        """See `View`."""
        vector: Floats = self._encoder.encode([text])[0]
        return self._vectors @ vector

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """See `View`."""
        return self._vectors[rows] @ self._vectors[columns].T
