"""What is said, apart from how a surface shows it: Slack and the terminal render the same reply.

Entries of the content become parts of replies here, with a line on where each comes from.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from faqbot.model import Entry, Evidence, Faq, KnowledgeBase, Role, Section, Years, is_stale

_MARKDOWN: Final = MarkdownIt()
_KEPT: Final = 8_192
"""Texts whose plain form is kept: the same answers are given again and again."""

_OPEN: Final = re.compile(r"(?!uni|use|user|eu|one)[aeiou]", re.IGNORECASE)
_LETTERS: Final = 3
"""Letters of an abbreviation that is spelled out; longer ones are said as words."""

_LABELLED: Final = re.compile(r"<[@#!][^|<>]*\|([^<>]+)>")
_MARKS: Final = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class ReplyText:
    """A paragraph or several, in Markdown."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, under a heading of its own ("Required", "Preferred") or none."""

    items: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: the items of each column."""

    title: str
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Things side by side: a heading for each column, and rows with as many cells."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]


Block = ReplyText | Bullets | Table


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Where an answer comes from."""

    entry: str
    role_title: str = ""
    part_title: str = ""
    owner: str = ""
    reviewed: dt.date | None = None
    stale: bool = False
    example: bool = False


@dataclass(frozen=True, slots=True)
class ReplyPart:
    """One answered entry: a section, an FAQ, or one part of a full description.

    A folded part is the rest of an answer: a surface with buttons may show it on request.
    """

    id: str
    title: str
    body: tuple[Block, ...]
    folded: bool = False


ALL_ROLES: Final = "*"
"""The entry id of the list of roles; no real entry can have it."""


@dataclass(frozen=True, slots=True)
class Button:
    """A way on: `entry` is the id that it shows (a role, a section, an FAQ, or all roles)."""

    label: str
    entry: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to a person.

    `header` names role and part, `lead` is a sentence in Markdown before the parts,
    `choices` are readings to pick from, `more` leads to related parts, `roles` are the roles
    to choose among when the part is clear and more roles fit than `choices` holds.
    """

    header: str = ""
    lead: str = ""
    parts: tuple[ReplyPart, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    choices: tuple[Button, ...] = ()
    roles: tuple[Button, ...] = ()
    more: tuple[Button, ...] = ()
    hint: str = ""


def as_text(reply: Reply) -> str:
    """The reply as plain text: for a terminal, a notification, a screen reader."""
    lines: list[str] = []
    if reply.header:
        lines += [reply.header, ""]
    if reply.lead:
        lines += [plain(reply.lead), ""]
    for part in reply.parts:
        if len(reply.parts) > 1:
            lines += [part.title, ""]
        for block in part.body:
            lines += [*_lines(block), ""]
    for number, button in enumerate((*reply.choices, *reply.roles), start=1):
        lines.append(f"{number}. {button.label}")
    if reply.choices or reply.roles:
        lines.append("")
    if reply.sources:
        lines += [source_line(source) for source in reply.sources]
    if reply.hint:
        lines.append(plain(reply.hint))
    return "\n".join(lines).strip()


def markdown_blocks(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield texts and lists as Markdown, a block each; tables have no form in it."""
    for block in blocks:
        match block:
            case ReplyText(markdown=text):
                yield text
            case Bullets(items=items, heading=heading):
                if heading:
                    yield f"**{heading}**"
                # A line break would end the item's bullet.
                yield "\n".join(f"- {' '.join(item.split())}" for item in items)
            case _:
                pass


def _lines(block: Block) -> list[str]:
    if isinstance(block, ReplyText):
        return [plain(block.markdown)]
    if isinstance(block, Table):
        return [line for row in block.rows for line in _row(block.heads, row)]
    heading = [f"{block.heading}:"] if block.heading else []
    return heading + [f"- {plain(item)}" for item in block.items]


def _row(heads: Sequence[str], row: Row) -> Iterator[str]:
    yield f"{row.title}:"
    for name, cell in zip(heads, row.cells, strict=True):
        yield f"- {name}: {'; '.join(plain(item) for item in cell) or '(nothing listed)'}"


def source_line(source: SourceLine) -> str:
    """The source in one line: role, part, owner, last review, and what to be careful about."""
    named = " · ".join(filter(None, (source.role_title, source.part_title)))
    facts = [f"Source: {named or source.entry}"]
    if source.owner:
        facts.append(f"owner {source.owner}")
    if source.reviewed:
        facts.append(f"reviewed {source.reviewed.isoformat()}")
    if source.stale:
        facts.append("review overdue")
    if source.example:
        facts.append("example content, to be replaced")
    return " | ".join(facts)


@lru_cache(_KEPT)
def plain(markdown: str) -> str:
    """Markdown as a person would type it: no marks, links with their address in brackets."""
    lines: list[str] = []
    bullets: list[str] = []
    for token in _MARKDOWN.parse(markdown):
        if token.type == "bullet_list_open":
            bullets.append("- ")
        elif token.type == "ordered_list_open":
            bullets.append("{}. ")
        elif token.type.endswith("_list_close"):
            bullets.pop()
        elif token.type == "list_item_open":
            mark = bullets[-1].format(token.info)
            lines.append("  " * (len(bullets) - 1) + mark)
        elif token.type == "inline":
            text = "".join(_inline(token.children or []))
            # Only the mark of a list item ends in a space, and its text belongs on the same line.
            if lines and bullets and lines[-1].endswith(" "):
                lines[-1] += text
            else:
                lines.append(text)
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip())
        elif token.type == "paragraph_close" and not bullets:
            lines.append("")
    return "\n".join(lines).strip()


def _inline(tokens: Sequence[Token]) -> Iterator[str]:
    address = ""
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                yield token.content
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"
            case "link_open":
                address = str(token.attrs.get("href", ""))
            case "link_close":
                yield f" ({address})"
            case _:
                yield token.content


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


def as_listed(said: str, lines: Iterable[Evidence]) -> str:
    """What was asked for in the letters of the line that names it: "SQL" for "sql"."""
    texts = [line.text for line in lines]
    return "".join(_in_letters_of(texts, part) for part in re.split(r"( and | or )", said))


def _in_letters_of(texts: Iterable[str], said: str) -> str:
    for text in texts:
        found = re.search(rf"(?<!\w){re.escape(said)}(?!\w)", text, re.IGNORECASE)
        if found:
            return found[0]
    return said
