"""What people read when an installation ends otherwise than they hoped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Said:
    """A page: its HTTP status, its title, and what to do."""

    status: int
    title: str
    text: str


DENIED: Final = Said(
    403,
    "Nothing was installed",
    "You, or the rules of your workspace, did not allow it. Nothing has changed, and you can come "
    "back at any time. Where only admins may install apps, ask one of them.",
)
STALE: Final = Said(
    400,
    "This link can't be used",
    "It was used before, it is older than ten minutes, or it began in another browser. Start "
    "again on this page, and leave cookies allowed for it. If you have just installed faqbot, it "
    "is in your workspace already.",
)
REFUSED: Final = Said(
    400,
    "Slack did not confirm it",
    "What Slack sent along has expired or was used before. Start again.",
)
MISTAKEN: Final = Said(
    502,
    "faqbot is not set up rightly",
    "Slack refuses this faqbot, so it can't be installed. Please tell whoever runs it; its log "
    "says what Slack doesn't accept.",
)
UNREACHABLE: Final = Said(
    503,
    "Slack can't be reached",
    "Nothing was installed. Try again in some minutes.",
)
DOWN: Final = Said(
    503,
    "Not just now",
    "faqbot can't keep the installation at the moment. Try again in some minutes; if it goes on, "
    "tell whoever runs faqbot.",
)
_OF_REASONS: Final = {
    "code_already_used": REFUSED,
    "code_expired": REFUSED,
    "invalid_code": REFUSED,
    "oauth_authorization_url_mismatch": REFUSED,
    "access_denied": DENIED,
    "internal_error": UNREACHABLE,
    "ratelimited": UNREACHABLE,
    "service_unavailable": UNREACHABLE,
    "unreachable": UNREACHABLE,
}


def said_of(reason: str) -> Said:
    """What to say of Slack's reason for giving no token."""
    if reason.startswith("status 5"):
        return UNREACHABLE
    return _OF_REASONS.get(reason, MISTAKEN)


def broken(reference: str) -> Said:
    """What to say of something that nobody foresaw."""
    text = f"Try again; if it goes on, tell whoever runs faqbot the reference {reference}."
    return Said(500, "Something went wrong on our side", text)
