"""Facts in words: needs, comparisons, look-ups and next steps."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from faqbot.model import (
    Comparison,
    Fact,
    Level,
    Library,
    Line,
    Lookup,
    NextStep,
    Requirement,
    Role,
    Wanted,
)
from faqbot.replies.entries import literal, years_of
from faqbot.replies.facts__roles import comparison, next_step
from faqbot.replies.reply import Block, Bullets, Button, Part, Reply

MOST_FOUND: Final = 15
"""More roles than these are counted, not listed."""


def with_fact(reply: Reply, fact: Fact, library: Library, today: dt.date) -> Reply:
    """The reply with what the data says, put first."""
    match fact:
        case Requirement():
            return replace(reply, lead=_requirement(fact, library))
        case Comparison():
            return comparison(reply, fact, library, today)
        case Lookup():
            return _lookup(fact, library)
        case NextStep():
            return next_step(reply, fact, library, today)


# ------------------------------------------------------------------- required or preferred


def _requirement(fact: Requirement, library: Library) -> str:
    role = library.role(fact.role)
    title = role.title if role else fact.role
    shown = literal(as_listed(fact.subject, fact.lines))
    for_role = f"for a **{literal(title)}**"
    match fact.level:
        case Level.REQUIRED:
            start = "No, it is required" if fact.opposite else "Yes, required"
            said = f"**{start}** {for_role}"
        case Level.PREFERRED:
            said = f"**Preferred, not required**, {for_role}"
        case Level.MENTIONED:
            said = f"**Mentioned, but not listed as required or preferred**, {for_role}"
        case Level.NOT_LISTED:
            return (
                f"**Not listed**: the description of **{literal(title)}** doesn't name "
                f"“{shown}” among what is required or preferred. This is what it lists:"
            )
    lines = [_span(role, line) if _is_years(line) else line.text for line in fact.lines]
    if role and not fact.lines:
        lines = [years_of(role)]
    quoted = "; ".join(f"“{line}”" for line in lines if line)
    return f"{said}: {quoted}" if quoted else f"{said}."


def _is_years(line: Line) -> bool:
    return line.entry.endswith("/experience")


def _span(role: Role | None, line: Line) -> str:
    span = years_of(role) if role else ""
    return f"{span}. {line.text}" if span else line.text


# ------------------------------------------------------------------------------- look-up


def _lookup(fact: Lookup, library: Library) -> Reply:
    said = fact.wanted in (Wanted.ANY, Wanted.WITHOUT)
    shown = literal(as_listed(fact.subject, (*fact.lines, *fact.also)))
    count = len(fact.lines)
    which = f"{count} role" if count == 1 else f"{count} roles"
    match fact.wanted:
        case Wanted.REQUIRED:
            verb = "requires" if count == 1 else "require"
            header, lead = "Roles by requirement", f"**{which}** {verb} “{shown}”:"
        case Wanted.ANY:
            verb = "lists" if count == 1 else "list"
            header, lead = "Roles by requirement", f"**{which}** {verb} “{shown}”:"
        case Wanted.WITHOUT:
            verb = "doesn't" if count == 1 else "don't"
            header, lead = "Roles without it", f"**{which}** {verb} require “{shown}”:"
        case Wanted.YEARS:
            had = f"{fact.years:g} {'year' if fact.years == 1 else 'years'} of experience"
            verb = "asks" if count == 1 else "ask"
            header, lead = "Roles by experience", f"With {had}: **{which}** {verb} for no more."
    blocks: list[Block] = [Bullets(_found(fact.lines, library, said))]
    if fact.also:
        blocks.append(Bullets(_found(fact.also, library, said), "Preferred in"))
    left = len(fact.lines) - MOST_FOUND
    roles = [role for line in fact.lines if (role := library.role(line.role))]
    return Reply(
        header=header,
        lead=lead,
        parts=(Part(fact.key, "", tuple(blocks)),),
        more=tuple(Button(role.title, role.id) for role in roles[:MOST_FOUND]),
        hint=f"And {left} more: say which kind of role you mean." if left > 0 else "",
    )


def _found(lines: Sequence[Line], library: Library, with_level: bool) -> tuple[str, ...]:  # noqa: FBT001
    return tuple(_found_line(line, library, with_level) for line in lines[:MOST_FOUND])


def _found_line(line: Line, library: Library, with_level: bool) -> str:  # noqa: FBT001
    role = library.role(line.role)
    title = role.title if role else line.role
    says = line.text or (years_of(role) if role and _is_years(line) else "not listed")
    level = f" ({line.level.value})" if with_level and line.text else ""
    return f"**{literal(title)}**: {says}{level}"


def as_listed(said: str, lines: Iterable[Line]) -> str:
    """What was asked for in the letters of the line that names it: "SQL" for "sql"."""
    for line in lines:
        found = re.search(rf"(?<!\w){re.escape(said)}(?!\w)", line.text, re.IGNORECASE)
        if found:
            return found[0]
    return said
