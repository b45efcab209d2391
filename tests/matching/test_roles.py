"""Which role a question names, and when it names one that the content does not have."""

from __future__ import annotations

import pytest

from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.text import codes, normalise, words
from faqbot.model import LinkMethod, Role, Section

ROLES = (
    Role("python-back-end-developer", "Python Back End Developer", ("backend engineer",)),
    Role("front-end-developer", "Front End Developer", ("web developer", "frontend engineer")),
    Role("data-analyst", "Data Analyst", ("BI analyst",)),
    Role("data-engineer", "Data Engineer", ("ETL developer",)),
    Role("qa-engineer", "QA Engineer", ("software tester",)),
    Role("technical-recruiter", "Technical Recruiter"),
)
ASKING = frozenset("skills degree what technical experience duties about years".split())
COMPOUNDS = {"backend": ("back", "end"), "frontend": ("front", "end")}
LINKER = RoleLinker(
    ROLES, ASKING, language=frozenset({"date", "java", "teacher"}), compounds=COMPOUNDS
)


def link(question: str) -> Linking:
    return LINKER.link(words(normalise(question)))


@pytest.mark.parametrize(
    ("question", "role", "by"),
    [
        ("what skills does a data analyst need", "data-analyst", LinkMethod.TITLE),
        ("data analysts duties", "data-analyst", LinkMethod.TITLE),
        ("bi analyst degree", "data-analyst", LinkMethod.ALIAS),
        ("degree for a software testr", "qa-engineer", LinkMethod.TYPO),
        ("qa skills", "qa-engineer", LinkMethod.PARTIAL),
        ("skills of a senior data engineer", "data-engineer", LinkMethod.TITLE),
        ("developer, back end, python: skills", "python-back-end-developer", LinkMethod.TITLE),
        ("da degree", None, None),
    ],
)
def test_a_role_is_linked_however_it_is_named(
    question: str, role: str | None, by: LinkMethod | None
) -> None:
    mentions = link(question).mentions
    named = [found for mention in mentions for found in mention.links]
    if role is None:
        assert [found.role for found in named] == ["data-analyst"]
    else:
        assert [(found.role, found.method) for found in named] == [(role, by)]


def test_part_of_several_titles_is_a_choice_between_them() -> None:
    (mention,) = link("developer skills").mentions
    assert {found.role for found in mention.links} >= {
        "python-back-end-developer",
        "front-end-developer",
    }


def test_two_roles_in_one_question_are_two_mentions() -> None:
    mentions = link("data analyst or qa engineer").mentions
    assert [mention.links[0].role for mention in mentions] == ["data-analyst", "qa-engineer"]


@pytest.mark.parametrize("question", ["responsibilities of a kindergarten teacher", "nurse degree"])
def test_an_occupation_without_a_description_is_an_unknown_role(question: str) -> None:
    linking = link(question)
    assert not linking.mentions
    assert linking.unknown_role


@pytest.mark.parametrize("question", ["java developer skills", "data scientist degree"])
def test_a_stranger_beside_a_title_makes_it_another_role(question: str) -> None:
    assert link(question).unknown_role


@pytest.mark.parametrize(
    "question", ["what technical skills do I need", "what is the degree about", "years"]
)
def test_words_for_asking_do_not_name_a_role(question: str) -> None:
    assert not link(question).mentions


def test_near_roles_are_found_for_words_that_name_none() -> None:
    assert LINKER.near(["recruitr"]) == ("technical-recruiter",)


def roles_of(titles: dict[str, str], question: str) -> list[list[str]]:
    """The rival roles of each mention in a question about roles with some titles."""
    linker = RoleLinker(
        [Role(role, title) for role, title in titles.items()],
        ASKING,
        everyday=frozenset("market go own house back will people staff".split()),
    )
    asked = words(normalise(question))
    mentions = linker.link(asked, asked, codes(question)).mentions
    return [[found.role for found in mention.links] for mention in mentions]


ORDINARY = {
    "it-trainer": "IT Trainer",
    "trainer": "Trainer",
    "us-payroll-clerk": "US Payroll Clerk",
    "or-technician": "OR Technician",
    "painter-a": "Painter A",
    "painter-b": "Painter B",
    "own-label-planner": "Own Label Planner",
    "front-of-house-lead": "Front of House Lead",
    "on-site-medic": "On-Site Medic",
    "gtm": "Go To Market Strategist",
}


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("what does an it trainer do", "it-trainer"),
        ("skills of a trainer", "trainer"),
        ("what does a us payroll clerk earn", "us-payroll-clerk"),
        ("which degree does the or technician have", "or-technician"),
        ("skills of painter a", "painter-a"),
        ("is a painter b allowed to drive", "painter-b"),
        ("own label planner duties", "own-label-planner"),
        ("duties of the front of house lead", "front-of-house-lead"),
        ("front house lead skills", "front-of-house-lead"),
        ("on site medic degree", "on-site-medic"),
        ("go to market strategist degree", "gtm"),
    ],
)
def test_a_title_of_ordinary_words_is_found_when_it_is_said_in_full(
    question: str, role: str
) -> None:
    assert roles_of(ORDINARY, question) == [[role]]


@pytest.mark.parametrize(
    "question",
    ["got it", "tell us more about it", "do i own my work or not", "when do we go to it"],
)
def test_an_ordinary_word_of_a_title_names_no_role(question: str) -> None:
    assert roles_of(ORDINARY, question) == []


def test_an_article_before_a_noun_is_no_part_of_a_title() -> None:
    assert roles_of(ORDINARY, "is a painter a happy person") == [["painter-a", "painter-b"]]


LEVELLED = {
    "clerk-1": "Payroll Clerk I",
    "clerk-2": "Payroll Clerk II",
    "clerk-senior": "Senior Payroll Clerk",
    "clerk-oslo": "Payroll Clerk (Oslo)",
}


@pytest.mark.parametrize(
    ("question", "roles"),
    [
        ("skills of a payroll clerk", {"clerk-1", "clerk-2", "clerk-senior", "clerk-oslo"}),
        ("skills of a payroll clerk 2", {"clerk-2"}),
        ("skills of a payroll clerk ii", {"clerk-2"}),
        ("skills of a payroll clerk level 1", {"clerk-1"}),
        ("skills of a senior payroll clerk", {"clerk-senior"}),
        ("skills of a payroll clerk in oslo", {"clerk-oslo"}),
    ],
)
def test_titles_of_several_grades_are_a_choice_until_one_is_said(
    question: str, roles: set[str]
) -> None:
    (mention,) = roles_of(LEVELLED, question)
    assert set(mention) == roles


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("degree for technical recruitment", "technical-recruiter"),
        ("what is data engineering about", "data-engineer"),
        ("front end development skills", "front-end-developer"),
    ],
)
def test_a_field_of_work_names_the_people_who_work_in_it(question: str, role: str) -> None:
    assert [found.links[0].role for found in link(question).mentions] == [role]


BUILDING = (
    Role("crane-operator", "Crane Operator"),
    Role("stone-mason", "Stone Mason"),
    Role("plant-buyer", "Plant Buyer"),
    Role("operator", "Operator"),
)
BUILDERS = RoleLinker(BUILDING, ASKING, language=frozenset("the of stone plant are".split()))


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("cran eoperator", "crane-operator"),
        ("craneoperator", "crane-operator"),
        ("crane oper ator", "crane-operator"),
        ("crnae opertaor", "crane-operator"),
        ("cane oprator", "crane-operator"),
        ("sotnem ason", "stone-mason"),
        ("pla nt buyyer", "plant-buyer"),
    ],
)
def test_a_title_is_recognised_by_its_letters_wherever_its_spaces_are(
    typed: str, role: str
) -> None:
    asked = words(f"duties of the {typed}")
    assert [m.links[0].role for m in BUILDERS.link(asked).mentions] == [role]


@pytest.mark.parametrize("typed", ["zzzzz operator", "crnae xyz", "qqqqq mmmmm"])
def test_what_resembles_no_title_is_not_repaired_to_one(typed: str) -> None:
    linking = BUILDERS.link(words(f"duties of the {typed}"))
    assert linking.unknown_role or not any(mention.is_full for mention in linking.mentions)


def test_a_word_for_asking_is_no_misspelt_word_of_a_title() -> None:
    linker = RoleLinker([Role("soils-tester", "Soils Tester"), Role("cook", "Cook")], ASKING)
    mentions = linker.link(["skills", "for", "cook"], ["skils", "for", "cook"]).mentions
    assert [mention.links[0].role for mention in mentions] == ["cook"]


def test_a_grade_that_heads_a_section_is_left_for_the_section() -> None:
    headings = {"senior": "Senior Mason", "tools": "Tools of a mason"}
    sections = tuple(Section("mason", key, title, "…") for key, title in headings.items())
    linker = RoleLinker([Role("mason", "Mason", sections=sections)], ASKING)
    (senior,) = linker.link("duties of a senior mason".split()).mentions
    (junior,) = linker.link("duties of a junior mason".split()).mentions
    assert (senior.start, junior.start) == (4, 3)
