"""What is said, apart from how a surface shows it: Slack and the terminal render the same reply."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph or several, in Markdown."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, under a heading of its own ("Required", "Preferred") or none."""

    items: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from."""

    entry: str
    role_title: str = ""
    part_title: str = ""
    owner: str = ""
    reviewed: dt.date | None = None
    stale: bool = False
    example: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One answered entry: a section, an FAQ, or one part of a full description."""

    id: str
    title: str
    body: tuple[Text | Bullets, ...]


@dataclass(frozen=True, slots=True)
class Button:
    """A way on: `entry` is the id that it shows (a role, a section or an FAQ)."""

    label: str
    entry: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to a person.

    `header` names role and part, `lead` is a sentence in Markdown before the parts,
    `choices` are readings to pick from, `more` leads to related parts, `roles` are the roles
    to choose among when the part is clear and more roles fit than `choices` holds.
    """

    header: str = ""
    lead: str = ""
    parts: tuple[Part, ...] = ()
    sources: tuple[Source, ...] = ()
    choices: tuple[Button, ...] = ()
    roles: tuple[Button, ...] = ()
    more: tuple[Button, ...] = ()
    hint: str = ""
