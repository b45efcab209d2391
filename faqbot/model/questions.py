"""Frozen values on the way from a question to its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from faqbot.model.facts import Fact
from faqbot.model.knowledge import Audience, EntryKind


class Surface(StrEnum):
    """The surface on which a question was asked."""

    TERMINAL = "terminal"
    DIRECT = "direct"
    CHANNEL = "channel"
    COMMAND = "command"
    HOME = "home"
    MCP = "mcp"
    API = "api"
    WIDGET = "widget"


_OUTSIDE: Final = (Surface.MCP, Surface.API, Surface.WIDGET)
"""Surfaces that people outside the company reach too."""


class Prompt(StrEnum):
    """The way in which a line reached faqbot.

    ADDRESSED is said to faqbot; OPEN is a line where faqbot shall answer whatever it can;
    FOLLOW_UP is the asker's next line below an answer to them; UNPROMPTED is a line that nobody
    put to faqbot.
    """

    ADDRESSED = "addressed"
    OPEN = "open"
    FOLLOW_UP = "follow-up"
    UNPROMPTED = "unprompted"


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was asked.

    Attributes:
        text: its words.
        asker: the id of the person who asks.
        audience: who that person is to the company; decides which FAQs may answer.
        surface: where it was asked.
        thread: the key of the conversation that it belongs to; empty for none.
        role: the id of the role that the conversation is about, where the caller knows it.
        prompt: whether it was said to faqbot; decides whether it is answered at all.
        brief: whether its conversation goes from subject to subject, and so soon forgets a role.
        borrowed: whether somebody else may have written its words, which are then never kept.
    """

    text: str
    asker: str = ""
    audience: Audience = Audience.EVERYONE
    surface: Surface = Surface.TERMINAL
    thread: str = ""
    role: str | None = None
    prompt: Prompt = Prompt.ADDRESSED
    brief: bool = False
    borrowed: bool = False

    @property
    def sees_owners(self) -> bool:
        """Whether the reply may name owners: they are colleagues, whom no stranger is told."""
        return self.surface not in _OUTSIDE or self.audience is Audience.EMPLOYEES


@dataclass(frozen=True, slots=True)
class Correction:
    """A spelling correction: words as written, and as corrected."""

    written: str
    corrected: str


class LinkMethod(StrEnum):
    """The way in which words of a question name a role."""

    TITLE = "title"
    ALIAS = "alias"
    TYPO = "typo"
    PARTIAL = "partial"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class RoleLink:
    """A role that a question names: the words, the method, and the score (0 to 1)."""

    role: str
    words: str
    method: LinkMethod
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may answer.

    Attributes:
        id: its id.
        kind: whether it is a role, a section or an FAQ.
        role: the id of its role; None for a general FAQ.
        confidence: the probability that it is what was asked for, 0 to 1.
        scores: the score of each view and classifier by name, for explanations.
    """

    id: str
    kind: EntryKind
    role: str | None
    confidence: float
    scores: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RoleMention:
    """Words of a question that name roles: `start` to `end` (exclusive) among its words.

    `links` holds the rival roles for these words, best first. `unknown_role` is the phrase when a
    word in it makes it another role ("java developer"), which the content doesn't have; `is_full`
    tells that a whole title is named, if perhaps misspelt.
    """

    start: int
    end: int
    links: tuple[RoleLink, ...]
    unknown_role: str = ""
    is_full: bool = False

    @property
    def score(self) -> float:
        return self.links[0].score


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question as the matcher understands it, before anything is decided.

    Attributes:
        text: the question as asked.
        normalised: the same with case, accents and markup folded.
        left_out: what it leaves out in so many words ("but not the education"); the words below
            are those of the rest.
        corrections: spelling corrections, in order.
        words: all words after correction; the positions of `mentions` count among them.
        mentions: the words that name roles, in order.
        links: the roles that the question is about, best first. Several mean that it is ambiguous
            or names several; the conversation's role stands here where the question names none.
        unknown_role: the words of a role that the content doesn't have.
        words_without_roles: the words besides those that name roles.
        content_words: those of them that are no stop words.
        candidates: the entries that may answer, best first.
        parts: the best entry of each clause, where the question is a list of several parts.
        verbatim: the entry whose own question this is, word for word.
    """

    text: str
    normalised: str = ""
    left_out: str = ""
    corrections: tuple[Correction, ...] = ()
    words: tuple[str, ...] = ()
    mentions: tuple[RoleMention, ...] = ()
    links: tuple[RoleLink, ...] = ()
    unknown_role: str = ""
    words_without_roles: tuple[str, ...] = ()
    content_words: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    parts: tuple[Candidate, ...] = ()
    verbatim: Candidate | None = None


class Reason(StrEnum):
    """The reason for an outcome."""

    CLEAR = "clear"
    WHICH_ROLE = "which-role"
    WHICH_PART = "which-part"
    CLOSE = "close"
    EMPTY = "empty"
    UNKNOWN_ROLE = "unknown-role"
    NOT_WRITTEN = "not-written"
    NOT_UNDERSTOOD = "not-understood"
    SMALL_TALK = "small-talk"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Answer:
    """The entries that answer, one for each thing that was asked.

    Where the data of roles answers more exactly than their text, `fact` is what it says, and the
    entries are those that it is taken from.
    `unanswered` are the questions of a text with several that have no answer, and the roles beyond
    those that are shown. `not_written` names what else was asked for and isn't written: the part of
    a role, or a question in its own words. `instead_of` is the title of a part that isn't written,
    where another part of the role answers in its place.
    """

    entries: tuple[Candidate, ...]
    reason: Reason = Reason.CLEAR
    fact: Fact | None = None
    unanswered: tuple[str, ...] = ()
    not_written: tuple[str, ...] = ()
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """A few options to choose from, best first.

    With the reason WHICH_ROLE the section is clear: `part` is its key (empty for the role as a
    whole), `roles` are all roles that could be meant, and the options the likeliest of them.
    """

    options: tuple[Candidate, ...]
    reason: Reason = Reason.CLOSE
    part: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decline:
    """No answer: the ids of the nearest entries, and the owner to ask.

    With the reason NOT_WRITTEN, `subject` may be the words for what the content doesn't name, and
    `part` the key of a section that the nearest roles don't have.
    Small talk and sensitive matters have a `message` that is replied, in Markdown; `examples` tells
    whether questions that faqbot answers follow it.
    """

    reason: Reason = Reason.NOT_UNDERSTOOD
    nearest: tuple[str, ...] = ()
    owner: str = ""
    subject: str = ""
    part: str = ""
    message: str = ""
    examples: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is said, as the line wasn't put to faqbot; the reason is that of what was decided."""

    reason: Reason = Reason.CLOSE


Outcome = Answer | Choices | Decline | Silence
