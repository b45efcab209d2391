"""The clock of what is remembered."""

from __future__ import annotations

import datetime as dt


def now() -> dt.datetime:
    """The present time in UTC."""
    return dt.datetime.now(dt.UTC)
