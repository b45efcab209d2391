"""Questions for a number, and for things whose names are made of everyday words."""

from __future__ import annotations

import time

import pytest

from faqbot.app import build_index
from faqbot.engine import Engine
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import (
    Answer,
    Choices,
    Faq,
    KnowledgeBase,
    Requirement,
    RequirementLevel,
    Role,
    Section,
)


def _section(role: str, key: str, *items: str, required: tuple[str, ...] = ()) -> Section:
    return Section(role, key, key.capitalize(), items=items, required=required)


CONTENT = KnowledgeBase(
    roles=(
        Role(
            "sailing-teacher",
            "Sailing Teacher",
            sections=(
                _section("sailing-teacher", "responsibilities", "Hold six courses a season"),
                _section("sailing-teacher", "education", "A school certificate is enough"),
                _section("sailing-teacher", "certifications", required=("Open water level 2",)),
            ),
        ),
        Role(
            "boat-builder",
            "Boat Builder",
            sections=(
                _section("boat-builder", "responsibilities", "Repair hulls", "Order wood"),
                _section("boat-builder", "skills", required=("Hand tools", "Patience")),
            ),
        ),
    ),
    faqs=(
        Faq(None, "lockers", "How many lockers are there?", "Forty, one for each of us."),
        Faq(None, "water", "Is the water in the harbour clean?", "Yes, it is tested each week."),
    ),
    version="test",
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build_index(CONTENT), ConversationMemory(time.monotonic))


@pytest.mark.parametrize(
    "question",
    [
        "how many courses does a sailing teacher hold",
        "how many courses must the sailing teacher give",
        "sailing teacher: how many courses?",
    ],
)
def test_the_part_with_the_number_is_the_answer_or_the_first_choice(
    engine: Engine, question: str
) -> None:
    outcome = engine.ask(question).outcome
    assert isinstance(outcome, Answer | Choices)
    entries = outcome.entries if isinstance(outcome, Answer) else outcome.options
    assert entries[0].id == "sailing-teacher/responsibilities"
    assert list(entries) == sorted(entries, key=lambda one: -one.confidence)


def test_a_number_of_something_else_is_no_answer(engine: Engine) -> None:
    outcome = engine.ask("how many holidays does a sailing teacher have").outcome
    assert not isinstance(outcome, Answer)


def test_an_authors_own_question_for_a_number_is_answered_by_its_entry(engine: Engine) -> None:
    outcome = engine.ask("How many lockers are there?").outcome
    assert isinstance(outcome, Answer)
    assert outcome.entries[0].id == "faq/lockers"


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("do i need open water", "sailing-teacher"),
        ("open water needed?", "sailing-teacher"),
        ("is open water required", "sailing-teacher"),
        ("are hand tools required", "boat-builder"),
    ],
)
def test_everyday_words_name_a_thing_where_a_role_lists_them_in_this_order(
    engine: Engine, question: str, role: str
) -> None:
    outcome = engine.ask(question).outcome
    assert isinstance(outcome, Answer)
    assert isinstance(outcome.fact, Requirement)
    assert (outcome.fact.role, outcome.fact.level) == (role, RequirementLevel.REQUIRED)


@pytest.mark.parametrize(
    "question", ["do i need water", "is water open", "do i need tools by hand"]
)
def test_the_same_words_apart_are_no_name(engine: Engine, question: str) -> None:
    outcome = engine.ask(question).outcome
    assert not isinstance(outcome, Answer) or not isinstance(outcome.fact, Requirement)
