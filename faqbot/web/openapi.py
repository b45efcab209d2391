"""The OpenAPI description of the HTTP API."""

from __future__ import annotations

from typing import Any, Final

from faqbot import __version__
from faqbot.web.answers import MAX_QUESTION
from faqbot.web.contract import CONTRACT, REPLY, ROLES, JsonObject

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
