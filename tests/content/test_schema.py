"""The JSON Schema for editors agrees with the format that the loader accepts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from faqbot.content.defaults import load_defaults
from faqbot.content.format import SCHEMA_PATH, content_schema, schema_text
from faqbot.content.sections import STANDARD_SECTIONS

ROOT = Path(__file__).parents[2]
CONTENT = sorted((ROOT / "knowledge").rglob("*.yaml"))
VALIDATOR = Draft202012Validator(
    content_schema(),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)


def as_json(value: Any) -> Any:
    """A value as an editor sees it: dates are text."""
    return json.loads(json.dumps(value, default=dt.date.isoformat))


def test_committed_schema_is_up_to_date() -> None:
    written = (ROOT / SCHEMA_PATH).read_text(encoding="utf-8")
    assert written == schema_text(), "run `python -m tools.generate`"


def test_schema_is_valid_json_schema() -> None:
    Draft202012Validator.check_schema(content_schema())


def properties(node: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and node.get("type") == "object":
            yield from node["properties"].items()
        for child in node.values():
            yield from properties(child)


def test_every_key_has_title_description_and_valid_examples() -> None:
    schema = content_schema()
    for name, key in properties(schema["$defs"]):
        assert key["title"], name
        assert key["description"].endswith("."), name
        for example in key["examples"]:
            part = Draft202012Validator(key | {"$defs": schema["$defs"]})
            assert part.is_valid(example), (name, example)


@pytest.mark.parametrize("path", CONTENT, ids=[path.stem for path in CONTENT])
def test_shipped_content_is_valid_against_the_schema(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        assert [error.message for error in VALIDATOR.iter_errors(as_json(document))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"role": "a"},
        {"role": "A b", "title": "x"},
        {"role": "a", "title": " "},
        {"role": "a", "title": "x", "experiance": "x"},
        {"role": "a", "title": "x", "sections": {"perks": "x"}},
        {"role": "a", "title": "x", "sections": {"perks": {"text": "x"}}},
        {"role": "a", "title": "x", "sections": {"skills": 5}},
        {"role": "a", "title": "x", "aliases": []},
        {"role": "a", "title": "x", "review_every": "soon"},
        {"faqs": []},
        {"faqs": [{"id": "x", "question": "q"}]},
        {"faqs": [{"id": "x", "question": "q", "answer": "a", "audience": "me"}]},
    ],
)
def test_schema_refuses_what_the_loader_refuses(wrong: object) -> None:
    assert not VALIDATOR.is_valid(wrong)


def test_default_phrasings_cover_every_standard_section_and_roles() -> None:
    shipped = load_defaults()
    assert set(shipped.phrasings) == {*STANDARD_SECTIONS, "role"}
    assert all(len(phrasings) >= 20 for phrasings in shipped.phrasings.values())
    assert len(shipped.negatives) >= 3
    assert all(shipped.negatives.values())
