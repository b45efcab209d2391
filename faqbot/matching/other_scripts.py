"""Embeddings of texts in scripts that an encoder doesn't know, by their letters.

An encoder of English has one unknown token for most of Chinese, and single letters for Hindi: all
such texts would mean much the same. Feature hashing (Weinberger et al. 2009) gives them vectors
whose cosine is that of their words and runs of letters, at right angles to all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final
from zlib import crc32

import numpy as np

from faqbot.matching.encoders import Encoder
from faqbot.matching.text import words
from faqbot.matching.tfidf import Floats, letter_runs, words_and_pairs

KNOWN_LETTERS: Final = 0x0250
"""The first letter beyond Latin, in Unicode's order."""

MIN_OTHER_SHARE: Final = 0.5
"""Share of the letters of a text beyond Latin from which it is in another script."""


class OtherScripts:
    """An encoder that embeds texts in other scripts than Latin by their letters.

    Args:
        encoder: embeds all other texts.

    Attributes:
        fingerprint: that of the encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.fingerprint: Final = encoder.fingerprint

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors of shape (texts, dimensions), float32."""
        vectors = self._encoder.encode(texts)
        other = [row for row, text in enumerate(texts) if is_other_script(text)]
        if other:
            vectors = vectors.copy()
            for row in other:
                vectors[row] = hashed_vector(texts[row], vectors.shape[1])
        return vectors


def is_other_script(text: str) -> bool:
    """Return whether most letters of a text are of another script than Latin."""
    if text.isascii():
        return False
    letters = [letter for letter in text if letter.isalpha()]
    beyond = sum(ord(letter) >= KNOWN_LETTERS for letter in letters)
    return beyond > 0 and beyond >= MIN_OTHER_SHARE * len(letters)


def hashed_vector(text: str, dimensions: int) -> Floats:
    """Return the unit vector of a text's words, pairs of words and runs of letters."""
    features = words_and_pairs(text)
    features += [run for word in words(text) if len(word) > 1 for run in letter_runs(word)]
    vector = np.zeros(dimensions)
    for feature, count in Counter(features).items():
        number = crc32(feature.encode())
        vector[number % dimensions] += count**0.5 if number >> 31 else -(count**0.5)
    length = float(np.linalg.norm(vector))
    unit: Floats = (vector / length if length else vector).astype(np.float32)
    return unit
