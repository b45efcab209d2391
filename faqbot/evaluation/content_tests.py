"""Content tests: what `faqbot check` finds when it asks each question that the content contains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from faqbot.content.loader import fill_title
from faqbot.engine import Engine
from faqbot.lint.findings import Finding
from faqbot.lint.questions import questions_astray
from faqbot.lint.rules import TextEncoder, check_knowledge_base, failed_test
from faqbot.model import Audience, Faq, KnowledgeBase, Outcome, ParsedQuestion, Question
from faqbot.replies.result import Result


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
    yield from questions_astray(knowledge_base, tests.ask)
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
        for faq in self.knowledge_base.entries():
            if not isinstance(faq, Faq):
                continue
            for text in faq.matches:
                result = self._ask(text, faq.role)
                if faq.id not in _answers(result):
                    became = _describe(result)
                    yield failed_test(faq, f"matches: {text!r} {became}, not answered by this")
            for text in faq.rejects:
                if faq.id in _answers(self._ask(text, faq.role)):
                    yield failed_test(faq, f"rejects: {text!r} is answered by this")

    def ask(self, text: str, role: str | None) -> tuple[ParsedQuestion, Outcome]:
        """Return how a question is read, and what becomes of it."""
        result = self._ask(text, role)
        return result.parsed, result.outcome

    def describe_outcome(self, text: str, role: str | None) -> str:
        """Return how a question is answered now."""
        return _describe(self._ask(text, role))

    def _ask(self, text: str, role_id: str | None) -> Result:
        role = self.knowledge_base.role(role_id)
        asked = fill_title(text, role.title) if role else text
        return self.engine.ask(Question(asked, audience=Audience.EMPLOYEES, role=role_id))


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
