"""The content view: what a question mentions besides asking, looked up in what a role says.

"Is Kubernetes a must?" asks for the part in which Kubernetes stands, whatever its phrasings say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from faqbot.matching.encoders__caching import cached
from faqbot.matching.text import ROLE_WORD, STOP_WORDS, normalise, singular, words
from faqbot.matching.tfidf import Floats
from faqbot.model import Library

ASKING, EVERYDAY = 0.25, 0.4
"""What a word for asking, and an everyday word, weigh beside a word like "Kubernetes"."""

STEM = 4
"""Letters of a word that may stand for a longer one: "mongo" for MongoDB."""

OVERLAPS_CACHED = 512
"""Roles whose words are kept."""


class Contents:
    """The words of each section of each role.

    Args:
        library: the content.
        asking: words in which people ask about any role.
        everyday: the most frequent words of the language.
    """

    def __init__(
        self, library: Library, asking: frozenset[str], everyday: frozenset[str] = frozenset()
    ) -> None:
        self._library = library
        self._asking = asking
        self._everyday = everyday
        self._words = cached(self._words_of, OVERLAPS_CACHED)

    def overlaps(self, asked: Sequence[str], role: str, keys: Sequence[str]) -> Floats:
        """For each key of a part, the share (0..1) of what is said that stands in that part.

        A word that stands in many parts of the role counts for little in each.
        """
        overlaps: Floats = np.zeros(len(keys), dtype=np.float32)
        said = {singular(word) for word in asked if word not in STOP_WORDS and word != ROLE_WORD}
        weights = {word: self._weight(word) for word in sorted(said)}
        total = sum(weights.values())
        parts = self._words(role)
        if not total or not parts:
            return overlaps
        for word, weight in weights.items():
            holding = {key for key, inside in parts.items() if _holds(inside, word)}
            share = weight * (1 - len(holding) / (len(parts) + 1)) / total
            for at, key in enumerate(keys):
                if key in holding:
                    overlaps[at] += share
        return overlaps

    def _weight(self, word: str) -> float:
        if word in self._asking:
            return ASKING
        return EVERYDAY if word in self._everyday else 1.0

    def _words_of(self, role_id: str) -> Mapping[str, tuple[str, ...]]:
        role = self._library.role(role_id)
        return {
            section.key: tuple(
                sorted(
                    {
                        singular(word)
                        for text in chain(
                            (section.text,), section.items, section.required, section.preferred
                        )
                        for word in words(normalise(text))
                    }
                )
            )
            for section in (role.sections if role else ())
        }


def _holds(inside: Sequence[str], word: str) -> bool:
    """Whether sorted words hold a word, or one that it is the beginning of."""
    at = bisect_left(inside, word)
    if at == len(inside):
        return False
    return inside[at] == word or (len(word) >= STEM and inside[at].startswith(word))
