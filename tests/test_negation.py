"""What a question negates or leaves out is never answered as if it asked for it."""

from __future__ import annotations

import time

import pytest

from faqbot.app import build_index
from faqbot.engine import Engine
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import (
    Faq,
    KnowledgeBase,
    Lookup,
    LookupMode,
    Requirement,
    RequirementLevel,
    Role,
    Section,
    Years,
)


def _role(
    role_id: str, title: str, required: tuple[str, ...], preferred: tuple[str, ...], *, degree: bool
) -> Role:
    studies = ("Bachelor's degree in engineering",)
    sections = (
        Section(role_id, "overview", "Overview", text="Good work."),
        Section(role_id, "skills", "Skills", required=required, preferred=preferred),
        Section(
            role_id,
            "education",
            "Education",
            required=studies if degree else (),
            preferred=() if degree else studies,
        ),
    )
    return Role(role_id, title, sections=sections)


CONTENT = KnowledgeBase(
    roles=(
        _role("network-engineer", "Network Engineer", ("Python", "Linux"), (), degree=True),
        _role("game-developer", "Game Developer", ("C++", "Git"), ("Python",), degree=False),
        _role("sound-designer", "Sound Designer", ("Pro Tools",), ("Git",), degree=False),
    ),
    faqs=(
        Faq(None, "applying-again", "Can I apply again?", "Yes, after half a year."),
        Faq(
            None,
            "no-car",
            "What if I don't have a car?",
            "A bus goes every ten minutes.",
            phrasings=("who has no car, how do they get to you",),
        ),
    ),
    version="test",
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build_index(CONTENT), ConversationMemory(time.monotonic))


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("which roles dont need a degree", {"game-developer", "sound-designer"}),
        ("which roles don't need python", {"game-developer", "sound-designer"}),
        ("jobs that wont need git", {"network-engineer", "sound-designer"}),
        ("roles that aren't asking for linux", {"game-developer", "sound-designer"}),
        ("which jobs have no need of C++", {"network-engineer", "sound-designer"}),
    ],
)
def test_roles_that_do_not_require_a_thing_are_found(
    engine: Engine, text: str, roles: set[str]
) -> None:
    fact = engine.ask(text).fact
    assert isinstance(fact, Lookup)
    assert (fact.mode, set(fact.roles)) == (LookupMode.WITHOUT, roles)


@pytest.mark.parametrize(
    "text", ["which jobs dont need experience", "roles that do not require any experience"]
)
def test_roles_that_need_no_experience_are_looked_up_by_years(text: str) -> None:
    content = KnowledgeBase(
        roles=tuple(
            Role(
                role_id,
                title,
                sections=(Section(role_id, "experience", "Experience", years=Years(years)),),
            )
            for role_id, title, years in (("cook", "Cook", 2), ("waiter", "Waiter", 0))
        )
    )
    fact = Engine(build_index(content), ConversationMemory(time.monotonic)).ask(text).fact
    assert isinstance(fact, Lookup)
    assert (fact.mode, fact.roles) == (LookupMode.YEARS, ("waiter",))


def test_not_without_is_with(engine: Engine) -> None:
    fact = engine.ask("which roles can I not get without a degree").fact
    assert isinstance(fact, Lookup)
    assert fact.mode is not LookupMode.WITHOUT
    assert "network-engineer" in fact.roles


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("isn't Python needed for a network engineer?", RequirementLevel.REQUIRED),
        ("isnt a degree needed for game developers", RequirementLevel.PREFERRED),
        ("cant i become a network engineer without a degree", RequirementLevel.REQUIRED),
        ("i dont know git, can i be a game developer", RequirementLevel.REQUIRED),
        ("I don't have a degree, can I be a sound designer?", RequirementLevel.PREFERRED),
    ],
)
def test_a_negated_question_about_a_role_has_the_same_fact(
    engine: Engine, text: str, level: RequirementLevel
) -> None:
    fact = engine.ask(text).fact
    assert isinstance(fact, Requirement)
    assert fact.level is level


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("game developer skills but not the education", "game-developer/skills"),
        ("not network engineer but game developer skills", "game-developer/skills"),
        ("education of a sound designer, not of a game developer", "sound-designer/education"),
        ("what skills besides python does a network engineer need", "network-engineer/skills"),
    ],
)
def test_what_is_left_out_is_not_answered(engine: Engine, text: str, entry: str) -> None:
    result = engine.ask(text)
    assert [one.id for one in result.entries] == [entry]


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("which roles need python but not a degree", {"game-developer"}),
        ("which roles use git except game developers", {"sound-designer"}),
        ("which roles list python other than network engineer", {"game-developer"}),
    ],
)
def test_roles_are_left_out_of_a_look_up(engine: Engine, text: str, roles: set[str]) -> None:
    result = engine.ask(text)
    assert isinstance(result.fact, Lookup)
    assert set(result.fact.roles) == roles
    assert "is left out" in result.text
    assert engine.show(result.fact.key).fact == result.fact


def test_what_is_left_out_must_be_understood(engine: Engine) -> None:
    result = engine.ask("which roles need python but not zorbify")
    assert result.kind == "decline"
    assert "“zorbify”" in result.text


@pytest.mark.parametrize(
    "text",
    [
        "who is not allowed to apply again",
        "which skills does a game developer not need",
    ],
)
def test_a_question_for_the_opposite_is_asked_back(engine: Engine, text: str) -> None:
    assert engine.ask(text).kind != "answer"


def test_an_entry_that_negates_answers_a_question_that_negates(engine: Engine) -> None:
    result = engine.ask("who has no car, how do they get to you")
    assert [one.id for one in result.entries] == ["faq/no-car"]
    assert result.kind == "answer"


@pytest.mark.parametrize(
    "text",
    [
        "I applied but not for the right role, can I apply again?",
        "can I apply again? not only once but twice",
    ],
)
def test_a_statement_leaves_nothing_out(engine: Engine, text: str) -> None:
    assert engine.ask(text).parsed.left_out == ""


def test_the_name_of_a_thing_does_not_make_a_role(engine: Engine) -> None:
    assert engine.ask("is python needed for a poet").kind != "answer"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a network engineer doesn't need Python, right?", "No, it is required"),
        ("isn't Python needed for a network engineer?", "It is required"),
        ("can I be a network engineer without Python?", "No, it is required"),
        ("is Python needed for a network engineer?", "Yes, required"),
    ],
)
def test_yes_and_no_fit_the_question(engine: Engine, text: str, start: str) -> None:
    assert engine.ask(text).text.startswith(f"{start}\n\nFor a Network Engineer")


def test_a_full_description_leaves_out_what_was_not_wanted(engine: Engine) -> None:
    result = engine.ask("everything about the sound designer except the education")
    assert "Pro Tools" in result.text
    assert "Education" not in result.text
    assert result.fact is not None
    assert engine.show(result.fact.key).text == result.text
