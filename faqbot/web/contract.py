"""The JSON of answers: replies as values that a program renders, and what describes them.

That is the schemas of the contract, and the OpenAPI description of the HTTP API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from faqbot import __version__
from faqbot.replies.reply import ALL_ROLES, Block, Bullets, Button, Reply, ReplyText, SourceLine
from faqbot.web.answers import MAX_QUESTION

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


ASK_PATH: Final = "/api/ask"
ROLES_PATH: Final = "/api/roles"
ROLE_PATH: Final = "/api/roles/{role}"
OPENAPI_PATH: Final = "/api/openapi.json"

_WORDS: Final = {"type": "string", "maxLength": MAX_QUESTION}
_PROBLEM: Final = {
    "type": "object",
    "description": "What is wrong, and what to do (RFC 9457).",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["title", "status", "detail"],
}
_ANSWER: Final = {
    "allOf": [
        {"$ref": "#/components/schemas/Contract"},
        {
            "type": "object",
            "properties": {"reply": {"$ref": "#/components/schemas/Reply"}},
            "required": ["reply"],
        },
    ]
}
_ASKED: Final = {
    "type": "object",
    "properties": {
        "question": {**_WORDS, "description": "The question; not needed with an entry."},
        "role": {
            **_WORDS,
            "description": "The role that it is about where it names none: an id or a title.",
        },
        "entry": {**_WORDS, "description": "The id of an entry, of earlier choices for example."},
    },
    "additionalProperties": False,
}


def openapi() -> JsonObject:
    """Return the description, as OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "faqbot",
            "version": __version__,
            "description": "Answers questions about job roles, as an author wrote them.",
        },
        "paths": {
            ASK_PATH: {
                "post": {
                    "operationId": "ask",
                    "summary": "Answer a question, or show an entry",
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Asked"},
                                "example": {"question": "Which skills does a data analyst need?"},
                            }
                        },
                    },
                    "responses": _responses("Answer", 400, 401, 408, 413, 415, 422, 429, 500),
                }
            },
            ROLES_PATH: {
                "get": {
                    "operationId": "listRoles",
                    "summary": "List the roles",
                    "responses": _responses("Roles", 401, 429, 500),
                }
            },
            ROLE_PATH: {
                "get": {
                    "operationId": "describeRole",
                    "summary": "Describe a role in full",
                    "parameters": [
                        {
                            "name": "role",
                            "in": "path",
                            "required": True,
                            "description": "The id of a role.",
                            "schema": {"type": "string"},
                        }
                    ],
                    "responses": _responses("Answer", 401, 404, 429, 500),
                }
            },
            OPENAPI_PATH: {
                "get": {
                    "operationId": "openapi",
                    "summary": "This description",
                    "responses": {
                        "200": {
                            "description": "The description.",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                }
            },
        },
        "components": {
            "schemas": {
                "Asked": _ASKED,
                "Answer": _ANSWER,
                "Contract": CONTRACT,
                "Reply": REPLY,
                "Roles": ROLES,
                "Problem": _PROBLEM,
            },
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of FAQBOT_API_KEYS. Without one, what is for everyone.",
                }
            },
        },
        "security": [{}, {"key": []}],
    }


def _responses(schema: str, *problems: int) -> JsonObject:
    found: dict[str, Any] = {"200": _response("The response.", schema, "application/json")}
    for status in problems:
        found[str(status)] = _response(
            "A problem, with advice.", "Problem", "application/problem+json"
        )
    return found


def _response(description: str, schema: str, kind: str) -> JsonObject:
    content = {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}
