"""Turn pydantic's validation errors into advice at the position of the value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Final

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from faqbot.content.fields import ONET_PATTERN
from faqbot.content.format import (
    FaqFile,
    FaqPart,
    RoleFile,
    field_keys,
)
from faqbot.content.sections import STANDARD_SECTIONS, SectionPart, YearsPart
from faqbot.content.yaml_tree import Loc, YamlDocument
from faqbot.errors import Problem, did_you_mean, nearest, quoted

_TYPE_NAMES: Final = {
    "string_type": "text",
    "tuple_type": "a list",
    "float_type": "a number",
    "bool_type": "true or false",
    "model_type": "a mapping of keys and values",
    "dict_type": "a mapping of keys and values",
}


MappingLookup = Callable[[Loc], tuple[str, tuple[str, ...]]]
"""Returns what the mapping at a path is called, and its allowed keys."""


def advise(
    document: YamlDocument, error: ValidationError, lookup: MappingLookup | None = None
) -> Iterator[Problem]:
    """Yield each error of a document as a problem at its position.

    Args:
        document: The document that was validated.
        error: What pydantic raised.
        lookup: Names the mappings of files that aren't content files.
    """
    for detail in error.errors(include_url=False, include_context=True):
        loc = detail["loc"]
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic drops wrong entries from the list, and reports each by itself
        message, at_key = _message(document, detail, lookup)
        yield document.problem(loc, message, key=at_key)


def _message(
    document: YamlDocument,
    detail: ErrorDetails,
    lookup: MappingLookup | None,
) -> tuple[str, bool]:
    """Return the advice, and whether it is about the key instead of the value."""
    loc, kind, name = detail["loc"], detail["type"], _name(detail["loc"])
    if kind == "missing":
        return (f"{lookup(loc[:-1])[0]} needs `{loc[-1]}`" if lookup else _missing(loc)), False
    if kind == "extra_forbidden":
        part, keys = lookup(loc[:-1]) if lookup else _content_mapping(loc[:-1], document)
        word = str(loc[-1])
        return f"{quoted(word)} is not a key of {part}{did_you_mean(word, keys)}", True
    if kind == "content":
        return f"{name} {detail['msg']}", False
    if _is_own_section(loc) and kind in ("model_type", "dict_type"):
        return _own_section(str(loc[1])), True
    if kind in _TYPE_NAMES:
        return f"{name} {_wrong_type(document, loc, kind, detail['input'])}", False
    return f"{name} {_constraint(detail)}", False


def _constraint(detail: ErrorDetails) -> str:  # noqa: PLR0911 - a table of kinds
    """Return the advice for a value that has the right type and isn't allowed."""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "string_too_short" | "too_short":
            return "is empty; fill it, or remove the key"
        case "string_too_long":
            return f"is longer than {context['max_length']} characters; shorten it"
        case "string_pattern_mismatch" if context["pattern"] == ONET_PATTERN:
            return "has to be an O*NET-SOC code, as in `15-1252.00`"
        case "string_pattern_mismatch":
            return "has to be lower-case words with hyphens, as in `data-analyst`"
        case "literal_error":
            return f"has to be one of {context['expected'].replace(chr(39), '`')}"
        case "greater_than_equal":
            return f"has to be at least {context['ge']:g}"
        case "less_than_equal":
            return f"has to be at most {context['le']:g}"
        case "finite_number":
            return "has to be a number"
    return f"isn't right: {detail['msg']}"


def _wrong_type(document: YamlDocument, loc: Loc, kind: str, value: object) -> str:
    node = document.find(loc)[1]
    expected = _TYPE_NAMES[kind]
    if kind != "string_type":
        if kind == "tuple_type" and isinstance(value, str):
            return "has to be a list; put `- ` before each entry, each on a line of its own"
        found = _type_name(value)
        # A number may be too large for a float: "a number, not a number" would help nobody.
        return f"has to be {expected}" + (f", not {found}" if found != expected else "")
    if isinstance(node, yaml.ScalarNode):
        return f'is read as {_type_name(value)}; put it in quotes: "{node.value}"'
    if value == {"role": None}:
        return "needs quotes: text can't start with `{`"
    if isinstance(value, dict):
        return "has to be text; put text that holds `: ` in quotes"
    return f"has to be text, not {_type_name(value)}"


def _type_name(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case dt.date():
            return "a date"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return "text"


def _missing(loc: Loc) -> str:
    if _is_own_section(loc[:-1]):
        return _own_section(str(loc[1]))
    part = "this role" if len(loc) == 1 else "this FAQ"
    if len(loc) == 1 and loc[0] == "faqs":
        part = "this file"
    return f"{part} needs `{loc[-1]}`"


def _own_section(key: str) -> str:
    near = nearest(key, tuple(STANDARD_SECTIONS))
    guess = f"; did you mean `{near}`?" if near else ""
    return (
        f"{quoted(key)} is not a standard section{guess} (A section of your own needs a `title`.)"
        if near
        else f"{quoted(key)} is a section of your own, so it needs `title`, and `text` or `items`"
    )


def _is_own_section(loc: Loc) -> bool:
    return len(loc) == 2 and loc[0] == "sections" and loc[1] not in STANDARD_SECTIONS  # noqa: PLR2004


def _content_mapping(loc: Loc, document: YamlDocument) -> tuple[str, tuple[str, ...]]:
    """Return what the mapping at a path of a content file is called, and its allowed keys."""
    model: type[BaseModel]
    if not loc:
        is_role = "role" in document.value
        name, model = ("a role", RoleFile) if is_role else ("a file of general FAQs", FaqFile)
    elif loc[-1] == "years":
        name, model = "`years`", YearsPart
    elif loc[0] == "sections":
        name, model = "a section", SectionPart
    else:
        name, model = "an FAQ", FaqPart
    return name, field_keys(model)


def _name(loc: Loc) -> str:
    """Return what the value at a path is called: its key, and which entry of a list."""
    names = [str(step) for step in loc if isinstance(step, str)]
    if not names:
        return "the file"
    if isinstance(loc[-1], int):
        return f"entry {loc[-1] + 1} of {quoted(names[-1])}"
    return quoted(names[-1])
