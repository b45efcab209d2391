"""The values that the store takes and gives; all of them frozen, all times in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from faqbot.errors import FaqbotError


class StoreError(FaqbotError):
    """The database can't be reached, or is locked; the answer doesn't depend on it."""


class QuestionPrivacy(StrEnum):
    """What is kept of a question's words."""

    FULL = "full"
    REDACTED = "redacted"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A question with what became of it.

    `text` is None where consent keeps no words; `entries` are ids with their confidences.
    """

    id: str
    team: str
    at: dt.datetime
    asker: str
    channel: str
    surface: str
    role: str | None
    text: str | None
    text_hash: str
    outcome: str
    why: str
    entries: tuple[tuple[str, float], ...]
    content_version: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody thought of an answer."""

    question_id: str
    rater: str
    helpful: bool
    comment: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Pick:
    """The entry that somebody picked among choices; `text` is the question where it was kept."""

    question_id: str
    picker: str
    entry: str
    at: dt.datetime
    text: str | None = None


class HandoffState(StrEnum):
    """How far a question is that was handed to a person."""

    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Handoff:
    """A question that a person shall answer; `claimed_by` is who claimed it."""

    id: str
    team: str
    question_id: str
    question: str
    asker: str
    channel: str
    thread: str
    owner: str
    created: dt.datetime
    changed: dt.datetime
    state: HandoffState = HandoffState.OPEN
    claimed_by: str = ""
    answer: str = ""
    notice_channel: str = ""
    notice_ts: str = ""


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


FAQ, PHRASING = "faq", "phrasing"
"""The kinds of proposals."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Content that somebody proposes: an FAQ, or a phrasing (`question`) of an entry."""

    id: str
    team: str
    kind: str
    question: str
    created: dt.datetime
    changed: dt.datetime
    role: str | None = None
    entry: str | None = None
    answer: str = ""
    audience: str = "everyone"
    proposed_by: str = ""
    state: ProposalState = ProposalState.OPEN
    decided_by: str = ""
    notice_channel: str = ""
    notice_ts: str = ""


class ChannelMode(StrEnum):
    """When faqbot speaks in a channel."""

    OFF = "off"
    MENTIONS = "mentions"
    QUESTIONS = "questions"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """How faqbot behaves in a channel, and who answers there when it can't."""

    team: str
    channel: str
    mode: ChannelMode = ChannelMode.MENTIONS
    private: bool = False
    owner: str = ""
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class DeletionReport:
    """How much of a person was deleted, by table."""

    questions: int
    ratings: int
    picks: int
    handoffs: int
    names: int
    """Rows that stay without the person's name: claims, answers, proposals, settings."""


def utc_now() -> dt.datetime:
    """The present time in UTC."""
    return dt.datetime.now(dt.UTC)
