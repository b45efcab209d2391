"""The JSON of answers: schemas of the contract, and replies as values that a program renders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from faqbot.replies.reply import ALL_ROLES, Block, Bullets, Button, Reply, ReplyText, SourceLine

JsonObject = dict[str, Any]

_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_TEXTS: Final = {"type": "array", "items": _TEXT}
REASONS: Final = (
    "which_role",
    "close",
    "empty",
    "unknown_role",
    "not_written",
    "unknown",
    "small_talk",
    "sensitive",
)


def _object(properties: JsonObject, required: Iterable[str] | None = None) -> JsonObject:
    """Return the schema of an object; later versions add keys, so others are allowed."""
    needed = list(properties if required is None else required)
    return {"type": "object", "properties": properties, "required": needed}


def _list(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


_ENTRY: Final = _object(
    {
        "id": _TEXT,
        "kind": {"enum": ["role", "section", "faq"]},
        "role": _TEXT_OR_NULL,
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    }
)
CONTRACT: Final = _object(
    {
        "question": {**_TEXT, "description": "The question as it was given."},
        "outcome": {"enum": ["answer", "choices", "decline", "silent"]},
        "role": {**_TEXT_OR_NULL, "description": "The id of the role that it is about."},
        "entries": {
            **_list(_ENTRY),
            "description": "The entries of the answer, or the choices, best first.",
        },
        "text": {**_TEXT, "description": "The reply as plain text."},
        "reason": {
            "enum": [None, *REASONS],
            "description": "Why there is no answer; null for an answer.",
        },
        "unanswered": {
            **_TEXTS,
            "description": "Where a text asks several questions: what has no answer.",
        },
        "not_written": {
            **_TEXTS,
            "description": "What was asked for besides, and isn't written.",
        },
        "fact": {
            "type": "object",
            "description": "What the data of roles says, where it answers more exactly.",
        },
    },
    ("question", "outcome", "role", "entries", "text", "reason"),
)
"""The schema of the JSON contract of `faqbot ask --json`."""

ROLE: Final = _object(
    {"id": _TEXT, "title": _TEXT, "aliases": _TEXTS, "family": _TEXT, "parts": _TEXTS}
)
ROLES: Final = _object({"roles": _list(ROLE)})

_BUTTON: Final = _object({"label": _TEXT, "entry": _TEXT})
_BLOCK: Final = {
    "oneOf": [
        _object({"type": {"const": "text"}, "markdown": _TEXT}),
        _object({"type": {"const": "list"}, "heading": _TEXT, "items": _TEXTS}),
        _object(
            {
                "type": {"const": "table"},
                "heads": _TEXTS,
                "rows": _list(_object({"title": _TEXT, "cells": _list(_TEXTS)})),
            }
        ),
    ]
}
REPLY: Final = _object(
    {
        "header": _TEXT,
        "lead": {**_TEXT, "description": "A sentence before the parts, in Markdown."},
        "parts": _list(_object({"id": _TEXT, "title": _TEXT, "blocks": _list(_BLOCK)})),
        "sources": _list(
            _object(
                {
                    "entry": _TEXT,
                    "role": _TEXT,
                    "part": _TEXT,
                    "owner": _TEXT,
                    "reviewed": _TEXT_OR_NULL,
                    "stale": {"type": "boolean"},
                    "example": {"type": "boolean"},
                }
            )
        ),
        "choices": {
            **_list(_BUTTON),
            "description": "Readings of the question: send `entry` back to see one.",
        },
        "more": {**_list(_BUTTON), "description": "Related entries."},
        "hint": _TEXT,
    }
)
"""The schema of a reply: the parts that a page shows."""


def reply_to_dict(
    reply: Reply, formatted: Callable[[str], object] = str, form: str = "markdown"
) -> JsonObject:
    """Return a reply as JSON.

    Args:
        reply: what is shown.
        formatted: converts each text that is in Markdown.
        form: the key of such a text in a block.
    """
    return {
        "header": reply.header,
        "lead": formatted(reply.lead),
        "parts": [
            {
                "id": part.id,
                "title": part.title,
                "blocks": [_block(block, formatted, form) for block in part.body],
            }
            for part in reply.parts
        ],
        "sources": [_source(source) for source in reply.sources],
        "choices": _buttons((*reply.choices, *reply.roles)),
        "more": _buttons(reply.more),
        "hint": formatted(reply.hint),
    }


def _block(block: Block, formatted: Callable[[str], object], form: str) -> JsonObject:
    if isinstance(block, ReplyText):
        return {"type": "text", form: formatted(block.markdown)}
    if isinstance(block, Bullets):
        items = [formatted(item) for item in block.items]
        return {"type": "list", "heading": block.heading, "items": items}
    rows = [
        {"title": row.title, "cells": [[formatted(item) for item in cell] for cell in row.cells]}
        for row in block.rows
    ]
    return {"type": "table", "heads": list(block.heads), "rows": rows}


def _source(source: SourceLine) -> JsonObject:
    return {
        "entry": source.entry,
        "role": source.role_title,
        "part": source.part_title,
        "owner": source.owner,
        "reviewed": source.reviewed.isoformat() if source.reviewed else None,
        "stale": source.stale,
        "example": source.example,
    }


def _buttons(buttons: Iterable[Button]) -> list[JsonObject]:
    """Return what leads on; the list of all roles has an address of its own."""
    return [{"label": one.label, "entry": one.entry} for one in buttons if one.entry != ALL_ROLES]
