"""Times are UTC: SQLite keeps them without saying so."""

from __future__ import annotations

import datetime as dt


def aware(time: dt.datetime) -> dt.datetime:
    """The time as UTC, also when the database left the zone away."""
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)


def now() -> dt.datetime:
    """The present time in UTC."""
    return dt.datetime.now(dt.UTC)
