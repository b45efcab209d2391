"""Questions of the same meaning put together, so that a hundred misses read as ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from faqbot.matching.similarity import Encoder
from faqbot.matching.text import STOP_WORDS, normalise, singular, words

MIN_COSINE: Final = 0.62
"""Cosine from which two questions ask for the same thing."""

MIN_SHARED_WORDS: Final = 0.5
"""Share of telling words from which they do, whatever their vectors say."""

MAX_ENCODED_TEXTS: Final = 2_000
"""More texts than these are grouped by their words alone: every pair is compared."""


def group_by_meaning(texts: Sequence[str], encoder: Encoder) -> list[list[int]]:
    """The positions of texts in groups, the largest group first.

    Each text joins the first group whose first text it is alike: so the texts that come first,
    such as the most frequent ones, name the groups.
    """
    if not texts:
        return []
    telling = [_content_words(text) for text in texts]
    vectors = encoder.encode([normalise(text) for text in texts[:MAX_ENCODED_TEXTS]])
    groups: list[list[int]] = []
    for at in range(len(texts)):
        for group in groups:
            first = group[0]
            near = (
                max(at, first) < MAX_ENCODED_TEXTS
                and float(vectors[at] @ vectors[first]) >= MIN_COSINE
            )
            if near or _word_overlap(telling[at], telling[first]) >= MIN_SHARED_WORDS:
                group.append(at)
                break
        else:
            groups.append([at])
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def _content_words(text: str) -> frozenset[str]:
    return frozenset(singular(word) for word in words(normalise(text)) if word not in STOP_WORDS)


def _word_overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
