"""Roles that the content doesn't have are told from titles, parts of titles and other words."""

from __future__ import annotations

from pathlib import Path

import pytest

from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Index
from faqbot.index.builder import build_index
from faqbot.matching.lexicon import OccupationTitles
from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.text import normalise, words
from faqbot.model import Role

ROLES = (
    Role("site-engineer", "Site Engineer", ("field engineer",)),
    Role("dental-nurse", "Dental Nurse", ("dental surgery assistant",)),
    Role("cost-surveyor", "Cost Surveyor", ("commercial cost surveyor", "quantity surveyor")),
    Role("payroll-clerk", "Payroll Clerk", ("wages administrator",)),
    Role("events-manager", "Events Manager"),
)
LINKER = RoleLinker(
    ROLES,
    frozenset("skills degree what customer success project duties the of a do does need".split()),
    language=frozenset("java office web cost costs nurse site sight event dental".split()),
    occupations=OccupationTitles.load(),
    written=["Is an events manager the same as a hotel manager?", "Can a hotel porter apply?"],
)


def link(question: str) -> Linking:
    return LINKER.link(words(normalise(question)))


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("office manager skills", "office manager"),
        ("customer success manager duties", "customer success manager"),
        ("project manager degree", "project manager"),
        ("it manager skills", "it manager"),
        ("payroll manager duties", "payroll manager"),
        ("skills of a java engineer", "java engineer"),
        ("nurse practitioner degree", "nurse practitioner"),
        ("what does a locksmith do", "locksmith"),
        ("what does a scrum master do", "scrum master"),
    ],
)
def test_words_that_make_another_occupation_are_an_unknown_role(
    question: str, unknown: str
) -> None:
    assert unknown in link(question).unknown_role


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("field engineering degree", "site-engineer"),
        ("dental assistant duties", "dental-nurse"),
        ("commercial surveyor degree", "cost-surveyor"),
        ("site engneer skills", "site-engineer"),
        ("sit engineer skills", "site-engineer"),
        ("payroll administrator skills", "payroll-clerk"),
        ("skills for event management", "events-manager"),
        ("what does the payroll person do", "payroll-clerk"),
    ],
)
def test_parts_and_inflections_of_a_title_still_name_its_role(question: str, role: str) -> None:
    linking = link(question)
    assert not linking.unknown_role
    assert {found.role for mention in linking.mentions for found in mention.links} == {role}


@pytest.mark.parametrize(
    "question",
    [
        "is a site engineer the same as a structural engineer",
        "site engineer vs architect",
        "difference between a dental nurse and a theatre nurse",
        "how does a payroll clerk differ from a bookkeeper",
        "compare the cost surveyor with the land surveyor",
    ],
)
def test_a_side_of_a_comparison_that_the_content_lacks_is_an_unknown_role(question: str) -> None:
    assert link(question).unknown_role


@pytest.mark.parametrize(
    "question",
    [
        "site engineer vs dental nurse",
        "is the degree of a site engineer the same as of a dental nurse",
        "difference between skills and duties of a site engineer",
        "does a site engineer work with an architect",
    ],
)
def test_a_comparison_of_what_the_content_has_is_none_with_an_unknown_role(question: str) -> None:
    assert not link(question).unknown_role


def test_another_role_is_known_where_an_author_compares_it() -> None:
    assert not link("events manager vs hotel manager").unknown_role
    assert link("hotel manager skills").unknown_role
    assert link("events manager vs hotel porter").unknown_role


@pytest.fixture(scope="module")
def shipped() -> Index:
    root = Path(__file__).resolve().parents[2]
    return build_index(load_knowledge_base(root / "knowledge"))


@pytest.mark.parametrize(
    "question",
    ["delivery manager skills", "golang developer skills", "is sales manager a hard job"],
)
def test_a_role_beside_the_shipped_ones_is_not_taken_for_one(shipped: Index, question: str) -> None:
    assert shipped.matcher.parse(question).unknown_role


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("python engineer skills", "python-back-end-developer"),
        ("support rep duties", "customer-support-specialist"),
        ("which degree do front end devs have", "front-end-developer"),
        ("devops guys duties", "devops-engineer"),
    ],
)
def test_short_names_of_the_shipped_roles_are_understood(
    shipped: Index, question: str, role: str
) -> None:
    parsed = shipped.matcher.parse(question)
    assert not parsed.unknown_role
    assert parsed.links[0].role == role


def test_a_phrase_for_a_role_ends_where_a_clause_ends() -> None:
    asked = ["nurse", "clerk"]
    assert LINKER.link(asked).unknown_role
    apart = LINKER.link(asked, breaks=[1])
    assert not apart.unknown_role
    assert {link.role for one in apart.mentions for link in one.links} == {
        "dental-nurse",
        "payroll-clerk",
    }
