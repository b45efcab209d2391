"""The charts as the page draws them: labels, rows of numbers, and where each bar leads."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Final

from faqbot.insights.views__asked import View
from faqbot.storage.reports import Asked, Figures

COLOURS: Final = {"answer": "#2a9d8f", "choices": "#e9c46a", "decline": "#e76f51"}
NAMES: Final = {"answer": "Answered", "choices": "Asked back", "decline": "Not answered"}
_MAX_BARS: Final = 12
_LONGEST: Final = 40


def over_time(found: Figures, view: View) -> str:
    """Questions by day and outcome as JSON, days without questions included."""
    first, last = found.since.date(), found.until.date()
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    counts = {day: dict(outcomes) for day, outcomes in found.days}
    return _chart(
        [f"{day:%-d %b}" for day in days],
        [
            (name, COLOURS[outcome], [counts.get(f"{day}", {}).get(outcome, 0) for day in days])
            for outcome, name in NAMES.items()
        ],
        [view.link("/questions", day=f"{day}") for day in days],
    )


def ratings(rated: Sequence[tuple[str, Asked]], view: View) -> str:
    """Helpful and not helpful by entry as JSON; each comes with its title."""
    shown = rated[:_MAX_BARS]
    return _chart(
        [title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1]}…" for title, _ in shown],
        [
            ("Helpful", COLOURS["answer"], [one.helpful for _, one in shown]),
            ("Not helpful", COLOURS["decline"], [one.not_helpful for _, one in shown]),
        ],
        [view.link("/questions", entry=one.entry) for _, one in shown],
        lying=True,
    )


def _chart(
    labels: Sequence[str],
    rows: Sequence[tuple[str, str, Sequence[int]]],
    links: Sequence[str],
    *,
    lying: bool = False,
) -> str:
    series = [{"label": name, "colour": colour, "data": data} for name, colour, data in rows]
    return json.dumps({"labels": labels, "series": series, "links": links, "lying": lying})
