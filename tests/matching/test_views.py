"""Each fast path of the views against its slow, obvious twin."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from faqbot.matching.similarity import TfidfView
from faqbot.matching.tfidf import LETTERS, WORDS, Features, tfidf_matrix

SAID = "a skill skills degree for the what data back end".split()
TEXTS = st.lists(st.lists(st.sampled_from(SAID), max_size=9).map(" ".join), min_size=1, max_size=70)


def cosines(texts: list[str], text: str, features: Features) -> list[float]:
    """TF-IDF cosine as the textbook has it, one pair at a time."""
    documents = Counter(feature for each in texts for feature in set(features.of(each)))

    def vector(each: str) -> dict[str, float]:
        counts = Counter(features.of(each))
        return {
            feature: (1 + math.log(count))
            * (math.log((1 + len(texts)) / (1 + documents[feature])) + 1)
            for feature, count in counts.items()
        }

    def length(weights: dict[str, float]) -> float:
        return math.sqrt(sum(weight * weight for weight in weights.values()))

    asked = vector(text)
    found: list[float] = []
    for each in texts:
        held = vector(each)
        product = sum(weight * held.get(feature, 0.0) for feature, weight in asked.items())
        lengths = length(asked) * length(held)
        found.append(product / lengths if lengths else 0.0)
    return found


@given(TEXTS, st.sampled_from(["what skills", "data back end", "unseen words", ""]))
@settings(max_examples=60, deadline=None)
def test_similarities_are_the_cosines_of_the_textbook(texts: list[str], text: str) -> None:
    for features in (WORDS, LETTERS):
        view = TfidfView("view", texts, features)
        np.testing.assert_allclose(
            view.similarities(text), cosines(texts, text, features), atol=1e-5
        )


@given(TEXTS)
@settings(max_examples=40, deadline=None)
def test_the_kernel_holds_the_similarities_of_each_pair(texts: list[str]) -> None:
    view = TfidfView("view", texts, LETTERS)
    chosen = np.arange(0, len(texts), 2)
    everything = np.arange(len(texts))
    expected = np.stack([view.similarities(texts[row]) for row in chosen])
    np.testing.assert_allclose(view.kernel(chosen, everything), expected, atol=1e-5)


@given(TEXTS, st.sampled_from(["what skills", "data back end", "unseen words", ""]))
@settings(max_examples=40, deadline=None)
def test_some_texts_are_compared_as_all_are(texts: list[str], text: str) -> None:
    chosen = np.arange(0, len(texts), 3)
    for features in (WORDS, LETTERS):
        np.testing.assert_allclose(
            tfidf_matrix(texts, features).similarities_at(text, chosen),
            np.array(cosines(texts, text, features))[chosen],
            atol=1e-5,
        )
