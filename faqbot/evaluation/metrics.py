"""Measures of answers and of their confidence, over arrays with one row for each question.

Classes are small integers; `NO_LABEL` is the class "no entry answers this".
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from faqbot.errors import UsageError, needs_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes


NO_LABEL = -1
"""The class of a question that must not be, or isn't, answered."""

THRESHOLDS = 101
"""The number of quantiles of the scores that `best_mcc` tries as thresholds."""

BINS = 10
"""The number of equal-width bins of confidence."""

Classes = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def mcc(truth: Classes, answers: Classes) -> float:
    """Return the Matthews correlation over all classes (Gorodkin 2004); 0 where undefined."""
    count = len(truth)
    if not count:
        return 0.0
    # Numbered anew: classes that don't occur would only make the counts longer.
    _, numbers = np.unique(np.concatenate([truth, answers]), return_inverse=True)
    classes = int(numbers.max()) + 1
    expected = np.bincount(numbers[:count], minlength=classes).astype(np.float64)
    answered = np.bincount(numbers[count:], minlength=classes).astype(np.float64)
    right = float((truth == answers).sum())
    spread = (count**2 - expected @ expected) * (count**2 - answered @ answered)
    return float((right * count - expected @ answered) / np.sqrt(spread)) if spread > 0 else 0.0


def best_mcc(truth: Classes, guesses: Classes, scores: Scores) -> float:
    """Return the highest `mcc` over thresholds: scores below the threshold count as no answer."""
    if not len(truth):
        return 0.0
    thresholds = np.unique(np.quantile(scores, np.linspace(0, 1, THRESHOLDS)))
    return max(mcc(truth, np.where(scores >= from_, guesses, NO_LABEL)) for from_ in thresholds)


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of confidence: how many questions, their mean confidence, the share that is right."""

    start: float
    end: float
    questions: int
    confidence: float
    accuracy: float


def reliability(confidences: Scores, right: Flags) -> tuple[Bin, ...]:
    """Return the bins that aren't empty; a bin includes its lower edge, the last one both."""
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
    """Return the expected calibration error: the mean distance of confidence and accuracy."""
    bins = reliability(confidences, right)
    apart = sum(one.questions * abs(one.confidence - one.accuracy) for one in bins)
    return apart / len(confidences) if len(confidences) else 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """The accuracy-coverage curve: the accuracy if only the surest share is answered."""

    covered: Scores
    accuracy: Scores


def coverage(confidences: Scores, right: Flags) -> Coverage:
    """Return the accuracy-coverage curve; equal confidences are one point."""
    order = np.argsort(-confidences, kind="stable")
    ranked = confidences[order]
    answered = np.arange(1, len(order) + 1)
    accuracy = np.cumsum(right[order]) / answered
    # Nothing orders equal confidences, so only the end of each run of them is a point.
    last = np.append(ranked[1:] != ranked[:-1], True) if len(order) else np.zeros(0, dtype=bool)
    return Coverage(answered[last] / max(len(order), 1), accuracy[last])


FORMATS = (".svg", ".png", ".pdf")
"""File formats of a plot."""


def check_plot(path: Path) -> None:
    """Check that a plot can be written, before a long evaluation begins.

    Raises:
        UsageError: The format is unknown, or the folder is missing.
        MissingExtraError: matplotlib isn't installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"Can't write a plot as {path.name}: end it with {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} to write the plot to. Create it first.")
    with needs_extra("A plot", "plot"):
        import_module("matplotlib")


def plot(confidences: Scores, right: Flags, path: Path) -> None:
    """Write the reliability diagram and the accuracy-coverage curve side by side.

    Raises:
        UsageError: The file can't be written.
    """
    check_plot(path)
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # Equal figures give an equal file: no date, no random ids.
    with rc_context({"svg.hashsalt": "faqbot", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 4.5), layout="constrained")
        left, other = figure.subplots(1, 2)
        _draw_reliability(left, confidences, right)
        _draw_coverage(other, confidences, right)
        dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
        try:
            figure.savefig(path, metadata=dates.get(path.suffix.lower()), dpi=150)
        except OSError as error:
            raise UsageError(f"Can't write {path}: {error.strerror or error}.") from error


def _draw_reliability(axes: Axes, confidences: Scores, right: Flags) -> None:
    bins = reliability(confidences, right)
    axes.bar(
        [one.start for one in bins],
        [one.accuracy for one in bins],
        width=1 / BINS,
        align="edge",
        color="lightsteelblue",
        edgecolor="white",
        label="right",
    )
    axes.plot([0, 1], [0, 1], color="0.4", linestyle="--", linewidth=1, label="as confident")
    axes.plot(
        [one.confidence for one in bins], [one.accuracy for one in bins], "o", color="tab:orange"
    )
    for one in bins:
        axes.annotate(
            str(one.questions), ((one.start + one.end) / 2, 0.02), ha="center", fontsize=8
        )
    error = calibration_error(confidences, right)
    axes.set(
        title=f"Reliability (expected calibration error {error:.3f})",
        xlabel="confidence (bars: number of questions)",
        ylabel="share right",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    axes.legend(loc="upper left")


def _draw_coverage(axes: Axes, confidences: Scores, right: Flags) -> None:
    curve = coverage(confidences, right)
    axes.plot(curve.covered, curve.accuracy, drawstyle="steps-post")
    axes.set(
        title="Accuracy by coverage",
        xlabel="share of questions answered, the surest first",
        ylabel="share of these right",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    axes.grid(visible=True, alpha=0.3)
