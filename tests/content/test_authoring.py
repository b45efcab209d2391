"""Files that faqbot writes for authors load as the entries they were made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from faqbot.content.fields import MAX_ID_LENGTH, make_id
from faqbot.content.loader import load_knowledge_base
from faqbot.content.writer import faq_file, role_file, write_file
from faqbot.errors import UsageError
from faqbot.model import Faq, KnowledgeBase, Role, Section, Years
from tests.content.strategies import faqs, roles


def loaded(folder: Path, text: str) -> KnowledgeBase:
    file = folder / "a.yaml"
    file.write_text(text, encoding="utf-8")
    return load_knowledge_base(folder)


@given(roles())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_written_role_loads_as_the_same_role(tmp_path: Path, role: Role) -> None:
    notes = {"sections/skills": ["check: these"], "faqs/one": ["check: that"], "owner": ["who"]}
    assert loaded(tmp_path, role_file(role, notes=notes)).roles == (role,)


@given(faqs(None))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_written_faqs_load_as_the_same_faqs(tmp_path: Path, faq: Faq) -> None:
    assert loaded(tmp_path, faq_file([faq])).faqs == (faq,)


def test_written_file_has_the_layout_of_authors() -> None:
    role = Role(
        "data-scientist",
        "Data Scientist",
        aliases=("ML scientist",),
        sections=(
            Section("data-scientist", "overview", "Overview", text="Finds out.\n\nAnd explains."),
            Section("data-scientist", "skills", "Skills", required=("SQL",), preferred=("R",)),
            Section("data-scientist", "experience", "Experience", years=Years(2, 5)),
        ),
        faqs=(Faq("data-scientist", "tools", "Which tools?", "Python."),),
    )
    text = role_file(
        role,
        schema="../schema.json",
        heading=["Made of scientist.docx"],
        notes={"sections/skills": ["check: is R preferred?"], "education": ["check: education?"]},
    )
    assert text == (
        "# yaml-language-server: $schema=../schema.json\n"
        "# Made of scientist.docx\n"
        "# check: education?\n"
        "role: data-scientist\n"
        "title: Data Scientist\n"
        "aliases:\n"
        "  - ML scientist\n"
        "sections:\n"
        "  overview: |-\n"
        "    Finds out.\n"
        "\n"
        "    And explains.\n"
        "  # check: is R preferred?\n"
        "  skills:\n"
        "    required:\n"
        "      - SQL\n"
        "    preferred:\n"
        "      - R\n"
        "  experience:\n"
        "    years:\n"
        "      min: 2\n"
        "      max: 5\n"
        "faqs:\n"
        "  - id: tools\n"
        "    question: Which tools?\n"
        "    answer: Python.\n"
    )


@pytest.mark.parametrize(
    ("text", "taken", "key"),
    [
        ("Data Scientist", (), "data-scientist"),
        ("Data Scientist", ("data-scientist", "data-scientist-2"), "data-scientist-3"),
        ("Ingénieur·e qualité (F/H)", (), "ingenieur-e-qualite-f-h"),
        ("?!", (), "entry"),
    ],
)
def test_id_is_made_of_the_words_of_a_text(text: str, taken: tuple[str, ...], key: str) -> None:
    assert make_id(text, taken) == key
    assert len(make_id("very " * 30)) <= MAX_ID_LENGTH


def test_existing_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    target = tmp_path / "roles" / "a.yaml"
    write_file(target, "first")
    with pytest.raises(UsageError, match="--force"):
        write_file(target, "second")
    assert target.read_text() == "first"
    write_file(target, "second", force=True)
    assert target.read_text() == "second"
    assert list(target.parent.iterdir()) == [target]
