"""Calibration: scores become probabilities, learnt from the loaded content itself.

Every phrasing is asked as if it hadn't been written (leave one out), and as if nothing of its entry
had been written (leave one class out: an in-domain question without an answer); the negatives are
asked too. Kernel ridge gives all of these in closed form from one inverse
(Cawley 2006). A logistic regression over the outcomes (Platt 1999) yields the confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from faqbot.matching.ranking import ClassScores, Ranker
from faqbot.matching.shortlist import ShortlistRanker
from faqbot.matching.tfidf import Floats

MAX_LEFT_OUT = 2_500
"""Phrasings that are left out at most: more change the load time, not the curve."""

UNANSWERABLE_WEIGHT = 0.2
"""Weight of all unanswerable questions together; the answerable ones have the rest."""

MAX_LEFT_OUT_SHORTLISTED = 1_000
"""The same with a shortlist, where each one takes some milliseconds."""

LOG_ODDS_SLOPE, LOG_ODDS_OFFSET = 1.55, 0.3
"""From phrasings that were left out to people's questions, on the scale of log odds.

Authors write phrasings that differ, so one that was left out is harder than what people ask.
Fitted on the project's own development questions; the order of confidences stays the same.
"""

_RIDGE_PENALTY = 1e-2
_MAX_STEPS = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    """The logistic regression: weights of score, margin, lead over negatives, and a constant."""

    weights: tuple[float, ...]

    def confidences(self, scored: ClassScores) -> Floats:
        """Return the probability of each class to be the right one, shape (classes)."""
        if not len(scored.scores):
            return scored.scores
        margins = _margins(scored.scores[None, :])[0]
        # The columns stand in the order in which `_examples` gave them to the regression.
        features = np.stack([scored.scores, margins, scored.nearest - scored.best_negative], axis=1)
        values = features @ np.array(self.weights[:-1]) + self.weights[-1]
        values = values * LOG_ODDS_SLOPE + LOG_ODDS_OFFSET
        probabilities: Floats = (1 / (1 + np.exp(-values))).astype(np.float32)
        return probabilities


UNCALIBRATED = Calibration((8.0, 4.0, 2.0, -5.0))
"""For content that has too few phrasings to leave any out."""


@dataclass(frozen=True)
class _LeftOut:
    """The scores of questions that were left out of the fit.

    Attributes:
        scores: shape (questions, classes).
        nearest: the similarity of the nearest phrasing, shape (questions, classes).
        best_negative: the similarity of the nearest negative, shape (questions).
        right: the number of the right class, -1 where none is right, shape (questions).
    """

    scores: npt.NDArray[np.float64]
    nearest: npt.NDArray[np.float64]
    best_negative: npt.NDArray[np.float64]
    right: npt.NDArray[np.int64]


def calibrate(ranker: Ranker) -> Calibration:
    """Fit a calibration to the phrasings that every scope shares."""
    return _fit([_examples(left_out) for left_out in _left_out(ranker)])


def calibrate_sampled(ranker: ShortlistRanker) -> Calibration:
    """Fit a calibration to a sample, where each phrasing can't be compared with all others."""
    shared = np.flatnonzero(ranker.scope_of == 0)
    one_out, class_out, negatives = list[_Example](), list[_Example](), list[_Example]()
    # Even steps, not a random sample: the same content must give the same confidences.
    for row in shared[:: max(1, len(shared) // MAX_LEFT_OUT_SHORTLISTED)].tolist():
        found = ranker.shortlist(ranker.texts[row])
        # The shortlist of a phrasing contains the phrasing itself, at a cosine of 1.
        others = found.rows != row
        labels, scores = ranker.labels[found.rows[others]], found.scores[others]
        own = int(ranker.labels[row])
        if own == ranker.negative_label:
            negatives.append(_example(labels, scores, ranker.negative_label, own))
        else:
            one_out.append(_example(labels, scores, ranker.negative_label, own))
            elsewhere = labels != own
            class_out.append(
                _example(labels[elsewhere], scores[elsewhere], ranker.negative_label, own)
            )
    return _fit(
        [
            _Examples(
                np.array([one.features for one in each], dtype=np.float64).reshape(-1, 3),
                np.array([one.right for one in each], dtype=bool),
            )
            for each in (one_out, class_out, negatives)
        ]
    )


@dataclass(frozen=True, slots=True)
class _Example:
    """The features of the best class of one question, and whether it is right."""

    features: tuple[float, float, float]
    right: bool


def _example(
    labels: npt.NDArray[np.int64], scores: npt.NDArray[np.floating], negative: int, own: int
) -> _Example:
    """Return the features of the best class of some scored phrasings.

    Args:
        labels: their classes by number.
        scores: their scores.
        negative: the number of the negatives.
        own: the number of the right class.
    """
    negatives = labels == negative
    best_negative = float(scores[negatives].max()) if negatives.any() else 0.0
    labels, scores = labels[~negatives], scores[~negatives]
    if not len(scores):
        return _Example((0.0, 0.0, -best_negative), right=False)
    first = int(scores.argmax())
    rivals = scores[labels != labels[first]]
    second = float(rivals.max()) if len(rivals) else 0.0
    best = float(scores[first])
    return _Example((best, best - second, best - best_negative), right=bool(labels[first] == own))


@dataclass(frozen=True)
class _Examples:
    """The features of the best class, shape (questions, 3), and whether it is right."""

    features: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]


def _examples(left_out: _LeftOut) -> _Examples:
    # A single class has no margin over another one, so it teaches the regression nothing.
    if not len(left_out.right) or left_out.scores.shape[1] < 2:  # noqa: PLR2004
        return _Examples(np.zeros((0, 3)), np.zeros(0, dtype=bool))
    best = left_out.scores.argmax(axis=1)
    rows = np.arange(len(best))
    margins = _margins(left_out.scores)[rows, best]
    lead = left_out.nearest[rows, best] - left_out.best_negative
    return _Examples(
        np.stack([left_out.scores[rows, best], margins, lead], axis=1), best == left_out.right
    )


def _fit(observed: Sequence[_Examples]) -> Calibration:
    """Fit the regression; the first examples have a right class, the others have none."""
    outcomes = [one.right for one in observed if len(one.right)]
    if not outcomes or not any(outcome.any() for outcome in outcomes):
        return UNCALIBRATED
    features = np.concatenate([one.features for one in observed])
    answerable = np.concatenate([np.full(len(o), i == 0) for i, o in enumerate(outcomes)])
    # Weighed by group, so that the number of shipped negatives doesn't move the curve.
    weights = np.where(
        answerable,
        (1 - UNANSWERABLE_WEIGHT) / max(answerable.sum(), 1),
        UNANSWERABLE_WEIGHT / max((~answerable).sum(), 1),
    )
    return Calibration(_signed_logistic(features, np.concatenate(outcomes), weights))


def _left_out(ranker: Ranker) -> tuple[_LeftOut, ...]:
    """Return the phrasings without themselves, without their class, and the negatives."""
    scope = ranker.scope("")
    count = len(scope.keys)
    rows = scope.rows
    step = max(1, len(rows) // MAX_LEFT_OUT)
    asked = np.arange(0, len(rows), step)
    labels = np.where(scope.labels < count, scope.labels, -1)[asked]
    kernel = ranker.take_shared_kernel(rows[asked], rows).astype(np.float64)
    kernel[np.arange(len(asked)), asked] = -1.0  # nothing is nearest to itself
    # Without negatives their start lies behind the last column, where reduceat raises.
    padded = np.concatenate([kernel, np.full((len(asked), 1), -1.0)], axis=1)
    nearest = np.maximum.reduceat(padded, scope.starts, axis=1)
    best_negative = np.maximum(nearest[:, count], 0.0)
    # A class whose only phrasing was left out has -1 here, which no question would get.
    nearest = np.maximum(nearest[:, :count], 0.0)
    one_out, class_out = nearest, nearest
    if ranker.inverse is not None and scope.dual_coef is not None:
        weight = ranker.weights.ridge
        one_out_ridge, class_out_ridge = one_and_class_out(ranker, asked)
        one_out = weight * one_out_ridge + (1 - weight) * nearest
        class_out = weight * class_out_ridge + (1 - weight) * nearest
    hidden = class_out.copy()
    hidden_nearest = nearest.copy()
    known = labels >= 0
    known_rows = np.flatnonzero(known)
    # Below every score, so that the class that was left out is never the best one.
    hidden[known_rows, labels[known_rows]] = -1.0
    hidden_nearest[known_rows, labels[known_rows]] = 0.0
    no_class = np.full(known.sum(), -1)
    return (
        _LeftOut(one_out[known], nearest[known], best_negative[known], labels[known]),
        _LeftOut(hidden[known], hidden_nearest[known], best_negative[known], no_class),
        _LeftOut(one_out[~known], nearest[~known], best_negative[~known], labels[~known]),
    )


def one_and_class_out(
    ranker: Ranker, asked: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the ridge's values for phrasings that it hasn't seen, each of shape (asked, classes).

    Args:
        ranker: has a ridge.
        asked: the positions of the phrasings in the shared scope.

    Returns:
        The values without the phrasing itself, and those without its whole class.
    """
    scope = ranker.scope("")
    assert ranker.inverse is not None
    assert scope.dual_coef is not None
    # The inverse stands in the order of the phrasings, the scope in that of its classes.
    order = ranker.positions(scope.rows)
    targets = np.zeros((len(order), len(scope.keys)))
    known = scope.labels < len(scope.keys)
    targets[np.flatnonzero(known), scope.labels[known]] = 1.0
    alpha = scope.dual_coef.astype(np.float64)
    # In closed form: to solve anew for each phrasing would take the cube of their number each time.
    one_out = targets - alpha / ranker.inverse.diagonal()[order][:, None]
    class_out = one_out.copy()
    for label in range(len(scope.keys)):
        block = slice(scope.starts[label], scope.starts[label + 1])
        inverse = ranker.inverse.block(order[block])
        class_out[block] = targets[block] - np.linalg.solve(inverse, alpha[block])
    return one_out[asked], class_out[asked]


def _margins(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return how far each score lies above (or below) the best of the others in its row."""
    if scores.shape[1] == 1:
        return scores.copy()
    top = np.partition(scores, -2, axis=1)[:, -2:]
    best, second = top[:, 1:], top[:, :1]
    return np.where(scores == best, scores - second, scores - best)


def _signed_logistic(
    features: npt.NDArray[np.float64],
    outcomes: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64],
) -> tuple[float, ...]:
    """Fit a logistic regression whose features never speak against a class.

    A higher score never makes a class less likely; from few phrasings a plain fit can learn that it
    does, and would decline their own questions. A feature with a negative weight is left out.
    """
    kept = list(range(features.shape[1]))
    while True:
        *fitted, constant = _logistic(features[:, kept], outcomes, weights)
        if all(weight >= 0 for weight in fitted):
            break
        kept.remove(kept[int(np.argmin(fitted))])
    signed = np.zeros(features.shape[1])
    signed[kept] = fitted
    return (*signed.tolist(), constant)


def _logistic(
    features: npt.NDArray[np.float64],
    outcomes: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64],
) -> tuple[float, ...]:
    """Weighted logistic regression by Newton's method with a small ridge."""
    design = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    weights = weights / weights.sum()
    beta = np.zeros(design.shape[1])
    penalty = np.full(design.shape[1], _RIDGE_PENALTY / 10)
    # The constant isn't shrunk, as it carries the share of right answers.
    penalty[-1] = 0.0
    for _ in range(_MAX_STEPS):
        # Clipped, so that examples which a line separates neither overflow nor flatten the curve.
        probability = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (weights * (probability - outcomes)) + penalty * beta
        curvature = (
            design * (weights * np.maximum(probability * (1 - probability), 1e-9))[:, None]
        ).T
        step = np.linalg.solve(
            curvature @ design + np.diag(penalty) + 1e-9 * np.eye(len(beta)), gradient
        )
        beta = beta - step
        if np.abs(step).max() < 1e-8:  # noqa: PLR2004
            break
    return tuple(float(value) for value in beta)
