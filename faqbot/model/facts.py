"""Facts: what the data of roles says exactly, with the lines that say so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class RequirementLevel(StrEnum):
    """Whether a role requires something, prefers it, or only mentions it."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    MENTIONED = "mentioned"
    NOT_LISTED = "not-listed"


ANY_EXPERIENCE = "experience"
"""The subject of a look-up by years alone."""


class LookupMode(StrEnum):
    """Which roles a look-up finds: those that require a thing, list it, don't, or fit years."""

    REQUIRED = "required"
    ANY = "any"
    WITHOUT = "without"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line of content.

    Attributes:
        entry: the id of its section.
        text: its words.
        level: whether it is a requirement, a preference, or running text.
    """

    entry: str
    text: str
    level: RequirementLevel

    @property
    def role(self) -> str:
        # The id of a section is that of its role, a slash, and its key.
        return self.entry.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Whether a role requires a subject: "is a degree mandatory?".

    Attributes:
        role: the id of the role.
        subject: the words for what may be required.
        level: what the role says of it.
        lines: the lines that say so, best first; none when nothing is listed.
        asks_without: whether the question was if one can do without it.
        is_negated: whether the question has a negation, so that neither yes nor no is clear.
    """

    role: str
    subject: str
    level: RequirementLevel
    lines: tuple[Evidence, ...] = ()
    asks_without: bool = False
    is_negated: bool = False

    kind = "requirement"
    key = ""

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role,)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Roles side by side; `part` is the key of the section to compare, empty for all of them."""

    roles: tuple[str, ...]
    part: str = ""

    kind = "comparison"

    @property
    def key(self) -> str:
        # Buttons hold keys beside ids of entries; no id begins with an equals sign.
        return " ".join(("=compare", self.part or "-", *self.roles))


@dataclass(frozen=True, slots=True)
class Lookup:
    """The roles that require a subject, or don't.

    Attributes:
        subject: the words for what was looked up.
        mode: which roles were looked up.
        lines: one line for each role that fits.
        preferred: lines of roles that only prefer what was looked up as a requirement; with mode
            WITHOUT, of roles that mention it without listing it.
        years: the experience that somebody has, with mode YEARS.
        without: the words for what the roles must not require besides.
    """

    subject: str
    mode: LookupMode
    lines: tuple[Evidence, ...]
    preferred: tuple[Evidence, ...] = ()
    years: float | None = None
    without: str = ""

    kind = "lookup"

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(line.role for line in self.lines)

    @property
    def key(self) -> str:
        sought = self.subject
        if self.years is not None:
            # Years alone: the subject is the word for any experience, which nobody looks up.
            thing = "" if self.subject == ANY_EXPERIENCE else self.subject
            sought = f"{self.years:g} {thing}".rstrip()
        besides = f" / {self.without}" if self.without else ""
        return f"=find {self.mode.value} {sought}{besides}"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a role lacks that others, which may follow it, ask for."""

    origin: str
    targets: tuple[str, ...]

    kind = "next-step"

    # The role that somebody has comes first: an answer compares the others with it.
    @property
    def roles(self) -> tuple[str, ...]:
        return (self.origin, *self.targets)

    @property
    def key(self) -> str:
        return " ".join(("=next", *self.roles))


class DocumentForm(StrEnum):
    """The form in which all of a role is given."""

    ADVERTISEMENT = "advertisement"
    DESCRIPTION = "description"


@dataclass(frozen=True, slots=True)
class Document:
    """A role as a whole document: a job advertisement, or its full description.

    `without` are the keys of sections that were not wanted.
    """

    role: str
    form: DocumentForm
    without: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return self.form.value

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role,)

    @property
    def key(self) -> str:
        return " ".join(("=about", self.form.value, self.role, *self.without))


class UpkeepMatter(StrEnum):
    """What of a role's upkeep was asked for."""

    OWNER = "owner"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Who keeps the description of a role, and when it was reviewed.

    Attributes:
        role: the id of the role.
        matter: what was asked for.
        owner: the person, group or channel that answers for it; empty where none is named.
        reviewed: the date of its last review, if one is given.
    """

    role: str
    matter: UpkeepMatter
    owner: str = ""
    reviewed: dt.date | None = None

    @property
    def kind(self) -> str:
        return self.matter.value

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role,)

    @property
    def key(self) -> str:
        return f"=about {self.matter.value} {self.role}"


Fact = Requirement | Comparison | Lookup | NextStep | Document | Upkeep
