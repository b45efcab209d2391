"""The values that a question becomes on its way to an answer; all of them frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from faqbot.model.facts import Fact
from faqbot.model.knowledge import Audience, EntryKind


class Surface(StrEnum):
    """Where a question was asked."""

    TERMINAL = "terminal"
    DIRECT = "direct"
    CHANNEL = "channel"
    COMMAND = "command"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Question:
    """What someone asked.

    `thread` is the key of the conversation that the question belongs to (empty: none), `role`
    the role that the conversation is about where the caller knows it.
    """

    text: str
    asker: str = ""
    audience: Audience = Audience.EVERYONE
    surface: Surface = Surface.TERMINAL
    thread: str = ""
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A word, or words, as written and as read."""

    written: str
    read: str


class LinkMethod(StrEnum):
    """How the words of a question led to a role."""

    TITLE = "title"
    ALIAS = "alias"
    TYPO = "typo"
    PARTIAL = "partial"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class RoleLink:
    """A role that the question names: through which words, how, and how surely (0..1)."""

    role: str
    words: str
    by: LinkMethod
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may answer; `opinions` are (view, score) pairs, `confidence` is 0..1."""

    id: str
    kind: EntryKind
    role: str | None
    confidence: float
    opinions: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Interpretation:
    """How a question was understood, before anything is decided.

    `links` holds the roles that the question names, best first (several: it is ambiguous or
    names several); `unknown_role` the words of a role that the content does not have;
    `candidates` the entries, best first.
    """

    text: str
    normalised: str = ""
    repairs: tuple[Correction, ...] = ()
    links: tuple[RoleLink, ...] = ()
    unknown_role: str = ""
    candidates: tuple[Candidate, ...] = ()


class Reason(StrEnum):
    """Why a decision fell as it did."""

    CLEAR = "clear"
    WHICH_ROLE = "which-role"
    WHICH_PART = "which-part"
    CLOSE = "close"
    EMPTY = "empty"
    UNKNOWN_ROLE = "unknown-role"
    NOT_WRITTEN = "not-written"
    NOT_UNDERSTOOD = "not-understood"


@dataclass(frozen=True, slots=True)
class Answer:
    """The entries that answer, one for each thing that was asked.

    Where the data of roles answers more exactly than their text, `fact` holds what it says, and
    the entries are those that it was taken from.
    """

    entries: tuple[Candidate, ...]
    why: Reason = Reason.CLEAR
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """At most three readings to choose from, best first.

    With `why` WHICH_ROLE the part is clear and `part` is its key (empty: the role as a whole);
    `roles` holds every role that could be meant, the options the likeliest of them.
    """

    options: tuple[Candidate, ...]
    why: Reason = Reason.CLOSE
    part: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decline:
    """No answer; `nearest` are ids of entries that may be near, `owner` whom to ask."""

    why: Reason = Reason.NOT_UNDERSTOOD
    nearest: tuple[str, ...] = ()
    owner: str = ""


Outcome = Answer | Choices | Decline


@dataclass(frozen=True, slots=True)
class Result:
    """A question with what became of it, `role` being the role that it was about."""

    question: Question
    reading: Interpretation
    outcome: Outcome
    role: str | None = None
    content_version: str = ""
    seconds: float = 0.0
