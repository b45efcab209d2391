"""What a labelled question and the engine's outcome are worth together."""

from __future__ import annotations

import datetime as dt
from typing import cast

import pytest

from faqbot.engine import Engine
from faqbot.evaluation.datasets import Expect, LabelledQuestion
from faqbot.evaluation.runner import EvaluationReport, Prediction, predict_all, report
from faqbot.model import (
    Answer,
    Candidate,
    Choices,
    Decline,
    EntryKind,
    Faq,
    KnowledgeBase,
    Outcome,
    ParsedQuestion,
    Question,
)
from faqbot.replies.result import Result

LIBRARY = KnowledgeBase(faqs=tuple(Faq(None, key, f"{key}?", key) for key in "abc"))


class Settled:
    """An engine whose mind is made up."""

    knowledge_base = LIBRARY

    def __init__(self, outcome: Outcome, *candidates: Candidate) -> None:
        self._outcome = outcome
        self._candidates = candidates

    def ask(self, question: Question) -> Result:
        parsed = ParsedQuestion(question.text, candidates=self._candidates)
        return Result(question, parsed, self._outcome, LIBRARY, dt.date(2026, 11, 23))


def entry(key: str, confidence: float) -> Candidate:
    return Candidate(f"faq/{key}", EntryKind.FAQ, None, confidence)


def tried(labelled: LabelledQuestion, outcome: Outcome, *candidates: Candidate) -> Prediction:
    engine = cast("Engine", Settled(outcome, *candidates))
    (trial,) = predict_all(engine, [labelled])
    return trial


A = LabelledQuestion("?", Expect.ANSWER, ("faq/a",), ("faq/b",))
BOTH = LabelledQuestion("?", Expect.ANSWER, ("faq/a", "faq/b"))
OUTSIDE = LabelledQuestion("?", Expect.DECLINE)
WHICH = LabelledQuestion("?", Expect.ASK)
PART = Candidate("skills", EntryKind.SECTION, None, 0.99)


@pytest.mark.parametrize(
    ("labelled", "outcome", "guess", "confidence", "answer"),
    [
        (A, Answer((entry("a", 0.9),)), "faq/a", 0.9, "faq/a"),
        (A, Answer((entry("b", 0.8),)), "faq/a", 0.8, "faq/a"),
        (A, Answer((entry("c", 0.8),)), "faq/c", 0.8, "faq/c"),
        (A, Choices((entry("a", 0.4), entry("c", 0.3))), "faq/a", 0.4, ""),
        (BOTH, Answer((entry("b", 0.9), entry("a", 0.7))), "faq/a+faq/b", 0.7, "faq/a+faq/b"),
        (BOTH, Answer((entry("a", 0.9),)), "faq/a", 0.9, "faq/a"),
        (OUTSIDE, Answer((entry("a", 0.6),)), "faq/a", 0.6, "faq/a"),
        (WHICH, Choices((entry("a", 0.1),)), "faq/a", 0.1, ""),
    ],
)
def test_prediction_has_the_best_guess_and_the_answer(
    labelled: LabelledQuestion, outcome: Outcome, guess: str, confidence: float, answer: str
) -> None:
    trial = tried(labelled, outcome)
    assert (trial.guess, trial.confidence, trial.answer) == (guess, confidence, answer)


def test_prediction_of_a_declined_question_has_a_best_guess() -> None:
    trial = tried(A, Decline(), PART, entry("a", 0.2), entry("c", 0.1))
    assert (trial.guess, trial.confidence, trial.answer) == ("faq/a", 0.2, "")
    assert tried(A, Decline(), PART).confidence == 0.0


def test_confidence_is_not_judged_where_asking_for_the_role_was_right() -> None:
    assert not tried(WHICH, Choices((entry("a", 0.1),))).is_judged
    assert tried(WHICH, Answer((entry("a", 0.9),))).is_judged


def trial(expect: Expect, owed: str, guess: str, confidence: float, answer: str) -> Prediction:
    return Prediction(expect, owed, guess, confidence, answer, 0.002)


def figures() -> EvaluationReport:
    return report(
        [
            trial(Expect.ANSWER, "a", "a", 0.95, "a"),
            trial(Expect.ANSWER, "b", "b", 0.45, ""),
            trial(Expect.ANSWER, "c", "a", 0.75, "a"),
            trial(Expect.DECLINE, "", "a", 0.15, ""),
            trial(Expect.DECLINE, "", "c", 0.85, "c"),
            trial(Expect.ASK, "", "c", 0.05, ""),
        ],
        load_s=1.5,
    )


def test_report_compares_expected_with_given_answers() -> None:
    found = figures()
    assert (found.questions, found.in_scope) == (6, 3)
    assert found.top1 == pytest.approx(2 / 3)
    assert found.in_scope_accuracy == pytest.approx(1 / 3)
    assert found.oos_recall == pytest.approx(1 / 2)
    assert found.wrong_rate == pytest.approx(2 / 6)
    assert found.ece == pytest.approx((0.05 + 0.55 + 0.75 + 0.15 + 0.85) / 5)
    assert found.best_mcc > found.mcc
    assert found.rss_mb > 10


def test_report_as_json_has_the_keys_of_the_contract() -> None:
    told = figures().as_json()
    assert (
        list(told)[2:]
        == (
            "top1 mcc best_mcc in_scope_accuracy oos_recall wrong_rate ece latency_ms load_s rss_mb"
        ).split()
    )
    assert told["latency_ms"] == {"p50": 2.0, "p99": 2.0}
    assert told["load_s"] == 1.5


def test_share_of_no_questions_is_none() -> None:
    only = report([trial(Expect.ANSWER, "a", "a", 0.9, "a")])
    assert only.oos_recall is None
    assert report([]).top1 is None
