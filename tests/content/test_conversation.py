"""Small talk and sensitive matters that authors write, and those that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from faqbot.app import load_engine
from faqbot.content.defaults import LANGUAGES, load_conversations
from faqbot.content.loader import check_folder, load_knowledge_base
from faqbot.model import Origin
from tests.content.conftest import Write

FAQS = """\
faqs:
  - id: holidays
    question: How many holidays do we have?
    answer: Thirty.
"""
CONVERSATION = """\
contact: "[People Care](mailto:care@example.com)"
smalltalk:
  greeting:
    reply: Welcome aboard!
    phrasings: [ahoy]
  pirate:
    phrasings: ["(shiver|blow) me timbers"]
    reply: Arr.
sensitive:
  harassment:
    contact: the ombuds office
  piracy:
    reply: Please tell {contact}.
    words: [buccaneer]
    phrasings: [someone stole my parrot]
"""


def test_authors_write_small_talk_and_sensitive_matters(write: Write, knowledge: Path) -> None:
    path = write("smalltalk.yaml", CONVERSATION)
    found = load_knowledge_base(knowledge).conversation
    assert found.contact == "[People Care](mailto:care@example.com)"
    assert [part.kind for part in found.small_talk] == ["greeting", "pirate"]
    assert found.small_talk[0].origin == Origin(str(path), 3)
    assert [(matter.kind, matter.contact) for matter in found.matters] == [
        ("harassment", "the ombuds office"),
        ("piracy", ""),
    ]


def test_both_may_stand_in_files_of_their_own(write: Write, knowledge: Path) -> None:
    write("smalltalk.yaml", "smalltalk:\n  thanks: {reply: Any time.}\n")
    write("sensitive.yaml", "contact: Kim\nsensitive:\n  legal: {contact: our lawyers}\n")
    found = load_knowledge_base(knowledge).conversation
    assert (found.contact, found.small_talk[0].reply) == ("Kim", "Any time.")
    assert found.matters[0].contact == "our lawyers"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("smalltalk:\n  greting: {phrasings: [hi]}\n", 2, "a kind of your own, so it needs"),
        ("smalltalk:\n  Greeting: {reply: Hi}\n", 2, "lower-case words with hyphens"),
        ("smalltalk:\n  greeting: {repl: Hi}\n", 2, "did you mean `reply`?"),
        ("sensitive:\n  legal: {answer: Hi}\n", 2, "is not a key of this kind"),
        ("smalltalk:\n  greeting: {phrasings: [yes]}\n", 2, "put it in quotes"),
        ("contact: A\n---\ncontact: B\n", 3, "is written in"),
        ("smaltalk: {}\n", 1, "did you mean `smalltalk`?"),
        ("contact: A\nowner: B\n", 2, "is not a key of this file"),
    ],
)
def test_mistakes_are_reported_where_they_are(
    write: Write, knowledge: Path, text: str, line: int, message: str
) -> None:
    write("smalltalk.yaml", text)
    _, problems = check_folder(knowledge)
    assert [problem.line for problem in problems] == [line]
    assert message in problems[0].message


def test_what_authors_write_is_said(write: Write, knowledge: Path) -> None:
    write("smalltalk.yaml", CONVERSATION)
    write("faqs.yaml", FAQS)
    engine = load_engine(knowledge)
    for line, said in (
        ("hello", "Welcome aboard!"),
        ("Ahoy!", "Welcome aboard!"),
        ("hola", "Welcome aboard!"),
        ("blow me timbers", "Arr."),
        ("can I talk to a human?", "People Care (mailto:care@example.com)"),
        ("a colleague harassed me", "the ombuds office"),
        ("the buccaneers are back", "Please tell People Care"),
        ("someone stole my parrot", "Please tell People Care"),
    ):
        assert said in engine.ask(line).text, line


def test_an_author_may_answer_what_would_be_small_talk(write: Write, knowledge: Path) -> None:
    write("faqs.yaml", FAQS + "  - {id: name, question: What is your name?, answer: Ada.}\n")
    engine = load_engine(knowledge)
    assert engine.ask("what's your name").entries[0].id == "faq/name"
    assert engine.ask("how are you").reason == "small-talk"


def test_an_author_may_answer_a_sensitive_matter(write: Write, knowledge: Path) -> None:
    matter = (
        "  - id: reporting\n    question: How do I report harassment?\n"
        "    phrasings: [where can I report that somebody harasses me]\n    answer: Call 4711.\n"
    )
    write("faqs.yaml", FAQS + matter)
    engine = load_engine(knowledge)
    assert engine.ask("how can I report harassment?").entries[0].id == "faq/reporting"
    assert engine.ask("I was harassed by a customer").entries[0].id == "faq/reporting"
    assert engine.ask("I was discriminated against").reason == "sensitive"


def test_each_language_has_every_kind_with_a_reply() -> None:
    contents = load_conversations()
    assert len(contents) == len(LANGUAGES)
    kinds = [[part.kind for part in content.small_talk] for content in contents]
    matters = [[matter.kind for matter in content.matters] for content in contents]
    assert all(each == kinds[0] for each in kinds)
    assert all(sorted(each) == sorted(matters[0]) for each in matters)
    for content in contents:
        assert content.contact
        assert all(part.reply for part in content.small_talk if part.kind != "beside")
        assert all("{contact}" in matter.reply for matter in content.matters)


ROLE = """\
role: welder
title: Welder
sections:
  day-to-day: Cuts, joins, and checks seams.
  skills: [MIG, TIG]
"""


def test_a_part_stands_in_for_one_that_is_not_written(write: Write, knowledge: Path) -> None:
    write("welder.yaml", ROLE)
    engine = load_engine(knowledge)
    result = engine.ask("what are the responsibilities of a welder?")
    assert [entry.id for entry in result.entries] == ["welder/day-to-day"]
    assert "Responsibilities isn't written for this role" in result.text
    assert engine.ask("what education does a welder need?").reason == "not-written"


DIVER = """\
role: diver
title: Diver
sections:
  overview: Mends piers under water. Half of the town has a diploma from us.
  skills:
    required: [Diving licence, Welding]
  education: No certificate is asked for; a degree doesn't help.
"""


@pytest.mark.parametrize(
    ("question", "entries"),
    [
        ("which certificates does a diver need?", ["diver/education", "diver/skills"]),
        ("does a diver need a certificate?", ["diver/education", "diver/skills"]),
        ("how many years of experience does a diver need?", []),
    ],
)
def test_a_demand_that_is_not_written_is_found_where_another_part_names_it(
    write: Write, knowledge: Path, question: str, entries: list[str]
) -> None:
    write("diver.yaml", DIVER)
    result = load_engine(knowledge).ask(question)
    assert [entry.id for entry in result.entries] == entries
    assert ("isn't written for this role" in result.text) == bool(entries)
