"""Labelled questions: read from JSON Lines or made of intent sets (CSV), asked, and marked."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from faqbot.engine import Engine
from faqbot.errors import UsageError
from faqbot.model import (
    Answer,
    Audience,
    Choices,
    Comparison,
    Decline,
    EntryKind,
    Faq,
    KnowledgeBase,
    Outcome,
    Question,
    Silence,
    Surface,
)


class Expect(StrEnum):
    """The outcome that a label demands."""

    ANSWER = "answer"
    ASK = "ask"
    DECLINE = "decline"


class Mark(StrEnum):
    """The result for one question; only an answer can be wrong."""

    RIGHT = "right"
    WRONG = "wrong"
    ASKED = "asked"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and its label; each id in `accept` alone is a right answer too."""

    question: str
    expect: Expect
    entries: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    role: str | None = None
    tags: tuple[str, ...] = ()


_LABELLED_QUESTION = TypeAdapter(LabelledQuestion)


@dataclass(frozen=True, slots=True)
class MarkedQuestion:
    """A labelled question, its mark, and the ids that were answered or offered."""

    labelled: LabelledQuestion
    mark: Mark
    got: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetFigures:
    """The figures of a data set: shares of its in-scope, ambiguous and out-of-scope questions."""

    questions: int
    in_scope: int
    right: float
    wrong: float
    asked: float
    declined: float
    ambiguous: int
    ambiguous_asked: float
    ambiguous_answered: float
    out_of_scope: int
    turned_away: float
    out_of_scope_answered: float

    def __str__(self) -> str:
        return (
            f"in scope {self.in_scope}: right {self.right:.1%}, wrong {self.wrong:.1%}, "
            f"asked {self.asked:.1%}, declined {self.declined:.1%} | "
            f"ambiguous {self.ambiguous}: asked {self.ambiguous_asked:.1%}, "
            f"answered {self.ambiguous_answered:.1%} | "
            f"out of scope {self.out_of_scope}: declined or asked {self.turned_away:.1%}, "
            f"answered {self.out_of_scope_answered:.1%}"
        )


def read_questions(path: Path) -> list[LabelledQuestion]:
    """Read the labelled questions of a JSON Lines file.

    Raises:
        UsageError: The file can't be read, is empty, or has a line that isn't a labelled question.
    """
    try:
        # splitlines would also cut at U+2028, which may stand in a JSON string.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(describe_read_error(path, error)) from error
    found = [_labelled(path, number, text) for number, text in enumerate(lines, 1) if text.strip()]
    if not found:
        raise UsageError(f"{path} contains no questions. Write a JSON object on each line.")
    return found


def describe_read_error(path: Path, error: OSError | UnicodeDecodeError) -> str:
    """Return advice for a text file that can't be read."""
    if isinstance(error, OSError):
        return f"Can't read {path}: {error.strerror or error}. Name a file that is there."
    line = error.object[: error.start].count(b"\n") + 1
    return f"{path} is not UTF-8 (line {line}). Save it as UTF-8."


def _labelled(path: Path, number: int, text: str) -> LabelledQuestion:
    try:
        labelled = _LABELLED_QUESTION.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{first['loc'][0]}: " if first["loc"] else ""
        raise UsageError(
            f"{path}:{number}: {where}{first['msg']}. "
            'A line reads {"question": ..., "expect": "answer", "ask" or "decline", '
            '"entries": [ids]}.'
        ) from error
    # Checked here, as no type says it: a question to decline that names entries is a slip.
    if (labelled.expect is Expect.ANSWER) != bool(labelled.entries):
        raise UsageError(
            f"{path}:{number}: entries: exactly the questions that expect an answer name entries. "
            "Add the ids, or change what it expects."
        )
    return labelled


def mark(labelled: LabelledQuestion, outcome: Outcome) -> Mark:
    """Compare an outcome with the label of its question."""
    match outcome, labelled.expect:
        case Answer(entries=entries, fact=fact), Expect.ANSWER:
            ids = {entry.id for entry in entries}
            if isinstance(fact, Comparison) and entries[0].kind is EntryKind.FAQ:
                # The FAQ that answers a comparison comes first; the compared roles follow it.
                ids = {entries[0].id}
            right = ids == set(labelled.entries) or (len(ids) == 1 and ids <= set(labelled.accept))
            return Mark.RIGHT if right else Mark.WRONG
        case Answer(), _:
            return Mark.WRONG
        case Choices(), Expect.ANSWER:
            return Mark.ASKED
        case Choices(), _:
            return Mark.RIGHT
        case Decline() | Silence(), Expect.DECLINE:
            return Mark.RIGHT
        case Decline() | Silence(), _:
            return Mark.DECLINED


def to_question(labelled: LabelledQuestion) -> Question:
    """Return the question as an employee asks it in a direct message."""
    return Question(
        labelled.question, audience=Audience.EMPLOYEES, surface=Surface.DIRECT, role=labelled.role
    )


def ask_all(engine: Engine, questions: Iterable[LabelledQuestion]) -> list[MarkedQuestion]:
    """Ask each question without the memory of the others, and mark its outcome."""
    marked = []
    for labelled in questions:
        result = engine.ask(to_question(labelled))
        marked.append(
            MarkedQuestion(labelled, mark(labelled, result.outcome), _ids(result.outcome))
        )
    return marked


def dataset_figures(marked: Sequence[MarkedQuestion]) -> DatasetFigures:
    """Return the figures of a set of marked questions."""
    counts = {expect: Counter[Mark]() for expect in Expect}
    for one in marked:
        counts[one.labelled.expect][one.mark] += 1

    def share(expect: Expect, which: Mark) -> float:
        return counts[expect][which] / (counts[expect].total() or 1)

    return DatasetFigures(
        questions=len(marked),
        in_scope=counts[Expect.ANSWER].total(),
        right=share(Expect.ANSWER, Mark.RIGHT),
        wrong=share(Expect.ANSWER, Mark.WRONG),
        asked=share(Expect.ANSWER, Mark.ASKED),
        declined=share(Expect.ANSWER, Mark.DECLINED),
        ambiguous=counts[Expect.ASK].total(),
        ambiguous_asked=share(Expect.ASK, Mark.RIGHT),
        ambiguous_answered=share(Expect.ASK, Mark.WRONG),
        out_of_scope=counts[Expect.DECLINE].total(),
        turned_away=share(Expect.DECLINE, Mark.RIGHT),
        out_of_scope_answered=share(Expect.DECLINE, Mark.WRONG),
    )


def _ids(outcome: Outcome) -> tuple[str, ...]:
    match outcome:
        case Answer(entries=entries) | Choices(options=entries):
            return tuple(entry.id for entry in entries)
        case Decline(nearest=nearest):
            return nearest
        case Silence():
            return ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an intent set, with the label of its intent."""

    text: str
    label: str


def read_sentences(path: Path, text_column: str, label_column: str) -> list[Sentence]:
    """Read the sentences of a CSV file that has a header.

    Raises:
        UsageError: The file can't be read, lacks a column, or has a row without text or label.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            found = _sentences(path, csv.DictReader(stream), text_column, label_column)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(describe_read_error(path, error)) from error
    except csv.Error as error:
        raise UsageError(f"{path} can't be read as CSV: {error}. Write it as UTF-8 CSV.") from error
    if not found:
        raise UsageError(f"{path} contains no sentences. It needs a header and a row for each.")
    return found


def _sentences(
    path: Path, rows: csv.DictReader[str], text_column: str, label_column: str
) -> list[Sentence]:
    there = list(rows.fieldnames or ())
    for name, option in ((text_column, "--text-column"), (label_column, "--label-column")):
        if there and name not in there:
            names = ", ".join(map(repr, there))
            raise UsageError(f"{path} has no column {name!r}, only {names}. Set {option}.")
    found = []
    for row in rows:
        text, label = (row[column] or "" for column in (text_column, label_column))
        if not text.strip() or not label.strip():
            lacking = label_column if text.strip() else text_column
            raise UsageError(f"{path}:{rows.line_num}: no {lacking}. Fill it in or drop the row.")
        found.append(Sentence(text, label.strip()))
    return found


def knowledge_base_from(train: Iterable[Sentence], none_label: str | None = None) -> KnowledgeBase:
    """Return content with a general FAQ for each label.

    A label's first sentence is the question, the others are phrasings.

    Raises:
        UsageError: Every sentence has the label that stands for no answer.
    """
    by_label: dict[str, list[str]] = {}
    for sentence in train:
        if sentence.label != none_label:
            by_label.setdefault(sentence.label, []).append(sentence.text)
    if not by_label:
        raise UsageError("No training sentence has an answer: all have the label of --none-label.")
    return KnowledgeBase(
        faqs=tuple(
            Faq(role=None, key=label, question=texts[0], answer=label, phrasings=tuple(texts[1:]))
            for label, texts in by_label.items()
        )
    )


def labelled_questions(
    test: Sequence[Sentence], knowledge_base: KnowledgeBase
) -> list[LabelledQuestion]:
    """Return the sentences as questions; those with a label outside the content are out of scope.

    Raises:
        UsageError: No sentence is in scope.
    """
    ids = {faq.key: faq.id for faq in knowledge_base.faqs}
    questions = [
        LabelledQuestion(sentence.text, Expect.ANSWER, (ids[sentence.label],))
        if sentence.label in ids
        else LabelledQuestion(sentence.text, Expect.DECLINE)
        for sentence in test
    ]
    if all(question.expect is Expect.DECLINE for question in questions):
        raise UsageError(
            "No test sentence has a label of the training file, so nothing is in scope. "
            "Check that both files are of the same set, and --label-column."
        )
    return questions


def unseen_labels(
    test: Iterable[Sentence], knowledge_base: KnowledgeBase, none_label: str | None
) -> tuple[str, ...]:
    """Return the labels of the test sentences that are neither trained nor `none_label`."""
    known = {faq.key for faq in knowledge_base.faqs} | {none_label}
    return tuple(dict.fromkeys(one.label for one in test if one.label not in known))
