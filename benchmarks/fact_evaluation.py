"""Evaluation of answers from the data of roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from faqbot.engine import Engine
from faqbot.errors import UsageError
from faqbot.evaluation.datasets import describe_read_error
from faqbot.model import Answer, Audience, Comparison, Fact, Outcome, Question, Requirement, Surface

NONE = "none"
"""The label of questions that ask for no fact, though they look like it."""


class FactMark(StrEnum):
    """What became of a question; a plain answer shows the right part without saying the fact."""

    RIGHT = "right"
    PLAIN = "plain"
    WRONG = "wrong"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class FactLabelled:
    """A question with the fact that it asks for.

    `roles` are all roles that the fact is about, `entries` where its line stands, `level` that of
    a requirement, `part` the section that is compared.
    """

    question: str
    fact: str
    roles: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    level: str = ""
    part: str = ""
    role: str | None = None


_LABELLED = TypeAdapter(FactLabelled)


@dataclass(frozen=True, slots=True)
class FactMarked:
    """A labelled question with its mark and the outcome."""

    labelled: FactLabelled
    mark: FactMark
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class FactFigures:
    """Shares of the questions that ask for a fact, and of the near misses that got one."""

    questions: int
    right: float
    plain: float
    wrong: float
    near_misses: int
    misread: float

    def __str__(self) -> str:
        return (
            f"facts {self.questions}: right {self.right:.1%}, plain {self.plain:.1%}, "
            f"wrong {self.wrong:.1%} | near misses {self.near_misses}: misread {self.misread:.1%}"
        )


def read_facts(path: Path) -> list[FactLabelled]:
    """The labelled questions of a JSON Lines file.

    Raises:
        UsageError: the file can't be read, or holds a line that is no labelled question.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(describe_read_error(path, error)) from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_LABELLED.validate_json(line))
        except ValidationError as error:
            raise UsageError(f"{path}:{number}: {error.errors()[0]['msg']}.") from error
    return found


def ask_facts(engine: Engine, questions: Iterable[FactLabelled]) -> list[FactMarked]:
    """Ask the questions, each on its own, as an employee."""
    found = []
    for labelled in questions:
        receipt = engine.ask(
            Question(
                labelled.question,
                audience=Audience.EMPLOYEES,
                surface=Surface.TERMINAL,
                role=labelled.role,
            )
        )
        found.append(FactMarked(labelled, fact_mark(labelled, receipt.outcome), receipt.outcome))
    return found


def fact_mark(labelled: FactLabelled, outcome: Outcome) -> FactMark:
    """What an outcome is worth; a choice and a decline are never wrong."""
    fact = outcome.fact if isinstance(outcome, Answer) else None
    if labelled.fact == NONE:
        return FactMark.WRONG if fact else FactMark.RIGHT
    if fact is not None:
        return FactMark.RIGHT if _is(fact, labelled, outcome) else FactMark.WRONG
    if not isinstance(outcome, Answer):
        return FactMark.NONE
    told = {entry.role for entry in outcome.entries}
    return FactMark.PLAIN if told <= set(labelled.roles) else FactMark.WRONG


def _is(fact: Fact, labelled: FactLabelled, outcome: Outcome) -> bool:
    if fact.kind != labelled.fact:
        return False
    match fact:
        case Requirement():
            given = {entry.id for entry in outcome.entries} if isinstance(outcome, Answer) else ()
            given = {*given, *(line.entry for line in fact.lines)}
            held = not labelled.entries or bool(given & set(labelled.entries))
            return fact.role in labelled.roles and fact.level == labelled.level and held
        case Comparison():
            return set(fact.roles) == set(labelled.roles) and fact.part in ("", labelled.part)
        case _ if fact.kind == "next-step" and len(labelled.roles) == 1:
            return fact.roles[0] == labelled.roles[0]
        case _:
            return set(fact.roles) == set(labelled.roles)


def fact_figures(marked: Sequence[FactMarked]) -> FactFigures:
    """The figures of a set."""
    asked = [one for one in marked if one.labelled.fact != NONE]
    near = [one for one in marked if one.labelled.fact == NONE]
    count = Counter(one.mark for one in asked)
    misread = sum(one.mark is FactMark.WRONG for one in near)
    total = max(1, len(asked))
    return FactFigures(
        questions=len(asked),
        right=count[FactMark.RIGHT] / total,
        plain=count[FactMark.PLAIN] / total,
        wrong=count[FactMark.WRONG] / total,
        near_misses=len(near),
        misread=misread / max(1, len(near)),
    )
