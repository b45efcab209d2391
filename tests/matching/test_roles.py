"""Which role a question names, and when it names one that the content does not have."""

from __future__ import annotations

import pytest

from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.text import normalise, words
from faqbot.model import LinkMethod, Role

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
