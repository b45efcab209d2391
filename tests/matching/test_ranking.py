"""The ranking's fast paths against slow, obvious twins; and what the confidence promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faqbot.matching.calibration import UNCALIBRATED, calibrate, one_and_class_out
from faqbot.matching.inverse import TRIANGLE_BLOCK, Inverse
from faqbot.matching.ranking import ALL_SCOPES, Phrasing, Ranker, RankerWeights
from faqbot.matching.similarity import TfidfView
from faqbot.matching.tfidf import LETTERS, WORDS

MIX = RankerWeights(views=(0.4, 0.6), ridge=0.7, penalty=0.2)
SAID = "skills degree years what which need for the role duties pay certs day all".split()
TEXTS = st.lists(st.sampled_from(SAID), min_size=1, max_size=6).map(" ".join)
PHRASINGS = st.lists(
    st.builds(
        Phrasing,
        text=TEXTS,
        key=st.sampled_from(["skills", "education", ""]),
        scope=st.just(""),
    ),
    min_size=4,
    max_size=24,
)
OWN = st.lists(
    st.builds(Phrasing, text=TEXTS, key=st.sampled_from(["faq/a", "faq/b"]), scope=st.just("role")),
    max_size=6,
)


def ranker_of(phrasings: Sequence[Phrasing]) -> Ranker:
    texts = [phrasing.text for phrasing in phrasings]
    views = (
        TfidfView("words", texts, WORDS),
        TfidfView("letters", texts, LETTERS),
    )
    return Ranker(phrasings, views, MIX)


def slow_scores(
    phrasings: Sequence[Phrasing], ranker: Ranker, asked: np.ndarray, rows: list[int]
) -> dict[str, float]:
    """The score of each class by one direct solution over the rows."""
    counts = Counter((phrasing.scope, phrasing.key) for phrasing in phrasings)
    written = [1 / counts[p.scope, p.key] for p in phrasings if p.key]
    mean = sum(written) / len(written) if written else 1.0
    penalties = [
        MIX.penalty * mean * counts[phrasings[row].scope, phrasings[row].key]
        if phrasings[row].key
        else MIX.penalty
        for row in rows
    ]
    chosen = np.array(rows, dtype=np.int64)
    kernel = ranker.kernel(chosen, chosen).astype(np.float64) + np.diag(penalties)
    scores: dict[str, float] = {}
    for key in {phrasings[row].key for row in rows} - {""}:
        target = np.array([float(phrasings[row].key == key) for row in rows])
        ridge = float(asked[rows] @ np.linalg.solve(kernel, target))
        nearest = max(float(asked[row]) for row in rows if phrasings[row].key == key)
        scores[key] = MIX.ridge * ridge + (1 - MIX.ridge) * nearest
    return scores


@given(PHRASINGS, OWN, TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_scope_scores_as_one_direct_solution_would(
    shared: list[Phrasing], own: list[Phrasing], text: str
) -> None:
    phrasings = [*shared, *own]
    ranker = ranker_of(phrasings)
    similarities = np.stack([view.similarities(text) for view in ranker.views])
    asked = np.array(MIX.views, dtype=np.float32) @ similarities
    for scope in ("", "role", ALL_SCOPES):
        rows = [
            row
            for row, phrasing in enumerate(phrasings)
            if not phrasing.scope or scope in (phrasing.scope, ALL_SCOPES)
        ]
        expected = slow_scores(phrasings, ranker, asked, rows)
        scored = ranker.score(text, scope)
        assert set(scored.keys) == set(expected)
        for key, score in zip(scored.keys, scored.scores, strict=True):
            assert score == pytest.approx(expected[key], abs=1e-3)


@given(PHRASINGS)
@settings(max_examples=40, deadline=None)
def test_leaving_out_in_closed_form_is_leaving_out(phrasings: list[Phrasing]) -> None:
    ranker = ranker_of(phrasings)
    scope = ranker.scope("")
    if not scope.keys:
        return
    everything = np.arange(len(scope.rows))
    one_out, class_out = one_and_class_out(ranker, everything)
    kernel = ranker.kernel(scope.rows, scope.rows).astype(np.float64)
    penalties = np.diag(ranker.penalties[scope.rows])
    targets = (scope.labels[:, None] == np.arange(len(scope.keys))[None, :]).astype(float)
    for at in everything[:6]:
        for result, left_out in (
            (one_out, everything == at),
            (class_out, scope.labels == scope.labels[at]),
        ):
            if result is class_out and scope.labels[at] == len(scope.keys):
                continue
            kept = ~left_out
            if not kept.any():
                continue
            solved = np.linalg.solve((kernel + penalties)[np.ix_(kept, kept)], targets[kept])
            np.testing.assert_allclose(result[at], kernel[at, kept] @ solved, atol=1e-3)


def test_a_confidence_grows_with_the_score_and_with_its_lead() -> None:
    phrasings = [
        *(Phrasing(text, "skills") for text in ("which skills", "what skills", "skills needed")),
        *(Phrasing(text, "education") for text in ("which degree", "degree needed", "my degree")),
        *(Phrasing(text, "") for text in ("good morning", "reset my password", "lunch today")),
    ]
    ranker = ranker_of(phrasings)
    calibration = calibrate(ranker)
    clear = calibration.confidences(ranker.score("which skills needed")).max()
    vague = calibration.confidences(ranker.score("which needed")).max()
    strange = calibration.confidences(ranker.score("reset the lunch")).max()
    assert clear > vague > strange


def test_content_without_a_phrasing_to_leave_out_is_not_calibrated() -> None:
    assert calibrate(ranker_of([Phrasing("which skills", "skills")])) == UNCALIBRATED


@pytest.mark.parametrize("size", [1, TRIANGLE_BLOCK, TRIANGLE_BLOCK + 1, 4 * TRIANGLE_BLOCK + 77])
def test_the_factor_stands_for_the_inverse(size: int) -> None:
    points = np.random.default_rng(size).normal(size=(size, 40))
    matrix = points @ points.T + np.diag(np.linspace(0.02, 2.0, size))
    expected = np.linalg.inv(matrix)
    inverse = Inverse.of(matrix.copy())
    rows = np.arange(0, size, 3)
    for found, right in (
        (inverse.times(points), expected @ points),
        (inverse.diagonal(), np.diag(expected)),
        (inverse.block(rows), expected[np.ix_(rows, rows)]),
    ):
        np.testing.assert_allclose(found, right, atol=1e-9)
