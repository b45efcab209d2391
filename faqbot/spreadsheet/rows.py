"""A library <-> the rows of a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.content.writer import id_of
from faqbot.errors import UsageError
from faqbot.model import Audience, Faq, KnowledgeBase, Role, Section, Years
from faqbot.spreadsheet.files import COLUMNS, columns_of, guarded, joined, points, unguarded

_YES = ("yes", "true", "1", "x", "ja", "sí", "oui")


def rows_of(knowledge_base: KnowledgeBase) -> Iterator[list[str]]:
    """The header, then a row for each role, section and FAQ."""
    yield list(COLUMNS)
    for entry in knowledge_base.entries():
        match entry:
            case Role():
                values = _of_role(entry)
            case Section():
                values = _of_section(entry)
            case Faq():
                values = _of_faq(entry)
        yield [guarded(values.get(column, "")) for column in COLUMNS]


def _of_role(role: Role) -> Mapping[str, str]:
    return {
        "kind": "role",
        "role": role.id,
        "title": role.title,
        "aliases": joined(role.aliases),
        "family": role.family,
        "onet": role.onet,
        "related": joined(role.related),
        "next roles": joined(role.next_roles),
        **_reviewed(role),
    }


def _of_section(section: Section) -> Mapping[str, str]:
    years = section.years or Years()
    return {
        "kind": "section",
        "role": section.role,
        "id": section.key,
        "title": section.title,
        "text": section.text,
        "items": joined(section.items),
        "required": joined(section.required),
        "preferred": joined(section.preferred),
        "years min": "" if years.min is None else f"{years.min:g}",
        "years max": "" if years.max is None else f"{years.max:g}",
        "phrasings": joined(section.phrasings),
    }


def _of_faq(faq: Faq) -> Mapping[str, str]:
    return {
        "kind": "faq",
        "role": faq.role or "",
        "id": faq.key,
        "title": faq.question,
        "text": faq.answer,
        "phrasings": joined(faq.phrasings),
        "audience": faq.audience.value,
        "matches": joined(faq.matches),
        "rejects": joined(faq.rejects),
        "example": "yes" if faq.example else "",
        **_reviewed(faq),
    }


def _reviewed(entry: Role | Faq) -> Mapping[str, str]:
    return {
        "owner": entry.owner,
        "reviewed": entry.reviewed.isoformat() if entry.reviewed else "",
        "review every": f"{entry.review_every.days} days" if entry.review_every else "",
    }


@dataclass(frozen=True, slots=True)
class TableContent:
    """What a table holds, and the columns that mean nothing to faqbot."""

    knowledge_base: KnowledgeBase
    unknown: tuple[str, ...]


def read_table(rows: Sequence[Sequence[str]], name: str) -> TableContent:
    """The content of a table; without a column `kind` every row is an FAQ.

    Raises:
        UsageError: cells are wrong; it names the row and the column of each.
    """
    header = next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    columns, unknown = columns_of(rows[header])
    if "title" not in columns or ("text" not in columns and "kind" not in columns):
        raise UsageError(
            f"{name} needs columns: at least “question” and “answer”, or those that faqbot export "
            "table writes."
        )
    reading = _TableReader(name)
    for number, row in enumerate(rows[header + 1 :], header + 2):
        cells = {
            column: unguarded(row[place]).strip() if place < len(row) else ""
            for column, place in columns.items()
        }
        if any(cells.values()):
            reading.take(number, cells)
    return TableContent(reading.knowledge_base(), unknown)


class _TableReader:
    """What was read so far."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._roles: dict[str, Role] = {}
        self._faqs: dict[str, Faq] = {}
        self._problems: list[str] = []
        self._row = 0

    def take(self, number: int, cells: Mapping[str, str]) -> None:
        self._row = number
        kind = cells.get("kind", "").casefold() or "faq"
        match kind:
            case "role":
                self._role(cells)
            case "section":
                self._section(cells)
            case "faq" | "question":
                self._faq(cells)
            case _:
                self._wrong("kind", f"{kind!r} is none of role, section and faq")

    def knowledge_base(self) -> KnowledgeBase:
        if self._problems:
            raise UsageError("\n".join(self._problems))
        return KnowledgeBase(tuple(self._roles.values()), tuple(self._faqs.values()))

    def _role(self, cells: Mapping[str, str]) -> None:
        title = cells.get("title", "")
        named = cells.get("role") or cells.get("id") or (id_of(title) if title else "")
        if not title:
            self._wrong("title", "is empty; a role needs a title")
        if named in self._roles:
            self._wrong("role", f"{named} is there twice")
        self._roles[named] = Role(
            named,
            title,
            aliases=points(cells.get("aliases", "")),
            family=cells.get("family", ""),
            onet=cells.get("onet", ""),
            owner=cells.get("owner", ""),
            reviewed=self._date(cells),
            review_every=self._period(cells),
            related=points(cells.get("related", "")),
            next_roles=points(cells.get("next roles", "")),
        )

    def _section(self, cells: Mapping[str, str]) -> None:
        role = self._roles.get(cells.get("role", ""))
        key = cells.get("id", "")
        if role is None:
            self._wrong("role", "names no role of a row above; put the role's own row first")
            return
        if not key:
            self._wrong("id", "is empty; write skills, education or a key of your own")
            return
        low, high = self._number(cells, "years min"), self._number(cells, "years max")
        section = Section(
            role.id,
            key,
            cells.get("title") or STANDARD_SECTIONS.get(key, ""),
            text=cells.get("text", ""),
            items=points(cells.get("items", "")),
            required=points(cells.get("required", "")),
            preferred=points(cells.get("preferred", "")),
            years=None if low is None and high is None else Years(low, high),
            phrasings=points(cells.get("phrasings", "")),
        )
        self._roles[role.id] = replace(role, sections=(*role.sections, section))

    def _faq(self, cells: Mapping[str, str]) -> None:
        role = self._roles.get(cells.get("role", "")) if cells.get("role") else None
        question = cells.get("title", "")
        if cells.get("role") and role is None:
            self._wrong("role", "names no role of a row above; put the role's own row first")
        if not question:
            self._wrong("title", "is empty; an FAQ needs its question here")
        if not cells.get("text"):
            self._wrong("text", "is empty; an FAQ needs its answer here")
        held = [faq.key for faq in role.faqs] if role else list(self._faqs)
        key = cells.get("id") or id_of(question, held)
        if key in held:
            self._wrong("id", f"{key} is there twice")
        said = cells.get("audience", "").casefold() or Audience.EVERYONE.value
        if said not in set(Audience):
            self._wrong("audience", f"{said!r} is none of {', '.join(Audience)}")
            said = Audience.EVERYONE.value
        faq = Faq(
            role.id if role else None,
            key,
            question,
            cells.get("text", ""),
            phrasings=points(cells.get("phrasings", "")),
            audience=Audience(said),
            matches=points(cells.get("matches", "")),
            rejects=points(cells.get("rejects", "")),
            owner=cells.get("owner", ""),
            reviewed=self._date(cells),
            review_every=self._period(cells),
            example=cells.get("example", "").casefold() in _YES,
        )
        if role:
            self._roles[role.id] = replace(role, faqs=(*role.faqs, faq))
        else:
            self._faqs[key] = faq

    def _wrong(self, column: str, what: str) -> None:
        self._problems.append(f"{self._name}, row {self._row}, column {column}: {what}.")

    def _number(self, cells: Mapping[str, str], column: str) -> float | None:
        said = cells.get(column, "").replace(",", ".")
        if not said:
            return None
        try:
            return float(said)
        except ValueError:
            self._wrong(column, f"{said!r} is no number")
            return None

    def _date(self, cells: Mapping[str, str]) -> dt.date | None:
        said = cells.get("reviewed", "")
        if not said:
            return None
        try:
            return dt.date.fromisoformat(said)
        except ValueError:
            self._wrong("reviewed", f"{said!r} is no date such as 2026-11-24")
            return None

    def _period(self, cells: Mapping[str, str]) -> dt.timedelta | None:
        said = cells.get("review every", "").casefold().removesuffix("days").strip()
        if not said:
            return None
        if not said.isdigit():
            self._wrong("review every", f"{said!r} is no number of days")
            return None
        return dt.timedelta(days=int(said))


def differences(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[str]:
    """What a table would change, a line each; what it doesn't hold stays."""
    was = {_row_id(row): row for row in _plain(old)}
    now = {_row_id(row): row for row in _plain(new)}
    for key, row in now.items():
        if key not in was:
            yield f"added: {key}"
            continue
        for column, before, after in zip(COLUMNS, was[key], row, strict=True):
            if before != after:
                yield f"changed: {key}, {column}: {_short(before)} -> {_short(after)}"
    held = {role.id for role in new.roles}
    for key in was:
        if key not in now and key.partition("/")[0] in held:
            yield f"removed: {key}"


def _plain(knowledge_base: KnowledgeBase) -> Iterable[list[str]]:
    rows = rows_of(knowledge_base)
    next(rows)
    return rows


def _row_id(row: list[str]) -> str:
    kind, role, key = row[:3]
    if kind == "role":
        return role
    return "/".join(filter(None, (role, "faq" if kind == "faq" else "", key)))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line[:60]}…”" if len(line) > 60 else f"“{line}”"  # noqa: PLR2004 - a line's half
