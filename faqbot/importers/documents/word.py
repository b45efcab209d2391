"""Read Word documents."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from faqbot.errors import needs_extra
from faqbot.importers.documents.blocks import (
    EXTRA,
    Block,
    Boilerplate,
    Heading,
    ImportedDocument,
    Item,
    Text,
    tidy,
)

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph

_DIGITS: Final = re.compile(r"\d+")
_MAX_HEADING_LENGTH: Final = 80
_BOLD_HEADING_LEVEL: Final = 4


def read_word(raw: bytes) -> ImportedDocument:
    """Parse a .docx file.

    Raises:
        MissingExtraError: python-docx isn't installed.
        Exception: It isn't a .docx file; zipfile, lxml and python-docx have no common base class.
    """
    with needs_extra(*EXTRA):
        import docx
    word = docx.Document(io.BytesIO(raw))
    blocks = tuple(_blocks(word))
    title = next((p.text for p in word.paragraphs if _style_name(p) == "title"), "")
    title = title or next((one.text for one in blocks if isinstance(one, Heading)), "")
    return ImportedDocument(blocks, tidy(title), tuple(_headers_and_footers(word)))


def _blocks(word: WordDocument) -> Iterator[Block]:
    from docx.table import Table

    for part in word.iter_inner_content():
        if isinstance(part, Table):
            for row in part.rows:
                # python-docx returns a merged cell once for each column that it spans.
                cells = dict.fromkeys(tidy(cell.text) for cell in row.cells)
                text = " | ".join(filter(None, cells))
                if text:
                    yield Item(text)
            continue
        yield from _paragraph(part)


def _paragraph(paragraph: Paragraph) -> Iterator[Block]:
    style = _style_name(paragraph)
    for number, line in enumerate(paragraph.text.split("\n")):
        text = tidy(line)
        if not text:
            continue
        if number == 0 and (style.startswith("heading") or style in ("title", "subtitle")):
            level = _DIGITS.search(style)
            yield Heading(text.rstrip(":"), int(level[0]) if level else 1)
        elif style.startswith("list") or _is_numbered(paragraph):
            yield Item(text, _depth(paragraph))
        elif number == 0 and _is_bold(paragraph) and len(text) <= _MAX_HEADING_LENGTH:
            yield Heading(text.rstrip(":"), _BOLD_HEADING_LEVEL)
        else:
            yield Text(text)


def _style_name(paragraph: Paragraph) -> str:
    return str(paragraph.style.name or "").lower() if paragraph.style else ""


def _is_bold(paragraph: Paragraph) -> bool:
    """Return whether a whole paragraph is bold, which many authors use for headings."""
    runs = [run for run in paragraph.runs if run.text.strip()]
    return (
        bool(runs) and all(run.bold for run in runs) and not paragraph.text.rstrip().endswith(".")
    )


def _is_numbered(paragraph: Paragraph) -> bool:
    properties = paragraph._p.pPr  # noqa: SLF001 - python-docx has no public API for numbering
    return properties is not None and properties.numPr is not None


def _depth(paragraph: Paragraph) -> int:
    properties: Any = paragraph._p.pPr  # noqa: SLF001 - as above
    level = (
        properties.numPr.ilvl if properties is not None and properties.numPr is not None else None
    )
    return int(level.val) if level is not None else 0


def _headers_and_footers(word: WordDocument) -> Iterator[Boilerplate]:
    for section in word.sections:
        for kind, part in (("page header", section.header), ("page footer", section.footer)):
            text = tidy(" ".join(paragraph.text for paragraph in part.paragraphs))
            # A linked header repeats the one of the section before.
            if text and not part.is_linked_to_previous:
                yield Boilerplate(kind, text)
