"""Read PDF documents: the lines of each page, column by column, with what their fonts tell."""

from __future__ import annotations

import io
import itertools
import logging
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from faqbot.content.archives import TimeLimit
from faqbot.errors import UsageError, needs_extra
from faqbot.importers.documents.blocks import EXTRA, ImportedDocument, is_known_heading, tidy
from faqbot.importers.documents.plain_text import Line, goes_on, read_pages

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MAX_PAGES: Final = 200
"""Pages of a document; a job description has 1 to 10."""

_MIN_HEADING_SIZE: Final = 1.12
"""Size of a heading's font through that of most text."""

_MAX_PLACE: Final = 1e6
"""Distance from the corner of a page, in points; the largest page has 14,400."""

_NARROW: Final = frozenset("iIjltf.,:;'|!()[] -r/")
_WIDE: Final = frozenset("mwMW@%&")
"""Letters that are narrower or wider than others in almost every font."""

_MAX_SMALL_SIZE: Final = 0.8
"""Size of the font of headers and footers through that of most text."""

_LINE_TOLERANCE: Final = 0.4
_PARAGRAPH_GAP: Final = 1.35
"""Distance between the lines of two paragraphs through that of most lines."""

_MIN_COLUMN_LINES: Final = 3
_MIN_COLUMN_SHARE: Final = 0.25
"""Width of the first column through that of the page, at the least."""

_MAX_CROSSING: Final = 6
"""Of so many lines beside a second column, one may reach over both."""

_MIN_INDENT: Final = 10.0
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
        """Where it ends at the least, by the usual widths of letters."""
        return self.x + self.size * sum(map(_letter_width, self.text.strip()))


def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.27
    return 0.75 if letter in _WIDE else 0.6 if letter.isupper() else 0.47


def read_pdf(path: Path, raw: bytes, words: Collection[str]) -> ImportedDocument:
    """Parse a PDF.

    Raises:
        UsageError: It is damaged, protected or beyond a limit.
        MissingExtraError: pypdf isn't installed.
    """
    with needs_extra(*EXTRA):
        import_module("pypdf")
    # It tells of each object that it repairs, which says nothing to who imports a file.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    limit = TimeLimit.of(path)
    try:
        reader = _opened(path, raw)
        pages = [_read_page(page, limit) for page in reader.pages]
        # What programs write there is often the name of a file, so headings count for more.
        named = reader.metadata.title if reader.metadata else None
    except UsageError:
        raise
    except Exception as error:  # of a damaged file, pypdf lets any built-in error through
        raise UsageError(f"{path} isn't a valid PDF: export it again.") from error
    if not any(pieces or text.strip() for pieces, text in pages):
        raise UsageError(
            f"{path} contains no text, only pictures of pages: run text recognition (OCR) over "
            "it first, or type the text into a file."
        )
    size = _usual_size(piece for pieces, _ in pages for piece in pieces)
    lines = [list(_page_lines(pieces, size)) for pieces, _ in pages]
    document = read_pages(lines, "\n".join(text for _, text in pages), words)
    return replace(document, title=tidy(named or "") or document.title)


def _opened(path: Path, raw: bytes) -> PdfReader:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(raw))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UsageError(f"{path} is protected by a password: save it without one.")
    if len(reader.pages) > MAX_PAGES:
        raise UsageError(
            f"{path} has {len(reader.pages)} pages, more than {MAX_PAGES}: save the pages of "
            "each role as a file of their own."
        )
    return reader


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
            height = size * scale
            place = (x, y - number * height * 1.2, height)
            # A damaged file has text at places that no page has, or at none ("not a number").
            if line.strip() and all(abs(value) <= _MAX_PLACE for value in place):
                pieces.append(_Piece(line, *place, bold))

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
        small = _MAX_SMALL_SIZE * usual_size
        left = _left_edge([row[0] for row in rows if row[0].size > small])
        for row in rows:
            size = max(piece.size for piece in row)
            if above is not None and above - row[0].y > _PARAGRAPH_GAP * spacing:
                yield Line("")
            strong = size >= _MIN_HEADING_SIZE * usual_size or (
                not mostly_bold and all(piece.is_bold for piece in row)
            )
            text = _joined(row)
            # The signs of a list may be drawn; then only its indentation shows the list.
            if not strong and row[0].x - left >= _MIN_INDENT and text.strip()[:1].isupper():
                text = f"\N{BULLET} {text}"
            yield Line(text, is_strong=strong, is_small=size <= small)
            above = row[0].y


def _left_edge(starts: Sequence[_Piece]) -> float:
    """Return where lines begin that aren't indented; single lines further left are no measure."""
    places = Counter(round(piece.x) for piece in starts)
    least = min(_MIN_COLUMN_LINES, max(places.values(), default=0))
    return float(min((place for place, count in places.items() if count >= least), default=0))


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
    """Return a line; a label and its value beside it are joined by a colon."""
    text = row[0].text
    for before, piece in itertools.pairwise(row):
        gap = piece.x - before.end
        is_label = before is row[0] and gap >= _MIN_GUTTER and is_known_heading(text)
        if is_label and not text.rstrip().endswith(":"):
            text = f"{text.rstrip()}: {piece.text.lstrip()}"
        else:
            text += f" {piece.text}" if gap > piece.size else piece.text
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
    if end > gutter:
        return True
    is_near = bool(after) and after[0].x - end < _MIN_GUTTER
    return is_near and after[0].x - gutter > _COLUMN_TOLERANCE


def _find_gutter(pieces: Sequence[_Piece]) -> float | None:
    """Return where the second column begins; None if there is one column.

    Several lines begin there or further right, beside several that end before. Labels with their
    values are no columns: they belong together line by line.
    """
    if not pieces:
        return None
    rows = list(_rows(pieces))
    left, right = min(piece.x for piece in pieces), max(piece.end for piece in pieces)
    least = left + _MIN_COLUMN_SHARE * (right - left)
    starts = Counter(round(piece.x, 0) for piece in pieces if least < piece.x < right)
    for place in sorted(starts):
        beside = [piece for piece in pieces if piece.x >= place - _COLUMN_TOLERANCE]
        top, bottom = max(one.y for one in beside), min(one.y for one in beside)
        band = [row for row in rows if bottom - 1 <= row[0].y <= top + 1]
        before = [_halves(row, place)[0] for row in band if not _crosses(row, place)]
        labels = [_joined(one) for one in before if one]
        known = sum(text.rstrip().endswith(":") or is_known_heading(text) for text in labels)
        is_free = sum(_crosses(row, place) for row in band) * _MAX_CROSSING <= len(band)
        if (
            len({round(piece.y) for piece in beside}) >= _MIN_COLUMN_LINES
            and len(labels) >= _MIN_COLUMN_LINES
            and is_free
            and known * 2 <= len(labels)
        ):
            return place
    return None
