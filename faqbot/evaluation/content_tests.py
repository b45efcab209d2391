"""Content tests: what `faqbot check` finds when it asks each question that the content contains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from faqbot.content.loader import fill_title
from faqbot.engine import Engine
from faqbot.lint.findings import Finding
from faqbot.lint.questions import questions_astray
from faqbot.lint.rules import TextEncoder, check_knowledge_base, failed_test
from faqbot.model import Audience, Faq, KnowledgeBase, Outcome, ParsedQuestion, Question
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
