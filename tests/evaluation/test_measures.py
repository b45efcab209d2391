"""The measures against slow, obvious twins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faqbot.evaluation.metrics import (
    NO_LABEL,
    best_mcc,
    calibration_error,
    coverage,
    mcc,
    reliability,
)

CLASSES = st.integers(NO_LABEL, 4)
PAIRS = st.lists(st.tuples(CLASSES, CLASSES), max_size=40)
ANSWERS = st.lists(
    st.tuples(CLASSES, CLASSES, st.floats(0, 1, allow_subnormal=False)), min_size=1, max_size=25
)
JUDGED = st.lists(st.tuples(st.floats(0, 1, allow_subnormal=False), st.booleans()), max_size=40)


def slow_mcc(pairs: list[tuple[int, int]]) -> float:
    """Covariance of truth and answer as rows of zeros and ones, summed over the classes."""
    classes = sorted({one for pair in pairs for one in pair})

    def covariance(left: int, right: int) -> float:
        total = 0.0
        for one in classes:
            xs = [float(pair[left] == one) for pair in pairs]
            ys = [float(pair[right] == one) for pair in pairs]
            mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
            total += math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
        return total

    spread = covariance(0, 0) * covariance(1, 1) if pairs else 0.0
    return covariance(0, 1) / math.sqrt(spread) if spread > 1e-9 else 0.0


def fast_mcc(pairs: list[tuple[int, int]]) -> float:
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return mcc(rows[:, 0], rows[:, 1])


@given(PAIRS)
def test_mcc_is_the_correlation_of_truth_and_answer(pairs: list[tuple[int, int]]) -> None:
    assert fast_mcc(pairs) == pytest.approx(slow_mcc(pairs), abs=1e-9)


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ([(0, 0), (1, 1), (NO_LABEL, NO_LABEL)], 1.0),
        ([(0, 1), (1, 0)], -1.0),
        ([(0, 0), (1, 0)], 0.0),
        ([], 0.0),
        ([(1, 1)] * 6 + [(1, 0)] * 2 + [(0, 1)] + [(0, 0)] * 3, 0.47809),
    ],
)
def test_mcc_of_known_cases(pairs: list[tuple[int, int]], value: float) -> None:
    assert fast_mcc(pairs) == pytest.approx(value, abs=1e-5)


@given(ANSWERS)
def test_the_best_threshold_is_the_best_of_all_quantiles(
    answers: list[tuple[int, int, float]],
) -> None:
    truth, guesses, scores = (list(column) for column in zip(*answers, strict=True))
    tried = [
        slow_mcc(
            [
                (owed, guess if score >= threshold else NO_LABEL)
                for owed, guess, score in zip(truth, guesses, scores, strict=True)
            ]
        )
        for threshold in (float(np.quantile(scores, step / 100)) for step in range(101))
    ]
    found = best_mcc(np.array(truth), np.array(guesses), np.array(scores))
    assert found == pytest.approx(max(tried), abs=1e-9)


@given(JUDGED)
def test_calibration_error_weighs_each_bin_by_its_questions(
    judged: list[tuple[float, bool]],
) -> None:
    total = 0.0
    for number in range(10):
        inside = [
            (sure, right) for sure, right in judged if min(math.floor(sure * 10), 9) == number
        ]
        total += abs(math.fsum(sure for sure, _ in inside) - sum(right for _, right in inside))
    found = calibration_error(
        np.array([sure for sure, _ in judged]), np.array([right for _, right in judged], dtype=bool)
    )
    assert found == pytest.approx(total / max(len(judged), 1), abs=1e-9)


def test_bins_have_mean_confidence_and_accuracy() -> None:
    low, high = reliability(np.array([0.05, 0.95, 1.0]), np.array([False, True, False]))
    assert (low.start, low.questions, low.accuracy) == (0.0, 1, 0.0)
    assert (high.start, high.end, high.questions, high.accuracy) == (0.9, 1.0, 2, 0.5)
    assert high.confidence == pytest.approx(0.975)


@given(JUDGED.filter(bool))
def test_equal_confidences_are_one_point_of_coverage(judged: list[tuple[float, bool]]) -> None:
    curve = coverage(
        np.array([sure for sure, _ in judged]), np.array([right for _, right in judged], dtype=bool)
    )
    points = []
    for threshold in sorted({sure for sure, _ in judged}, reverse=True):
        answered = [right for sure, right in judged if sure >= threshold]
        points.append((len(answered) / len(judged), sum(answered) / len(answered)))
    assert np.allclose(np.column_stack([curve.covered, curve.accuracy]), points)
