"""Blocks of a document, whatever its format: headings, paragraphs, list items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

EXTRA: Final = ("faqbot import document", "documents")
"""The command and the extra that it needs for HTML, Word and PDF, as `needs_extra` takes them."""

_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` counts from 1, which is the highest."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, in Markdown; `depth` counts from 0."""

    text: str
    depth: int = 0


Block = Heading | Text | Item


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Text that isn't imported, and its kind, such as "page footer"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """A document in reading order; `title` is empty if it has none."""

    blocks: tuple[Block, ...]
    title: str = ""
    left_out: tuple[Boilerplate, ...] = ()


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, which are what reports count."""
    return [word.casefold() for word in _WORD.findall(text)]


def tidy(text: str) -> str:
    """Return a text on one line, without characters that YAML does not allow."""
    printable = (char for char in text if char.isprintable() or char.isspace())
    return " ".join("".join(printable).replace("\ufeff", "").split())
