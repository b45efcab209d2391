"""Convert a knowledge base into the rows of a table, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.content.writer import make_id
from faqbot.errors import UsageError
from faqbot.model import Audience, Faq, KnowledgeBase, Role, Section, Years
from faqbot.spreadsheet.files import (
    COLUMNS,
    escape_formula,
    find_columns,
    join_points,
    split_points,
    unescape_formula,
)

_TRUE_WORDS = ("yes", "true", "1", "x", "ja", "sí", "oui")


def table_rows(knowledge_base: KnowledgeBase) -> Iterator[list[str]]:
    """Yield the header, then a row for each role, section and FAQ."""
    yield list(COLUMNS)
    for entry in knowledge_base.entries():
        match entry:
            case Role():
                values = _role_cells(entry)
            case Section():
                values = _section_cells(entry)
            case Faq():
                values = _faq_cells(entry)
        yield [escape_formula(values.get(column, "")) for column in COLUMNS]


def _role_cells(role: Role) -> Mapping[str, str]:
    return {
        "kind": "role",
        "role": role.id,
        "title": role.title,
        "aliases": join_points(role.aliases),
        "family": role.family,
        "onet": role.onet,
        "related": join_points(role.related),
        "next roles": join_points(role.next_roles),
        **_review_cells(role),
    }


def _section_cells(section: Section) -> Mapping[str, str]:
    years = section.years or Years()
    return {
        "kind": "section",
        "role": section.role,
        "id": section.key,
        "title": section.title,
        "text": section.text,
        "items": join_points(section.items),
        "required": join_points(section.required),
        "preferred": join_points(section.preferred),
        "years min": "" if years.min is None else f"{years.min:g}",
        "years max": "" if years.max is None else f"{years.max:g}",
        "phrasings": join_points(section.phrasings),
    }


def _faq_cells(faq: Faq) -> Mapping[str, str]:
    return {
        "kind": "faq",
        "role": faq.role or "",
        "id": faq.key,
        "title": faq.question,
        "text": faq.answer,
        "phrasings": join_points(faq.phrasings),
        "audience": faq.audience.value,
        "matches": join_points(faq.matches),
        "rejects": join_points(faq.rejects),
        "example": "yes" if faq.example else "",
        **_review_cells(faq),
    }


def _review_cells(entry: Role | Faq) -> Mapping[str, str]:
    return {
        "owner": entry.owner,
        "reviewed": entry.reviewed.isoformat() if entry.reviewed else "",
        "review every": f"{entry.review_every.days} days" if entry.review_every else "",
    }


@dataclass(frozen=True, slots=True)
class TableContent:
    """Content of a table, and the names of columns that faqbot doesn't know."""

    knowledge_base: KnowledgeBase
    unknown_columns: tuple[str, ...]


def read_table(rows: Sequence[Sequence[str]], name: str) -> TableContent:
    """Return the content of a table; without a column `kind` every row is an FAQ.

    Args:
        rows: The cells of all rows; the first row that isn't empty is the header.
        name: The name of the table in error messages.

    Raises:
        UsageError: Columns are missing or cells are wrong; it names row and column of each cell.
    """
    header = next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    columns, unknown = find_columns(rows[header])
    if "title" not in columns or ("text" not in columns and "kind" not in columns):
        raise UsageError(
            f"{name} needs columns: at least “question” and “answer”, or those that faqbot export "
            "table writes."
        )
    reader = _TableReader(name)
    for number, row in enumerate(rows[header + 1 :], header + 2):
        cells = {
            column: unescape_formula(row[index]).strip() if index < len(row) else ""
            for column, index in columns.items()
        }
        if any(cells.values()):
            reader.add_row(number, cells)
    return TableContent(reader.knowledge_base(), unknown)


class _TableReader:
    """Collects the content of rows and what is wrong with their cells."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._roles: dict[str, Role] = {}
        self._faqs: dict[str, Faq] = {}
        self._problems: list[str] = []
        self._row = 0

    def add_row(self, number: int, cells: Mapping[str, str]) -> None:
        self._row = number
        kind = cells.get("kind", "").casefold() or "faq"
        match kind:
            case "role":
                self._add_role(cells)
            case "section":
                self._add_section(cells)
            case "faq" | "question":
                self._add_faq(cells)
            case _:
                self._report("kind", f"{kind!r} isn't role, section or faq")

    def knowledge_base(self) -> KnowledgeBase:
        if self._problems:
            raise UsageError("\n".join(self._problems))
        return KnowledgeBase(tuple(self._roles.values()), tuple(self._faqs.values()))

    def _add_role(self, cells: Mapping[str, str]) -> None:
        title = cells.get("title", "")
        named = cells.get("role") or cells.get("id") or (make_id(title) if title else "")
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


def differences(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[str]:
    """Yield a line for each change that a table makes; content that it lacks is kept."""
    old_rows = {_row_id(row): row for row in _content_rows(old)}
    new_rows = {_row_id(row): row for row in _content_rows(new)}
    for key, row in new_rows.items():
        if key not in old_rows:
            yield f"added: {key}"
            continue
        for column, before, after in zip(COLUMNS, old_rows[key], row, strict=True):
            if before != after:
                yield f"changed: {key}, {column}: {_shortened(before)} -> {_shortened(after)}"
    # A role of the table replaces its file, and with it the sections and FAQs that are missing.
    replaced = {role.id for role in new.roles}
    for key in old_rows:
        if key not in new_rows and key.partition("/")[0] in replaced:
            yield f"removed: {key}"


def _content_rows(knowledge_base: KnowledgeBase) -> Iterable[list[str]]:
    rows = table_rows(knowledge_base)
    next(rows)
    return rows


def _row_id(row: list[str]) -> str:
    kind, role, key = row[:3]
    if kind == "role":
        return role
    return "/".join(filter(None, (role, "faq" if kind == "faq" else "", key)))


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line[:60]}…”" if len(line) > 60 else f"“{line}”"  # noqa: PLR2004 - a line's half
