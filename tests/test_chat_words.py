"""Words of closed classes as people type them in chats are read as the words they stand for."""

from __future__ import annotations

import pytest

import faqbot
from faqbot.engine import Engine

ROLE = """
role: statistician
title: Statistician
sections:
  overview: Counts, and says how surely.
  skills:
    required: [R, Sampling]
"""
FAQS = """
faqs:
  - id: night
    question: Is there a night shift?
    answer: Yes, from ten to six.
  - id: hiring
    question: Are you hiring?
    answer: Yes, all year round.
  - id: address
    question: What is your address?
    answer: 12 Mill Lane.
  - id: states
    question: Do you hire in the U.S.?
    answer: Not yet.
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("chat")
    (folder / "statistician.yaml").write_text(ROLE, encoding="utf-8")
    (folder / "faqs.yaml").write_text(FAQS, encoding="utf-8")
    return faqbot.load(folder)


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("r u hiring", "faq/hiring"),
        ("thx, are u hiring pls", "faq/hiring"),
        ("what is ur address plz", "faq/address"),
        ("r there night shifts", "faq/night"),
        ("do u hire in the U.S.", "faq/states"),
    ],
)
def test_chat_words_are_read_as_what_they_stand_for(
    engine: Engine, question: str, entry: str
) -> None:
    assert [one.id for one in engine.ask(question).entries] == [entry]


@pytest.mark.parametrize(
    "question", ["is r required for a statistician", "do I need R, a statistician?"]
)
def test_language_stays_what_it_is(engine: Engine, question: str) -> None:
    result = engine.ask(question)
    assert [one.id for one in result.entries] == ["statistician/skills"]
    assert "R" in result.text


@pytest.mark.parametrize("question", ["do u work nights", "do you work nights"])
def test_faq_is_offered_where_no_role_has_the_part_that_sounds_nearer(
    engine: Engine, question: str
) -> None:
    result = engine.ask(question)
    assert result.kind in ("choices", "answer")
    assert result.entries[0].id == "faq/night"
