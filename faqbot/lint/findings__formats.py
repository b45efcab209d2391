"""Findings for machines: GitHub's annotations and SARIF 2.1.0."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from faqbot import __version__
from faqbot.lint.findings import RULES, Finding, Level

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def github(found: Sequence[Finding]) -> Iterator[str]:
    """Workflow commands that GitHub shows beside the lines of a change."""
    for one in found:
        place = f"file={_property(_relative(one.path))},line={one.line},col={one.column}"
        title = _property(f"faqbot {one.rule}")
        yield f"::{_COMMANDS[one.level]} {place},title={title}::{_message(one.message)}"


def sarif(found: Sequence[Finding]) -> dict[str, Any]:
    """A SARIF log with one run."""
    ids = list(RULES)
    rules = [
        {
            "id": name,
            "shortDescription": {"text": rule.finds},
            "help": {"text": rule.advice},
            "defaultConfiguration": {"level": rule.level.value},
        }
        for name, rule in RULES.items()
    ]
    driver = {"name": "faqbot", "semanticVersion": __version__, "rules": rules}
    results = [
        {
            "ruleId": one.rule,
            "ruleIndex": ids.index(one.rule),
            "level": one.level.value,
            "message": {"text": one.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(_relative(one.path))},
                        "region": {"startLine": one.line, "startColumn": one.column},
                    }
                }
            ],
        }
        for one in found
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _relative(path: str) -> str:
    """A path below the working folder, as repositories name it; others stay as they are."""
    try:
        return Path(path).resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(path).as_posix().replace(os.sep, "/")


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
