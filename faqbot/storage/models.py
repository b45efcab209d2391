"""The values that the store takes and returns. All are frozen; all times are in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from faqbot.errors import FaqbotError


class StoreError(FaqbotError):
    """The database can't be reached or is locked. Questions are answered without it."""


class DiskFullError(StoreError):
    """The database can't write, because its disk is full."""


class RefusedValueError(StoreError):
    """The database works, and refuses a value, such as one that is too long."""


class QuestionPrivacy(StrEnum):
    """How much of a question's text is stored."""

    FULL = "full"
    REDACTED = "redacted"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A question as it is logged.

    Attributes:
        id: an unguessable id, which buttons carry.
        team: the workspace that it was asked in.
        at: when it was asked.
        asker: the Slack id of who asked.
        channel: where it was asked; empty for a private question.
        surface: how it was asked, as in `Surface`.
        role: the id of the role that it was about, or None.
        text: its words, or None where `QuestionPrivacy.HASH` keeps none.
        text_hash: the same for questions that differ in case and white space only.
        outcome: "answer", "choices" or "decline".
        reason: why, as in `Reason`.
        entries: the ids of the entries in the answer or the choices, with their confidences (0..1).
        content_version: the version of the content that it was answered from.
        seconds: how long parsing and deciding took.
        thread: the thread of the answer, also of one that only begins with it; else empty.
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
    reason: str
    entries: tuple[tuple[str, float], ...]
    content_version: str
    seconds: float
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating of an answer, with an optional comment."""

    question_id: str
    rater: str
    helpful: bool
    comment: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Pick:
    """The entry that somebody picked among choices; `text` is the question if it was stored."""

    question_id: str
    picker: str
    entry: str
    at: dt.datetime
    text: str | None = None


class HandoffState(StrEnum):
    """The state of a hand-off."""

    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    CLOSED = "closed"


MAIL: Final = "mailto:"
"""What an asker begins with who is reached by mail, and not in Slack."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """A question that a person has to answer.

    `asker` is a Slack id, or `mailto:` and the address of somebody outside.
    `notice_channel` and `notice_ts` name the message that shows it to its owner.
    """

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

    @property
    def mail(self) -> str:
        """The address of an asker who isn't in Slack; empty for others."""
        return self.asker.removeprefix(MAIL) if self.asker.startswith(MAIL) else ""


class ProposalState(StrEnum):
    """The state of a proposal."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


FAQ, PHRASING, EDIT = "faq", "phrasing", "edit"
"""The kinds of proposals: a new FAQ, another phrasing of an entry, or an edited file."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Content that somebody proposes: an FAQ, a phrasing of an entry, or an edited file.

    `question` is the FAQ's question or the phrasing; `role` is the FAQ's role, `entry` what the
    phrasing is for, `owner` who shall own the FAQ (empty: the owner of its role, or who approves).
    Of an edit, `question` names what is edited, `answer` says in Markdown what changes, `role` is
    whose owners decide, and `file`, `version` and `text` are those of a `FileEdit`.
    """

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
    owner: str = ""
    proposed_by: str = ""
    state: ProposalState = ProposalState.OPEN
    decided_by: str = ""
    notice_channel: str = ""
    notice_ts: str = ""
    file: str = ""
    version: str = ""
    text: str | None = None


class ChannelMode(StrEnum):
    """Which messages faqbot answers in a channel."""

    OFF = "off"
    ONLY_MENTIONS = "only-mentions"
    MENTIONS = "mentions"
    QUESTIONS = "questions"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """The settings of a channel.

    `private` answers only the person who asks; `owner` gets the questions that faqbot can't answer.
    """

    team: str
    channel: str
    mode: ChannelMode = ChannelMode.MENTIONS
    private: bool = False
    owner: str = ""
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class DeletionReport:
    """How many rows of a person were deleted, by table."""

    questions: int
    ratings: int
    picks: int
    handoffs: int
    names: int
    """Rows of others from which the person's id was removed."""


@dataclass(frozen=True, slots=True)
class WorkspaceDeletionReport:
    """How many rows of a workspace were deleted, by table."""

    questions: int
    ratings: int
    handoffs: int
    proposals: int
    policies: int


def utc_now() -> dt.datetime:
    """Return the current time in UTC."""
    return dt.datetime.now(dt.UTC)
