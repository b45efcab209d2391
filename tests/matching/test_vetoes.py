"""What a question demands is explained by the entry that answers, or the entry is only offered."""

from __future__ import annotations

import pytest

from faqbot import Engine
from faqbot.matching.vetoes import codes_in, demands_of, numbered_in
from tests.matching.conftest import Load

FAQS = """
faqs:
  - id: tax-form
    question: How do I correct my W-2?
    answer: Ask the payroll office for a corrected form; they send it in five days.
  - id: pension
    question: Can I pay into a 403b?
    answer: Yes, from your first payroll on, up to the yearly limit.
  - id: health-account
    question: What does the HSA cover?
    answer: It pays for doctors, glasses and medicine.
  - id: band
    question: What is the salary of band 5?
    answer: Band 5 starts at 31,000 and ends at 38,000.
  - id: laptop
    question: How do I get a laptop of tier 2?
    answer: Ask the service desk for a tier 2 laptop, with your manager's approval.
  - id: leave
    question: How do I request leave?
    answer: Enter the dates in the leave calendar, and your manager gets a message.
  - id: days
    question: How many days of leave do I have?
    answer: You have 28 days each year, and 30 days after 2 years.
  - id: hours
    question: What are the office hours?
    answer: The office is open from 9 to 5, Monday to Friday.
  - id: parking
    question: How do I cancel my parking permit?
    answer: Send the permit back to the facilities team before the end of the month.
"""


@pytest.fixture(scope="module")
def engine(load: Load) -> Engine:
    return load(FAQS)


@pytest.mark.parametrize(
    ("own", "other", "entry"),
    [
        ("how can I get a corrected W-2", "how can I get a corrected W-9", "faq/tax-form"),
        ("who corrects my w2", "who corrects my w9", "faq/tax-form"),
        ("can I put money into a 403b", "can I put money into a 401k", "faq/pension"),
        ("can I put money into a 403(b)", "can I put money into a 401(k)", "faq/pension"),
        ("what is covered by my HSA", "what is covered by my FSA", "faq/health-account"),
        ("what is covered by the hsa", "what is covered by the fsa", "faq/health-account"),
        ("what do people in band 5 earn", "what do people in band 6 earn", "faq/band"),
        ("what laptop do I get at tier 2", "what laptop do I get at tier 3", "faq/laptop"),
    ],
)
def test_a_code_is_answered_where_it_is_written_and_its_neighbour_is_offered_at_most(
    engine: Engine, own: str, other: str, entry: str
) -> None:
    answered = engine.ask(own)
    assert (answered.kind, [found.id for found in answered.entries]) == ("answer", [entry])
    assert engine.ask(other).kind in ("choices", "decline")


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("is the office open from 9 to 5", "faq/hours"),
        ("is the office open from 8 to 6", "faq/hours"),
        ("is the office open 9am-5pm", "faq/hours"),
        ("how many days of leave do I get after 2 years", "faq/days"),
        ("how many days of leave do I get after 12 years", "faq/days"),
        ("how do I request leave of 3 days", "faq/leave"),
    ],
)
def test_a_quantity_is_no_code(engine: Engine, text: str, entry: str) -> None:
    answered = engine.ask(text)
    assert (answered.kind, [found.id for found in answered.entries]) == ("answer", [entry])


@pytest.mark.parametrize(
    "text",
    [
        "how do I cancel my leave request",
        "how do I withdraw my leave request",
        "how do I delete my leave request",
        "how do I reschedule my leave request",
        "how can I change my leave request",
        "how do I renew my parking permit",
        "how do I cancel my gym membership",
        "where can I cancel the cleaning of my flat",
    ],
)
def test_an_action_that_no_entry_explains_is_never_answered(engine: Engine, text: str) -> None:
    assert engine.ask(text).kind in ("choices", "decline")


@pytest.mark.parametrize(
    "text",
    [
        "how can I cancel the permit for parking",
        "I want to cancel my parking permit",
        "how do I give my parking permit back",
    ],
)
def test_an_action_that_the_entry_explains_is_answered(engine: Engine, text: str) -> None:
    answered = engine.ask(text)
    assert [found.id for found in answered.entries] == ["faq/parking"]
    assert answered.kind == "answer"


def test_an_ordinal_in_digits_is_the_one_in_words(load: Load) -> None:
    engine = load(
        """
        faqs:
          - id: arrival
            question: What happens on my first day?
            answer: Somebody meets you at the gate.
          - id: parking
            question: Where can I park?
            answer: Behind the building.
        """
    )
    assert engine.ask("what happens on my 1st day").kind == "answer"
    assert engine.ask("what happens on my 3rd day").kind == "choices"


def test_an_answer_explains_what_its_question_does_not(load: Load) -> None:
    engine = load(
        """
        faqs:
          - id: leave
            question: How does leave work?
            answer: Enter the dates in the calendar. To cancel leave, remove them again.
          - id: parking
            question: Where can I park?
            answer: Behind the building.
        """
    )
    assert engine.ask("how do I cancel my leave").kind == "answer"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Which W-2 or W-9?", ("w2", "w9")),
        ("a 401(k), a 401k and a 403b", ("401k", "403b")),
        ("HSA and FSA", ("hsa", "fsa")),
        ("the L-1 visa", ("l1",)),
        ("WHAT IS THE HSA", ()),
        ("I am OK", ()),
        ("from 9 to 5 for 2 years, 40% or 52k", ()),
        ("$125k or 90 days", ()),
        ("9am-5pm, 8h and 10 to 4pm", ()),
        ("employee(s) 2 (two)", ()),
    ],
)
def test_codes_are_tokens_with_a_digit_or_in_capitals(text: str, codes: tuple[str, ...]) -> None:
    assert codes_in(text, {"ok"}) == codes


def test_a_number_belongs_to_the_word_before_it() -> None:
    assert numbered_in("band 6, tier 3 and 2 years at 9") == (("band", "6"), ("tier", "3"))


def test_a_question_without_codes_and_actions_demands_nothing() -> None:
    asked = ("how", "many", "holidays", "are", "there")
    assert not demands_of("How many holidays are there?", asked, set(asked), set())
