"""Any file either loads or is reported as problems; nothing else is raised."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from faqbot.content.format import content_schema
from faqbot.content.loader import check_folder
from faqbot.model import KnowledgeBase

KEYS = st.sampled_from(
    "role title aliases sections faqs overview skills id question answer years min max text "
    "required owner reviewed review_every related audience own <<".split(),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.dates(),
    st.sampled_from(["a", "data-analyst", "", "5 days", "{role}", "everyone"]),
    st.text(max_size=8),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
TOKENS = (
    ("role: a\n", "title: A\n", "faqs:\n", "  - id: x\n", "    question: Q\n", "&a ", "*a "),
    ("[", "]", "{", "}", ": ", "- ", "\n", "  ", "\t", "'", '"', "|\n", "---\n", "...\n", "? "),
    ("!!set ", "# ", "<<: ", "\ufeff", "%YAML 1.1\n", "\u2028", "é", "2026-13-41", "0o8"),
)
VALIDATOR = Draft202012Validator(content_schema())
PIECES = st.lists(st.sampled_from([one for some in TOKENS for one in some]), max_size=25)


def check(raw: bytes) -> KnowledgeBase | None:
    """Load one file with those bytes, and check what holds for every result."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.yaml"
        path.write_bytes(raw)
        knowledge_base, problems = check_folder(Path(folder))
    assert (knowledge_base is None) == bool(problems)
    lines = raw.count(b"\n") + raw.count(b"\r") + raw.count("\u2028".encode()) + 2
    for problem in problems:
        assert problem.path == str(path)
        assert 1 <= problem.line <= lines + raw.count(b"\xc2\x85") + raw.count(b"\xe2\x80\xa9")
        assert problem.column >= 1
        assert problem.message
        assert "\n" not in problem.message
    return knowledge_base


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_load_or_are_reported(raw: bytes) -> None:
    check(raw)


@settings(max_examples=150, deadline=None)
@given(PIECES)
def test_any_pieces_of_yaml_load_or_are_reported(pieces: list[str]) -> None:
    check("".join(pieces).encode())


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_values_load_or_are_reported(value: dict[str, Any]) -> None:
    check(yaml.safe_dump(value, allow_unicode=True).encode())


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=3))
def test_any_values_in_a_role_load_or_are_reported(value: dict[str, Any]) -> None:
    """What the loader takes, the schema takes."""
    whole = value | {"role": "a", "title": "A"}
    if check(yaml.safe_dump(whole, allow_unicode=True).encode()) is not None:
        plain = json.loads(json.dumps(whole, default=dt.date.isoformat))
        assert [error.message for error in VALIDATOR.iter_errors(plain)] == []


PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@example("0", "0¡ĀĀĀĀĀĀ𐀀𐀀𐀀-")  # PyYAML wraps its escapes, so that a line begins like a point
@given(PRINTABLE, PRINTABLE)
def test_any_printable_text_loads_unchanged(question: str, answer: str) -> None:
    value = {"faqs": [{"id": "x", "question": question, "answer": answer}]}
    knowledge_base = check(yaml.safe_dump(value).encode())
    if question.strip() and answer.strip():
        assert knowledge_base is not None
        faq = knowledge_base.faqs[0]
        assert (faq.question, faq.answer) == (question.strip(), answer.strip())
    else:
        assert knowledge_base is None


WORD = st.text("abcdefghilmnorstuwy", min_size=1, max_size=12)
SENTENCE = st.lists(WORD, min_size=3, max_size=40).map(" ".join)
WITH_DASHES = st.lists(SENTENCE, min_size=1, max_size=4).map(" - ".join)
POINTS = st.lists(WITH_DASHES, min_size=1, max_size=4).map(
    lambda points: "\n".join(f"- {point}" for point in points)
)
MARKDOWN = st.lists(WITH_DASHES | POINTS, min_size=1, max_size=4).map("\n\n".join)


@settings(max_examples=150, deadline=None)
@given(MARKDOWN, st.sampled_from([60, 80, 100, 120]), st.sampled_from([None, "'", '"', ">", "|"]))
def test_any_markdown_that_a_program_wrapped_loads(
    answer: str, width: int, style: str | None
) -> None:
    """A point behind an empty line is one, and a dash that begins a wrapped line is none."""
    value = {"faqs": [{"id": "x", "question": "Why?", "answer": answer}]}
    written = yaml.safe_dump(value, width=width, default_style=style)
    knowledge_base = check(written.encode())
    assert knowledge_base is not None
    loaded = knowledge_base.faqs[0].answer
    # In a folded text an empty line begins a paragraph.
    assert loaded.split() == answer.split() if style == ">" else loaded == answer
