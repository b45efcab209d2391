"""What a button carries: which entries to show, how much of them, and which page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FULL: Final = "full"

SHOW: Final = "show"
CHOOSE: Final = "choose"
PAGE: Final = "page"
NONE: Final = "none"
ASK: Final = "ask"
SEARCH: Final = "search"
RATE: Final = "rate"
PERSON: Final = "person"
CLAIM: Final = "claim"
REPLY: Final = "reply"
ASSIGN: Final = "assign"
TURN: Final = "turn"
CLOSE: Final = "close"
SHARE: Final = "share"
SAVE: Final = "save"
APPROVE: Final = "approve"
REJECT: Final = "reject"
TAKE: Final = "take"
LEAVE: Final = "leave"
"""The kinds of action; an `action_id` is a kind, a colon and a number that makes it unique."""

ROLES: Final = "*"
"""Stands for the list of roles in the address of its pages; no entry can have that id."""


@dataclass(frozen=True, slots=True)
class Address:
    """Entries to show, by id: `full` gives a role as its full description."""

    entries: tuple[str, ...]
    full: bool = False
    page: int = 1

    def __str__(self) -> str:
        if not self.full and self.page == 1:
            return " ".join(self.entries)
        return f"{' '.join(self.entries)}|{FULL if self.full else ''}|{self.page}"

    @property
    def role(self) -> str | None:
        """The one role that all entries belong to, if they do."""
        roles = {entry.partition("/")[0] for entry in self.entries}
        role = roles.pop() if len(roles) == 1 else ""
        return role if role and role != "faq" else None


def parse(value: str) -> Address:
    """Read what `str(address)` wrote; anything else reads as an entry that doesn't exist."""
    entries, _, rest = value.partition("|")
    full, _, page = rest.partition("|")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1  # noqa: PLR2004
    return Address(tuple(entries.split()), full == FULL, max(1, number))
