"""How well labelled questions are answered: one question's mark, and the figures of a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from faqbot.engine import Desk
from faqbot.errors import UsageError
from faqbot.model import (
    Answered,
    Audience,
    Comparison,
    Declined,
    Kind,
    Outcome,
    Place,
    Question,
    Unsure,
)


class Expect(StrEnum):
    """What a labelled question asks for."""

    ANSWER = "answer"
    ASK = "ask"
    DECLINE = "decline"


class Mark(StrEnum):
    """What became of a question: only an answer can be wrong."""

    RIGHT = "right"
    WRONG = "wrong"
    ASKED = "asked"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with what is owed in return; `accept` are single ids that are as good."""

    question: str
    expect: Expect
    entries: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    role: str | None = None
    tags: tuple[str, ...] = ()


_LABELLED = TypeAdapter(Labelled)


@dataclass(frozen=True, slots=True)
class Marked:
    """A labelled question with its mark and the ids that were answered or offered."""

    labelled: Labelled
    mark: Mark
    got: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one set, as shares of its in-scope, ambiguous and out-of-scope questions."""

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


def read_questions(path: Path) -> list[Labelled]:
    """The labelled questions of a JSON Lines file.

    Raises:
        UsageError: the file can't be read, is empty, or holds a line that is no labelled question.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(unreadable(path, error)) from error
    found = [_labelled(path, number, text) for number, text in enumerate(lines, 1) if text.strip()]
    if not found:
        raise UsageError(f"{path} holds no questions. Write a JSON object on each line.")
    return found


def unreadable(path: Path, error: OSError | UnicodeDecodeError) -> str:
    """Why a text file can't be read, as advice."""
    if isinstance(error, OSError):
        return f"Can't read {path}: {error.strerror or error}. Name a file that is there."
    line = error.object[: error.start].count(b"\n") + 1
    return f"{path} is not UTF-8 (line {line}). Save it as UTF-8."


def _labelled(path: Path, number: int, text: str) -> Labelled:
    try:
        labelled = _LABELLED.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{first['loc'][0]}: " if first["loc"] else ""
        raise UsageError(
            f"{path}:{number}: {where}{first['msg']}. "
            'A line reads {"question": ..., "expect": "answer", "ask" or "decline", '
            '"entries": [ids]}.'
        ) from error
    if (labelled.expect is Expect.ANSWER) != bool(labelled.entries):
        raise UsageError(
            f"{path}:{number}: entries: exactly the questions that expect an answer name entries. "
            "Add the ids, or change what it expects."
        )
    return labelled


def mark(labelled: Labelled, outcome: Outcome) -> Mark:
    """What an outcome is worth for a question with that label."""
    match outcome, labelled.expect:
        case Answered(entries=entries, fact=fact), Expect.ANSWER:
            ids = {entry.id for entry in entries}
            if isinstance(fact, Comparison) and entries[0].kind is Kind.FAQ:
                ids = {entries[0].id}  # the roles that it tells apart follow it
            right = ids == set(labelled.entries) or (len(ids) == 1 and ids <= set(labelled.accept))
            return Mark.RIGHT if right else Mark.WRONG
        case Answered(), _:
            return Mark.WRONG
        case Unsure(), Expect.ANSWER:
            return Mark.ASKED
        case Unsure(), _:
            return Mark.RIGHT
        case Declined(), Expect.DECLINE:
            return Mark.RIGHT
        case Declined(), _:
            return Mark.DECLINED


def as_asked(labelled: Labelled) -> Question:
    """The question as an employee asks it in a direct message."""
    return Question(
        labelled.question, audience=Audience.EMPLOYEES, place=Place.DIRECT, role=labelled.role
    )


async def ask_all(desk: Desk, questions: Iterable[Labelled]) -> list[Marked]:
    """Ask every question, independently of the others."""
    marked = []
    for labelled in questions:
        receipt = await desk.ask(as_asked(labelled))
        marked.append(Marked(labelled, mark(labelled, receipt.outcome), _ids(receipt.outcome)))
    return marked


def figures(marked: Sequence[Marked]) -> Figures:
    """The figures of a set of marked questions."""
    counts = {expect: Counter[Mark]() for expect in Expect}
    for one in marked:
        counts[one.labelled.expect][one.mark] += 1

    def share(expect: Expect, which: Mark) -> float:
        return counts[expect][which] / (counts[expect].total() or 1)

    return Figures(
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
        case Answered(entries=entries) | Unsure(options=entries):
            return tuple(entry.id for entry in entries)
        case Declined(nearest=nearest):
            return nearest
