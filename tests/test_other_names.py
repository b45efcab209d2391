"""Things go by several names, and what no role names is never said to be required or not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import faqbot
from faqbot.content.loader import check_folder
from faqbot.model import (
    Answer,
    Audience,
    Decline,
    Fact,
    Lookup,
    LookupMode,
    Question,
    Reason,
    Requirement,
    RequirementLevel,
)

ROLES = {
    "platform-engineer": """
        role: platform-engineer
        title: Platform Engineer
        owner: "@platform"
        sections:
          overview: Runs what the other teams build on.
          skills:
            required: [Kubernetes, Go, "One cloud (AWS, Azure or Google Cloud)", Problem solving]
            preferred: [Terraform, Grafana]
          education:
            preferred: [Bachelor's degree in computer science]
          experience:
            years: {min: 3, max: 5}
          on-call:
            title: On call
            text: One week in six you carry the pager, with Opsgenie.
        faqs:
          - id: tools
            question: Which tools does a {role} use?
            answer: Most of us write notes in Obsidian.
          - id: perks
            question: What do employees get?
            answer: A licence of JetBrains Fleet.
            audience: employees
    """,
    "shop-assistant": """
        role: shop-assistant
        title: Shop Assistant
        sections:
          overview: Sells bicycles and repairs small things.
          responsibilities: [Lift bicycles onto the stand, Advise customers, Run the till]
          skills:
            required: [Friendliness, "Tills (Lightspeed or similar)", Workshop safety]
            preferred: [Excel or spreadsheets, Forklift licence]
          education:
            required: [High-school diploma or equivalent]
          experience:
            years: {min: 0}
    """,
    "accountant": """
        role: accountant
        title: Accountant
        sections:
          overview: Keeps the books, and pays the bills for Grafana.
          skills:
            required: [Excel, SAP, "Bookkeeping in Python or VBA"]
            preferred: [SQL]
          education:
            required: [Bachelor's degree in accounting]
          certifications:
            preferred: [CPA]
          experience:
            years: {min: 2}
    """,
    "names": """
        other_names:
          Workshop safety: [toolbox talk, WSH]
          Opsgenie: [the pager tool]
    """,
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> faqbot.Engine:
    folder = tmp_path_factory.mktemp("content")
    for name, text in ROLES.items():
        (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return faqbot.load(folder)


def fact_of(engine: faqbot.Engine, text: str) -> Fact | None:
    outcome = engine.ask(text).outcome
    return outcome.fact if isinstance(outcome, Answer) else None


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("is k8s required for a platform engineer?", RequirementLevel.REQUIRED),
        ("do platform engineers need golang", RequirementLevel.REQUIRED),
        ("is Go mandatory for platform engineers", RequirementLevel.REQUIRED),
        ("is gcp required for a platform engineer", RequirementLevel.REQUIRED),
        ("must a platform engineer know amazon web services", RequirementLevel.REQUIRED),
        ("do i need a bsc to be a platform engineer", RequirementLevel.PREFERRED),
        ("is MS Excel needed for a shop assistant", RequirementLevel.PREFERRED),
        ("is a forklift license required for shop assistants", RequirementLevel.PREFERRED),
        ("is microsoft excel required for an accountant", RequirementLevel.REQUIRED),
        ("is WSH required for a shop assistant", RequirementLevel.REQUIRED),
        ("does a shop assistant need the toolbox talk", RequirementLevel.REQUIRED),
    ],
)
def test_a_thing_is_found_by_its_other_names(
    engine: faqbot.Engine, text: str, level: RequirementLevel
) -> None:
    fact = fact_of(engine, text)
    assert isinstance(fact, Requirement)
    assert fact.level is level


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("is obsidian required for a platform engineer", "platform-engineer/faq/tools"),
        ("is opsgenie needed for platform engineers", "platform-engineer/on-call"),
    ],
)
def test_the_whole_role_is_searched(engine: faqbot.Engine, text: str, entry: str) -> None:
    result = engine.ask(text)
    assert [one.id for one in result.entries] == [entry]
    assert isinstance(result.fact, Requirement)
    assert result.fact.level is RequirementLevel.MENTIONED


def test_what_only_employees_may_read_is_not_told_to_others(engine: faqbot.Engine) -> None:
    asked = "is jetbrains fleet required for a platform engineer"
    assert "Fleet" not in engine.ask(asked).text
    result = engine.ask(Question(asked, audience=Audience.EMPLOYEES))
    assert "Fleet" in result.text


@pytest.mark.parametrize(
    "text",
    [
        "is haskell required for a platform engineer",
        "is sap required for platform engineers",
        "do accountants need kubernetes",
    ],
)
def test_a_known_thing_that_a_role_does_not_name_is_not_listed(
    engine: faqbot.Engine, text: str
) -> None:
    result = engine.ask(text)
    assert isinstance(result.fact, Requirement)
    assert result.fact.level is RequirementLevel.NOT_LISTED
    assert "neither that it is required nor that it isn't" in result.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("is zorbify required for a platform engineer", "zorbify"),
        ("do i need a boat to be an accountant", "boat"),
        ("is experience with zorbify needed for an accountant", "zorbify"),
        ("is a philately degree required for an accountant", "philately"),
    ],
)
def test_nothing_is_said_of_what_is_not_understood(
    engine: faqbot.Engine, text: str, words: str
) -> None:
    result = engine.ask(text)
    assert isinstance(result.outcome, Decline)
    assert result.reason is Reason.NOT_WRITTEN
    assert "I don't find" in result.text
    assert words in result.text
    assert "required" not in result.text


def test_the_owner_may_know_what_is_not_found(engine: faqbot.Engine) -> None:
    assert "@platform may know" in engine.ask("is zorbify required for a platform engineer").text


def test_an_answer_in_other_words_is_kept(engine: faqbot.Engine) -> None:
    result = engine.ask("does a shop assistant have to lift heavy bicycles")
    assert [one.id for one in result.entries] == ["shop-assistant/responsibilities"]
    assert result.kind == "answer"


def test_a_kind_of_thing_is_found_by_things_of_that_kind(engine: faqbot.Engine) -> None:
    fact = fact_of(engine, "which roles need programming?")
    assert isinstance(fact, Lookup)
    assert set(fact.roles) == {"platform-engineer", "accountant"}
    assert isinstance(fact_of(engine, "is coding required for an accountant"), Requirement)


@pytest.mark.parametrize(
    "text",
    [
        "which roles don't need coding",
        "which jobs don't require a driving test",
        "which roles don't need zorbify",
        "roles without a boat",
    ],
)
def test_roles_are_never_said_to_do_without_what_is_not_understood(
    engine: faqbot.Engine, text: str
) -> None:
    result = engine.ask(text)
    assert result.kind == "decline"
    assert "I can't tell which roles" in result.text


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("which roles don't need k8s", {"shop-assistant", "accountant"}),
        ("which roles do not ask for sap", {"platform-engineer", "shop-assistant"}),
        ("jobs without microsoft excel", {"platform-engineer", "shop-assistant"}),
        ("which roles don't need a degree", {"platform-engineer", "shop-assistant"}),
    ],
)
def test_roles_without_a_thing_are_those_that_do_not_list_it_as_required(
    engine: faqbot.Engine, text: str, roles: set[str]
) -> None:
    fact = fact_of(engine, text)
    assert isinstance(fact, Lookup)
    assert (fact.mode, set(fact.roles)) == (LookupMode.WITHOUT, roles)


def test_a_role_that_mentions_a_thing_is_kept_apart_from_those_without_it(
    engine: faqbot.Engine,
) -> None:
    fact = fact_of(engine, "which roles don't need grafana")
    assert isinstance(fact, Lookup)
    assert set(fact.roles) == {"platform-engineer", "shop-assistant"}
    assert [line.entry for line in fact.preferred] == ["accountant/overview"]


def test_roles_that_cannot_do_without_a_thing_list_it(engine: faqbot.Engine) -> None:
    result = engine.ask("which roles can't do without grafana")
    assert isinstance(result.fact, Lookup)
    assert result.fact.mode is not LookupMode.WITHOUT
    assert result.fact.roles == ("platform-engineer",)


def test_a_minimum_of_zero_years_is_no_experience(engine: faqbot.Engine) -> None:
    text = engine.ask("how many years of experience does a shop assistant need").text
    assert "No experience needed" in text
    assert "0 years" not in text


def test_one_role_that_lists_a_thing_answers_for_it(engine: faqbot.Engine) -> None:
    result = engine.ask("do I need a CPA?")
    assert isinstance(result.fact, Requirement)
    assert result.role == "accountant"
    assert "For an Accountant" in result.text


def test_several_roles_that_list_a_thing_are_looked_up(engine: faqbot.Engine) -> None:
    fact = fact_of(engine, "is excel required?")
    assert isinstance(fact, Lookup)
    assert set(fact.roles) == {"accountant", "shop-assistant"}


def test_several_things_are_told_apart(engine: faqbot.Engine) -> None:
    result = engine.ask("does an accountant need excel and sql?")
    assert "Partly" in result.text
    assert "“Excel” (required)" in result.text
    assert "“SQL” (preferred)" in result.text


def test_an_empty_list_of_other_names_is_reported(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("other_names:\n  SQL: []\n", encoding="utf-8")
    _, problems = check_folder(tmp_path)
    assert [problem.line for problem in problems] == [2]


def test_a_misspelt_top_key_of_other_names_is_named(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("other_name:\n  SQL: [sequel]\n", encoding="utf-8")
    _, problems = check_folder(tmp_path)
    assert "did you mean `other_names`?" in problems[0].message


def test_roles_are_found_by_what_somebody_knows_and_how_long(engine: faqbot.Engine) -> None:
    fact = fact_of(engine, "I have 3 years of experience with Excel and SAP. What fits?")
    assert isinstance(fact, Lookup)
    assert (fact.mode, fact.roles, fact.years) == (LookupMode.YEARS, ("accountant",), 3)
    again = engine.show(fact.key).fact
    assert again == fact


def test_roles_are_found_by_what_somebody_knows(engine: faqbot.Engine) -> None:
    fact = fact_of(engine, "I know k8s and terraform, which jobs suit me?")
    assert isinstance(fact, Lookup)
    assert fact.roles == ("platform-engineer",)


def test_no_experience_is_answered_by_a_role_that_asks_for_none(engine: faqbot.Engine) -> None:
    text = engine.ask("I have no experience, can I be a shop assistant?").text
    assert "No experience is required" in text


def test_a_thing_is_looked_up_by_what_somebody_is_good_at(engine: faqbot.Engine) -> None:
    fact = fact_of(engine, "I'm good at bookkeeping, what role suits me")
    assert isinstance(fact, Lookup)
    assert fact.roles == ("accountant",)
