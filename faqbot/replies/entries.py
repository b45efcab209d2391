"""The content of entries as replies show it, and where it comes from."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from faqbot.model import Entry, Faq, KnowledgeBase, Role, Section, Years, is_stale
from faqbot.replies.reply import Block, Bullets, ReplyText, SourceLine

_OPEN: Final = re.compile(r"(?!uni|use|user|eu|one)[aeiou]", re.IGNORECASE)
_LETTERS: Final = 3
"""Letters of an abbreviation that is spelled out; longer ones are said as words."""

_LABELLED: Final = re.compile(r"<[@#!][^|<>]*\|([^<>]+)>")
_MARKS: Final = re.compile(r"([!-/:-@\[-`{-~])")


def body(entry: Entry) -> tuple[Block, ...]:
    """The content of an entry, required before preferred."""
    match entry:
        case Faq():
            return (ReplyText(entry.answer.strip()),)
        case Role():
            overview = entry.section("overview")
            return body(overview) if overview else ()
        case Section():
            found: list[Block] = []
            if entry.years:
                found.append(ReplyText(f"**{years(entry.years)}**"))
            if entry.text:
                found.append(ReplyText(entry.text.strip()))
            if entry.items:
                found.append(Bullets(entry.items))
            if entry.required:
                found.append(Bullets(entry.required, "Required"))
            if entry.preferred:
                found.append(Bullets(entry.preferred, "Preferred"))
            return tuple(found)


def years(span: Years) -> str:
    """A span of years in words: "2 to 5 years", "at least 3 years", "up to 1 year"."""
    # No minimum and a minimum of zero are the same: nobody has less than no experience.
    low, high = _number(span.min or None), _number(span.max or None)
    if low and high and low != high:
        return f"{low} to {high} years"
    if low and high:
        return f"{low} {_years(low)}"
    if low:
        return f"At least {low} {_years(low)}"
    return f"Up to {high} {_years(high)}" if high else "No experience needed"


def _years(number: str) -> str:
    return "year" if number == "1" else "years"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def source(entry: Entry, knowledge_base: KnowledgeBase, today: dt.date) -> SourceLine:
    """Where an answer comes from, who owns it, and whether it needs a look."""
    role = knowledge_base.role(entry.role)
    faq = entry if isinstance(entry, Faq) else None
    reviewed = (faq and faq.reviewed) or (role and role.reviewed) or None
    every = (faq and faq.review_every) or (role and role.review_every) or None
    return SourceLine(
        entry=entry.id,
        role_title=role.title if role else "",
        part_title="" if isinstance(entry, Role) else entry.title,
        owner=owner_name((faq.owner if faq else "") or (role.owner if role else "")),
        reviewed=reviewed,
        stale=is_stale(reviewed, every, today),
        example=bool(faq and faq.example),
    )


def owner_name(owner: str) -> str:
    """An owner as people read it: of `<@U0123|Jonas Berg>` the name."""
    labelled = _LABELLED.fullmatch(owner.strip())
    return labelled[1].strip() if labelled else owner


def years_of(role: Role) -> str:
    """The years of experience that a role asks for, in words; empty when it says none."""
    section = role.section("experience")
    return years(section.years) if section and section.years else ""


def with_article(title: str, mark: str = "") -> str:
    """A title with "a" or "an", by how it is said: an Engineer, a UX Designer, an HR Manager.

    Args:
        title: the title.
        mark: the Markdown mark to put around the title.
    """
    first = title.split(maxsplit=1)[0] if title.split() else ""
    spelled = first.isupper() and len(first) <= _LETTERS
    sounds_open = first[:1] in "AEFHILMNORSX" if spelled else _OPEN.match(first)
    return f"{'an' if first and sounds_open else 'a'} {mark}{title}{mark}"


def literal(text: str) -> str:
    """A text as Markdown that shows it and does nothing else."""
    return _MARKS.sub(r"\\\1", text)
