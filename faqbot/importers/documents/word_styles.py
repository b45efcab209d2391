"""Paragraph styles of Word documents: which are headings, lists or bold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

_DIGITS: Final = re.compile(r"\d+")
_MAX_STYLE_CHAIN: Final = 20
_NO_HEADING: Final = 9
"""Outline level of body text; headings have 0 to 8."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says; `level` is the one of a heading."""

    name: str = ""
    level: int | None = None
    is_list: bool = False
    is_bold: bool = False


def read_styles(styles: Element) -> dict[str, Style]:
    own = {one.get("styleId", ""): one for one in styles.iter("style")}
    return {key: _resolve_style(key, own) for key in own}


def _resolve_style(key: str, own: dict[str, Element]) -> Style:
    """Return a style with what it inherits; Word's own names are English in every language."""
    found = Style()
    for _ in range(_MAX_STYLE_CHAIN):
        one = own.get(key)
        if one is None:
            break
        named = one.find("name")
        name = (named.get("val", "") if named is not None else "").lower()
        level = found.level
        outline = one.find("pPr/outlineLvl")
        if level is None and name in ("title", "subtitle"):
            level = 1
        elif level is None and name.startswith("heading"):
            digits = _DIGITS.search(name)
            level = int(digits[0]) if digits else 1
        elif level is None and outline is not None:
            level = outline_level(outline)
        bold = one.find("rPr/b")
        found = Style(
            # A style of the author's own counts as the style of Word that it is based on.
            name
            if name in ("title", "subtitle") or name.startswith("toc ")
            else found.name or name,
            level,
            found.is_list or name.startswith("list") or one.find("pPr/numPr") is not None,
            found.is_bold or (bold is not None and is_on(bold)),
        )
        based = one.find("basedOn")
        key = based.get("val", "") if based is not None else ""
    return found


def outline_level(outline: Element) -> int | None:
    value = int(outline.get("val", str(_NO_HEADING)))
    return value + 1 if value < _NO_HEADING else None


def is_on(switch: Element) -> bool:
    return switch.get("val", "1").lower() not in ("0", "false", "off")


def _runs(paragraph: Element) -> Iterator[Element]:
    for run in paragraph.iter("r"):
        if "".join(one.text or "" for one in run.findall("t")).strip():
            yield run


def is_bold(paragraph: Element, style: Style) -> bool:
    """Return whether a whole paragraph is bold, which many authors use for headings."""
    marks = [run.find("rPr/b") for run in _runs(paragraph)]
    return bool(marks) and all(style.is_bold if mark is None else is_on(mark) for mark in marks)


def is_bold_cell(cell: Element) -> bool:
    paragraphs = [one for one in cell.iter("p") if any(True for _ in _runs(one))]
    return bool(paragraphs) and all(is_bold(one, Style()) for one in paragraphs)


def is_numbered(paragraph: Element, style: Style) -> bool:
    number = paragraph.find("pPr/numPr/numId")
    # The number 0 takes a paragraph out of the list of its style.
    return number.get("val") != "0" if number is not None else style.is_list


def numbering_depth(paragraph: Element) -> int:
    level = paragraph.find("pPr/numPr/ilvl")
    return int(level.get("val", "0")) if level is not None else 0
