"""Clusters of questions with the same meaning, so that a hundred misses read as ten.

Leader clustering (Hartigan 1975): each text joins the first group whose leader it resembles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from faqbot.matching.encoders import Encoder
from faqbot.matching.text import STOP_WORDS, normalise, singular, words

MIN_COSINE: Final = 0.62
"""Cosine from which two questions mean the same."""

MIN_SHARED_WORDS: Final = 0.5
"""Share of content words from which they do, whatever their cosine."""

MAX_ENCODED_TEXTS: Final = 2_000
"""Texts that are encoded; later ones join a group by their words alone."""


def group_by_meaning(texts: Sequence[str], encoder: Encoder) -> list[list[int]]:
    """Return the positions of texts in groups, the largest group first.

    A group's first text is its leader: put the most frequent texts first.
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
