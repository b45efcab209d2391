"""What the data of roles answers: needs, comparisons, look-ups and next steps."""

from __future__ import annotations

import time
from functools import cache

import pytest

from faqbot.app import build_index
from faqbot.engine import Engine, Index
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import (
    Answer,
    Audience,
    Comparison,
    Decline,
    EntryKind,
    Fact,
    KnowledgeBase,
    Lookup,
    LookupMode,
    NextStep,
    Question,
    Requirement,
    RequirementLevel,
    Role,
    Section,
    Years,
)


def _role(
    skills: Section, education: Section, years: Years, next_roles: tuple[str, ...] = ()
) -> Role:
    role = skills.role
    sections = (
        Section(role, "overview", "Overview", text="A good job."),
        skills,
        education,
        Section(role, "certifications", "Certifications", preferred=("ISTQB Foundation Level",)),
        Section(role, "experience", "Experience", years=years, text="In a team."),
    )
    title = "QA Engineer" if role == "qa-engineer" else role.replace("-", " ").title()
    return Role(role, title, sections=sections, next_roles=next_roles, owner="@people")


def _skills(role: str, required: tuple[str, ...], preferred: tuple[str, ...]) -> Section:
    return Section(role, "skills", "Skills", required=required, preferred=preferred)


def _education(
    role: str, required: tuple[str, ...] = (), preferred: tuple[str, ...] = ()
) -> Section:
    return Section(role, "education", "Education", required=required, preferred=preferred)


LIBRARY = KnowledgeBase(
    roles=(
        _role(
            _skills(
                "data-analyst",
                ("SQL", "Excel or spreadsheets", "Communication"),
                ("Python", "Git"),
            ),
            _education("data-analyst", ("Bachelor's degree in statistics",)),
            Years(1, 3),
            ("data-engineer", "qa-engineer"),
        ),
        _role(
            _skills(
                "data-engineer",
                ("SQL (PostgreSQL or MySQL)", "Python", "Airflow"),
                ("Docker", "Scala or Java"),
            ),
            _education("data-engineer", (), ("Bachelor's degree in computer science",)),
            Years(2, 5),
        ),
        _role(
            _skills("qa-engineer", ("Test planning", "JavaScript"), ("SQL",)),
            _education("qa-engineer", ("High-school diploma",)),
            Years(None, 2),
        ),
    ),
    version="test",
)


@cache
def knowledge() -> Index:
    return build_index(LIBRARY)


@pytest.fixture
def engine() -> Engine:
    return Engine(knowledge(), ConversationMemory(time.monotonic))


def fact_of(engine: Engine, text: str, role: str | None = None) -> Fact | None:
    result = engine.ask(Question(text, audience=Audience.EMPLOYEES, role=role))
    return result.outcome.fact if isinstance(result.outcome, Answer) else None


def said(engine: Engine, text: str, role: str | None = None) -> str:
    result = engine.ask(Question(text, audience=Audience.EMPLOYEES, role=role))
    return result.text


# ------------------------------------------------------------------- required or preferred


@pytest.mark.parametrize(
    ("text", "level", "entry"),
    [
        ("is sql mandatory for data analysts?", RequirementLevel.REQUIRED, "data-analyst/skills"),
        ("must a data engineer know mysql", RequirementLevel.REQUIRED, "data-engineer/skills"),
        ("do data engineers need dokcer", RequirementLevel.PREFERRED, "data-engineer/skills"),
        ("is java required for data engineers", RequirementLevel.PREFERRED, "data-engineer/skills"),
        (
            "is a degree mandatory for data engineers?",
            RequirementLevel.PREFERRED,
            "data-engineer/education",
        ),
        (
            "can i be a data analyst without a degree",
            RequirementLevel.REQUIRED,
            "data-analyst/education",
        ),
        (
            "is istqb required for qa engineers",
            RequirementLevel.PREFERRED,
            "qa-engineer/certifications",
        ),
        (
            "is experience required for data analysts",
            RequirementLevel.REQUIRED,
            "data-analyst/experience",
        ),
        (
            "is experience needed for qa engineers",
            RequirementLevel.PREFERRED,
            "qa-engineer/experience",
        ),
        (
            "is kubernetes needed for data analysts",
            RequirementLevel.NOT_LISTED,
            "data-analyst/skills",
        ),
        ("do i need scala for qa engineer", RequirementLevel.NOT_LISTED, "qa-engineer/skills"),
    ],
)
def test_a_need_is_answered_with_its_level(
    engine: Engine, text: str, level: RequirementLevel, entry: str
) -> None:
    result = engine.ask(Question(text, audience=Audience.EMPLOYEES))
    assert isinstance(result.outcome, Answer)
    fact = result.outcome.fact
    assert isinstance(fact, Requirement)
    assert fact.level is level
    assert [found.id for found in result.outcome.entries] == [entry]


def test_a_part_of_another_word_is_not_the_thing(engine: Engine) -> None:
    """JavaScript is no Java."""
    fact = fact_of(engine, "is java required for qa engineers")
    assert isinstance(fact, Requirement)
    assert fact.level is RequirementLevel.NOT_LISTED


async def test_the_line_that_says_so_is_quoted(engine: Engine) -> None:
    assert "Yes, required\n\nFor a Data Engineer: “SQL (PostgreSQL or MySQL)”" in said(
        engine, "is sql a must for a data engineer"
    )
    assert "Preferred, not required" in said(engine, "do data engineers need docker?")
    assert "Not listed" in said(engine, "is kubernetes needed for data analysts")


def test_who_asks_whether_one_can_do_without_is_not_told_yes(engine: Engine) -> None:
    text = said(engine, "can i become a data analyst without a degree")
    assert "No, it is required" in text
    assert "Yes, required" not in text


def test_a_thing_that_is_part_of_another_title_is_a_thing(engine: Engine) -> None:
    fact = fact_of(engine, "is python or excel needed for data analysts")
    assert isinstance(fact, Requirement)
    assert fact.role == "data-analyst"


def test_a_need_is_about_the_role_of_the_conversation(engine: Engine) -> None:
    fact = fact_of(engine, "and is python required?", "data-analyst")
    assert isinstance(fact, Requirement)
    assert (fact.role, fact.level) == ("data-analyst", RequirementLevel.PREFERRED)


@pytest.mark.parametrize(
    "text",
    [
        "do I need to bring my laptop to the interview",
        "which skills does a data analyst need",
        "is there a canteen for data analysts",
        "is python mandatory for a kindergarten teacher",
    ],
)
def test_other_questions_get_no_fact(engine: Engine, text: str) -> None:
    assert fact_of(engine, text) is None


# ---------------------------------------------------------------------------- comparison


@pytest.mark.parametrize(
    "text",
    [
        "difference between data analyst and data engineer",
        "data analyst vs data engineer",
        "compare data analyst, data engineer",
        "how is a data analyst different from a data engineer?",
    ],
)
def test_roles_are_compared(engine: Engine, text: str) -> None:
    result = engine.ask(Question(text, audience=Audience.EMPLOYEES))
    assert isinstance(result.outcome, Answer)
    assert result.outcome.fact == Comparison(("data-analyst", "data-engineer"))
    assert [(one.id, one.kind) for one in result.outcome.entries] == [
        ("data-analyst", EntryKind.ROLE),
        ("data-engineer", EntryKind.ROLE),
    ]


def test_a_comparison_tells_what_is_shared_and_what_differs(engine: Engine) -> None:
    text = said(engine, "compare data analyst and data engineer")
    assert "SQL (required)" in text
    assert "Python (preferred for Data Analyst, required for Data Engineer)" in text
    assert "- Data Analyst: Excel or spreadsheets; Communication" in text
    assert "- Data Engineer: Airflow" in text
    assert "- Data Analyst: 1 to 3 years" in text
    assert "usual next step" in text


def test_what_the_data_does_not_hold_is_not_compared(engine: Engine) -> None:
    assert fact_of(engine, "compare the salaries of data analyst and data engineer") is None


def test_one_part_is_compared_when_one_is_named(engine: Engine) -> None:
    fact = fact_of(engine, "compare the education of data analyst and qa engineer")
    assert fact == Comparison(("data-analyst", "qa-engineer"), "education")
    text = said(engine, "compare the education of data analyst and qa engineer")
    assert "High-school diploma" in text
    assert "Excel" not in text


def test_the_role_of_the_conversation_is_compared_with_a_named_one(engine: Engine) -> None:
    fact = fact_of(engine, "how does that differ from a qa engineer?", "data-analyst")
    assert isinstance(fact, Comparison)
    assert set(fact.roles) == {"data-analyst", "qa-engineer"}


# ------------------------------------------------------------------------------- look-up


@pytest.mark.parametrize(
    ("text", "wanted", "roles"),
    [
        ("which roles need SQL", LookupMode.REQUIRED, {"data-analyst", "data-engineer"}),
        ("which roles use sql", LookupMode.ANY, {"data-analyst", "data-engineer", "qa-engineer"}),
        ("who needs airflow", LookupMode.REQUIRED, {"data-engineer"}),
        ("which roles don't need a degree", LookupMode.WITHOUT, {"data-engineer", "qa-engineer"}),
        (
            "what can I do with 1 year of experience",
            LookupMode.YEARS,
            {"data-analyst", "qa-engineer"},
        ),
        ("which jobs can i get without experience", LookupMode.YEARS, {"qa-engineer"}),
    ],
)
def test_roles_are_found_by_what_they_want(
    engine: Engine, text: str, wanted: LookupMode, roles: set[str]
) -> None:
    fact = fact_of(engine, text)
    assert isinstance(fact, Lookup)
    assert (fact.mode, set(fact.roles)) == (wanted, roles)


def test_a_look_up_shows_the_line_that_matched(engine: Engine) -> None:
    text = said(engine, "which roles need sql")
    assert "Data Engineer: SQL (PostgreSQL or MySQL)" in text
    assert "Preferred in:" in text
    assert "QA Engineer: SQL" in text


@pytest.mark.parametrize(
    "text",
    [
        "which roles need cobol",
        "which jobs pay best",
        "could i do support with no diploma whatsoever",
    ],
)
def test_what_no_role_lists_is_not_looked_up(engine: Engine, text: str) -> None:
    assert fact_of(engine, text) is None


# ----------------------------------------------------------------------------- next step


@pytest.mark.parametrize(
    "text",
    [
        "what do I need to get from data analyst to data engineer",
        "I'm a data analyst and want to become a data engineer",
        "how do I switch from data analyst to data engineer?",
    ],
)
def test_a_step_is_told_by_what_is_missing(engine: Engine, text: str) -> None:
    assert fact_of(engine, text) == NextStep("data-analyst", ("data-engineer",))
    told = said(engine, text)
    assert "Data Engineer is a usual next step after Data Analyst" in told
    assert "Required, and not listed for your role:\n- Airflow" in told
    assert "Required now, preferred before:\n- Python" in told


def test_the_steps_after_a_role_come_from_its_next_roles(engine: Engine) -> None:
    fact = fact_of(engine, "what is the next role after data analyst?")
    assert fact == NextStep("data-analyst", ("data-engineer", "qa-engineer"))


def test_a_step_that_is_not_listed_says_so(engine: Engine) -> None:
    text = said(engine, "what do i need to get from qa engineer to data engineer")
    assert "not a listed next step" in text


# ------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "text",
    [
        "compare the skills of data analyst and data engineer",
        "which roles need sql",
        "which roles don't need a degree",
        "what can I do with 1 year of experience",
        "what do I need to get from data analyst to data engineer",
    ],
)
def test_a_fact_is_shown_again_by_its_key(engine: Engine, text: str) -> None:
    asked = engine.ask(Question(text, audience=Audience.EMPLOYEES))
    assert isinstance(asked.outcome, Answer)
    assert asked.outcome.fact is not None
    again = engine.show(asked.outcome.fact.key, Question("", audience=Audience.EMPLOYEES))
    assert isinstance(again.outcome, Answer)
    assert again.outcome.fact == asked.outcome.fact
    assert again.text == asked.text


@pytest.mark.parametrize(
    "key",
    [
        "=compare - data-analyst",
        "=compare - data-analyst gone",
        "=find any",
        "=find stolen sql",
        "=find years 1.2.3",
        "=find years -1",
        "=next",
        "=next data-analyst gone",
        "=",
        "=compare",
    ],
)
def test_a_forged_key_shows_nothing(engine: Engine, key: str) -> None:
    result = engine.show(key, Question("", audience=Audience.EMPLOYEES))
    if isinstance(result.outcome, Answer):  # a role without a target has no next step
        assert "No longer there" in result.text
    else:
        assert isinstance(result.outcome, Decline)
