"""Questions about sections that most job pages have: pay, location, how to apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from faqbot.app import load_engine
from faqbot.engine import Engine
from faqbot.model import Choices, Decline, Question, Reason

CONTENT = """
role: ferry-captain
title: Ferry Captain
owner: "@crew"
sections:
  overview: Steers the ferry across the bay.
  responsibilities: [Steer the ferry, Brief the crew]
  skills: {required: [Navigation], preferred: [Radio]}
  money: {title: What we pay, text: 5000 a month.}
  post: {title: Where you will work, text: On the quay of Brumsby.}
  extras: {title: Benefits and time off, text: Six weeks of leave.}
  lifting: {title: Physical requirements, text: Ropes of twenty kilos.}
---
role: deck-hand
title: Deck Hand
sections:
  overview: Ties the ferry up and sells tickets.
  responsibilities: [Tie up the ferry, Sell tickets]
  skills: {required: [Knots]}
  wages: {title: Compensation for this role, text: 3000 a month.}
  growing:
    title: Career path
    phrasings: [how do I get a cabin of my own]
    text: Captain after ten years.
faqs:
  - id: hard
    question: What challenges does a {role} face?
    answer: Fog.
---
role: ticket-clerk
title: Ticket Clerk
owner: "@desk"
sections:
  overview: Sells tickets on the quay.
  skills: {required: [Arithmetic]}
  application: {title: How to apply, text: At the quay.}
---
faqs:
  - id: applying
    question: How do I apply?
    answer: By letter.
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder: Path = tmp_path_factory.mktemp("knowledge")
    (folder / "ferry.yaml").write_text(CONTENT)
    return load_engine(folder)


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("how much does a ferry captain make", "ferry-captain/money"),
        ("ferry captain salary?", "ferry-captain/money"),
        ("what does a deck hand earn", "deck-hand/wages"),
        ("Was verdient ein Deck Hand?", "deck-hand/wages"),
        ("cuánto gana un ferry captain", "ferry-captain/money"),
        ("quel est le salaire d'un deck hand", "deck-hand/wages"),
        ("where is the ferry captain based", "ferry-captain/post"),
        ("how much annual leave does a ferry captain get", "ferry-captain/extras"),
        ("is there heavy lifting as a ferry captain", "ferry-captain/lifting"),
        ("can a deck hand get promoted", "deck-hand/growing"),
        ("how do I get a cabin of my own as a deck hand", "deck-hand/growing"),
    ],
)
def test_section_answers_what_its_heading_stands_for(
    engine: Engine, question: str, entry: str
) -> None:
    result = engine.ask(question)
    assert result.kind == "answer"
    assert [one.id for one in result.entries] == [entry]


@pytest.mark.parametrize(
    "question",
    [
        "what is the salary of a ticket clerk",
        "can a ticket clerk get promoted",
        "is the ticket clerk job physically demanding",
    ],
)
def test_what_another_role_has_is_not_written_for_this_one(engine: Engine, question: str) -> None:
    outcome = engine.ask(question).outcome
    assert isinstance(outcome, Decline)
    assert outcome.reason is Reason.NOT_WRITTEN
    assert outcome.owner == "@desk"


def test_roles_with_that_topic_are_offered_when_none_is_named(engine: Engine) -> None:
    outcome = engine.ask("what is the salary").outcome
    assert isinstance(outcome, Choices)
    assert outcome.reason is Reason.WHICH_ROLE
    assert [one.id for one in outcome.options] == ["ferry-captain/money", "deck-hand/wages"]


def test_two_roles_are_answered_by_the_section_of_each(engine: Engine) -> None:
    result = engine.ask("pay of deck hands and ferry captains")
    assert [one.id for one in result.entries] == ["deck-hand/wages", "ferry-captain/money"]


def test_follow_up_is_answered_for_the_role_of_the_conversation(engine: Engine) -> None:
    result = engine.ask(Question("pay?", role="deck-hand"))
    assert [one.id for one in result.entries] == ["deck-hand/wages"]


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("how do I apply", "faq/applying"),
        ("how can I apply as a deck hand", "faq/applying"),
        ("how do I apply for the ticket clerk job", "ticket-clerk/application"),
    ],
)
def test_general_faq_stands_in_for_a_section_that_a_role_lacks(
    engine: Engine, question: str, entry: str
) -> None:
    result = engine.ask(question)
    assert result.kind == "answer"
    assert [one.id for one in result.entries] == [entry]
