"""Content as frozen values: roles, sections, FAQs, and the knowledge base that has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType


class Audience(StrEnum):
    """The people whom an entry is for, or to whom an asker belongs."""

    EVERYONE = "everyone"
    EMPLOYEES = "employees"
    CANDIDATES = "candidates"

    def may_read(self, entry: Audience) -> bool:
        """Return whether somebody of this audience may read an entry of that one.

        Employees read everything, candidates what is for everyone or for candidates. EVERYONE
        stands for somebody unknown, who reads only what is for everyone.
        """
        return self is Audience.EMPLOYEES or entry in (Audience.EVERYONE, self)


class EntryKind(StrEnum):
    """The kind of an entry."""

    ROLE = "role"
    SECTION = "section"
    FAQ = "faq"


@dataclass(frozen=True, slots=True)
class Origin:
    """The place where an entry is written: the path as given, and the line, from 1."""

    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Years:
    """A span of years of experience; None is open on that side."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a role: text in Markdown, plain items, required and preferred items.

    Attributes:
        topics: The common sections, such as `salary`, that its heading names.
    """

    role: str
    key: str
    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()
    years: Years | None = None
    phrasings: tuple[str, ...] = ()
    topics: tuple[str, ...] = field(default=(), compare=False)
    # Not compared: content is equal wherever it is written.
    origin: Origin = field(default=Origin(), compare=False)

    kind = EntryKind.SECTION

    @property
    def id(self) -> str:
        return f"{self.role}/{self.key}"


@dataclass(frozen=True, slots=True)
class Faq:
    """A question with its answer (Markdown), of a role or general (`role` is None).

    Attributes:
        topics: The common sections that its question asks for.
    """

    role: str | None
    key: str
    question: str
    answer: str
    phrasings: tuple[str, ...] = ()
    audience: Audience = Audience.EVERYONE
    matches: tuple[str, ...] = ()
    rejects: tuple[str, ...] = ()
    owner: str = ""
    reviewed: dt.date | None = None
    review_every: dt.timedelta | None = None
    example: bool = False
    topics: tuple[str, ...] = field(default=(), compare=False)
    origin: Origin = field(default=Origin(), compare=False)

    kind = EntryKind.FAQ

    @property
    def id(self) -> str:
        return f"{self.role}/faq/{self.key}" if self.role else f"faq/{self.key}"

    # Each kind of entry has a title and a role, so that few have to ask which kind it is.
    @property
    def title(self) -> str:
        return self.question


@dataclass(frozen=True, slots=True)
class Role:
    """A job role with its own FAQs, and its sections in the order of a full description."""

    id: str
    title: str
    aliases: tuple[str, ...] = ()
    family: str = ""
    onet: str = ""
    owner: str = ""
    reviewed: dt.date | None = None
    review_every: dt.timedelta | None = None
    related: tuple[str, ...] = ()
    next_roles: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    faqs: tuple[Faq, ...] = ()
    origin: Origin = field(default=Origin(), compare=False)

    kind = EntryKind.ROLE

    @property
    def role(self) -> str:
        return self.id

    @property
    def names(self) -> tuple[str, ...]:
        """The title, the aliases, and what an id of several words says: "vet-nurse"."""
        said = self.id.split("-")
        names_role = len(said) > 1 and all(word.isalpha() for word in said)
        return (self.title, *self.aliases, *([" ".join(said)] if names_role else ()))

    def section(self, key: str) -> Section | None:
        """Return the section with that key, if the role has it."""
        return next((section for section in self.sections if section.key == key), None)

    def entry_about(self, topic: str) -> Section | Faq | None:
        """Return the section that is about a common section, else the FAQ that asks for it.

        A heading that names this topic first comes before one that names another beside it.
        """
        entries: tuple[Section | Faq, ...] = (*self.sections, *self.faqs)
        about = [entry for entry in entries if topic in entry.topics]
        return min(
            about,
            key=lambda entry: (isinstance(entry, Faq), entry.topics.index(topic)),
            default=None,
        )


Entry = Role | Section | Faq


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """A kind of small talk, such as greetings.

    Attributes:
        kind: its id.
        reply: what is replied, in Markdown; `{contact}` stands for whom to turn to.
        phrasings: lines of this kind.
        examples: whether questions that faqbot answers follow the reply.
    """

    kind: str
    reply: str = ""
    phrasings: tuple[str, ...] = ()
    examples: bool = False
    origin: Origin = field(default=Origin(), compare=False)

    @property
    def id(self) -> str:
        return f"smalltalk/{self.kind}"


@dataclass(frozen=True, slots=True)
class SensitiveMatter:
    """A matter that may hurt, such as harassment: it goes to a person.

    Attributes:
        kind: its id.
        reply: what is replied, in Markdown; `{contact}` stands for whom to turn to.
        contact: whom to turn to; empty for the contact of the conversation.
        phrasings: lines about this matter.
        words: words, or their beginnings, that are about this matter wherever they stand.
    """

    kind: str
    reply: str = ""
    contact: str = ""
    phrasings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    origin: Origin = field(default=Origin(), compare=False)

    @property
    def id(self) -> str:
        return f"sensitive/{self.kind}"


@dataclass(frozen=True, slots=True)
class ConversationContent:
    """Small talk and sensitive matters in one language, or those of an author.

    Attributes:
        contact: whom people turn to who want a person.
        small_talk: kinds of small talk, in the order in which they are looked for.
        matters: sensitive matters.
    """

    contact: str = ""
    small_talk: tuple[SmallTalk, ...] = ()
    matters: tuple[SensitiveMatter, ...] = ()


# Without slots, which would leave no place for cached properties.
@dataclass(frozen=True)
class KnowledgeBase:
    """All loaded content.

    Attributes:
        roles: the roles.
        faqs: the general FAQs.
        version: what identifies the content: a commit, else a digest of the files.
        other_names: things that roles ask for, each with other names of it.
        conversation: what authors changed of the small talk and the sensitive matters that ship.
    """

    roles: tuple[Role, ...] = ()
    faqs: tuple[Faq, ...] = ()
    version: str = ""
    other_names: tuple[tuple[str, ...], ...] = ()
    conversation: ConversationContent = ConversationContent()

    @cached_property
    def roles_by_id(self) -> Mapping[str, Role]:
        # Read-only: everything that answers shares this mapping.
        return MappingProxyType({role.id: role for role in self.roles})

    @cached_property
    def entries_by_id(self) -> Mapping[str, Entry]:
        return MappingProxyType({entry.id: entry for entry in self.entries()})

    @cached_property
    def without_owners(self) -> KnowledgeBase:
        """The same content without the owners of roles and FAQs."""
        roles = tuple(
            replace(role, owner="", faqs=tuple(replace(faq, owner="") for faq in role.faqs))
            for role in self.roles
        )
        return replace(self, roles=roles, faqs=tuple(replace(faq, owner="") for faq in self.faqs))

    def entries(self) -> Iterator[Entry]:
        """Yield every role, section and FAQ, in the order of the content."""
        for role in self.roles:
            yield role
            yield from role.sections
            yield from role.faqs
        yield from self.faqs

    def role(self, role_id: str | None) -> Role | None:
        """Return the role with that id, if there is one."""
        return self.roles_by_id.get(role_id) if role_id else None

    def entry(self, entry_id: str) -> Entry | None:
        """Return the role, section or FAQ with that id, if there is one."""
        return self.entries_by_id.get(entry_id)


def is_stale(reviewed: dt.date | None, review_every: dt.timedelta | None, today: dt.date) -> bool:
    """Return whether a review is overdue; content without a date or a period never is."""
    return bool(reviewed and review_every and reviewed + review_every < today)
