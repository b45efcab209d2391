"""Read and write tables: CSV and Excel files, and the columns that they may have."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz, process

from faqbot.content.archives import Archive, TimeLimit
from faqbot.errors import UsageError, needs_extra

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

MAX_CELL_LENGTH: Final = 32_767
"""Characters that a cell of Excel can contain."""

_EXTRA: Final = ("An Excel table (.xlsx)", "documents")
_LINK_FORMULA: Final = re.compile(
    r"^=(?:_xlfn\.)?HYPERLINK\(\s*\"(?P<address>[^\"]+)\"\s*(?:[,;]\s*\"(?P<text>[^\"]*)\"\s*)?\)$",
    re.IGNORECASE,
)
_ERROR_VALUE: Final = re.compile(r"^#(?:REF|N/A|NAME|VALUE|DIV/0|NULL|NUM)[!?]?$")
_ZEROS: Final = re.compile(r"^0{2,}$")
_SEPARATORS: Final = (",", ";", "\t", "|")
Rows = list[list[str]]

MAX_BYTES: Final = 20_000_000
MAX_CELLS: Final = 1_000_000
"""Cells of a table, from the first to the last that is filled."""


class SheetChoiceError(UsageError):
    """Several sheets have content.

    Args:
        message: the advice for the command line.
        sheets: their names.
    """

    def __init__(self, message: str, sheets: Sequence[str]) -> None:
        super().__init__(message)
        self.sheets = tuple(sheets)


@dataclass(frozen=True, slots=True)
class TableCells:
    """The cells of a file, from its first row on.

    Attributes:
        rows: The text of each cell.
        links: Addresses that cells link to, by row and column, which count from 0.
        continued: Cells that a merged cell above them covers; they have its text.
    """

    rows: Rows
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)
    continued: frozenset[tuple[int, int]] = frozenset()


def read_file(path: Path, sheet: str = "") -> TableCells:
    """Return the table of a file.

    Args:
        path: A CSV or Excel file; its first bytes tell which.
        sheet: The name of the sheet; it is needed where several have content.

    Raises:
        SheetChoiceError: It has several sheets with content.
        UsageError: The file can't be read, is empty, too large, or neither CSV nor Excel; it has
            no such sheet.
        MissingExtraError: It is an Excel file, and openpyxl isn't installed.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB: split it.")
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error
    # By the first bytes, as the suffix is often wrong; an .xlsx file is a zip archive.
    if raw.startswith(b"PK"):
        table = _read_workbook(path, raw, sheet)
    elif sheet:
        raise UsageError(f"{path} has no sheets: leave --sheet out.")
    else:
        table = TableCells(_read_csv(path, raw))
    if not any(any(cell.strip() for cell in row) for row in table.rows):
        raise UsageError(f"{path} is empty.")
    return table


def table_bytes(path: Path, rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as the bytes of a file in the format of the path's suffix.

    Raises:
        UsageError: The suffix is neither .csv nor .xlsx, or a text is too long for Excel.
        MissingExtraError: The suffix is .xlsx, and openpyxl isn't installed.
    """
    match path.suffix.lower():
        case ".csv":
            buffer = io.StringIO(newline="")
            csv.writer(buffer, lineterminator="\r\n").writerows(rows)
            return buffer.getvalue().encode(
                "utf-8-sig"
            )  # Excel reads CSV without the mark as cp1252
        case ".xlsx":
            return _excel_bytes(rows)
        case _:
            raise UsageError(f"{path} must end in .csv or .xlsx.")


def _read_csv(path: Path, raw: bytes) -> Rows:
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise UsageError(f"{path} is an old Excel file, or locked: save it as .xlsx.")
    text = _decoded(raw)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    # Excel writes semicolons wherever the comma is the decimal sign.
    separator = max(_SEPARATORS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise UsageError(f"{path} isn't valid CSV ({error}): save it again.") from error


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        # What Excel saves as "Unicode text" is UTF-16.
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _read_workbook(path: Path, raw: bytes, name: str) -> TableCells:
    with needs_extra(*_EXTRA):
        from openpyxl import load_workbook
    try:
        archive = Archive(path, raw, TimeLimit.of(path))
        for part in archive.names:
            if part.endswith((".xml", ".rels")):
                archive.check_xml(part)
        # Twice: a file has the formulas and their values, and openpyxl reads one of them.
        formulas = load_workbook(io.BytesIO(raw))
        values = load_workbook(io.BytesIO(raw), data_only=True)
        sheet = _chosen_sheet(path, formulas, name)
        return _sheet_table(path, sheet, values[sheet.title])
    except UsageError:
        raise
    except Exception as error:  # zipfile, XML parser and openpyxl have no common base class
        raise UsageError(f"{path} isn't a valid Excel file: save it again.") from error


def _chosen_sheet(path: Path, book: Workbook, name: str) -> Worksheet:
    filled = [sheet for sheet in book.worksheets if _filled_cells(sheet)]
    listed = ", ".join(f"“{sheet.title}”" for sheet in filled)
    if name:
        for sheet in book.worksheets:
            if sheet.title.casefold() == name.strip().casefold():
                return sheet
        raise UsageError(f"{path} has no sheet “{name}”: --sheet takes {listed or 'none'}.")
    if len(filled) > 1:
        raise SheetChoiceError(
            f"{path} has {len(filled)} sheets with content: name one with --sheet: {listed}.",
            [sheet.title for sheet in filled],
        )
    return filled[0] if filled else book.worksheets[0]


def _filled_cells(sheet: Worksheet) -> list[Cell]:
    from openpyxl.cell.cell import Cell

    # `iter_rows` would make a cell of each place up to a far one that somebody only coloured.
    cells = sheet._cells.values()  # noqa: SLF001 - openpyxl has no other way
    return [cell for cell in cells if isinstance(cell, Cell) and cell.value is not None]


def _sheet_table(path: Path, sheet: Worksheet, values: Worksheet) -> TableCells:
    filled = _filled_cells(sheet)
    height = max((cell.row for cell in filled), default=0)
    width = max((cell.column for cell in filled), default=0)
    if height * width > MAX_CELLS:
        raise UsageError(
            f"{path} has text from row 1 to {height:,} and in {width:,} columns, more than "
            f"{MAX_CELLS:,} cells: remove what stands far from the table, or split it."
        )
    rows = [[""] * width for _ in range(height)]
    links: dict[tuple[int, int], str] = {}
    problems: list[str] = []
    for cell in sorted(filled, key=lambda one: (one.row, one.column)):
        text, link = _cell_content(cell, values)
        if text is None:
            problems.append(
                f"{path}, cell {cell.coordinate}: the formula {str(cell.value)[:60]!r} has no "
                "value: open the file in Excel and save it, or write the text."
            )
            continue
        rows[cell.row - 1][cell.column - 1] = text
        if link:
            links[cell.row - 1, cell.column - 1] = link
    if problems:
        raise UsageError("\n".join(problems))
    continued = set[tuple[int, int]]()
    for area in sheet.merged_cells.ranges:
        column = area.min_col - 1
        # A wide cell is a title; a high one belongs to each of its rows.
        for row in range(area.min_row, min(area.max_row, height)):
            rows[row][column] = rows[area.min_row - 1][column]
            continued.add((row, column))
    return TableCells(rows, links, frozenset(continued))


def _cell_content(cell: Cell, values: Worksheet) -> tuple[str | None, str]:
    """Return the text of a cell, None for a formula without value, and where it links to."""
    link = str(cell.hyperlink.target or "") if cell.hyperlink else ""
    value = cell.value
    if cell.data_type == "f":
        named = _LINK_FORMULA.match(str(getattr(value, "text", value)))
        value = values.cell(cell.row, cell.column).value
        if named:
            link = named["address"]
            value = named["text"] if value is None else value
        if value is None or (isinstance(value, str) and _ERROR_VALUE.match(value)):
            return None, ""
    return _cell_text(value, str(cell.number_format)), link


def _cell_text(value: object, number_format: str) -> str:
    """Return a value as Excel shows it, as far as that changes what it says."""
    match value:
        case bool():
            return "yes" if value else "no"
        case dt.datetime() if value.time() == dt.time():
            return value.date().isoformat()
        case dt.datetime():
            return value.isoformat(" ", "minutes")
        case int() | float():
            return _number_text(value, number_format)
        case _:
            return str(value)


def _number_text(value: float, number_format: str) -> str:
    if number_format.endswith("%"):
        return f"{round(value * 100, 6):g}%"
    if _ZEROS.match(number_format):
        return f"{value:.0f}".zfill(len(number_format))
    return str(int(value)) if value == int(value) else str(value)


def _excel_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    with needs_extra(*_EXTRA):
        from openpyxl import Workbook
        from openpyxl.styles import Alignment, Font
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # a new workbook has one sheet
    sheet.title = "content"
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            if len(text) > MAX_CELL_LENGTH:
                raise UsageError(
                    f"Row {number} has a text of {len(text):,} characters, and a cell of Excel "
                    f"at most {MAX_CELL_LENGTH:,}: export a .csv file."
                )
            if not text:
                continue
            cell = sheet.cell(number, column)
            cell.value = text
            cell.data_type = "s"  # openpyxl makes formulas of texts that start with =
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for column, width in enumerate((9, 24, 24, 36, 60), 1):
        sheet.column_dimensions[chr(64 + column)].width = width
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


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
"""`kind` is role, section or faq; a list is one cell with a line for each entry."""

COLUMN_SYNONYMS: Final[Mapping[str, str]] = MappingProxyType(
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
_MIN_NAME_SIMILARITY: Final = 88.0
# OWASP's list for CSV injection; the quote is escaped too, so that reading restores each text.
_FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""First characters of a formula in spreadsheets, and the quote that marks text."""


def escape_formula(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text


def unescape_formula(cell: str) -> str:
    """Return the text of a cell that `escape_formula` wrote."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_PREFIXES) else cell


def join_points(points: Iterable[str]) -> str:
    """Return a list as one cell with a line for each entry."""
    # Backslashes first, or the ones of the escaped line breaks would be doubled.
    return "\n".join(point.replace("\\", "\\\\").replace("\n", "\\n") for point in points)


def split_points(cell: str) -> tuple[str, ...]:
    """Return the entries of a cell, without the bullets that people write before them."""
    lines = (re.sub(r"^[•·]\s+", "", line).strip() for line in re.split(r"\r?\n", cell))
    return tuple(re.sub(r"\\(n|\\)", _unescape, line) for line in lines if line)


def find_columns(header: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the index of each known column of a header, and the unknown names."""
    found: dict[str, int] = {}
    unknown = []
    for index, name in enumerate(header):
        plain = " ".join(re.sub(r"[^\w*]+", " ", name.casefold()).split())
        if not plain:
            continue
        known = plain if plain in COLUMNS else COLUMN_SYNONYMS.get(plain, "")
        if not known:
            near = process.extractOne(
                plain, COLUMNS, scorer=fuzz.ratio, score_cutoff=_MIN_NAME_SIMILARITY
            )
            known = near[0] if near else ""
        if known and known not in found:
            found[known] = index
        else:
            unknown.append(name.strip())
    return found, tuple(unknown)


def _unescape(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else "\\"
