"""What can be said from the data of roles alone: exact, with the line that says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequirementLevel(StrEnum):
    """How much a role wants something."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    MENTIONED = "mentioned"
    NOT_LISTED = "not-listed"


class LookupMode(StrEnum):
    """Which roles a look-up is for."""

    REQUIRED = "required"
    ANY = "any"
    WITHOUT = "without"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line of content: the section that holds it, its words, and what it says of them."""

    entry: str
    text: str
    level: RequirementLevel

    @property
    def role(self) -> str:
        return self.entry.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Whether a role needs a subject: "is a degree mandatory?".

    `lines` are those that say so, best first; none when nothing is listed. `opposite`: the question
    was whether one can do without.
    """

    role: str
    subject: str
    level: RequirementLevel
    lines: tuple[Evidence, ...] = ()
    opposite: bool = False

    kind = "requirement"
    key = ""

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role,)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Roles side by side; `part` is the section that is compared (empty: all that counts)."""

    roles: tuple[str, ...]
    part: str = ""

    kind = "comparison"

    @property
    def key(self) -> str:
        return " ".join(("=compare", self.part or "-", *self.roles))


@dataclass(frozen=True, slots=True)
class Lookup:
    """The roles that want a subject, or do not: `lines` holds one for each role that fits.

    `also` are lines of roles that only prefer what was looked up as a requirement; `years` is the
    experience that somebody has, with `wanted` YEARS.
    """

    subject: str
    wanted: LookupMode
    lines: tuple[Evidence, ...]
    also: tuple[Evidence, ...] = ()
    years: float | None = None

    kind = "lookup"

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(line.role for line in self.lines)

    @property
    def key(self) -> str:
        said = f"{self.years:g}" if self.years is not None else self.subject
        return f"=find {self.wanted.value} {said}"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What separates a role from others that may follow it."""

    origin: str
    targets: tuple[str, ...]

    kind = "next-step"

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.origin, *self.targets)

    @property
    def key(self) -> str:
        return " ".join(("=next", *self.roles))


Fact = Requirement | Comparison | Lookup | NextStep
