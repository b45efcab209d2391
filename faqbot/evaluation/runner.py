"""Runs labelled questions through the engine: predictions, their figures, changed outcomes."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faqbot.engine import Engine
from faqbot.evaluation.datasets import Expect, LabelledQuestion, to_question
from faqbot.evaluation.metrics import (
    NO_LABEL,
    Classes,
    Flags,
    Scores,
    best_mcc,
    calibration_error,
    mcc,
)
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Decline,
    Faq,
    KnowledgeBase,
    Outcome,
    Question,
    Silence,
)
from faqbot.replies.result import Result

NO_ENTRY = ""
"""Stands for "no entry" among the entries of a prediction."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One question's expected entry, best guess with its confidence, and answer.

    Several entries that are answered together are one name, joined by "+".
    """

    expect: Expect
    expected: str
    guess: str
    confidence: float
    answer: str
    seconds: float

    @property
    def is_guessed(self) -> bool:
        return bool(self.expected) and self.guess == self.expected

    @property
    def is_judged(self) -> bool:
        """Whether the guess can be judged: an ambiguous question has no right guess."""
        return self.expect is not Expect.ASK or bool(self.answer)


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The figures of a set of predictions; a share of no questions is None."""

    questions: int
    in_scope: int
    top1: float | None
    mcc: float
    best_mcc: float
    in_scope_accuracy: float | None
    oos_recall: float | None
    wrong_rate: float | None
    ece: float
    p50: float
    p99: float
    load_s: float
    rss_mb: float

    def as_json(self) -> dict[str, object]:
        """Return the JSON contract of `faqbot evaluate --json`; keys may be added, none change."""

        def share(value: float | None) -> float | None:
            return None if value is None else round(value, 4)

        return {
            "questions": self.questions,
            "in_scope": self.in_scope,
            "top1": share(self.top1),
            "mcc": round(self.mcc, 4),
            "best_mcc": round(self.best_mcc, 4),
            "in_scope_accuracy": share(self.in_scope_accuracy),
            "oos_recall": share(self.oos_recall),
            "wrong_rate": share(self.wrong_rate),
            "ece": round(self.ece, 4),
            "latency_ms": {"p50": round(self.p50, 3), "p99": round(self.p99, 3)},
            "load_s": round(self.load_s, 3),
            "rss_mb": round(self.rss_mb, 1),
        }


def predict_all(engine: Engine, questions: Iterable[LabelledQuestion]) -> list[Prediction]:
    """Ask each question without the memory of the others."""
    predictions = []
    for labelled in questions:
        asked = to_question(labelled)
        began = time.perf_counter()
        result = engine.ask(asked)
        predictions.append(_prediction(labelled, result, time.perf_counter() - began))
    return predictions


def _prediction(labelled: LabelledQuestion, result: Result, seconds: float) -> Prediction:
    outcome = result.outcome
    expected = _name(labelled.entries) if labelled.expect is Expect.ANSWER else NO_ENTRY

    def named(candidates: Sequence[Candidate]) -> str:
        ids = tuple(candidate.id for candidate in candidates)
        good = expected and len(ids) == 1 and ids[0] in labelled.accept
        return expected if good else _name(ids)

    # Without a role a candidate can be a section key alone, which is no entry of the content.
    best = tuple(
        c for c in result.parsed.candidates if result.knowledge_base.entry(c.id) is not None
    )[:1]
    if isinstance(outcome, Answer):
        best = outcome.entries
    elif isinstance(outcome, Choices) and outcome.options:
        best = outcome.options[:1]
    return Prediction(
        expect=labelled.expect,
        expected=expected,
        guess=named(best),
        # The least certain of several entries counts, as it does in the decision.
        confidence=min((candidate.confidence for candidate in best), default=0.0),
        answer=named(outcome.entries) if isinstance(outcome, Answer) else NO_ENTRY,
        seconds=seconds,
    )


def _name(ids: Iterable[str]) -> str:
    return "+".join(sorted(set(ids)))


@dataclass(frozen=True)
class Columns:
    """Predictions as arrays, for the measures."""

    expected: Classes
    guesses: Classes
    answers: Classes
    confidences: Scores
    judged: Flags

    @property
    def right(self) -> Flags:
        """Whether the best guess is right; False where no entry is expected."""
        right: Flags = (self.expected != NO_LABEL) & (self.guesses == self.expected)
        return right


def as_columns(predictions: Sequence[Prediction]) -> Columns:
    """Return the predictions as arrays."""
    names = {name for one in predictions for name in (one.expected, one.guess, one.answer)} - {
        NO_ENTRY
    }
    numbers = {NO_ENTRY: NO_LABEL} | {name: number for number, name in enumerate(sorted(names))}

    def classes(entries: Iterable[str]) -> Classes:
        return np.array([numbers[entry] for entry in entries], dtype=np.int64)

    return Columns(
        expected=classes(one.expected for one in predictions),
        guesses=classes(one.guess for one in predictions),
        answers=classes(one.answer for one in predictions),
        confidences=np.array([one.confidence for one in predictions], dtype=np.float64),
        judged=np.array([one.is_judged for one in predictions], dtype=bool),
    )


def report(predictions: Sequence[Prediction], *, load_s: float = 0.0) -> EvaluationReport:
    """Return the figures of the predictions, and the memory that this process uses now."""
    data = as_columns(predictions)
    in_scope = [one for one in predictions if one.expect is Expect.ANSWER]
    outside = [one for one in predictions if one.expect is Expect.DECLINE]
    times = 1000 * np.array([one.seconds for one in predictions] or [0.0])
    return EvaluationReport(
        questions=len(predictions),
        in_scope=len(in_scope),
        top1=_share([one.is_guessed for one in in_scope]),
        mcc=mcc(data.expected, data.answers),
        best_mcc=best_mcc(data.expected, data.guesses, data.confidences),
        in_scope_accuracy=_share([one.answer == one.expected for one in in_scope]),
        oos_recall=_share([not one.answer for one in outside]),
        wrong_rate=_share([one.answer not in (NO_ENTRY, one.expected) for one in predictions]),
        ece=calibration_error(data.confidences[data.judged], data.right[data.judged]),
        p50=float(np.percentile(times, 50)),
        p99=float(np.percentile(times, 99)),
        load_s=load_s,
        rss_mb=resident_mb(),
    )


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def resident_mb() -> float:
    """Return this process's resident memory in MiB: current on Linux, elsewhere its peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # ru_maxrss counts bytes on macOS and KiB elsewhere.
        return highest / (2**20 if sys.platform == "darwin" else 2**10)
    return pages * resource.getpagesize() / 2**20


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """A question that the content itself contains, asked in a conversation about a role.

    The entry `expected` answers it; with `is_match` False it must not.
    """

    text: str
    role: str | None
    expected: str
    is_match: bool = True


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """A question whose outcome a change of the content changes, for better or worse."""

    question: TestQuestion
    before: str
    after: str
    better: bool
    worse: bool


def content_questions(knowledge_base: KnowledgeBase) -> tuple[TestQuestion, ...]:
    """Return all FAQs' questions, phrasings and tests, and the phrasings of sections."""
    return tuple(_content_questions(knowledge_base))


def outcome_changes(
    before: Engine, after: Engine, questions: Sequence[TestQuestion]
) -> tuple[OutcomeChange, ...]:
    """Return the questions whose outcome differs between two engines."""
    found = []
    for one in questions:
        question = Question(one.text, audience=Audience.EMPLOYEES, role=one.role)
        was, now = [(engine.ask(question)).outcome for engine in (before, after)]
        if _describe(was) == _describe(now):
            continue
        fits = [(one.expected in _ids(outcome)) is one.is_match for outcome in (was, now)]
        found.append(
            OutcomeChange(
                one,
                _describe(was),
                _describe(now),
                better=bool(one.expected) and not fits[0] and fits[1],
                worse=bool(one.expected) and fits[0] and not fits[1],
            )
        )
    return tuple(found)


def _content_questions(knowledge_base: KnowledgeBase) -> Iterator[TestQuestion]:
    faqs: list[Faq] = [faq for role in knowledge_base.roles for faq in role.faqs]
    for faq in (*faqs, *knowledge_base.faqs):
        for text in dict.fromkeys((faq.question, *faq.phrasings, *faq.matches)):
            yield TestQuestion(_with_role_title(text, faq.role, knowledge_base), faq.role, faq.id)
        for text in faq.rejects:
            yield TestQuestion(
                _with_role_title(text, faq.role, knowledge_base), faq.role, faq.id, is_match=False
            )
    for role in knowledge_base.roles:
        for section in role.sections:
            for text in section.phrasings:
                yield TestQuestion(
                    _with_role_title(text, role.id, knowledge_base), role.id, section.id
                )


def _with_role_title(text: str, role_id: str | None, knowledge_base: KnowledgeBase) -> str:
    role = knowledge_base.role(role_id)
    return text.replace("{role}", role.title) if role else text


def _ids(outcome: Outcome) -> tuple[str, ...]:
    return tuple(entry.id for entry in outcome.entries) if isinstance(outcome, Answer) else ()


def _describe(outcome: Outcome) -> str:
    match outcome:
        case Answer(entries=entries):
            return f"answered by {', '.join(entry.id for entry in entries)}"
        case Choices(options=options):
            return f"asked back between {', '.join(entry.id for entry in options)}"
        case Decline() | Silence():
            return "declined"
