"""The JSON Schema of content files, for editors; run as a module, it writes the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from faqbot.content.format import FaqFile, PhrasingFile, RoleFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TARGET = Path("knowledge/schema.json")


def content_schema() -> dict[str, Any]:
    """The schema of a content file: a role, or general FAQs."""
    refs, definitions = models_json_schema(
        [(RoleFile, "validation"), (FaqFile, "validation"), (PhrasingFile, "validation")],
        title="faqbot content",
        description="A file of faqbot's content: one role (`role`), FAQs (`faqs`) or `phrasings`.",
    )
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "title": definitions["title"],
        "description": definitions["description"],
        "type": "object",
        "if": {"required": ["role"]},
        "then": refs[(RoleFile, "validation")],
        "else": {
            "if": {"required": ["phrasings"]},
            "then": refs[(PhrasingFile, "validation")],
            "else": refs[(FaqFile, "validation")],
        },
        "$defs": definitions["$defs"],
    }
    _tidy(schema)
    return schema


def schema_text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(content_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(node: object) -> None:
    """Take out what only says "left out": null, and defaults that a value couldn't have."""
    if isinstance(node, list):
        for child in node:
            _tidy(child)
    elif isinstance(node, dict):
        if node.get("default", ...) in (None, "", [], {}) and "title" in node:
            del node["default"]
        choices = [choice for choice in node.get("anyOf", ()) if choice != {"type": "null"}]
        if len(choices) == 1:
            del node["anyOf"]
            node |= choices[0]
        elif choices:
            node["anyOf"] = choices
        for child in node.values():
            _tidy(child)


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(schema_text(), encoding="utf-8")
