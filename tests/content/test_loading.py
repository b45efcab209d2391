"""Valid content becomes a knowledge base."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

import pytest

from faqbot.content.loader import check_folder, load_knowledge_base
from faqbot.errors import ContentError, UsageError
from faqbot.model import Audience, Origin, Years
from tests.content.conftest import Write

ROLE = """\
role: data-analyst
title: Data Analyst
aliases: [BI analyst]
family: data
owner: "@people-data"
reviewed: 2026-11-01
review_every: 6 months
sections:
  benefits:
    title: Why join as a {role}
    phrasings: ["why should I join as a {role}"]
    text: Good coffee.
  experience:
    years: {min: 2, max: 5.5}
    text: In a team.
  skills:
    required: SQL
    preferred: [Python, dbt]
  overview: >
    A {role} turns numbers into
    decisions.
  day-to-day:
    - Ask the {role} next to you
    - Write queries
faqs:
  - id: tools
    question: Which tools does a {role} use?
    phrasings: ["what does a {role} work with"]
    answer: The {role} has a laptop.
    audience: employees
    example: true
"""
FAQS = """\
faqs:
  - id: how-to-apply
    question: How do I apply?
    answer: Fill in the {role} form.
    review_every: 30
"""


def test_every_key_of_a_role_is_loaded(write: Write, knowledge: Path) -> None:
    write("data/analyst.yml", ROLE)
    role = load_knowledge_base(knowledge).roles[0]
    assert (role.id, role.title, role.aliases) == ("data-analyst", "Data Analyst", ("BI analyst",))
    assert (role.family, role.owner) == ("data", "@people-data")
    assert role.reviewed == dt.date(2026, 11, 1)
    assert role.review_every == dt.timedelta(days=182)


def test_standard_sections_come_first_in_their_order(
    write: Write,
    knowledge: Path,
) -> None:
    write("analyst.yaml", ROLE)
    role = load_knowledge_base(knowledge).roles[0]
    assert [section.key for section in role.sections] == [
        "overview",
        "day-to-day",
        "skills",
        "experience",
        "benefits",
    ]
    assert [section.title for section in role.sections][:2] == ["Overview", "Day to day"]


def test_short_and_full_forms_of_a_section_are_loaded(write: Write, knowledge: Path) -> None:
    write("analyst.yaml", ROLE)
    overview, day, skills, experience, _ = load_knowledge_base(knowledge).roles[0].sections
    assert overview.text == "A Data Analyst turns numbers into decisions."
    assert day.items == ("Ask the Data Analyst next to you", "Write queries")
    assert (skills.required, skills.preferred) == (("SQL",), ("Python", "dbt"))
    assert experience.years == Years(2, 5.5)


def test_title_replaces_role_in_texts_but_not_in_phrasings(
    write: Write,
    knowledge: Path,
) -> None:
    write("analyst.yaml", ROLE)
    role = load_knowledge_base(knowledge).roles[0]
    own = role.section("benefits")
    assert own is not None
    assert own.title == "Why join as a Data Analyst"
    assert own.phrasings == ("why should I join as a {role}",)
    faq = role.faqs[0]
    assert faq.question == "Which tools does a Data Analyst use?"
    assert faq.answer == "The Data Analyst has a laptop."
    assert faq.phrasings == ("what does a {role} work with",)
    assert (faq.id, faq.audience, faq.example) == (
        "data-analyst/faq/tools",
        Audience.EMPLOYEES,
        True,
    )


def test_entry_has_the_position_in_its_file(write: Write, knowledge: Path) -> None:
    path = str(write("analyst.yaml", "# a comment first\n" + ROLE))
    role = load_knowledge_base(knowledge).roles[0]
    assert role.origin == Origin(path, 2)
    assert [section.origin.line for section in role.sections] == [20, 23, 17, 14, 10]
    assert role.faqs[0].origin == Origin(path, 27)


def test_all_documents_of_a_file_are_loaded(
    write: Write,
    knowledge: Path,
) -> None:
    write("all.yaml", ROLE + "---\n" + FAQS)
    knowledge_base = load_knowledge_base(knowledge)
    assert [entry.id for entry in knowledge_base.entries()][-1] == "faq/how-to-apply"
    assert knowledge_base.faqs[0].answer == "Fill in the {role} form."
    assert knowledge_base.faqs[0].review_every == dt.timedelta(days=30)


def test_hidden_and_other_files_are_ignored(write: Write, knowledge: Path) -> None:
    write("a.yaml", ROLE)
    for name in (".hidden.yaml", ".git/b.yaml", "notes.txt", "schema.json"):
        write(name, "][")
    assert len(load_knowledge_base(knowledge).roles) == 1


def test_byte_order_mark_windows_line_ends_and_any_script_are_loaded(
    write: Write,
    knowledge: Path,
) -> None:
    text = FAQS.replace("How do I apply?", "Wie bewerbe ich mich? 日本語 🎉").replace("\n", "\r\n")
    write("a.yaml", b"\xef\xbb\xbf" + text.encode())
    assert load_knowledge_base(knowledge).faqs[0].question == "Wie bewerbe ich mich? 日本語 🎉"


def test_anchors_are_expanded(write: Write, knowledge: Path) -> None:
    write(
        "a.yaml",
        """\
        role: a
        title: A
        sections:
          skills: &same [SQL]
          education: *same
        """,
    )
    assert [section.items for section in load_knowledge_base(knowledge).roles[0].sections] == [
        ("SQL",),
        ("SQL",),
    ]


@pytest.mark.parametrize(
    ("written", "days"),
    [("180 days", 180), ("1 day", 1), ("2 weeks", 14), ("6 months", 182), ("1 year", 365)],
)
def test_period_is_parsed_in_every_unit(
    write: Write, knowledge: Path, written: str, days: int
) -> None:
    write("a.yaml", FAQS.replace("review_every: 30", f"review_every: {written}"))
    assert load_knowledge_base(knowledge).faqs[0].review_every == dt.timedelta(days=days)


def test_linked_files_are_loaded_once_and_loops_end(write: Write, knowledge: Path) -> None:
    write("roles/a.yaml", ROLE)
    (knowledge / "roles" / "loop").symlink_to(knowledge)
    (knowledge / "second.yaml").symlink_to(knowledge / "roles" / "a.yaml")
    outside = knowledge.parent / "outside.yaml"
    outside.write_text(FAQS)
    (knowledge / "faqs.yaml").symlink_to(outside)
    knowledge_base = load_knowledge_base(knowledge)
    assert (len(knowledge_base.roles), len(knowledge_base.faqs)) == (1, 1)


def test_related_roles_of_other_files_are_known(write: Write, knowledge: Path) -> None:
    write("a.yaml", "role: a\ntitle: A\nrelated: [b]\nnext_roles: [b]\n")
    write("b.yaml", "role: b\ntitle: B\n")
    assert load_knowledge_base(knowledge).roles[0].related == ("b",)


def test_unusable_folder_is_one_line_of_advice(
    knowledge: Path,
    write: Write,
) -> None:
    for folder in (knowledge, knowledge / "none", write("file.txt", "x")):
        with pytest.raises(UsageError) as caught:
            load_knowledge_base(folder)
        assert "\n" not in str(caught.value)
        assert str(folder) in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_folder_without_permission_is_advice(knowledge: Path, write: Write) -> None:
    write("sub/a.yaml", FAQS)
    (knowledge / "sub").chmod(0)
    try:
        with pytest.raises(UsageError, match="permissions"):
            load_knowledge_base(knowledge)
    finally:
        (knowledge / "sub").chmod(0o700)


def test_broken_content_raises_every_problem_in_reading_order(
    knowledge: Path,
    write: Write,
) -> None:
    write("b.yaml", "faqs:\n  - id: A\n    question: q\n")
    write("a.yaml", "role: a\ntitle: 1\n")
    with pytest.raises(ContentError) as caught:
        load_knowledge_base(knowledge)
    found = [(Path(p.path).name, p.line, p.column) for p in caught.value.problems]
    assert found == [("a.yaml", 2, 8), ("b.yaml", 2, 5), ("b.yaml", 2, 9)]
    assert check_folder(knowledge)[0] is None


def test_thousand_roles_load_in_seconds(knowledge: Path) -> None:
    for number in range(1000):
        text = ROLE.replace("data-analyst", f"role-{number}").replace(
            "title: Data Analyst",
            f"title: Analyst {number}",
        )
        (knowledge / f"{number}.yaml").write_text(text)
    start = time.process_time()
    assert len(load_knowledge_base(knowledge).roles) == 1000
    assert time.process_time() - start < 10
