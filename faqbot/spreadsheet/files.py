"""Read and write tables: CSV and Excel files, and the columns that they may have."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from rapidfuzz import fuzz, process

from faqbot.errors import UsageError, needs_extra

MAX_CELL_LENGTH: Final = 32_767
"""Characters that a cell of Excel can contain."""

_EXTRA: Final = ("An Excel table (.xlsx)", "documents")
_SEPARATORS: Final = (",", ";", "\t", "|")
Rows = list[list[str]]


def read_rows(path: Path) -> Rows:
    """Return the rows of a table, the header first; formulas are returned as text.

    Raises:
        UsageError: The file can't be read, is empty, or is neither CSV nor Excel.
        MissingExtraError: It is an Excel file, and openpyxl isn't installed.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error
    # By the first bytes, as the suffix is often wrong; an .xlsx file is a zip archive.
    rows = _read_excel(path, raw) if raw.startswith(b"PK") else _read_csv(path, raw)
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise UsageError(f"{path} is empty.")
    return rows


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


def _read_excel(path: Path, raw: bytes) -> Rows:
    with needs_extra(*_EXTRA):
        from openpyxl import load_workbook
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True)
        sheet = book.worksheets[0]
        return [[_cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    except Exception as error:  # zipfile, XML parser and openpyxl have no common base class
        raise UsageError(f"{path} isn't a valid Excel file: save it again.") from error


def _cell_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dt.datetime():
            return value.date().isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


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
