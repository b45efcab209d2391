"""The sentence encoder that comes with the package: static token vectors, no network, no GPU."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from faqbot.matching.tfidf import Floats

STATIC_BATCH = 8_192
"""Texts that are encoded at a time: their tokens take more memory than their vectors."""


class StaticEncoder:
    """A model2vec model from a local folder; texts become vectors of length 1.

    Args:
        folder: holds `model.safetensors`, `tokenizer.json` and `config.json`; None takes the
            model that is bundled with faqbot.
    """

    def __init__(self, folder: Path | None = None) -> None:
        from model2vec import StaticModel

        if folder is None:
            with as_file(files("faqbot.matching") / "encoder") as bundled:
                self._model = StaticModel.from_pretrained(bundled)
        else:
            self._model = StaticModel.from_pretrained(folder)
        weights = self._model.weights
        if weights is None:
            weights = np.ones(len(self._model.embedding))
        self._weights: Floats = np.asarray(weights, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of shape (texts, dimensions): the weighted means of the texts' token vectors.

        The same as the model's own `encode`, whose progress bar takes longer than a question.
        """
        if len(texts) <= STATIC_BATCH:
            return self._encode(texts)
        vectors: Floats = np.empty((len(texts), self._model.dim), dtype=np.float32)
        for first in range(0, len(texts), STATIC_BATCH):
            vectors[first : first + STATIC_BATCH] = self._encode(
                texts[first : first + STATIC_BATCH]
            )
        return vectors

    def _encode(self, texts: Sequence[str]) -> Floats:
        tokens = self._model.tokenize(list(texts))
        vectors: Floats = np.zeros((len(tokens), self._model.dim), dtype=np.float32)
        for row, ids in enumerate(tokens):
            if ids:
                vectors[row] = self._weights[ids] @ self._model.embedding[ids].astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        lengths[lengths == 0] = 1
        result: Floats = (vectors / lengths).astype(np.float32)
        return result

    def language(self, most: int | None = None) -> frozenset[str]:
        """Whole words that the model knows: what counts as correctly spelt English.

        Args:
            most: only the tokens before that rank; they are numbered by falling frequency.
        """
        return frozenset(
            token
            for token, rank in self._model.tokenizer.get_vocab().items()
            if token.isalpha() and token.islower() and (most is None or rank < most)
        )
