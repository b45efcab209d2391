"""From scores to probabilities, learnt from the loaded content itself.

Every phrasing is asked as if it had not been written (leave one out), as if nothing of its entry
had been written (leave one class out: what an in-domain question without an answer looks like), and
the general negatives are asked too. Kernel ridge gives all of these in closed form from one inverse
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
"""Phrasings that are left out at most: more don't change the curve, only the load time."""

UNANSWERABLE_WEIGHT = 0.2
"""The weight of all unanswerable questions together; the answerable ones have the rest."""

MAX_LEFT_OUT_SHORTLISTED = 1_000
"""The same where each phrasing is looked up in the shortlist, some milliseconds each."""

PEOPLE_SLOPE, PEOPLE_OFFSET = 1.55, 0.15
"""From leaving phrasings out to people's questions, on the scale of log odds.

Authors write phrasings that differ, so one that was left out is harder than what people ask.
Fitted on the project's own development questions; the order of confidences stays as it is.
"""

_RIDGE_PENALTY = 1e-2
_MAX_STEPS = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    """The weights of the logistic regression: for score, margin, lead over negatives, constant."""

    weights: tuple[float, ...]

    def confidences(self, scored: ClassScores) -> Floats:
        """The probability of each class to be the right one."""
        if not len(scored.scores):
            return scored.scores
        margins = _margins(scored.scores[None, :])[0]
        features = np.stack([scored.scores, margins, scored.nearest - scored.best_negative], axis=1)
        values = features @ np.array(self.weights[:-1]) + self.weights[-1]
        values = values * PEOPLE_SLOPE + PEOPLE_OFFSET
        chances: Floats = (1 / (1 + np.exp(-values))).astype(np.float32)
        return chances


UNCALIBRATED = Calibration((8.0, 4.0, 2.0, -5.0))
"""For content with too few phrasings to leave any out."""


@dataclass(frozen=True)
class _LeftOut:
    scores: npt.NDArray[np.float64]
    nearest: npt.NDArray[np.float64]
    none: npt.NDArray[np.float64]
    right: npt.NDArray[np.int64]
    """The right class of each row; -1 where no class is."""


def calibrate(ranker: Ranker) -> Calibration:
    """Learn the confidence from the phrasings that every scope shares."""
    return _fit([_examples(trial) for trial in _left_out(ranker)])


def calibrate_sampled(ranker: ShortlistRanker) -> Calibration:
    """The same where there are too many phrasings to compare each with all others."""
    shared = np.flatnonzero(ranker.scope_of == 0)
    seen: tuple[list[_Example], list[_Example], list[_Example]] = ([], [], [])
    for row in shared[:: max(1, len(shared) // MAX_LEFT_OUT_SHORTLISTED)].tolist():
        looked = ranker.shortlist(ranker.texts[row])
        others = looked.rows != row
        labels, scores = ranker.labels[looked.rows[others]], looked.scores[others]
        own = int(ranker.labels[row])
        if own == ranker.negative_label:
            seen[2].append(_example(labels, scores, ranker.negative_label, own))
        else:
            seen[0].append(_example(labels, scores, ranker.negative_label, own))
            elsewhere = labels != own
            seen[1].append(
                _example(labels[elsewhere], scores[elsewhere], ranker.negative_label, own)
            )
    return _fit(
        [
            _Examples(
                np.array([one.features for one in each], dtype=np.float64).reshape(-1, 3),
                np.array([one.right for one in each], dtype=bool),
            )
            for each in seen
        ]
    )


@dataclass(frozen=True, slots=True)
class _Example:
    features: tuple[float, float, float]
    right: bool


def _example(
    labels: npt.NDArray[np.int64], scores: npt.NDArray[np.floating], none: int, own: int
) -> _Example:
    """What the best class of some scored phrasings looks like."""
    away = labels == none
    lowest = float(scores[away].max()) if away.any() else 0.0
    labels, scores = labels[~away], scores[~away]
    if not len(scores):
        return _Example((0.0, 0.0, -lowest), right=False)
    at = int(scores.argmax())
    rivals = scores[labels != labels[at]]
    second = float(rivals.max()) if len(rivals) else 0.0
    best = float(scores[at])
    return _Example((best, best - second, best - lowest), right=bool(labels[at] == own))


@dataclass(frozen=True)
class _Examples:
    """The features of the best class of each question asked, and whether it was right."""

    features: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]


def _examples(trial: _LeftOut) -> _Examples:
    if not len(trial.right) or trial.scores.shape[1] < 2:  # noqa: PLR2004
        return _Examples(np.zeros((0, 3)), np.zeros(0, dtype=bool))
    best = trial.scores.argmax(axis=1)
    rows = np.arange(len(best))
    margins = _margins(trial.scores)[rows, best]
    lead = trial.nearest[rows, best] - trial.none
    return _Examples(
        np.stack([trial.scores[rows, best], margins, lead], axis=1), best == trial.right
    )


def _fit(observed: Sequence[_Examples]) -> Calibration:
    """The logistic regression over questions that have an answer, and then those that have none."""
    outcomes = [one.right for one in observed if len(one.right)]
    if not outcomes or not any(outcome.any() for outcome in outcomes):
        return UNCALIBRATED
    features = np.concatenate([one.features for one in observed])
    answerable = np.concatenate([np.full(len(o), i == 0) for i, o in enumerate(outcomes)])
    weights = np.where(
        answerable,
        (1 - UNANSWERABLE_WEIGHT) / max(answerable.sum(), 1),
        UNANSWERABLE_WEIGHT / max((~answerable).sum(), 1),
    )
    return Calibration(_logistic(features, np.concatenate(outcomes), weights))


def _left_out(ranker: Ranker) -> tuple[_LeftOut, ...]:
    scope = ranker.scope("")
    count = len(scope.keys)
    rows = scope.rows
    step = max(1, len(rows) // MAX_LEFT_OUT)
    asked = np.arange(0, len(rows), step)
    labels = np.where(scope.labels < count, scope.labels, -1)[asked]
    kernel = ranker.kernel(rows[asked], rows).astype(np.float64)
    kernel[np.arange(len(asked)), asked] = -1.0
    padded = np.concatenate([kernel, np.full((len(asked), 1), -1.0)], axis=1)
    nearest = np.maximum.reduceat(padded, scope.starts, axis=1)
    none = np.maximum(nearest[:, count], 0.0)
    nearest = np.maximum(nearest[:, :count], 0.0)
    one_out, class_out = nearest, nearest
    if ranker.inverse is not None and scope.dual_coef is not None:
        mix = ranker.weights.ridge
        one_out_ridge, class_out_ridge = one_and_class_out(ranker, asked)
        one_out = mix * one_out_ridge + (1 - mix) * nearest
        class_out = mix * class_out_ridge + (1 - mix) * nearest
    hidden = class_out.copy()
    hidden_nearest = nearest.copy()
    known = labels >= 0
    at = np.flatnonzero(known)
    hidden[at, labels[at]] = -1.0
    hidden_nearest[at, labels[at]] = 0.0
    nobody = np.full(known.sum(), -1)
    return (
        _LeftOut(one_out[known], nearest[known], none[known], labels[known]),
        _LeftOut(hidden[known], hidden_nearest[known], none[known], nobody),
        _LeftOut(one_out[~known], nearest[~known], none[~known], labels[~known]),
    )


def one_and_class_out(
    ranker: Ranker, asked: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What the ridge would say of phrasings it had not seen, each of shape (asked, classes).

    Args:
        ranker: has a ridge.
        asked: numbers of the rows of the shared scope.

    Returns:
        The values without the phrasing itself, and those without its whole class.
    """
    scope = ranker.scope("")
    assert ranker.inverse is not None
    assert scope.dual_coef is not None
    position = np.empty(len(ranker.phrasings), dtype=np.int64)
    shared = [row for row, phrasing in enumerate(ranker.phrasings) if not phrasing.scope]
    position[shared] = np.arange(len(shared))
    order = position[scope.rows]
    inverse = ranker.inverse[np.ix_(order, order)]
    targets = np.zeros((len(order), len(scope.keys)))
    known = scope.labels < len(scope.keys)
    targets[np.flatnonzero(known), scope.labels[known]] = 1.0
    alpha = scope.dual_coef.astype(np.float64)
    one_out = targets - alpha / np.diag(inverse)[:, None]
    class_out = one_out.copy()
    for label in range(len(scope.keys)):
        block = slice(scope.starts[label], scope.starts[label + 1])
        class_out[block] = targets[block] - np.linalg.solve(inverse[block, block], alpha[block])
    return one_out[asked], class_out[asked]


def _margins(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """How far each score lies above (or below) the best of the others in its row."""
    if scores.shape[1] == 1:
        return scores.copy()
    top = np.partition(scores, -2, axis=1)[:, -2:]
    best, second = top[:, 1:], top[:, :1]
    return np.where(scores == best, scores - second, scores - best)


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
    penalty[-1] = 0.0
    for _ in range(_MAX_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (weights * (chance - outcomes)) + penalty * beta
        curvature = (design * (weights * np.maximum(chance * (1 - chance), 1e-9))[:, None]).T
        step = np.linalg.solve(
            curvature @ design + np.diag(penalty) + 1e-9 * np.eye(len(beta)), gradient
        )
        beta = beta - step
        if np.abs(step).max() < 1e-8:  # noqa: PLR2004
            break
    return tuple(float(value) for value in beta)
