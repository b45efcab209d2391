"""What a page is asked for: the period and the filters, read from its address and kept in links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from faqbot.storage.questions import Filter

SPANS: Final = (7, 30, 90, 365)
PLACES: Final = ("channel", "direct", "command", "home", "terminal")
OUTCOMES: Final = ("answer", "choices", "decline")


@dataclass(frozen=True, slots=True)
class View:
    """The last so many days, of one role and one place or of all."""

    days: int = 30
    role: str = ""
    place: str = ""

    def filter(self, now: dt.datetime) -> Filter:
        """The questions that the view shows."""
        since = now - dt.timedelta(days=self.days)
        return Filter(since, now, role=self.role or None, place=self.place or None)

    def link(self, path: str, **more: str) -> str:
        """An address with this view's filters, or others in their place."""
        values = {"days": str(self.days), "role": self.role, "place": self.place, **more}
        return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"


def view_of(asked: Mapping[str, str]) -> View:
    """The view that an address asks for; what can't be is as if it weren't there."""
    days = asked.get("days", "")
    fits = days.isascii() and days.isdigit() and len(days) < 5 and int(days) > 0  # noqa: PLR2004
    place = asked.get("place", "")
    return View(
        int(days) if fits else 30,
        asked.get("role", "")[:200],
        place if place in PLACES else "",
    )
