"""Questions and phrasings of the content that don't come home: another entry answers, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from faqbot.content.loader import fill_title
from faqbot.lint.findings import Finding, finding_at
from faqbot.model import (
    Answer,
    Candidate,
    Choices,
    Decline,
    EntryKind,
    Faq,
    KnowledgeBase,
    Outcome,
    ParsedQuestion,
    Reason,
    Role,
    Section,
)

Read = tuple[ParsedQuestion, Outcome]
"""How a question is read, and what it became."""

AskAll = Callable[[Iterable[tuple[str, str | None]]], Iterator[Read]]
"""Asks questions, each in a conversation about a role, or none."""


def questions_astray(knowledge_base: KnowledgeBase, ask_all: AskAll) -> Iterator[Finding]:
    """Yield the questions and phrasings that their own entry doesn't answer, and why."""
    own = list(_own_questions(knowledge_base))
    answers = ask_all([(text, entry.role) for entry, text in own])
    for (entry, text), (parsed, outcome) in zip(own, answers, strict=True):
        if isinstance(outcome, Answer) and entry.id in _ids(outcome.entries):
            continue
        if isinstance(outcome, Choices) and entry.id in _ids(outcome.options):
            others = ", ".join(one for one in _ids(outcome.options) if one != entry.id)
            near = f"{others} is near too" if others else "this isn't certain enough"
            yield finding_at(entry, "question-unsure", f"“{text}” is asked back: {near}")
            continue
        yield finding_at(entry, "question-astray", f"“{text}” {_why(entry, parsed, outcome)}")


def _own_questions(knowledge_base: KnowledgeBase) -> Iterator[tuple[Section | Faq, str]]:
    """Yield each question and phrasing once, with the title of the role filled in."""
    for entry in knowledge_base.entries():
        if isinstance(entry, Role):
            continue
        role = knowledge_base.role(entry.role)
        questions = (entry.question,) if isinstance(entry, Faq) else ()
        for text in dict.fromkeys((*questions, *entry.phrasings)):
            yield entry, fill_title(text, role.title) if role else text


def _why(entry: Section | Faq, parsed: ParsedQuestion, outcome: Outcome) -> str:
    """Return what became of a question, and why its entry doesn't answer it."""
    own = next((one for one in parsed.candidates if one.id == entry.id), None)
    confidence = f"this has a confidence of {own.confidence:.2f}" if own else "this isn't near"
    match outcome:
        case Answer(entries=entries, fact=None):
            return f"is answered by {_listed(entries)}; {confidence}"
        case Answer(entries=entries):
            return f"is answered from the data of {', '.join(_ids(entries))}"
        case Choices(options=options, reason=Reason.WHICH_ROLE):
            return f"is asked back for a role, such as {', '.join(_ids(options))}"
        case Choices(options=options):
            return f"is asked back between {_listed(options)}; {confidence}"
        case Decline():
            return f"is declined: {_why_declined(parsed, outcome, confidence)}"
    return f"isn't answered; {confidence}"


def _why_declined(parsed: ParsedQuestion, decline: Decline, confidence: str) -> str:
    if decline.reason is Reason.UNKNOWN_ROLE:
        return f"“{parsed.unknown_role}” is read as a role that isn't described"
    if decline.subject:
        return f"it is read as a question about “{decline.subject}”, which isn't found"
    if decline.reason is Reason.NOT_WRITTEN and parsed.candidates:
        return f"it is read as a question about {parsed.candidates[0].id}, which isn't written"
    return f"nothing is near enough, {confidence}"


def _ids(candidates: tuple[Candidate, ...]) -> tuple[str, ...]:
    return tuple(one.id for one in candidates)


def _listed(candidates: tuple[Candidate, ...]) -> str:
    return ", ".join(
        f"{one.id} as a whole" if one.kind is EntryKind.ROLE else f"{one.id} ({one.confidence:.2f})"
        for one in candidates
    )
