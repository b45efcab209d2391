"""Read PDF documents: the lines of each page, column by column, with what their fonts tell."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from faqbot.content.archives import TimeLimit
from faqbot.errors import UsageError, needs_extra
from faqbot.importers.documents.blocks import EXTRA, ImportedDocument, is_known_heading
from faqbot.importers.documents.plain_text import Line, goes_on, read_pages

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_PAGES: Final = 200
"""Pages of a document; a job description has 1 to 10."""

_MIN_HEADING_SIZE: Final = 1.12
"""Size of a heading's font through that of most text."""

_LETTER_WIDTH: Final = 0.42
"""Least width of a letter through the size of its font, on average: a line is at least so long."""

_LINE_TOLERANCE: Final = 0.4
_PARAGRAPH_GAP: Final = 1.35
"""Distance between the lines of two paragraphs through that of most lines."""

_MIN_COLUMN_LINES: Final = 3
_MIN_GUTTER: Final = 12.0
_COLUMN_TOLERANCE: Final = 4.0


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of text and its place; `y` grows upwards."""

    text: str
    x: float
    y: float
    size: float
    is_bold: bool

    @property
    def end(self) -> float:
        """Where it ends at the least."""
        return self.x + len(self.text.strip()) * self.size * _LETTER_WIDTH


def read_pdf(path: Path, raw: bytes, words: Collection[str]) -> ImportedDocument:
    """Parse a PDF.

    Raises:
        UsageError: It is damaged, protected or beyond a limit.
        MissingExtraError: pypdf isn't installed.
    """
    with needs_extra(*EXTRA):
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    limit = TimeLimit.of(path)
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UsageError(f"{path} is protected by a password: save it without one.")
        if len(reader.pages) > MAX_PAGES:
            raise UsageError(
                f"{path} has {len(reader.pages)} pages, more than {MAX_PAGES}: save the pages of "
                "each role as a file of their own."
            )
        pages = [_read_page(page, limit) for page in reader.pages]
        pictures = sum(1 for page in pages if not page[0] and not page[1].strip())
    # pypdf lets built-in errors through when a file is damaged.
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} isn't a valid PDF: export it again.") from error
    if pictures == len(pages):
        raise UsageError(
            f"{path} contains no text, only pictures of pages: run text recognition (OCR) over "
            "it first, or type the text into a file."
        )
    size = _usual_size(piece for pieces, _ in pages for piece in pieces)
    lines = [list(_page_lines(pieces, size)) for pieces, _ in pages]
    return read_pages(lines, "\n".join(text for _, text in pages), words)


def _read_page(page: PageObject, limit: TimeLimit) -> tuple[list[_Piece], str]:
    """Return the pieces of a page, and its text as pypdf puts it together."""
    pieces: list[_Piece] = []

    def check(*_: Any) -> None:
        limit.check()

    def visit(text: str, cm: Any, tm: Any, font: Any, size: float) -> None:
        if not text.strip():
            return
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = abs(tm[3] * cm[3]) or abs(tm[1] * cm[1]) or 1.0
        name = str((font or {}).get("/BaseFont", "")).lower()
        bold = any(word in name for word in ("bold", "black", "heavy", "semibold"))
        for number, line in enumerate(text.strip("\n").split("\n")):
            if line.strip():
                height = size * scale
                pieces.append(_Piece(line, x, y - number * height * 1.2, height, bold))

    text = page.extract_text(visitor_text=visit, visitor_operand_before=check)
    return pieces, text


def _usual_size(pieces: Iterator[_Piece]) -> float:
    """Return the size of the font that most letters have."""
    sizes = Counter[float]()
    for piece in pieces:
        sizes[round(piece.size, 1)] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def _page_lines(pieces: Sequence[_Piece], usual_size: float) -> Iterator[Line]:
    for column in _columns(pieces):
        rows = list(_rows(column))
        spacing = _usual_spacing(rows)
        above: float | None = None
        if rows and not goes_on(_joined(rows[0])):
            yield Line("")
        bold_share = sum(len(one.text) for one in column if one.is_bold)
        mostly_bold = bold_share * 2 > sum(len(one.text) for one in column)
        for row in rows:
            size = max(piece.size for piece in row)
            if above is not None and above - row[0].y > _PARAGRAPH_GAP * spacing:
                yield Line("")
            strong = size >= _MIN_HEADING_SIZE * usual_size or (
                not mostly_bold and all(piece.is_bold for piece in row)
            )
            yield Line(_joined(row), is_strong=strong)
            above = row[0].y


def _usual_spacing(rows: Sequence[Sequence[_Piece]]) -> float:
    """Return the distance that most lines have; of several the least: that of paragraphs."""
    gaps = Counter(round(above[0].y - below[0].y) for above, below in itertools.pairwise(rows))
    most = max(gaps.values(), default=0)
    return float(min((gap for gap, count in gaps.items() if count * 2 > most), default=0))


def _rows(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the pieces of each line from left to right, the highest line first."""
    row: list[_Piece] = []
    for piece in sorted(pieces, key=lambda one: (-one.y, one.x)):
        if row and row[0].y - piece.y > _LINE_TOLERANCE * max(piece.size, row[0].size):
            yield sorted(row, key=lambda one: one.x)
            row = []
        row.append(piece)
    if row:
        yield sorted(row, key=lambda one: one.x)


def _joined(row: Sequence[_Piece]) -> str:
    """Return a line; pypdf says by a space at a piece's start where words are apart."""
    text = row[0].text
    for before, piece in itertools.pairwise(row):
        apart = piece.x - before.x > (len(before.text) + 1) * before.size * 0.75
        text += f" {piece.text}" if apart else piece.text
    return text


def _columns(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the columns of a page; text that reaches over both ends the columns above it."""
    gutter = _find_gutter(pieces)
    if gutter is None:
        yield list(pieces)
        return
    left: list[_Piece] = []
    right: list[_Piece] = []
    for row in _rows(pieces):
        before, after = _halves(row, gutter)
        if _crosses(row, gutter):
            yield from filter(None, (left, right))
            left, right = [], []
            yield list(row)
        else:
            left += before
            right += after
    yield from filter(None, (left, right))


def _halves(row: Sequence[_Piece], gutter: float) -> tuple[list[_Piece], list[_Piece]]:
    edge = gutter - _COLUMN_TOLERANCE
    return [one for one in row if one.x < edge], [one for one in row if one.x >= edge]


def _crosses(row: Sequence[_Piece], gutter: float) -> bool:
    """Return whether a line goes on where the second column begins."""
    before, after = _halves(row, gutter)
    if not before:
        return False
    end = max(piece.end for piece in before)
    if not after:
        return end > gutter
    return after[0].x - gutter > _COLUMN_TOLERANCE or after[0].x - end < _MIN_GUTTER


def _find_gutter(pieces: Sequence[_Piece]) -> float | None:
    """Return where the second column begins; None if there is one column.

    Several lines begin there, beside other lines that end before. Labels with their values are no
    columns: they belong together line by line.
    """
    rows = list(_rows(pieces))
    starts = Counter[float]()
    for row in rows:
        for before, piece in itertools.pairwise(row):
            if piece.x - before.end >= _MIN_GUTTER:
                starts[round(piece.x / _COLUMN_TOLERANCE) * _COLUMN_TOLERANCE] += 1
    for place, _ in starts.most_common():
        halves = [_halves(row, place) for row in rows if not _crosses(row, place)]
        beside = [_joined(before) for before, after in halves if before and after]
        right = sum(1 for _, after in halves if after)
        labels = sum(text.rstrip().endswith(":") or is_known_heading(text) for text in beside)
        if (
            right >= _MIN_COLUMN_LINES
            and len(beside) >= _MIN_COLUMN_LINES - 1
            and len(halves) * 2 > len(rows)
            and labels * 2 <= len(beside)
        ):
            return place
    return None
