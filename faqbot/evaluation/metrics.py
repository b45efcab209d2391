"""Measures of answers and of the confidence in them, over arrays with a row for each question.

Classes are small integers; `NOBODY` is the class "no entry answers this".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NO_LABEL = -1
"""The class of a question that must not, or will not, be answered."""

THRESHOLDS = 101
"""Quantiles of the scores at which the best threshold is looked for."""

BINS = 10
"""Equal-width bins of confidence."""

Classes = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def mcc(truth: Classes, answers: Classes) -> float:
    """Matthews correlation over all classes (Gorodkin 2004); 0 where it isn't defined."""
    count = len(truth)
    if not count:
        return 0.0
    _, numbers = np.unique(np.concatenate([truth, answers]), return_inverse=True)
    classes = int(numbers.max()) + 1
    owed = np.bincount(numbers[:count], minlength=classes).astype(np.float64)
    given = np.bincount(numbers[count:], minlength=classes).astype(np.float64)
    right = float((truth == answers).sum())
    spread = (count**2 - owed @ owed) * (count**2 - given @ given)
    return float((right * count - owed @ given) / np.sqrt(spread)) if spread > 0 else 0.0


def best_mcc(truth: Classes, guesses: Classes, scores: Scores) -> float:
    """The highest `mcc` of answering from one score upwards, over the quantiles of the scores."""
    if not len(truth):
        return 0.0
    thresholds = np.unique(np.quantile(scores, np.linspace(0, 1, THRESHOLDS)))
    return max(mcc(truth, np.where(scores >= from_, guesses, NO_LABEL)) for from_ in thresholds)


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions whose confidence falls into one bin: how many, how sure, how often right."""

    start: float
    end: float
    questions: int
    confidence: float
    accuracy: float


def reliability(confidences: Scores, right: Flags) -> tuple[Bin, ...]:
    """The bins that hold a question; a bin holds its lower edge, the last one both."""
    numbers = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    return tuple(
        Bin(
            start=number / BINS,
            end=(number + 1) / BINS,
            questions=int(inside.sum()),
            confidence=float(confidences[inside].mean()),
            accuracy=float(right[inside].mean()),
        )
        for number in np.unique(numbers)
        for inside in [numbers == number]
    )


def calibration_error(confidences: Scores, right: Flags) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart, bin by bin."""
    bins = reliability(confidences, right)
    apart = sum(one.questions * abs(one.confidence - one.accuracy) for one in bins)
    return apart / len(confidences) if len(confidences) else 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Accuracy of what is answered when only the surest questions are: a point for each share."""

    covered: Scores
    accuracy: Scores


def coverage(confidences: Scores, right: Flags) -> Coverage:
    """The accuracy-coverage curve; questions of equal confidence are answered together."""
    order = np.argsort(-confidences, kind="stable")
    ranked = confidences[order]
    answered = np.arange(1, len(order) + 1)
    accuracy = np.cumsum(right[order]) / answered
    last = np.append(ranked[1:] != ranked[:-1], True) if len(order) else np.zeros(0, dtype=bool)
    return Coverage(answered[last] / max(len(order), 1), accuracy[last])
