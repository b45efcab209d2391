"""Facts in words: needs, comparisons, look-ups and next steps."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from faqbot.model import (
    ANY_EXPERIENCE,
    Comparison,
    Document,
    Evidence,
    Fact,
    KnowledgeBase,
    Lookup,
    LookupMode,
    NextStep,
    Requirement,
    RequirementLevel,
    Role,
    Section,
    Upkeep,
    UpkeepMatter,
    is_stale,
)
from faqbot.replies.reply import (
    Block,
    Bullets,
    Button,
    Reply,
    ReplyPart,
    ReplyText,
    Row,
    Table,
    as_listed,
    literal,
    source,
    with_article,
    years_of,
)

_KINDS: Final = {
    "skills": "Skills",
    "education": "Education",
    "certifications": "Certifications",
}


_PREFERRED: Final = f", {RequirementLevel.PREFERRED.value}"
_SHORT_COMPARISON: Final = 6
"""Items of a comparison that is shown whole."""


def comparison(
    reply: Reply, fact: Comparison, knowledge_base: KnowledgeBase, today: dt.date
) -> Reply:
    roles = [role for role_id in fact.roles if (role := knowledge_base.role(role_id))]
    heads = tuple(role.title for role in roles)
    shared = _shared(roles, fact.part)
    rows = tuple(_rows(roles, fact.part))
    faq = () if fact.part or not reply.parts else reply.parts
    which = "both" if len(roles) == 2 else "all"  # noqa: PLR2004
    rest: list[Block] = [Bullets(shared, f"In {which}")] if shared else []
    # What tells the roles apart most comes first; a short comparison is shown whole.
    decisive = tuple(row for row in rows if not row.title.endswith(_PREFERRED)) or rows
    listed = len(shared) + sum(len(cell) for row in rows for cell in row.cells)
    if listed <= _SHORT_COMPARISON:
        decisive = rows
    if others := tuple(row for row in rows if row not in decisive):
        rest.insert(0, Table(heads, others))
    nothing = ReplyText("Their descriptions say nothing that can be set side by side.")
    first: list[Block] = [Table(heads, decisive)] if decisive else rest or [nothing]
    title = "What differs" if faq or (decisive and rest) else ""
    if title and decisive:
        told = f"What {which} list is left out." if shared else f"Nothing is listed for {which}."
        first.insert(0, ReplyText(told))
    parts = (*faq, ReplyPart(fact.key, title, tuple(first)))
    if decisive and rest:
        folded = listed > _SHORT_COMPARISON
        parts = (*parts, ReplyPart(f"{fact.key} rest", "What else they list", tuple(rest), folded))
    sources = reply.sources if faq else ()
    return Reply(
        header=" and ".join(heads) if len(heads) == 2 else ", ".join(heads),  # noqa: PLR2004
        lead="" if faq else _telling(roles),
        parts=parts,
        sources=sources or tuple(source(role, knowledge_base, today) for role in roles),
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
            # The shortest wording fits all roles; what longer ones add may hold for one only.
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
        for level in (RequirementLevel.REQUIRED, RequirementLevel.PREFERRED):
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


def _items(role: Role, key: str) -> dict[str, tuple[str, RequirementLevel]]:
    """What a role lists in a section, by what each item is about."""
    section = role.section(key)
    if section is None:
        return {}
    # Required comes last, so that it wins where something is listed as both.
    listed = [
        *((item, RequirementLevel.PREFERRED) for item in section.preferred),
        *((item, RequirementLevel.REQUIRED) for item in section.required),
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


def next_step(reply: Reply, fact: NextStep, knowledge_base: KnowledgeBase, today: dt.date) -> Reply:
    origin = knowledge_base.role(fact.origin)
    targets = [role for role_id in fact.targets if (role := knowledge_base.role(role_id))]
    if origin is None or not targets:
        return Reply(header="No longer there", lead="One of the roles is no longer described.")
    roles = (*targets, origin)
    if len(targets) == 1:
        target = targets[0]
        usual = "a usual next step" if target.id in origin.next_roles else "not a listed next step"
        return Reply(
            header=f"From {origin.title} to {target.title}",
            lead=f"**{literal(target.title)}** is {usual} after **{literal(origin.title)}**.",
            parts=(ReplyPart(fact.key, "", tuple(_missing(origin, target))),),
            sources=tuple(source(role, knowledge_base, today) for role in roles),
            more=_ways_to(roles),
        )
    parts = tuple(
        ReplyPart(target.id, target.title, tuple(_missing(origin, target))) for target in targets
    )
    return Reply(
        header=f"After {origin.title}",
        lead=f"Usual next steps after **{literal(origin.title)}**, and what each asks for on top:",
        parts=(*reply.parts, *parts),
        sources=reply.sources or tuple(source(role, knowledge_base, today) for role in roles),
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
                (new if level is RequirementLevel.REQUIRED else helpful).append(item)
            elif level is RequirementLevel.REQUIRED and has[name][1] is RequirementLevel.PREFERRED:
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
        yield ReplyText(f"**Experience**: {span}")
    if not (new or firmer or helpful or span):
        yield ReplyText("Nothing is listed that your role doesn't list too.")


def _ways_to(roles: Sequence[Role]) -> tuple[Button, ...]:
    return tuple(Button(role.title, role.id) for role in roles)


MOST_FOUND: Final = 15
"""More roles than these are counted, not listed."""


def with_fact(reply: Reply, fact: Fact, knowledge_base: KnowledgeBase, today: dt.date) -> Reply:
    """The reply with what the data says, put first."""
    match fact:
        case Requirement():
            return _requirement(reply, fact, knowledge_base)
        case Comparison():
            return comparison(reply, fact, knowledge_base, today)
        case Lookup():
            return _lookup(fact, knowledge_base)
        case NextStep():
            return next_step(reply, fact, knowledge_base, today)
        case Upkeep():
            return _upkeep(fact, knowledge_base, today)
        case Document():
            return reply  # a whole reply by itself, not something that comes first


def _upkeep(fact: Upkeep, knowledge_base: KnowledgeBase, today: dt.date) -> Reply:
    role = knowledge_base.role(fact.role)
    assert role is not None
    of_role = f"description of **{literal(role.title)}**"
    review_first = fact.matter is UpkeepMatter.REVIEW
    owned = f"The {of_role} names no owner."
    if fact.owner:
        owned = f"The owner of the {of_role} is {fact.owner}."
    reviewed = f"There is no date of a review in the {of_role}."
    if fact.reviewed:
        subject = f"The {of_role}" if review_first else "It"
        overdue = is_stale(role.reviewed, role.review_every, today)
        end = ", and the next review is overdue." if overdue else "."
        reviewed = f"{subject} was last reviewed on {fact.reviewed.isoformat()}{end}"
    lines = (reviewed, owned) if review_first else (owned, reviewed)
    return Reply(
        header=f"{role.title} · {fact.matter.value}",
        lead=" ".join(lines),
        sources=(source(role, knowledge_base, today),),
        more=_ways_to((role,)),
    )


def _requirement(reply: Reply, fact: Requirement, knowledge_base: KnowledgeBase) -> Reply:
    """Return the reply headed by the verdict, with the line that it rests on."""
    role = knowledge_base.role(fact.role)
    title = literal(role.title if role else fact.role)
    if fact.level is RequirementLevel.NOT_LISTED:
        shown = literal(as_listed(fact.subject, fact.lines))
        lead = (
            f"The description of **{title}** doesn't name “{shown}”, so it says neither that it "
            "is required nor that it isn't. This is what it lists:"
        )
        return replace(reply, header="Not listed", lead=lead)
    if len({line.level for line in fact.lines}) > 1:
        quoted = "; ".join(f"“{line.text}” ({_level(line)})" for line in fact.lines)
        return replace(reply, header="Partly", lead=f"For {with_article(title, '**')}: {quoted}.")
    lines = [_span(role, line) if _is_years(line) else line.text for line in fact.lines]
    lines = lines or [years_of(role) if role else ""]
    quoted = "; ".join(f"“{line}”" for line in lines if line)
    lead = f"For {with_article(title, '**')}" + (f": {quoted}" if quoted else ".")
    return replace(reply, header=_verdict(fact), lead=lead)


def _verdict(fact: Requirement) -> str:
    match fact.level:
        case RequirementLevel.REQUIRED if fact.asks_without:
            return "No, it is required"
        case RequirementLevel.REQUIRED:
            return "It is required" if fact.is_negated else "Yes, required"
        case RequirementLevel.PREFERRED if not fact.lines or _is_years(fact.lines[0]):
            return "No experience is required"
        case RequirementLevel.PREFERRED:
            return "Preferred, not required"
        case _:
            return "Mentioned, but not listed as required or preferred"


def _level(line: Evidence) -> str:
    return line.level.value.replace("-", " ")


def _is_years(line: Evidence) -> bool:
    return line.entry.endswith("/experience")


def _span(role: Role | None, line: Evidence) -> str:
    span = years_of(role) if role else ""
    return f"{span}. {line.text}" if span else line.text


def _lookup(fact: Lookup, knowledge_base: KnowledgeBase) -> Reply:
    said = fact.mode in (LookupMode.ANY, LookupMode.WITHOUT)
    shown = literal(as_listed(fact.subject, (*fact.lines, *fact.preferred)))
    count = len(fact.lines)
    which = f"{count} role" if count == 1 else f"{count} roles"
    match fact.mode:
        case LookupMode.REQUIRED:
            verb = "requires" if count == 1 else "require"
            header, lead = "Roles by requirement", f"**{which}** {verb} “{shown}”:"
        case LookupMode.ANY:
            verb = "lists" if count == 1 else "list"
            header, lead = "Roles by requirement", f"**{which}** {verb} “{shown}”:"
        case LookupMode.WITHOUT:
            verb = "doesn't" if count == 1 else "don't"
            header, lead = "Roles without it", f"**{which}** {verb} list “{shown}” as required:"
        case LookupMode.YEARS:
            had = f"{fact.years:g} {'year' if fact.years == 1 else 'years'} of experience"
            verb = "asks" if count == 1 else "ask"
            lists = "" if fact.subject == ANY_EXPERIENCE else f" and {_listing(count)} “{shown}”"
            lead = f"With {had}: **{which}** {verb} for no more{lists}."
            header = "Roles by experience"
    if fact.without:
        lead = f"{lead.rstrip(':.')}, and “{literal(fact.without)}” is left out:"
    blocks: list[Block] = [Bullets(_found(fact.lines, knowledge_base, said))]
    if fact.preferred:
        heading = "Preferred in"
        if fact.mode is LookupMode.WITHOUT:
            heading = "Mentioned, though not as a requirement, in"
        blocks.append(Bullets(_found(fact.preferred, knowledge_base, said), heading))
    left = len(fact.lines) - MOST_FOUND
    roles = [role for line in fact.lines if (role := knowledge_base.role(line.role))]
    return Reply(
        header=header,
        lead=lead,
        parts=(ReplyPart(fact.key, "", tuple(blocks)),),
        more=tuple(Button(role.title, role.id) for role in roles[:MOST_FOUND]),
        hint=f"And {left} more: say which kind of role you mean." if left > 0 else "",
    )


def _listing(count: int) -> str:
    return "lists" if count == 1 else "list"


def _found(
    lines: Sequence[Evidence],
    knowledge_base: KnowledgeBase,
    with_level: bool,  # noqa: FBT001
) -> tuple[str, ...]:
    return tuple(_found_line(line, knowledge_base, with_level) for line in lines[:MOST_FOUND])


def _found_line(line: Evidence, knowledge_base: KnowledgeBase, with_level: bool) -> str:  # noqa: FBT001
    role = knowledge_base.role(line.role)
    title = role.title if role else line.role
    says = line.text or (years_of(role) if role and _is_years(line) else "not listed")
    level = f" ({line.level.value})" if with_level and line.text else ""
    return f"**{literal(title)}**: {says}{level}"
