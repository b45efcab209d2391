"""Very much content: the shortlist and its ranker against looking at everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faqbot import app
from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Index
from faqbot.evaluation.datasets import read_questions
from faqbot.matching import matcher
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.ranking import Phrasing, Ranker, RankerWeights
from faqbot.matching.shortlist import ShortlistRanker, kmeans_centres, nearest_centres
from faqbot.matching.similarity import MeaningView, TfidfView
from faqbot.matching.tfidf import LETTERS, WORDS
from faqbot.matching.vector_cache import CachedEncoder

ROOT = Path(__file__).resolve().parents[2]
MIX = RankerWeights(views=(0.12, 0.18, 0.7), ridge=0.0, penalty=0.2)
SAID = "skills degree years what which need for the duties pay certs day training remote".split()
TEXTS = st.lists(st.sampled_from(SAID), min_size=1, max_size=6).map(" ".join)
PHRASINGS = st.lists(
    st.builds(
        Phrasing, TEXTS, st.sampled_from(["a", "b", "c", ""]), st.sampled_from(["", "", "own"])
    ),
    min_size=1,
    max_size=60,
)
ENCODER = CachedEncoder(StaticEncoder())


def exhaustive(phrasings: list[Phrasing]) -> Ranker:
    texts = [phrasing.text for phrasing in phrasings]
    views = (
        TfidfView("words", texts, WORDS),
        TfidfView("letters", texts, LETTERS),
        MeaningView("meaning", texts, ENCODER),
    )
    return Ranker(phrasings, views, MIX)


@given(PHRASINGS, TEXTS, st.sampled_from(["", "own", "*"]))
@settings(max_examples=60, deadline=None)
def test_where_all_is_shortlisted_scores_are_those_of_looking_at_everything(
    phrasings: list[Phrasing], text: str, scope: str
) -> None:
    found = ShortlistRanker(phrasings, ENCODER, MIX).score(text, scope)
    expected = exhaustive(phrasings).score(text, scope)
    by_key = dict(zip(expected.keys, expected.scores.tolist(), strict=True))
    assert set(found.keys) == set(by_key)
    for key, score in zip(found.keys, found.scores.tolist(), strict=True):
        assert score == pytest.approx(by_key[key], abs=1e-5)
    if expected.keys:
        assert found.best_negative == pytest.approx(expected.best_negative, abs=1e-5)


@given(st.integers(1, 80), st.integers(1, 12), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_every_vector_is_in_the_cluster_of_its_nearest_centre(
    count: int, wanted: int, seed: int
) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    centres = kmeans_centres(vectors, wanted)
    assert 1 <= len(centres) <= wanted
    for vector, cluster in zip(vectors, nearest_centres(vectors, centres), strict=True):
        assert centres[cluster] @ vector == pytest.approx(max(centres @ vector), abs=1e-5)


@pytest.fixture(scope="module")
def shortlisting() -> Index:
    """The shipped content, read as if it were too much for the ridge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matcher, "MAX_RIDGE_PHRASINGS", 100)
        return app.build_index(load_knowledge_base(ROOT / "knowledge"))


def test_the_shortlist_holds_what_looking_at_everything_finds(shortlisting: Index) -> None:
    ranker = shortlisting.matcher.ranker
    assert isinstance(ranker, ShortlistRanker)
    phrasings = [Phrasing(text, ranker.key_of(row), "") for row, text in enumerate(ranker.texts)]
    everything = exhaustive(phrasings)
    asked = read_questions(ROOT / "tests" / "questions" / "development.jsonl")[:200]
    missed = 0
    for one in asked:
        expected = everything.score(one.question.lower())
        found = ranker.score(one.question.lower(), "*")
        best = expected.keys[int(expected.scores.argmax())]
        missed += best not in found.keys
    assert missed <= len(asked) // 100


def test_questions_are_answered_from_a_shortlist(shortlisting: Index) -> None:
    read = shortlisting.matcher.parse("what degree do i need for pyhton backend?")
    assert read.candidates[0].id == "python-back-end-developer/education"
    nobody = shortlisting.matcher.parse("can a penguin fly to the moon")
    assert all(one.confidence < 0.5 for one in nobody.candidates)
