"""`faqbot evaluate`: measures of the answers to labelled questions."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faqbot.cli.common import (
    Json,
    Knowledge,
    console,
    content_folder,
    error_console,
    print_json,
    print_note,
)
from faqbot.errors import UsageError, counted

if TYPE_CHECKING:
    from rich.table import Table

    from faqbot.engine import Engine
    from faqbot.evaluation.datasets import LabelledQuestion
    from faqbot.evaluation.runner import EvaluationReport, Prediction
    from faqbot.model import KnowledgeBase

EXAMPLE = "Example: faqbot evaluate --questions tests/questions/development.jsonl"

MIN_QUESTIONS_FOR_PROGRESS = 200
"""More questions show a progress bar."""

Train = Annotated[
    Path | None,
    typer.Option(metavar="CSV", help="Sentences to learn from, with labels.", show_default=False),
]
Test = Annotated[
    Path | None,
    typer.Option(metavar="CSV", help="Sentences to ask, with labels.", show_default=False),
]
TextColumn = Annotated[str, typer.Option(metavar="NAME", help="The column of the sentences.")]
LabelColumn = Annotated[str, typer.Option(metavar="NAME", help="The column of the labels.")]
NoneLabel = Annotated[
    str | None,
    typer.Option(
        metavar="LABEL",
        help="The label of sentences that must not be answered.",
        show_default=False,
    ),
]
Questions = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Labelled questions about the content, a JSON object on each line.",
        show_default=False,
    ),
]
Encoder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        envvar="FAQBOT_ENCODER",
        help="A sentence-transformers model; without it the bundled encoder.",
        show_default=False,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the reliability diagram and the accuracy-coverage curve: .svg, .png or .pdf.",
        show_default=False,
    ),
]


def evaluate(
    *,
    train: Train = None,
    test: Test = None,
    text_column: TextColumn = "text",
    label_column: LabelColumn = "label",
    none_label: NoneLabel = None,
    questions: Questions = None,
    knowledge: Knowledge = None,
    encoder: Encoder = None,
    as_json: Json = False,
    plot: Plot = None,
) -> None:
    """Measure answers to questions whose right answers are known.

    Give labelled questions about the content with --questions, or an intent set with --train and
    --test: each label becomes a general FAQ with its training sentences as phrasings.
    """
    if plot:
        from faqbot.evaluation.metrics import check_plot

        # A plot that can't be written is reported now, not after minutes of evaluation.
        check_plot(plot)
    if questions and not train and not test:
        labelled, engine, seconds = _content(questions, knowledge, encoder)
    elif train and test and not questions:
        labelled, engine, seconds = _intents(
            train, test, text_column, label_column, none_label, encoder=encoder
        )
    else:
        raise UsageError(
            "Give either labelled questions with --questions FILE, "
            "or an intent set with both --train CSV and --test CSV."
        )
    from faqbot.evaluation.runner import report

    trials = _ask(engine, labelled)
    _print(report(trials, load_s=seconds), as_json=as_json)
    if plot:
        from faqbot.evaluation.metrics import plot as write
        from faqbot.evaluation.runner import as_columns

        data = as_columns(trials)
        write(data.confidences[data.judged], data.right[data.judged], plot)


def _content(
    path: Path, knowledge: str | None, encoder: Path | None
) -> tuple[list[LabelledQuestion], Engine, float]:
    """Return a file's questions, the content folder's engine, and its load time in seconds."""
    from faqbot.content.loader import load_knowledge_base
    from faqbot.evaluation.datasets import read_questions

    questions = read_questions(path)
    folder = content_folder(knowledge)
    began = time.perf_counter()
    knowledge_base = load_knowledge_base(folder)
    # Before the index is built: a wrong label would otherwise count as a wrong answer.
    for question in questions:
        for entry in (*question.entries, *question.accept):
            if knowledge_base.entry(entry) is None:
                raise UsageError(
                    f"{path} names {entry!r} for {question.question!r}, but {folder} has no such "
                    "entry. Correct the label, or name the content with --knowledge."
                )
    engine = _engine(knowledge_base, encoder)
    return questions, engine, time.perf_counter() - began


def _intents(
    train: Path,
    test: Path,
    text: str,
    label: str,
    none_label: str | None,
    *,
    encoder: Path | None,
) -> tuple[list[LabelledQuestion], Engine, float]:
    """Return an intent set's questions, an engine of its labels, and its load time in seconds."""
    from faqbot.evaluation.datasets import (
        knowledge_base_from,
        labelled_questions,
        read_sentences,
        unseen_labels,
    )

    knowledge_base = knowledge_base_from(read_sentences(train, text, label), none_label)
    sentences = read_sentences(test, text, label)
    questions = labelled_questions(sentences, knowledge_base)
    unseen = unseen_labels(sentences, knowledge_base, none_label)
    if unseen:
        few = ", ".join(unseen[:3]) + (", ..." if len(unseen) > 3 else "")  # noqa: PLR2004
        print_note(f"{test} has labels that {train} has not ({few}): counted as out of scope.")
    # The load time is that of learning; reading the CSV files isn't part of it.
    began = time.perf_counter()
    engine = _engine(knowledge_base, encoder)
    return questions, engine, time.perf_counter() - began


def _engine(knowledge_base: KnowledgeBase, encoder: Path | None) -> Engine:
    from faqbot import app
    from faqbot.engine import Engine
    from faqbot.matching.conversations import ConversationMemory
    from faqbot.matching.training_data import SharedResources
    from faqbot.settings.sources import configured_encoder

    def build() -> Engine:
        index = app.build_index(knowledge_base, SharedResources(folder))
        return Engine(index, ConversationMemory(time.monotonic))

    folder = encoder or configured_encoder()
    console = error_console()
    if not console.is_terminal:
        return build()
    with console.status("Loading"):
        return build()


def _ask(engine: Engine, questions: list[LabelledQuestion]) -> list[Prediction]:
    from faqbot.evaluation.runner import predict_all

    console = error_console()
    asked: Iterable[LabelledQuestion] = questions
    if console.is_terminal and len(questions) > MIN_QUESTIONS_FOR_PROGRESS:
        from rich.progress import track

        asked = track(questions, "Asking", console=console, transient=True)
    return predict_all(engine, asked)


def _print(report: EvaluationReport, *, as_json: bool) -> None:

    if as_json:
        print_json(report.as_json())
    else:
        console().print(_table(report))


def _table(report: EvaluationReport) -> Table:
    from rich.table import Table

    def share(value: float | None) -> str:
        return "none asked" if value is None else f"{value:.1%}"

    table = Table(
        caption=f"{counted(report.questions, 'question')}, {report.in_scope} of them in scope",
        caption_justify="left",
    )
    table.add_column("Measure")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("What it says", overflow="fold")
    for row in (
        ("Top-1", share(report.top1), "in-scope questions whose best guess is right"),
        ("MCC", f"{report.mcc:.3f}", "Matthews correlation of what was answered; 1 is perfect"),
        (
            "Best MCC",
            f"{report.best_mcc:.3f}",
            "of answering from one confidence upwards, at its best",
        ),
        ("In-scope accuracy", share(report.in_scope_accuracy), "in-scope questions answered right"),
        ("Out-of-scope recall", share(report.oos_recall), "out-of-scope questions not answered"),
        ("Wrong answers", share(report.wrong_rate), "of all questions"),
        ("Calibration error", f"{report.ece:.3f}", "how far confidence is from being right"),
        ("Latency p50", f"{report.p50:.2f} ms", "half of the questions take no longer"),
        ("Latency p99", f"{report.p99:.2f} ms", "99 of 100 take no longer"),
        ("Load time", f"{report.load_s:.2f} s", "to learn the content"),
        ("Memory", f"{report.rss_mb:.0f} MB", "resident, of the whole process"),
    ):
        table.add_row(*row)
    return table
