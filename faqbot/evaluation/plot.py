"""The plot of an evaluation: reliability diagram and accuracy-coverage curve."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from faqbot.errors import UsageError, needs_extra
from faqbot.evaluation.metrics import BINS, calibration_error, coverage, reliability
from faqbot.evaluation.runner import Prediction, as_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from faqbot.evaluation.metrics import Flags, Scores

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


def plot(predictions: Sequence[Prediction], path: Path) -> None:
    """Write the reliability diagram and the accuracy-coverage curve side by side.

    Raises:
        UsageError: The file can't be written.
    """
    check_plot(path)
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    data = as_columns(predictions)
    confidences, right = data.confidences[data.judged], data.right[data.judged]
    # Equal predictions give an equal file: no date, no random ids.
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
