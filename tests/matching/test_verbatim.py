"""An author's own question is answered by its entry, word for word."""

from __future__ import annotations

import pytest

from faqbot import Engine, Question
from tests.matching.conftest import Load

NURSE = """
role: staff-nurse
title: Staff Nurse
aliases: [ward nurse]
sections:
  overview: A staff nurse cares for people on a ward.
  skills:
    required: [Wound care, Patience]
faqs:
  - id: nights
    question: Does a {role} work at night?
    phrasings: [are there night shifts]
    answer: Every third week.
  - id: uniform
    question: Who washes the uniform?
    answer: The laundry of the ward.
"""
PORTER = """
role: hospital-porter
title: Hospital Porter
sections:
  overview: A porter brings people and things where they are needed.
  skills:
    required: [Strength]
faqs:
  - id: uniform
    question: Who washes the uniform?
    answer: You do, at home.
  - id: nurses
    question: What skills does a staff nurse expect of me?
    answer: Punctuality above all.
"""
GENERAL = """
faqs:
  - id: greeting
    question: Thank you!
    answer: The thank-you fund is open to all.
  - id: name
    question: What is your name?
    answer: Our name is on the badge, and it is Mercy Hospital.
  - id: bullying
    question: What happens when I report harassment?
    answer: The council hears both sides within a week.
  - id: python
    question: Do I need SQL?
    answer: No, the records are kept on paper.
  - id: matron
    question: What does a matron do that a staff nurse does not?
    answer: She runs several wards.
  - id: badge
    question: How do I cancel my badge, and when do I get the form W-9?
    answer: At the gate.
"""


@pytest.fixture(scope="module")
def engine(load: Load) -> Engine:
    return load(NURSE, PORTER, GENERAL)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("What happens when I report harassment?", "faq/bullying"),
        ("Thank you!", "faq/greeting"),
        ("What is your name?", "faq/name"),
        ("Do I need SQL?", "faq/python"),
        ("What does a matron do that a staff nurse does not?", "faq/matron"),
        ("How do I cancel my badge, and when do I get the form W-9?", "faq/badge"),
        ("What skills does a staff nurse expect of me?", "hospital-porter/faq/nurses"),
        ("Does a staff nurse work at night?", "staff-nurse/faq/nights"),
        ("Does a ward nurse work at night?", "staff-nurse/faq/nights"),
        ("are there night shifts", "staff-nurse/faq/nights"),
    ],
)
def test_an_own_question_is_answered_by_its_entry(engine: Engine, text: str, entry: str) -> None:
    answered = engine.ask(text)
    assert (answered.kind, [found.id for found in answered.entries]) == ("answer", [entry])


@pytest.mark.parametrize(
    "text",
    [
        "what happens when i report harassment",
        "WHAT HAPPENS WHEN I REPORT HARASSMENT???",
        "Hello, what happens when I report harassment please?",
    ],
)
def test_case_punctuation_and_courtesies_do_not_matter(engine: Engine, text: str) -> None:
    assert [found.id for found in engine.ask(text).entries] == ["faq/bullying"]


@pytest.mark.parametrize("role", ["staff-nurse", "hospital-porter"])
def test_of_two_roles_with_the_same_question_that_of_the_conversation_answers(
    engine: Engine, role: str
) -> None:
    answered = engine.ask(Question("Who washes the uniform?", role=role))
    assert answered.kind == "answer"
    assert [found.id for found in answered.entries] == [f"{role}/faq/uniform"]


def test_of_two_roles_with_the_same_question_none_answers_unasked(engine: Engine) -> None:
    asked = engine.ask("Who washes the uniform?")
    assert asked.kind == "choices"
    assert {found.role for found in asked.entries} == {"staff-nurse", "hospital-porter"}


def test_the_thread_of_a_role_decides_between_two_with_the_same_question(engine: Engine) -> None:
    engine.ask(Question("What does a hospital porter do?", thread="ward"))
    answered = engine.ask(Question("Who washes the uniform?", thread="ward"))
    assert [found.id for found in answered.entries] == ["hospital-porter/faq/uniform"]


def test_a_folder_of_two_faqs_answers_both(load: Load) -> None:
    engine = load(
        """
        faqs:
          - id: keys
            question: Who has the keys to the cellar?
            answer: Ask at the bar.
          - id: barrels
            question: When are the barrels collected?
            answer: On Tuesdays.
        """
    )
    for text, entry in (
        ("Who has the keys to the cellar?", "faq/keys"),
        ("When are the barrels collected?", "faq/barrels"),
    ):
        answered = engine.ask(text)
        assert (answered.kind, [found.id for found in answered.entries]) == ("answer", [entry])


def test_an_own_question_of_another_audience_is_not_answered(load: Load) -> None:
    engine = load(
        """
        faqs:
          - id: bonus
            audience: employees
            question: When is the bonus paid?
            answer: In March.
          - id: barrels
            question: When are the barrels collected?
            answer: On Tuesdays.
        """
    )
    assert "March" not in engine.ask("When is the bonus paid?").text


KENNEL = """
    role: dog-groomer
    title: Dog Groomer
    sections:
      overview: Washes and clips dogs.
      skills:
        required: [One year with hand-stripping tools]
        preferred: [Chew-proof bandaging]
    faqs:
      - id: round
        question: When does the first round end?
        answer: At noon.
"""


APRONS = """
    faqs:
      - id: aprons
        question: Who buys my apron and my boots?
        answer: The kennel does.
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("is chew-proof bandaging a must?", "Preferred, not required"),
        ("do i need chew proof bandaging", "Preferred, not required"),
        ("are hand-stripping tools required?", "Yes, required"),
    ],
)
def test_what_a_role_lists_is_told_though_a_general_faq_may_be_meant(
    load: Load, text: str, said: str
) -> None:
    answered = load(KENNEL, APRONS).ask(text)
    assert answered.fact is not None
    assert said in answered.text


@pytest.mark.parametrize(
    "text",
    [
        "when does the dog groomer's first round end",
        "When does the first round of a dog groomer end?",
        "when does the first round end for the dog groomer",
    ],
)
def test_an_own_question_of_a_role_is_known_wherever_the_role_is_named(
    load: Load, text: str
) -> None:
    answered = load(KENNEL).ask(text)
    assert [found.id for found in answered.entries] == ["dog-groomer/faq/round"]
