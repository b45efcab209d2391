"""Roles side by side, and what separates one from the next."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Final

from faqbot.model import Comparison, Level, Library, NextStep, Role, Section
from faqbot.replies.entries import literal, source, years_of
from faqbot.replies.reply import Block, Bullets, Button, Part, Reply, Row, Table, Text

_KINDS: Final = {
    "skills": "Skills",
    "education": "Education",
    "certifications": "Certifications",
}


def comparison(reply: Reply, fact: Comparison, library: Library, today: dt.date) -> Reply:
    roles = [role for role_id in fact.roles if (role := library.role(role_id))]
    heads = tuple(role.title for role in roles)
    shared = _shared(roles, fact.part)
    rows = tuple(_rows(roles, fact.part))
    faq = () if fact.part or not reply.parts else reply.parts
    blocks: list[Block] = []
    if shared:
        blocks.append(Bullets(shared, "In both" if len(roles) == 2 else "In all"))  # noqa: PLR2004
    if rows:
        blocks.append(Table(heads, rows))
    if not blocks:
        blocks.append(Text("Their descriptions say nothing that can be set side by side."))
    parts = (*faq, Part(fact.key, "Side by side" if faq else "", tuple(blocks)))
    sources = reply.sources if faq else ()
    return Reply(
        header=" and ".join(heads) if len(heads) == 2 else ", ".join(heads),  # noqa: PLR2004
        lead="" if faq else _telling(roles),
        parts=parts,
        sources=sources or tuple(source(role, library, today) for role in roles),
        more=_ways_to(roles),
    )


def _telling(roles: Sequence[Role]) -> str:
    """How a role that leads to another stands to it."""
    said = [
        f"**{literal(other.title)}** is a usual next step after **{literal(role.title)}**."
        for role in roles
        for other in roles
        if other.id in role.next_roles
    ]
    return " ".join(said[:1])


def _shared(roles: Sequence[Role], part: str) -> tuple[str, ...]:
    """What all roles list, with the level where they differ in it."""
    found: list[str] = []
    for key in _KINDS:
        if part and key != part:
            continue
        of_each = [_items(role, key) for role in roles]
        for name, (_, level) in of_each[0].items():
            if not all(name in items for items in of_each):
                continue
            item = min((items[name][0] for items in of_each), key=len)
            levels = {items[name][1] for items in of_each}
            told = ", ".join(
                f"{items[name][1].value} for {role.title}"
                for role, items in zip(roles, of_each, strict=True)
            )
            found.append(f"{item} ({told})" if len(levels) > 1 else f"{item} ({level.value})")
    return tuple(found)


def _rows(roles: Sequence[Role], part: str) -> Iterable[Row]:
    for key, title in _KINDS.items():
        if part and key != part:
            continue
        of_each = [_items(role, key) for role in roles]
        for level in (Level.REQUIRED, Level.PREFERRED):
            cells = tuple(
                tuple(
                    item
                    for name, (item, held) in items.items()
                    if held is level and not all(name in other for other in of_each)
                )
                for items in of_each
            )
            if any(cells):
                yield Row(f"{title}, {level.value}", cells)
    if part in ("", "experience"):
        spans = tuple((years_of(role),) if years_of(role) else () for role in roles)
        if any(spans):
            yield Row("Experience", spans)
    if part and part not in (*_KINDS, "experience"):
        yield from _texts(roles, part)


def _texts(roles: Sequence[Role], part: str) -> Iterable[Row]:
    sections = [role.section(part) for role in roles]
    if any(sections):
        title = next(section.title for section in sections if section)
        yield Row(title, tuple(_told(section) if section else () for section in sections))


def _told(section: Section) -> tuple[str, ...]:
    text = (section.text.strip(),) if section.text.strip() else ()
    return (*text, *section.items, *section.required, *section.preferred)


def _items(role: Role, key: str) -> dict[str, tuple[str, Level]]:
    """What a role lists in a section, by what each item is about."""
    section = role.section(key)
    if section is None:
        return {}
    listed = [
        *((item, Level.PREFERRED) for item in section.preferred),
        *((item, Level.REQUIRED) for item in section.required),
    ]
    # Degrees in different subjects are not the same thing; skills are, whatever is said of them.
    name_of = about if key == "skills" else str.casefold
    found = {name_of(item): (item, level) for item, level in listed}
    ordered = [name_of(item) for item in (*section.required, *section.preferred)]
    return {name: found[name] for name in ordered}


def about(item: str) -> str:
    """What an item is about, comparable: "SQL (PostgreSQL or MySQL)" is about SQL."""
    first = re.split(
        r"\s*[(,;:]|\s+(?:with|such as|including|for example|in)\s", item.casefold(), maxsplit=1
    )[0]
    return " ".join(re.findall(r"[\w+#]+", first)) or item.casefold()


def next_step(reply: Reply, fact: NextStep, library: Library, today: dt.date) -> Reply:
    origin = library.role(fact.origin)
    targets = [role for role_id in fact.targets if (role := library.role(role_id))]
    if origin is None or not targets:
        return Reply(header="No longer there", lead="One of the roles is no longer described.")
    roles = (*targets, origin)
    if len(targets) == 1:
        target = targets[0]
        usual = "a usual next step" if target.id in origin.next_roles else "not a listed next step"
        return Reply(
            header=f"From {origin.title} to {target.title}",
            lead=f"**{literal(target.title)}** is {usual} after **{literal(origin.title)}**.",
            parts=(Part(fact.key, "", tuple(_missing(origin, target))),),
            sources=tuple(source(role, library, today) for role in roles),
            more=_ways_to(roles),
        )
    parts = tuple(
        Part(target.id, target.title, tuple(_missing(origin, target))) for target in targets
    )
    return Reply(
        header=f"After {origin.title}",
        lead=f"Usual next steps after **{literal(origin.title)}**, and what each asks for on top:",
        parts=(*reply.parts, *parts),
        sources=reply.sources or tuple(source(role, library, today) for role in roles),
        more=_ways_to(roles),
    )


def _missing(origin: Role, target: Role) -> Iterable[Block]:
    """What a target lists and the origin does not, and what both list."""
    new: list[str] = []
    firmer: list[str] = []
    kept: list[str] = []
    helpful: list[str] = []
    for key in _KINDS:
        has, wants = _items(origin, key), _items(target, key)
        for name, (item, level) in wants.items():
            if name not in has:
                (new if level is Level.REQUIRED else helpful).append(item)
            elif level is Level.REQUIRED and has[name][1] is Level.PREFERRED:
                firmer.append(item)
            elif key == "skills":
                kept.append(item)
    for heading, items in (
        ("Required, and not listed for your role", new),
        ("Required now, preferred before", firmer),
        ("A plus", helpful),
        ("You bring along", kept),
    ):
        if items:
            yield Bullets(tuple(items), heading)
    span = years_of(target)
    if span:
        yield Text(f"**Experience**: {span}")
    if not (new or firmer or helpful or span):
        yield Text("Nothing is listed that your role doesn't list too.")


def _ways_to(roles: Sequence[Role]) -> tuple[Button, ...]:
    return tuple(Button(role.title, role.id) for role in roles)
