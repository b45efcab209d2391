"""Columns that take and give the same over both databases."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class Time(TypeDecorator[dt.datetime]):
    """A time in UTC: SQLite keeps neither zone nor offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """The time in UTC; one without a zone is taken as UTC."""
        del dialect
        return None if value is None else _utc(value)

    def process_result_value(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """The time in UTC, aware of it."""
        del dialect
        return None if value is None else _utc(value)


class Words(TypeDecorator[str]):
    """What people wrote: NUL and lone surrogates, which databases refuse, become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it can be kept."""
        del dialect
        return None if value is None else _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)


def _utc(time: dt.datetime) -> dt.datetime:
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)
