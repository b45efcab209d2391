"""Read the rows of a table as roles and FAQs, and report what is wrong with its cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from faqbot.content.fields import RESERVED_IDS, make_id
from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.errors import UsageError
from faqbot.model import Audience, Faq, KnowledgeBase, Role, Section, Years
from faqbot.spreadsheet.files import (
    TableCells,
    find_columns,
    split_points,
    unescape_formula,
)

_MAX_ROWS_ABOVE_HEADER: Final = 20
_LINKED_COLUMNS: Final = ("text", "items", "required", "preferred")
_WORD: Final = re.compile(r"\w+")
_FILE_PATH: Final = re.compile(r"[A-Za-z]:\\|\\\\")
_TRUE_WORDS = ("yes", "true", "1", "x", "ja", "sí", "oui")


class HeaderChoiceError(UsageError):
    """The first row doesn't name the columns.

    Args:
        message: the advice for the command line.
        rows: the first rows.
        likely: the number of the row that looks like the header, from 1; 0 if none does.
    """

    def __init__(self, message: str, rows: Sequence[Sequence[str]], likely: int) -> None:
        super().__init__(message)
        self.rows, self.likely = rows, likely


@dataclass(frozen=True, slots=True)
class TableContent:
    """Content of a table, and the names of columns that faqbot doesn't know."""

    knowledge_base: KnowledgeBase
    unknown_columns: tuple[str, ...]


def read_table(table: TableCells, name: str, header_row: int = 0) -> TableContent:
    """Return the content of a table; without a column `kind` every row is an FAQ.

    Args:
        table: The cells of all rows.
        name: The name of the table in error messages.
        header_row: The number of the header, from 1; else it is the first row that isn't empty.

    Raises:
        HeaderChoiceError: The row doesn't name the columns.
        UsageError: Columns are missing or cells are wrong; it names row and column of each cell.
    """
    rows = table.rows
    header = header_row - 1 if header_row else _first_filled(rows)
    if header >= len(rows):
        raise UsageError(f"{name} has {len(rows)} rows: --header-row {header_row} is none of them.")
    columns, unknown = find_columns(rows[header])
    if not _is_header(columns):
        raise _header_choice(rows, name, header)
    reader = _TableReader(name, has_kinds="kind" in columns)
    alternates = _alternates_column(rows[header])
    for number, row in enumerate(rows[header + 1 :], header + 2):
        reader.report_cells_beyond(number, row, rows[header])
        cells = {
            column: unescape_formula(row[index]).strip() if index < len(row) else ""
            for column, index in columns.items()
        }
        for column, index in columns.items():
            address = table.links.get((number - 1, index))
            if address:
                _add_link(cells, column, address)
        if not any(cells.values()):
            continue
        same = row[alternates].strip() if alternates is not None and alternates < len(row) else ""
        is_continued = (number - 1, columns["title"]) in table.continued
        reader.add_row(number, cells, alternate_of=same, is_continued=is_continued)
    used = rows[header][alternates].strip() if alternates is not None else ""
    unknown = tuple(column for column in unknown if column != used)
    return TableContent(reader.knowledge_base(), unknown)


def _first_filled(rows: Sequence[Sequence[str]]) -> int:
    return next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)


def _is_header(columns: Mapping[str, int]) -> bool:
    return "title" in columns and ("text" in columns or "kind" in columns)


def _header_choice(rows: Sequence[Sequence[str]], name: str, header: int) -> HeaderChoiceError:
    first = rows[:_MAX_ROWS_ABOVE_HEADER]
    for number, row in enumerate(first, 1):
        if number - 1 != header and _is_header(find_columns(row)[0]):
            above = " ".join(filter(None, rows[header]))[:60]
            said = (
                f"{name}: row {header + 1} (“{above}”) isn't the header, row {number} looks like "
                f"it: add --header-row {number}."
            )
            return HeaderChoiceError(said, first, number)
    said = (
        f"{name} needs columns: at least “question” and “answer”, or those that faqbot export "
        "table writes. --header-row says which row names them."
    )
    return HeaderChoiceError(said, first, 0)


def _alternates_column(header: Sequence[str]) -> int | None:
    """Return the column by which QnA Maker says that rows are one question in other words."""
    names = [name.strip().casefold() for name in header]
    return names.index("qnaid") if "qnaid" in names else None


def _add_link(cells: dict[str, str], column: str, address: str) -> None:
    text = cells[column]
    if address in text:
        return
    if column in _LINKED_COLUMNS and text and "\n" not in text:
        cells[column] = f"[{text}]({address})"
    else:
        # A question stays as it is asked, so its address goes to the answer.
        target = column if column in _LINKED_COLUMNS else "text"
        cells[target] = "\n\n".join(filter(None, (cells.get(target, ""), f"<{address}>")))


class _TableReader:
    """Collects the content of rows and what is wrong with their cells."""

    def __init__(self, name: str, *, has_kinds: bool) -> None:
        self._name = name
        self._has_kinds = has_kinds
        self._questions: dict[tuple[str, str], int] = {}
        self._alternates: dict[str, str] = {}
        self._last_key = ""
        self._roles: dict[str, Role] = {}
        self._faqs: dict[str, Faq] = {}
        self._problems: list[str] = []
        self._row = 0

    def report_cells_beyond(self, number: int, row: Sequence[str], header: Sequence[str]) -> None:
        """Report texts that stand in no column: an unquoted comma splits an answer into two."""
        self._row = number
        beyond = [
            cell.strip()
            for index, cell in enumerate(row)
            if cell.strip() and (index >= len(header) or not header[index].strip())
        ]
        if beyond:
            self._problems.append(
                f"{self._name}, row {number}: “{_shortest(beyond[0])}” stands in no column of the "
                "header. Put quotes around a text that contains the separator, or name the column."
            )

    def add_row(
        self,
        number: int,
        cells: Mapping[str, str],
        *,
        alternate_of: str = "",
        is_continued: bool = False,
    ) -> None:
        self._row = number
        if not self._has_kinds:
            cells = {column: _with_line_breaks(text) for column, text in cells.items()}
            if self._is_joined(cells, alternate_of, is_continued=is_continued):
                return
        kind = cells.get("kind", "").casefold() or "faq"
        match kind:
            case "role":
                self._add_role(cells)
            case "section":
                self._add_section(cells)
            case "faq" | "question":
                self._add_faq(cells)
                self._alternates.setdefault(alternate_of, self._last_key)
            case _:
                self._report("kind", f"{kind!r} isn't role, section or faq")

    def _is_joined(
        self, cells: Mapping[str, str], alternate_of: str, *, is_continued: bool
    ) -> bool:
        """Add a row to the FAQ of a row above that it belongs to, if there is one."""
        question, answer = cells.get("title", ""), cells.get("text", "")
        last = self._faqs.get(self._last_key)
        if is_continued and last is not None:
            self._faqs[last.key] = replace(last, answer=f"{last.answer}\n\n{answer}".strip())
            return True
        first = self._faqs.get(self._alternates.get(alternate_of, "")) if alternate_of else None
        if first is not None and answer in ("", first.answer):
            if question and question not in (first.question, *first.phrasings):
                phrasings = (*first.phrasings, question)
                self._faqs[first.key] = replace(first, phrasings=phrasings)
            return True
        key = (cells.get("role", ""), " ".join(_WORD.findall(question.casefold())))
        row = self._questions.setdefault(key, self._row)
        if row != self._row and key[1]:
            self._report(
                "title",
                f"asks the same as row {row} (“{_shortest(question)}”); keep one, or join answers",
            )
        return False

    def knowledge_base(self) -> KnowledgeBase:
        if self._problems:
            raise UsageError("\n".join(self._problems))
        return KnowledgeBase(tuple(self._roles.values()), tuple(self._faqs.values()))

    def _add_role(self, cells: Mapping[str, str]) -> None:
        title = cells.get("title", "")
        named = (
            cells.get("role") or cells.get("id") or (make_id(title, RESERVED_IDS) if title else "")
        )
        if not title:
            self._report("title", "is empty; a role needs a title")
        if named in self._roles:
            self._report("role", f"{named} is used twice")
        self._roles[named] = Role(
            named,
            title,
            aliases=split_points(cells.get("aliases", "")),
            family=cells.get("family", ""),
            onet=cells.get("onet", ""),
            owner=cells.get("owner", ""),
            reviewed=self._parse_date(cells),
            review_every=self._parse_period(cells),
            related=split_points(cells.get("related", "")),
            next_roles=split_points(cells.get("next roles", "")),
        )

    def _add_section(self, cells: Mapping[str, str]) -> None:
        role = self._roles.get(cells.get("role", ""))
        key = cells.get("id", "")
        if role is None:
            self._report("role", "names no role of a row above; put the role's own row first")
            return
        if not key:
            self._report("id", "is empty; write skills, education or a key of your own")
            return
        low, high = self._parse_number(cells, "years min"), self._parse_number(cells, "years max")
        section = Section(
            role.id,
            key,
            cells.get("title") or STANDARD_SECTIONS.get(key, ""),
            text=cells.get("text", ""),
            items=split_points(cells.get("items", "")),
            required=split_points(cells.get("required", "")),
            preferred=split_points(cells.get("preferred", "")),
            years=None if low is None and high is None else Years(low, high),
            phrasings=split_points(cells.get("phrasings", "")),
        )
        self._roles[role.id] = replace(role, sections=(*role.sections, section))

    def _add_faq(self, cells: Mapping[str, str]) -> None:
        role = self._roles.get(cells.get("role", "")) if cells.get("role") else None
        question = cells.get("title", "")
        if cells.get("role") and role is None:
            self._report("role", "names no role of a row above; put the role's own row first")
        if not question:
            self._report("title", "is empty; an FAQ needs its question here")
        if not cells.get("text"):
            self._report("text", "is empty; an FAQ needs its answer here")
        taken = [faq.key for faq in role.faqs] if role else list(self._faqs)
        key = cells.get("id") or make_id(question, taken)
        if key in taken:
            self._report("id", f"{key} is used twice")
        audience = cells.get("audience", "").casefold() or Audience.EVERYONE.value
        if audience not in set(Audience):
            self._report("audience", f"{audience!r} is none of {', '.join(Audience)}")
            # Only to find further problems: a table with a problem is never used.
            audience = Audience.EVERYONE.value
        faq = Faq(
            role.id if role else None,
            key,
            question,
            cells.get("text", ""),
            phrasings=split_points(cells.get("phrasings", "")),
            audience=Audience(audience),
            matches=split_points(cells.get("matches", "")),
            rejects=split_points(cells.get("rejects", "")),
            owner=cells.get("owner", ""),
            reviewed=self._parse_date(cells),
            review_every=self._parse_period(cells),
            example=cells.get("example", "").casefold() in _TRUE_WORDS,
        )
        self._last_key = "" if role else key
        if role:
            self._roles[role.id] = replace(role, faqs=(*role.faqs, faq))
        else:
            self._faqs[key] = faq

    def _report(self, column: str, problem: str) -> None:
        self._problems.append(f"{self._name}, row {self._row}, column {column}: {problem}.")

    def _parse_number(self, cells: Mapping[str, str], column: str) -> float | None:
        text = cells.get(column, "").replace(",", ".")
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            self._report(column, f"{text!r} isn't a number")
            return None

    def _parse_date(self, cells: Mapping[str, str]) -> dt.date | None:
        text = cells.get("reviewed", "")
        if not text:
            return None
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            self._report("reviewed", f"{text!r} isn't a date such as 2026-11-24")
            return None

    def _parse_period(self, cells: Mapping[str, str]) -> dt.timedelta | None:
        text = cells.get("review every", "").casefold().removesuffix("days").strip()
        if not text:
            return None
        if not text.isdigit():
            self._report("review every", f"{text!r} isn't a number of days")
            return None
        return dt.timedelta(days=int(text))


def _with_line_breaks(text: str) -> str:
    """Return a cell with the line breaks that other programs write as a backslash and n."""
    return text if _FILE_PATH.search(text) else text.replace("\\r\\n", "\n").replace("\\n", "\n")


def _shortest(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[:40]}…" if len(line) > 40 else line  # noqa: PLR2004 - enough to find a cell
