"""Slack's published types as a judge of messages: what @slack/types admits, as JSON Schema.

`tools/slack_types` makes the schema. The limits that types can't say are those of
`faqbot.playground.validation`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from faqbot.playground.models import SentPayload

SCHEMA: Final = Path(__file__).parent.parent / "slack" / "block-kit.schema.json"
_VIEWS: Final = {"modal": "Modal", "home": "Home"}


@cache
def _definitions() -> dict[str, Any]:
    return dict(json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"])


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    """The values of `type` that a schema admits; empty if it says nothing about it."""
    if "$ref" in schema:
        return _kinds_of(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        found = [_kinds(branch) for branch in schema["anyOf"]]
        return frozenset().union(*found) if all(found) else frozenset()
    constant = schema.get("properties", {}).get("type", {}).get("const")
    return frozenset({constant} if constant else ())


@cache
def _kinds_of(name: str) -> frozenset[str]:
    return _kinds(_definitions()[name])


def _any_of(
    validator: Any, branches: list[Any], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """Check `anyOf` by the branch of the instance's type only: fast, with clear errors."""
    kinds = [_kinds(branch) for branch in branches]
    fitting = branches
    if isinstance(instance, Mapping) and all(kinds):
        kind = instance.get("type")
        fitting = [branch for branch, of in zip(branches, kinds, strict=True) if kind in of]
    if not fitting:
        admitted = ", ".join(sorted(frozenset().union(*kinds)))
        yield ValidationError(f"{kind!r} is not a type of {admitted}")
    elif len(fitting) == 1:
        yield from validator.descend(instance, fitting[0])
    else:
        yield from Draft7Validator.VALIDATORS["anyOf"](validator, fitting, instance, schema)


@cache
def _validator(name: str) -> Any:
    judged = extend(Draft7Validator, {"anyOf": _any_of})  # type: ignore[no-untyped-call]
    return judged({"definitions": _definitions(), "$ref": f"#/definitions/{name}"})


@lru_cache(4_096)
def _found(name: str, text: str) -> tuple[str, ...]:
    errors = _validator(name).iter_errors(json.loads(text))
    return tuple(f"{error.json_path}: {error.message[:300]}" for error in errors)


def type_problems(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """What Slack's published types don't admit in a message, a view, or a call with one of them."""
    found: list[str] = []
    view = _parsed(payload.get("view"))
    if isinstance(view, Mapping):
        found += type_problems(view)
    if payload.get("type") in _VIEWS:
        found += _found(_VIEWS[payload["type"]], json.dumps(payload))
    elif payload.get("blocks"):
        blocks = _parsed(payload["blocks"])
        # One by one: most blocks of a suite come again and again.
        for index, block in enumerate(blocks):
            found += [f"[{index}]{line}" for line in _found("KnownBlock", json.dumps(block))]
    return tuple(found)


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def all_type_problems(sent: Iterable[SentPayload]) -> list[str]:
    """What the published types don't admit in what an app sent."""
    return [f"{one.by}: {line}" for one in sent for line in type_problems(one.payload)]
