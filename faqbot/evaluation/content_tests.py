"""Content tests: what `faqbot check` finds when it asks each question that the content contains.

A question or a phrasing doesn't come home if another entry answers, or none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from faqbot.content.loader import fill_title
from faqbot.engine import Engine
from faqbot.lint.findings import Finding, finding_at
from faqbot.lint.rules import TextEncoder, check_knowledge_base, failed_test
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Decline,
    EntryKind,
    Faq,
    KnowledgeBase,
    Outcome,
    ParsedQuestion,
    Question,
    Reason,
    Role,
    Section,
)
from faqbot.replies.result import Result

BATCH: Final = 64
"""Questions that are parsed together, which saves most of the encoder's time without its kernel."""


def content_findings(
    knowledge_base: KnowledgeBase,
    engine: Engine,
    encoder: TextEncoder,
    today: dt.date,
    *,
    stale_is_error: bool = False,
) -> Iterator[Finding]:
    """Yield what is found about content that loads, its own questions and tests included.

    Args:
        knowledge_base: the content.
        engine: answers from this content.
        encoder: the bundled encoder.
        today: the day on which reviews are overdue.
        stale_is_error: whether an overdue review is an error instead of a warning.
    """
    tests = _ContentTests(knowledge_base, engine)
    yield from tests.failures()
    yield from questions_astray(knowledge_base, tests.read_all)
    yield from check_knowledge_base(
        knowledge_base, encoder, tests.describe_outcome, today, stale_is_error=stale_is_error
    )


@dataclass(frozen=True, slots=True)
class _ContentTests:
    """Asks what the content contains with the production engine."""

    knowledge_base: KnowledgeBase
    engine: Engine

    def failures(self) -> Iterator[Finding]:
        """Yield a finding for each of `matches` and `rejects` that fails, at its FAQ."""
        tests = [
            (faq, text, wanted)
            for faq in self.knowledge_base.entries()
            if isinstance(faq, Faq)
            for wanted, texts in ((True, faq.matches), (False, faq.rejects))
            for text in texts
        ]
        results = self._ask_all([(text, faq.role) for faq, text, _ in tests])
        for (faq, text, wanted), result in zip(tests, results, strict=True):
            if wanted and faq.id not in _answers(result):
                became = _describe(result)
                yield failed_test(faq, f"matches: {text!r} {became}, not answered by this")
            if not wanted and faq.id in _answers(result):
                yield failed_test(faq, f"rejects: {text!r} is answered by this")

    def read_all(
        self, asked: Iterable[tuple[str, str | None]]
    ) -> Iterator[tuple[ParsedQuestion, Outcome]]:
        """Yield how questions are read, and what becomes of each."""
        for result in self._ask_all(asked):
            yield result.parsed, result.outcome

    def describe_outcome(self, text: str, role: str | None) -> str:
        """Return how a question is answered now."""
        return _describe(self.engine.ask(self._question(text, role)))

    def _ask_all(self, asked: Iterable[tuple[str, str | None]]) -> Iterator[Result]:
        questions = (self._question(*one) for one in asked)
        while batch := list(islice(questions, BATCH)):
            self.engine.prepare(batch)
            yield from map(self.engine.ask, batch)

    def _question(self, text: str, role_id: str | None) -> Question:
        role = self.knowledge_base.role(role_id)
        asked = fill_title(text, role.title) if role else text
        return Question(asked, audience=Audience.EMPLOYEES, role=role_id)


def _answers(result: Result) -> tuple[str, ...]:
    return tuple(entry.id for entry in result.entries) if result.kind == "answer" else ()


def _describe(result: Result) -> str:
    entries = ", ".join(entry.id for entry in result.entries)
    match result.kind:
        case "answer":
            return f"is answered by {entries}"
        case "choices":
            return f"is asked back between {entries}"
        case "decline" | "silent":
            return "is declined"


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
