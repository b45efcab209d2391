"""Several roles, or several parts, in one question: each is answered, or named as not written."""

from collections.abc import Mapping
from pathlib import Path

import pytest

import faqbot
from faqbot.engine import Engine
from faqbot.model import Question

CONTENT = {
    "estimator": """
role: estimator
title: Estimator
sections:
  overview: Works out what printing costs.
  responsibilities: [Price jobs, Write offers]
  skills:
    required: [Arithmetic]
  education:
    required: [A diploma in printing]
""",
    "bookbinder": """
role: bookbinder
title: Bookbinder
sections:
  overview: Binds books by hand.
  skills:
    required: [Sewing]
  experience:
    years: {min: 2}
""",
    "printer": """
role: printer
title: Letterpress Printer
sections:
  skills:
    required: [Typesetting]
""",
    "papermaker": """
role: papermaker
title: Papermaker
sections:
  skills:
    required: [Moulds]
""",
}


SECOND_PRINTER = """
role: screen-printer
title: Screen Printer
sections:
  skills:
    required: [Stencils]
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return load(tmp_path_factory.mktemp("bindery"), CONTENT)


def load(folder: Path, content: Mapping[str, str]) -> Engine:
    (folder / "roles").mkdir()
    for name, text in content.items():
        (folder / "roles" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return faqbot.load(folder)


@pytest.mark.parametrize(
    ("question", "entries", "not_written"),
    [
        (
            "Experience for the estimator, and for the bookbinder?",
            ["bookbinder/experience"],
            ["Estimator · Experience"],
        ),
        (
            "What education do a bookbinder and an estimator need?",
            ["estimator/education"],
            ["Bookbinder · Education"],
        ),
        (
            "Skills for the estimator and the bookbinder?",
            ["estimator/skills", "bookbinder/skills"],
            None,
        ),
        (
            "Which education and experience does a bookbinder need?",
            ["bookbinder/experience"],
            ["Bookbinder · Education"],
        ),
        (
            "Skills and experience for the estimator and the bookbinder?",
            ["estimator/skills", "bookbinder/skills", "bookbinder/experience"],
            ["Estimator · Experience"],
        ),
        (
            "What is the education of the estimator and the experience of the bookbinder?",
            ["estimator/education", "bookbinder/experience"],
            None,
        ),
        (
            "What is the experience of the estimator and the skills of the bookbinder?",
            ["bookbinder/skills"],
            ["What is the experience of the estimator"],
        ),
        (
            "What are the responsibilities of an estimator and of a bookbinder?",
            ["estimator/responsibilities", "bookbinder/overview"],
            ["Bookbinder · Responsibilities"],
        ),
        (
            "Skills of the bookbinder and a printer?",
            ["bookbinder/skills", "printer/skills"],
            None,
        ),
        (
            "education estimator, printer",
            ["estimator/education"],
            ["Letterpress Printer · Education"],
        ),
    ],
)
def test_each_part_of_each_role_is_answered_or_named(
    engine: Engine, question: str, entries: list[str], not_written: list[str] | None
) -> None:
    result = engine.ask(question)
    assert [entry.id for entry in result.entries] == entries
    assert result.to_dict().get("not_written") == not_written
    for named in not_written or ():
        assert f"“{named}”" in result.text.partition("Not written: ")[2]


@pytest.mark.parametrize(
    "question",
    [
        "Education of the bookbinder and the letterpress printer?",
        "What is the experience of the estimator and the education of the bookbinder?",
    ],
)
def test_what_no_role_has_is_declined_for_all_of_them(engine: Engine, question: str) -> None:
    result = engine.ask(question)
    assert (result.kind, result.to_dict()["reason"]) == ("decline", "not_written")
    assert "Bookbinder" in result.text


def test_comparison_shows_that_a_role_lacks_the_part(engine: Engine) -> None:
    result = engine.ask("compare the experience of the estimator and the bookbinder")
    assert "Estimator: (nothing listed)" in result.text


def test_role_beyond_those_that_are_shown_is_named(engine: Engine) -> None:
    asked = "skills of the estimator, the bookbinder, the papermaker and the letterpress printer"
    result = engine.ask(asked)
    assert len(result.entries) == 3
    assert result.to_dict()["unanswered"] == ["letterpress printer"]


def test_word_that_two_roles_share_is_named_beside_the_role_that_is_answered(
    tmp_path: Path,
) -> None:
    engine = load(tmp_path, CONTENT | {"screen-printer": SECOND_PRINTER})
    result = engine.ask("Skills of the bookbinder and a printer?")
    assert [entry.id for entry in result.entries] == ["bookbinder/skills"]
    assert result.to_dict()["unanswered"] == ["printer"]


@pytest.mark.parametrize(
    ("first", "then", "entries", "not_written"),
    [
        (
            "How much experience does the estimator need?",
            "and the bookbinder?",
            ["bookbinder/experience"],
            None,
        ),
        (
            "How much experience does the bookbinder need?",
            "and for the estimator and the bookbinder?",
            ["bookbinder/experience"],
            ["Estimator · Experience"],
        ),
    ],
)
def test_follow_up_asks_for_the_same_part_of_each_role(
    engine: Engine, first: str, then: str, entries: list[str], not_written: list[str] | None
) -> None:
    engine.ask(Question(first, thread=then))
    result = engine.ask(Question(then, thread=then))
    assert [entry.id for entry in result.entries] == entries
    assert result.to_dict().get("not_written") == not_written


def test_conversation_about_two_roles_goes_on_with_neither_alone(engine: Engine) -> None:
    engine.ask(Question("Experience for the estimator, and for the bookbinder?", thread="two"))
    result = engine.ask(Question("and the skills?", thread="two"))
    assert result.kind == "choices"
    assert {"estimator/skills", "bookbinder/skills"} <= {entry.id for entry in result.entries}
