"""A role's description is asked for in free words: as an advertisement, in full, by its owner."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from faqbot.app import build_index
from faqbot.engine import Engine
from faqbot.exporters.job_advert import advert
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import (
    Audience,
    Document,
    DocumentForm,
    Faq,
    KnowledgeBase,
    NextStep,
    Question,
    Role,
    Section,
    Upkeep,
    UpkeepMatter,
    Years,
)


def _role(role_id: str, title: str, **more: object) -> Role:
    sections = (
        Section(role_id, "overview", "Overview", text=f"A {title} does good work."),
        Section(role_id, "responsibilities", "Responsibilities", items=("Plan", "Repair")),
        Section(role_id, "skills", "Skills", required=("Welding",), preferred=("French",)),
        Section(role_id, "experience", "Experience", years=Years(1, 3)),
    )
    faqs = (
        Faq(role_id, "shifts", "Which shifts are there?", "Early and late."),
        Faq(role_id, "bonus", "Is there a bonus?", "Yes, in May.", audience=Audience.EMPLOYEES),
    )
    return Role(role_id, title, sections=sections, faqs=faqs, **more)  # type: ignore[arg-type]


CONTENT = KnowledgeBase(
    roles=(
        _role(
            "bicycle-mechanic",
            "Bicycle Mechanic",
            owner="@workshop",
            reviewed=dt.date(2026, 3, 1),
            review_every=dt.timedelta(days=90),
            next_roles=("workshop-manager",),
        ),
        _role(
            "workshop-manager", "Workshop Manager", owner="@people", reviewed=dt.date(2026, 6, 1)
        ),
        _role("courier", "Courier"),
    ),
    version="test",
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(
        build_index(CONTENT),
        ConversationMemory(time.monotonic),
        today=lambda: dt.date(2026, 6, 15),
    )


@pytest.mark.parametrize(
    "text",
    [
        "write me a job ad for a bicycle mechanic",
        "job description template for a bicycle mechanic",
        "I need a job posting for bicycle mechanics",
        "bicycle mechanic job advertisement",
        "could you draft a job description for the bicycle mechanic?",
        "create an advert for the bicycle mechanic role",
        "write an ad for a bicycle mechanic so I can post it at the town hall",
    ],
)
def test_an_advertisement_is_given_when_one_is_asked_for(engine: Engine, text: str) -> None:
    result = engine.ask(text)
    assert result.fact == Document("bicycle-mechanic", DocumentForm.ADVERTISEMENT)
    assert [entry.id for entry in result.entries] == ["bicycle-mechanic"]
    for title in ("About the role", "What you will do", "Required skills", "Nice to have"):
        assert title in result.text
    assert "shifts" not in result.text


def test_the_advertisement_says_what_the_exported_one_says(engine: Engine) -> None:
    text = engine.ask("write a job ad for a bicycle mechanic").text
    for line in advert(CONTENT.roles[0]).splitlines()[2:]:
        assert line.lstrip("# ") in text


@pytest.mark.parametrize(
    "text",
    [
        "the whole profile of a bicycle mechanic",
        "show me the complete job description of the bicycle mechanic",
        "everything about bicycle mechanics please",
        "all the details of the bicycle mechanic role",
        "I need the full profile of a bicycle mechanic to forward to our landlord",
    ],
)
def test_the_full_description_is_given_when_all_of_it_is_asked_for(
    engine: Engine, text: str
) -> None:
    result = engine.ask(text)
    assert result.fact == Document("bicycle-mechanic", DocumentForm.DESCRIPTION)
    assert "Early and late." in result.text
    assert "May" not in result.text


@pytest.mark.parametrize(
    "text",
    [
        "who is my contact for the bicycle mechanic role?",
        "who owns the bicycle mechanic description",
        "whom can i ask about the bicycle mechanic",
        "owner of the bicycle mechanic page",
    ],
)
def test_the_owner_of_a_role_is_named(engine: Engine, text: str) -> None:
    result = engine.ask(text)
    assert isinstance(result.fact, Upkeep)
    assert result.fact.matter is UpkeepMatter.OWNER
    assert "@workshop" in result.text
    assert result.to_dict()["fact"] == {
        "kind": "owner",
        "roles": ["bicycle-mechanic"],
        "owner": "@workshop",
        "reviewed": "2026-03-01",
    }


@pytest.mark.parametrize(
    "text",
    [
        "when was the workshop manager description last reviewed?",
        "is the workshop manager page up to date",
        "how old is the description of the workshop manager",
        "last review of the workshop manager",
    ],
)
def test_the_last_review_of_a_role_is_told(engine: Engine, text: str) -> None:
    result = engine.ask(text)
    assert isinstance(result.fact, Upkeep)
    assert result.fact.matter is UpkeepMatter.REVIEW
    assert "last reviewed on 2026-06-01" in result.text
    assert "overdue" not in result.text


def test_an_overdue_review_is_told(engine: Engine) -> None:
    assert "overdue" in engine.ask("when was the bicycle mechanic page reviewed").text


def test_missing_owners_and_reviews_are_told_as_missing(engine: Engine) -> None:
    assert "names no owner" in engine.ask("who owns the courier description").text
    assert "no date of a review" in engine.ask("when was the courier page reviewed").text


def test_this_is_the_role_of_the_conversation(engine: Engine) -> None:
    result = engine.ask(Question("when was this reviewed?", role="workshop-manager"))
    assert "2026-06-01" in result.text


@pytest.mark.parametrize(
    "text",
    [
        "who owns the tools of a bicycle mechanic",
        "when was the workshop of the bicycle mechanic painted",
        "the whole day of a bicycle mechanic",
        "where do you post your job ads for bicycle mechanics",
        "which skills should a job ad for a bicycle mechanic name",
    ],
)
def test_a_question_about_something_else_is_not_about_the_description(
    engine: Engine, text: str
) -> None:
    assert not isinstance(engine.ask(text).fact, Document | Upkeep)


@pytest.mark.parametrize(
    "text",
    [
        "I'm a bicycle mechanic, what's next for me?",
        "what is next for a bicycle mechanic",
        "from bicycle mechanic to workshop manager",
        "I am a bicycle mechanic and want to be a workshop manager, what do I need",
    ],
)
def test_the_next_step_is_told_in_few_words(engine: Engine, text: str) -> None:
    assert engine.ask(text).fact == NextStep("bicycle-mechanic", ("workshop-manager",))


@pytest.mark.parametrize(
    "text",
    [
        "write me a job ad for a bicycle mechanic",
        "the whole profile of a bicycle mechanic",
        "who owns the bicycle mechanic description",
        "when was the bicycle mechanic page reviewed",
    ],
)
def test_it_is_shown_again_by_its_key(engine: Engine, text: str) -> None:
    asked = engine.ask(text)
    assert asked.fact is not None
    assert engine.show(asked.fact.key).text == asked.text


@pytest.mark.parametrize("key", ["=about", "=about owner gone", "=about salary courier"])
def test_a_forged_key_shows_nothing(engine: Engine, key: str) -> None:
    assert engine.show(key).kind == "decline"


def test_a_role_without_next_roles_has_no_next_step(engine: Engine) -> None:
    result = engine.ask("I'm a courier, what's next for me?")
    assert result.kind == "decline"
    assert "Courier" in result.text


@pytest.mark.parametrize(
    "text",
    ["does a bicycle mechanic have to speak french", "must a courier be fluent at speaking French"],
)
def test_a_list_that_has_part_of_what_is_asked_for_is_shown(engine: Engine, text: str) -> None:
    answered = engine.ask(text)
    assert answered.kind == "answer"
    assert answered.entries[0].id.endswith("/skills")
    assert "French" in answered.text


def test_two_faqs_are_headed_by_their_questions_only() -> None:
    content = KnowledgeBase(
        faqs=(
            Faq(None, "bikes", "Where do I park my bicycle?", "In the yard."),
            Faq(None, "lunch", "When is lunch?", "At noon."),
        )
    )
    answered = Engine(build_index(content), ConversationMemory(time.monotonic)).ask(
        "Where do I park my bicycle? And when is lunch?"
    )
    assert [entry.id for entry in answered.entries] == ["faq/bikes", "faq/lunch"]
    assert answered.reply.header == ""
    assert answered.text.startswith("Where do I park my bicycle?\n\nIn the yard.")
