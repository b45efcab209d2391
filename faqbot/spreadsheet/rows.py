"""Convert a knowledge base into the rows of a table, and compare two by their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from faqbot.model import Faq, KnowledgeBase, Role, Section, Years
from faqbot.spreadsheet.files import (
    COLUMNS,
    escape_formula,
    join_points,
)


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
