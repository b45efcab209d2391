"""Outcomes become replies, the same for every surface."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from faqbot.model import (
    Answer,
    Candidate,
    Choices,
    Decline,
    Document,
    DocumentForm,
    Entry,
    EntryKind,
    Faq,
    KnowledgeBase,
    Outcome,
    Reason,
    Role,
    Section,
    Silence,
    is_stale,
)
from faqbot.replies.advertisement import advertisement
from faqbot.replies.facts import with_fact
from faqbot.replies.reply import ALL_ROLES, Button, Reply, ReplyPart, SourceLine, body, source

FULL_DESCRIPTION = "Full description"
_HOW_TO_ASK = "Name a role and what you want to know about it, such as its skills."

NOTHING_WRITTEN = (
    "There are no roles and no FAQs here yet. The person who looks after me writes the first role "
    "with `faqbot new role`, or in the editor (`faqbot edit`). I answer from it as soon as it is "
    "saved."
)
"""What is said while the content is empty, as Markdown."""

ECHOED = 80
"""Characters of a person's own words that a reply repeats."""

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")


def compose(
    outcome: Outcome,
    knowledge_base: KnowledgeBase,
    today: dt.date,
    *,
    unknown_role: str = "",
    words: Sequence[str] = (),
    full: bool = False,
) -> Reply:
    """Compose the reply to a question.

    Args:
        outcome: what was decided.
        knowledge_base: the content that it was decided from.
        today: the date against which the content's reviews are overdue.
        unknown_role: the words of a role that the content doesn't have.
        words: the words that say what is asked for.
        full: whether to give a role as its full description instead of its overview.
    """
    match outcome:
        case Answer():
            answer = _answered(outcome, knowledge_base, today, full=full)
            left = _left_open(outcome)
            return replace(answer, hint=left) if left else answer
        case Choices():
            return _choices(outcome, knowledge_base)
        case Decline(message=message) if message:
            return _message(message, knowledge_base, with_examples=outcome.examples)
        case Decline() if is_empty(knowledge_base):
            return Reply(header="Nothing to answer from yet", lead=NOTHING_WRITTEN)
        case Decline():
            return _decline(outcome, knowledge_base, unknown_role, words)
        case Silence():
            return Reply()


def is_empty(knowledge_base: KnowledgeBase) -> bool:
    """Return whether nobody has written anything yet."""
    return not (knowledge_base.roles or knowledge_base.faqs)


# ------------------------------------------------------------------------------- answers


def _answered(
    outcome: Answer, knowledge_base: KnowledgeBase, today: dt.date, *, full: bool
) -> Reply:
    fact = outcome.fact
    if isinstance(fact, Document):
        return _document(fact, knowledge_base, today)
    # A fact shows the roles by itself, and their overviews would bury it.
    shown = tuple(e for e in outcome.entries if not (fact and e.kind is EntryKind.ROLE))
    answer = _answer(shown, knowledge_base, today, full=full)
    if outcome.instead_of:
        lead = f"**{outcome.instead_of}** isn't written for this role. This comes nearest:"
        return replace(answer, lead=lead)
    return with_fact(answer, fact, knowledge_base, today) if fact else answer


def _answer(
    entries: tuple[Candidate, ...], knowledge_base: KnowledgeBase, today: dt.date, *, full: bool
) -> Reply:
    found = [entry for candidate in entries if (entry := knowledge_base.entry(candidate.id))]
    if len(found) == 1 and isinstance(found[0], Role):
        return describe(found[0], today) if full else _overview(found[0], today)
    parts: list[ReplyPart] = []
    several_roles = len({entry.role for entry in found}) > 1
    for entry in found:
        role = knowledge_base.role(entry.role)
        title = f"{role.title} · {entry.title}" if role and several_roles else entry.title
        parts.append(ReplyPart(entry.id, title, body(entry)))
    role = None if several_roles or not found else knowledge_base.role(found[0].role)
    header = " · ".join(part.title for part in parts)
    if role and len(found) == 1:
        header = found[0].title if isinstance(found[0], Faq) else f"{role.title} · {header}"
    elif role:
        header = role.title
    elif len(found) > 1 and all(isinstance(entry, Faq) for entry in found):
        # Each part is headed by its question, and both would fill the header.
        header = ""
    sources = tuple(source(entry, knowledge_base, today) for entry in found)
    return Reply(
        header=header,
        parts=tuple(parts),
        sources=sources,
        more=_more(role, {entry.id for entry in found}) if role else (),
    )


def _left_open(answer: Answer) -> str:
    """What was asked besides, and has no answer or isn't written."""
    told = []
    if answer.not_written:
        told.append(f"Not written: {_quoted(answer.not_written)}.")
    if answer.unanswered:
        named = _quoted(answer.unanswered)
        told.append(f"Not answered: {named}. Ask it by itself, in other words.")
    return " ".join(told)


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(f"“{as_written(text)}”" for text in texts)


def _overview(role: Role, today: dt.date) -> Reply:
    section = role.section("overview") or next(iter(role.sections), None)
    parts = (ReplyPart(section.id, section.title, body(section)),) if section else ()
    return Reply(
        header=role.title,
        parts=parts,
        sources=(_role_source(role, today),),
        more=_more(role, {section.id} if section else set()),
    )


def describe(role: Role, today: dt.date) -> Reply:
    """The full description of a role: every section, then its FAQs that are for everyone."""
    entries: list[Section | Faq] = [
        *role.sections,
        *(faq for faq in role.faqs if faq.audience == "everyone"),
    ]
    return Reply(
        header=role.title,
        parts=tuple(ReplyPart(entry.id, entry.title, body(entry)) for entry in entries),
        sources=(_role_source(role, today),),
    )


def _document(fact: Document, knowledge_base: KnowledgeBase, today: dt.date) -> Reply:
    role = knowledge_base.role(fact.role)
    assert role is not None
    if fact.form is DocumentForm.DESCRIPTION:
        whole = describe(role, today)
        return replace(whole, parts=_without(whole.parts, fact.without))
    return Reply(
        header=f"{role.title} · job advertisement",
        parts=_without(advertisement(role), fact.without),
        sources=(_role_source(role, today),),
        more=(Button(FULL_DESCRIPTION, role.id),),
    )


def _without(parts: Iterable[ReplyPart], keys: Container[str]) -> tuple[ReplyPart, ...]:
    return tuple(part for part in parts if part.id.rpartition("/")[2] not in keys)


def _role_source(role: Role, today: dt.date) -> SourceLine:
    stale = is_stale(role.reviewed, role.review_every, today)
    return SourceLine(role.id, role.title, "", role.owner, role.reviewed, stale)


def _more(role: Role, shown: Iterable[str]) -> tuple[Button, ...]:
    seen = set(shown)
    parts = [Button(s.title, s.id) for s in role.sections if s.id not in seen]
    return (*parts, Button(FULL_DESCRIPTION, role.id))


# ------------------------------------------------------------------------------- choices


def _choices(outcome: Choices, knowledge_base: KnowledgeBase) -> Reply:
    if outcome.reason is Reason.WHICH_ROLE:
        return _which_role(outcome, knowledge_base)
    roles = {option.role for option in outcome.options}
    role = knowledge_base.role(roles.pop()) if len(roles) == 1 else None
    buttons = tuple(
        Button(_label(entry, knowledge_base, with_role=role is None), entry.id)
        for option in outcome.options
        if (entry := knowledge_base.entry(option.id))
    )
    lead = "I'm not sure which of these you mean."
    if len(buttons) == 1:
        lead = f"This is about **{role.title}**. " if role else ""
        lead += "Pick it, or put your question in other words."
    elif role:
        lead = f"I'm not sure which part of **{role.title}** you mean."
    return Reply(header="Did you mean …", lead=lead, choices=buttons)


def _which_role(outcome: Choices, knowledge_base: KnowledgeBase) -> Reply:
    part = outcome.part
    buttons: list[Button] = []
    about = ""
    for role_id in outcome.roles:
        role = knowledge_base.role(role_id)
        entry = knowledge_base.entry(f"{role_id}/{part}" if part else role_id)
        if role and entry:
            buttons.append(Button(role.title, entry.id))
            about = about or (entry.title if isinstance(entry, Section) else "")
    lead = "Pick the role that you mean"
    lead += f", and I'll show you **{about}**." if about else "."
    shown = len(outcome.options)
    if len(buttons) <= shown:
        return Reply(header="Which role do you mean?", lead=lead, choices=tuple(buttons))
    return Reply(header="Which role do you mean?", lead=lead, roles=tuple(buttons))


def _label(entry: Entry, knowledge_base: KnowledgeBase, *, with_role: bool) -> str:
    role = knowledge_base.role(entry.role)
    if isinstance(entry, Role) or role is None or not with_role:
        return entry.title
    return f"{role.title}: {entry.title}"


# ------------------------------------------------------------------------------ declines


def _decline(
    outcome: Decline, knowledge_base: KnowledgeBase, unknown_role: str, words: Sequence[str]
) -> Reply:
    near = tuple(
        Button(_label(entry, knowledge_base, with_role=True), entry.id)
        for entry_id in outcome.nearest
        if (entry := knowledge_base.entry(entry_id))
    )
    everything = _all_roles(knowledge_base)
    match outcome.reason:
        case Reason.EMPTY:
            return Reply(
                header="Ask me about a role",
                lead="I answer questions about the roles that we describe.",
                hint=_examples(knowledge_base),
                more=everything,
            )
        case Reason.UNKNOWN_ROLE:
            named = as_written(unknown_role)
            what = f"I have no description of “{named}”." if named else "I don't know that role."
            near_lead = " The nearest that I have:" if near else ""
            return Reply(
                header="Not a role I know", lead=what + near_lead, choices=near, more=everything
            )
        case Reason.NOT_WRITTEN:
            role = knowledge_base.role(outcome.nearest[0]) if outcome.nearest else None
            if outcome.subject:
                return _not_found(outcome.subject, role, everything)
            if role is None:
                return Reply(
                    header="No longer there",
                    lead="That entry is no longer part of the content, or not for you to read.",
                    hint=_HOW_TO_ASK,
                    more=everything,
                )
            others = [r for one in outcome.nearest[1:] if (r := knowledge_base.role(one))]
            return _not_written(role, others)
        case _:
            return _not_understood(outcome, knowledge_base, near, words)


def _message(message: str, knowledge_base: KnowledgeBase, *, with_examples: bool) -> Reply:
    """The reply to small talk and to sensitive matters."""
    if not with_examples:
        return Reply(lead=message)
    if is_empty(knowledge_base):
        return Reply(lead=f"{message}\n\n{NOTHING_WRITTEN}")
    return Reply(lead=message, hint=_examples(knowledge_base), more=_all_roles(knowledge_base))


def _not_written(role: Role, others: Sequence[Role]) -> Reply:
    """The reply to a question about a part that roles don't have."""
    if others:
        roles = (role, *others)
        named = ", ".join(f"**{one.title}**" for one in roles)
        return Reply(
            header="Not written",
            lead=f"The descriptions of these roles say nothing about that: {named}.",
            more=tuple(Button(one.title, one.id) for one in roles),
        )
    ask = f" {role.owner} may know." if role.owner else ""
    return Reply(
        header=f"{role.title} · not written",
        lead=f"The description of **{role.title}** says nothing about that.{ask}",
        more=_more(role, ()),
    )


def _not_found(subject: str, role: Role | None, everything: tuple[Button, ...]) -> Reply:
    """The reply to a question about something that no line names: nothing is said of it."""
    sought = f"I don't find “{as_written(subject)}”"
    if role is None:
        lead = f"{sought} as such in the descriptions, so I can't tell which roles ask for it."
        return Reply(header="Not found", lead=lead, hint=_HOW_TO_ASK, more=everything)
    ask = f" {role.owner} may know." if role.owner else ""
    return Reply(
        header=f"{role.title} · not found",
        lead=f"{sought} in the description of **{role.title}**, so I can't tell.{ask}",
        more=_more(role, ()),
    )


def as_written(words: str) -> str:
    """A person's words as Markdown that shows them and does nothing else, shortened."""
    line = " ".join(words.split())
    short = line if len(line) <= ECHOED else f"{line[: ECHOED - 1].rstrip()}…"
    return _MARKS.sub(r"\\\1", short)


def _not_understood(
    outcome: Decline,
    knowledge_base: KnowledgeBase,
    near: tuple[Button, ...],
    words: Sequence[str],
) -> Reply:
    """The reply to a question without an answer: what was understood, and what comes near."""
    roles = [role for entry in outcome.nearest if (role := knowledge_base.role(entry))]
    lead = "I don't have an answer to that, and I'd rather say so than guess."
    if len(roles) == 1:
        lead = f"I know the **{roles[0].title}**, but I have no answer to that."
        if len(words) == 1:  # several, without those between them, would be no phrase
            subject = as_written(words[0])
            lead = f"I know the **{roles[0].title}**, but find nothing about “{subject}” there."
    if outcome.owner:
        lead += f" {outcome.owner} may know."
    return Reply(
        header="I don't know",
        lead=lead,
        choices=near,
        hint="" if near else _HOW_TO_ASK,
        more=_all_roles(knowledge_base),
    )


def _all_roles(knowledge_base: KnowledgeBase) -> tuple[Button, ...]:
    return (Button("All roles", ALL_ROLES),) if knowledge_base.roles else ()


def _examples(knowledge_base: KnowledgeBase) -> str:
    if not knowledge_base.roles:
        return ""
    first = knowledge_base.roles[0].title
    last = knowledge_base.roles[-1].title
    return f"Try: “What skills does a {first} need?” or “education for {last}”."
