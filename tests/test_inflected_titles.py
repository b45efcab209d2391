"""Roles that are named by their craft, or by the last word of their title."""

from __future__ import annotations

import pytest

import faqbot
from faqbot.engine import Engine

CONTENT = """
role: bookbinder
title: Bookbinder
sections:
  overview: Binds books by hand.
  skills:
    required: [Sewing, Gold tooling]
---
role: cook
title: Cook
sections:
  overview: Feeds the bindery.
  skills:
    required: [Soups]
---
role: book-restorer
title: Conservator of Printed Works
sections:
  overview: Mends old bindings.
  skills:
    required: [Paper making]
---
role: trainer
title: Trainer
sections:
  overview: Teaches the apprentices.
  skills:
    required: [Patience]
---
role: front-desk-host
title: Front Desk Host
sections:
  overview: Welcomes guests.
  skills:
    required: [Languages]
  certifications:
    required: [Inspector C, First aid]
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("crafts")
    for number, text in enumerate(CONTENT.split("---\n")):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    return faqbot.load(folder)


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("gold tooling for bookbinding", "bookbinder/skills"),
        ("skills for bookbinding", "bookbinder/skills"),
        ("skills for cookery", "cook/skills"),
        ("skills of the host", "front-desk-host/skills"),
        ("which skills does a host need?", "front-desk-host/skills"),
    ],
)
def test_craft_or_last_word_of_a_title_names_its_role(
    engine: Engine, question: str, entry: str
) -> None:
    result = engine.ask(question)
    assert (result.kind, [one.id for one in result.entries]) == ("answer", [entry])


@pytest.mark.parametrize(
    "question",
    [
        "is there training for new people?",
        "when is the next meeting?",
        "onboarding and planning",
        "what are the working hours?",
        "how do I host a meeting?",
        "which is the host country?",
    ],
)
def test_ordinary_words_name_no_role(engine: Engine, question: str) -> None:
    assert engine.ask(question).role is None


def test_certificate_that_a_role_lists_is_no_unknown_role(engine: Engine) -> None:
    result = engine.ask("do I need Inspector C?")
    assert result.role == "front-desk-host"
    assert engine.ask("what does an inspector do?").to_dict()["reason"] == "unknown_role"


def test_words_of_an_id_name_its_role(engine: Engine) -> None:
    answer = engine.ask(faqbot.Question("which skills does a book restorer need"))
    assert [entry.id for entry in answer.entries] == ["book-restorer/skills"]
