"""The labelled questions are answered as well as promised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.fact_evaluation import ask_facts, fact_figures, read_facts
from faqbot.app import load_engine
from faqbot.engine import Engine
from faqbot.evaluation.datasets import (
    Expect,
    LabelledQuestion,
    Mark,
    ask_all,
    dataset_figures,
    mark,
    read_questions,
)
from faqbot.model import Answer, Candidate, Choices, Decline, EntryKind, Outcome

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(ROOT / "knowledge")


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("development", (0.97, 0.02, 0.95)),
        ("development-2", (0.84, 0.04, 0.94)),
        ("development-3", (0.89, 0.05, 0.93)),
    ],
)
def test_development_questions_stay_answered(
    name: str,
    bounds: tuple[float, float, float],
    engine: Engine,
    record_property: Callable[[str, object], None],
) -> None:
    """Bounds a little below what is reached; figures for reports come from the test file."""
    right, wrong, turned_away = bounds
    questions = read_questions(ROOT / "tests" / "questions" / f"{name}.jsonl")
    found = dataset_figures(ask_all(engine, questions))
    record_property("figures", f"{name} questions, {found}")
    assert found.right >= right, found
    assert found.wrong <= wrong, found
    assert found.turned_away >= turned_away, found


async def test_questions_about_facts_stay_answered(
    engine: Engine, record_property: Callable[[str, object], None]
) -> None:
    questions = read_facts(ROOT / "tests" / "questions" / "facts-development.jsonl")
    found = fact_figures(ask_facts(engine, questions))
    record_property("figures", f"facts-development questions, {found}")
    assert found.right >= 0.96, found
    assert found.wrong <= 0.01, found
    assert found.misread == 0, found


def test_every_fact_label_names_roles_and_entries_that_are_shipped(engine: Engine) -> None:
    for name in ("facts-development", "facts-test"):
        for labelled in read_facts(ROOT / "tests" / "questions" / f"{name}.jsonl"):
            for entry_id in (*labelled.roles, *labelled.entries):
                assert engine.knowledge_base.entry(entry_id), (name, labelled.question, entry_id)


def test_every_label_names_an_entry_that_is_shipped(engine: Engine) -> None:
    for name in ("development", "development-2", "development-3", "test"):
        for labelled in read_questions(ROOT / "tests" / "questions" / f"{name}.jsonl"):
            for entry_id in (*labelled.entries, *labelled.accept):
                assert engine.knowledge_base.entry(entry_id), (name, labelled.question, entry_id)


def _answered(*ids: str) -> Answer:
    return Answer(tuple(Candidate(entry_id, EntryKind.SECTION, None, 1.0) for entry_id in ids))


BOTH = LabelledQuestion("?", Expect.ANSWER, ("r/skills", "r/education"))
ONE = LabelledQuestion("?", Expect.ANSWER, ("r/skills",), ("r",))


@pytest.mark.parametrize(
    ("labelled", "outcome", "worth"),
    [
        (BOTH, _answered("r/education", "r/skills"), Mark.RIGHT),
        (BOTH, _answered("r/skills"), Mark.WRONG),
        (ONE, _answered("r"), Mark.RIGHT),
        (ONE, _answered("r/skills", "r"), Mark.WRONG),
        (ONE, Choices(()), Mark.ASKED),
        (ONE, Decline(), Mark.DECLINED),
        (LabelledQuestion("?", Expect.ASK), Choices(()), Mark.RIGHT),
        (LabelledQuestion("?", Expect.ASK), _answered("r"), Mark.WRONG),
        (LabelledQuestion("?", Expect.ASK), Decline(), Mark.DECLINED),
        (LabelledQuestion("?", Expect.DECLINE), Decline(), Mark.RIGHT),
        (LabelledQuestion("?", Expect.DECLINE), Choices(()), Mark.RIGHT),
        (LabelledQuestion("?", Expect.DECLINE), _answered("r"), Mark.WRONG),
    ],
)
def test_only_an_answer_that_gives_what_was_asked_for_is_right(
    labelled: LabelledQuestion, outcome: Outcome, worth: Mark
) -> None:
    assert mark(labelled, outcome) is worth
