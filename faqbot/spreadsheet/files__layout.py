"""The columns of a table, and how values stand in its cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rapidfuzz import fuzz, process

COLUMNS: Final = (
    "kind",
    "role",
    "id",
    "title",
    "text",
    "items",
    "required",
    "preferred",
    "years min",
    "years max",
    "phrasings",
    "audience",
    "matches",
    "rejects",
    "aliases",
    "family",
    "onet",
    "owner",
    "reviewed",
    "review every",
    "related",
    "next roles",
    "example",
)
"""`kind` is role, section or faq; lists have one point a line within their cell."""

OTHER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "question": "title",
        "questions": "title",
        "frage": "title",
        "q": "title",
        "heading": "title",
        "answer": "text",
        "answers": "text",
        "reply": "text",
        "a": "text",
        "antwort": "text",
        "description": "text",
        "alternative questions": "phrasings",
        "variants": "phrasings",
        "synonyms": "phrasings",
        "other wordings": "phrasings",
        "type": "kind",
        "readers": "audience",
        "who may read": "audience",
        "last reviewed": "reviewed",
        "about": "role",
        "key": "id",
    }
)
_LIKE: Final = 88.0
_RUNS: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""What spreadsheets take a cell for a formula by, and what marks that it is none."""


def guarded(text: str) -> str:
    """A text as a cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_RUNS) else text


def unguarded(cell: str) -> str:
    """The text of a cell."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RUNS) else cell


def joined(points: Iterable[str]) -> str:
    """A list as one cell, a point a line."""
    return "\n".join(point.replace("\\", "\\\\").replace("\n", "\\n") for point in points)


def points(cell: str) -> tuple[str, ...]:
    """The points of a cell; dots and dashes that people put before them are taken off."""
    lines = (re.sub(r"^[•·]\s+", "", line).strip() for line in re.split(r"\r?\n", cell))
    return tuple(re.sub(r"\\(n|\\)", _escaped, line) for line in lines if line)


def columns_of(header: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each known column stands in a header, and the names that mean none."""
    found: dict[str, int] = {}
    unknown = []
    for place, name in enumerate(header):
        plain = " ".join(re.sub(r"[^\w*]+", " ", name.casefold()).split())
        if not plain:
            continue
        known = plain if plain in COLUMNS else OTHER_NAMES.get(plain, "")
        if not known:
            near = process.extractOne(plain, COLUMNS, scorer=fuzz.ratio, score_cutoff=_LIKE)
            known = near[0] if near else ""
        if known and known not in found:
            found[known] = place
        else:
            unknown.append(name.strip())
    return found, tuple(unknown)


def _escaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else "\\"
