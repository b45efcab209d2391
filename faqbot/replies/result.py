"""The result of a question: what it was understood as, the outcome, and the reply to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final, Literal

from faqbot.model import (
    Answer,
    Candidate,
    Choices,
    Comparison,
    Decline,
    Evidence,
    Fact,
    KnowledgeBase,
    Lookup,
    Outcome,
    ParsedQuestion,
    Question,
    Reason,
    Requirement,
    Silence,
    Upkeep,
)
from faqbot.replies.compose import compose
from faqbot.replies.reply import Reply, as_text

_CONTRACT_REASONS: Final = MappingProxyType(
    {
        Reason.CLEAR: None,
        Reason.WHICH_ROLE: "which_role",
        Reason.WHICH_PART: "close",
        Reason.CLOSE: "close",
        Reason.EMPTY: "empty",
        Reason.UNKNOWN_ROLE: "unknown_role",
        Reason.NOT_WRITTEN: "not_written",
        Reason.NOT_UNDERSTOOD: "unknown",
        Reason.SMALL_TALK: "small_talk",
        Reason.SENSITIVE: "sensitive",
    }
)
"""The reasons as the JSON contract names them; None for an answer."""


@dataclass(frozen=True)
class Result:
    """A question with its outcome and the reply to it.

    Attributes:
        question: the question that was asked.
        parsed: how it was understood.
        outcome: an answer, choices, a decline, or silence.
        knowledge_base: the content that it was answered from.
        today: the date against which the content's reviews are overdue.
        role: the id of the role that the question turned out to be about, or None.
        seconds: how long parsing and deciding took.
    """

    question: Question
    parsed: ParsedQuestion
    outcome: Outcome
    knowledge_base: KnowledgeBase = field(repr=False, compare=False)
    today: dt.date = field(repr=False, compare=False)
    role: str | None = None
    seconds: float = 0.0

    @property
    def kind(self) -> Literal["answer", "choices", "decline", "silent"]:
        """Whether there is an answer, choices to pick from, neither, or nothing is said at all."""
        match self.outcome:
            case Answer():
                return "answer"
            case Choices():
                return "choices"
            case Decline():
                return "decline"
            case Silence():
                return "silent"

    @property
    def entries(self) -> tuple[Candidate, ...]:
        """The entries that answer, or those to choose from, best first; none of a decline."""
        match self.outcome:
            case Answer(entries=entries) | Choices(options=entries):
                return entries
            case Decline() | Silence():
                return ()

    @property
    def reason(self) -> Reason:
        """Why the decision fell so."""
        return self.outcome.reason

    @property
    def fact(self) -> Fact | None:
        """What the data of roles says, where it answers more exactly than their text."""
        return self.outcome.fact if isinstance(self.outcome, Answer) else None

    @property
    def content_version(self) -> str:
        """The version of the content that it was answered from."""
        return self.knowledge_base.version

    @cached_property
    def reply(self) -> Reply:
        """The reply, in parts that any surface can show."""
        return self._compose(full=False)

    @property
    def text(self) -> str:
        """The reply as plain text."""
        return as_text(self.reply)

    def full_reply(self) -> Reply:
        """The reply, with the full description of a role in place of its overview."""
        return self._compose(full=True)

    def _compose(self, *, full: bool) -> Reply:
        content = self.knowledge_base
        shown = content if self.question.sees_owners else content.without_owners
        return compose(
            self.outcome,
            shown,
            self.today,
            unknown_role=self.parsed.unknown_role,
            words=self.parsed.content_words,
            full=full,
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON contract as a dictionary; later versions add keys, and change none."""
        contract: dict[str, object] = {
            "question": self.question.text,
            "outcome": self.kind,
            "role": self.role,
            "entries": [candidate_to_dict(entry) for entry in self.entries],
            "text": self.text,
            "reason": _CONTRACT_REASONS[self.reason],
        }
        if isinstance(self.outcome, Answer) and self.outcome.unanswered:
            contract["unanswered"] = list(self.outcome.unanswered)
        if isinstance(self.outcome, Answer) and self.outcome.not_written:
            contract["not_written"] = list(self.outcome.not_written)
        if self.fact is not None:
            contract["fact"] = _fact_to_dict(self.fact)
        return contract


def candidate_to_dict(candidate: Candidate) -> dict[str, object]:
    """An entry of the JSON contract."""
    return {
        "id": candidate.id,
        "kind": candidate.kind.value,
        "role": candidate.role,
        "confidence": candidate.confidence,
    }


def _fact_to_dict(fact: Fact) -> dict[str, object]:
    """The kind of a fact, its roles, and what it says of them."""
    common: dict[str, object] = {"kind": fact.kind, "roles": list(fact.roles)}
    match fact:
        case Requirement(subject=subject, level=level, lines=lines):
            return common | {"subject": subject, "level": level.value, "lines": _lines(lines)}
        case Lookup(subject=subject, mode=mode, lines=lines, preferred=preferred):
            common |= {"subject": subject, "wanted": mode.value}
            if fact.without:
                common["without"] = fact.without
            return common | {"lines": _lines(lines), "also": _lines(preferred)}
        case Comparison(part=part):
            return common | {"part": part}
        case Upkeep(owner=owner, reviewed=reviewed):
            date = reviewed.isoformat() if reviewed else None
            return common | {"owner": owner or None, "reviewed": date}
        case _:
            return common


def _lines(lines: Iterable[Evidence]) -> list[dict[str, str]]:
    return [{"entry": line.entry, "text": line.text, "level": line.level.value} for line in lines]
