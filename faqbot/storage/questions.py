"""Questions with what became of them, what people thought of it, and what they picked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from faqbot.storage.database import Database, row_values, upsert
from faqbot.storage.models import Pick, QuestionRecord, Rating, utc_now
from faqbot.storage.tables import picks, ratings, receipts

PAGE: Final = 5_000
"""Questions that one transaction reads: many of them must not look like a slow database."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which questions are wanted; None takes all."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    team: str | None = None
    role: str | None = None
    place: str | None = None
    outcome: str | None = None


class Questions:
    """Records, ratings and picks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, records: Sequence[QuestionRecord]) -> None:
        """Remember questions, all or none."""
        if not records:
            return
        rows = [
            {**asdict(record), "entries": [list(entry) for entry in record.entries]}
            for record in records
        ]
        async with self._database.writing() as connection:
            await connection.execute(insert(receipts), rows)

    async def get(self, team: str, receipt_id: str) -> QuestionRecord | None:
        """One question of a team, if it is still remembered."""
        async with self._database.reading() as connection:
            row = (
                await connection.execute(select(receipts).where(_is(team, receipt_id)))
            ).one_or_none()
        return _record(row) if row else None

    async def all(self, wanted: Filter, most: int = 100_000) -> tuple[QuestionRecord, ...]:
        """The questions that fit, the oldest first, at most so many of the newest."""
        query = select(receipts).order_by(receipts.c.at.desc(), receipts.c.id.desc())
        for column, value in (
            (receipts.c.team, wanted.team),
            (receipts.c.role, wanted.role),
            (receipts.c.surface, wanted.place),
            (receipts.c.outcome, wanted.outcome),
        ):
            if value is not None:
                query = query.where(column == value)
        if wanted.since is not None:
            query = query.where(receipts.c.at >= wanted.since)
        if wanted.until is not None:
            query = query.where(receipts.c.at < wanted.until)
        found: list[QuestionRecord] = []
        page = query
        while (size := min(PAGE, most - len(found))) > 0:
            async with self._database.reading() as connection:
                rows = (await connection.execute(page.limit(size))).all()
            found += map(_record, rows)
            if len(rows) < size:
                break
            place = tuple_(receipts.c.at, receipts.c.id)
            page = query.where(place < (found[-1].at, found[-1].id))
        return tuple(reversed(found))

    async def rate(
        self, team: str, receipt: str, rater: str, *, helpful: bool, comment: str = ""
    ) -> bool:
        """Rate a team's answer, in the place of an earlier rating; false when it is forgotten."""
        async with self._database.writing() as connection:
            if not await _is_known(connection, team, receipt):
                return False
            await upsert(
                connection,
                ratings,
                receipt=receipt,
                rater=rater,
                helpful=helpful,
                comment=comment,
                at=utc_now(),
            )
        return True

    async def ratings(self, since: dt.datetime, team: str | None = None) -> tuple[Rating, ...]:
        """The ratings since a time, the oldest first; those of one team, or of all."""
        query = select(ratings).where(ratings.c.at >= since).order_by(ratings.c.at)
        if team is not None:
            query = query.join(receipts).where(receipts.c.team == team)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Rating(row.receipt, row.rater, row.helpful, row.comment, row.at) for row in rows
        )

    async def pick(self, team: str, receipt: str, picker: str, entry: str) -> bool:
        """Remember what somebody picked; false when the team's question is not remembered."""
        async with self._database.writing() as connection:
            if not await _is_known(connection, team, receipt):
                return False
            await upsert(
                connection, picks, receipt=receipt, picker=picker, entry=entry, at=utc_now()
            )
        return True

    async def picks(self, since: dt.datetime) -> tuple[Pick, ...]:
        """What was picked since a time, with the question's words where they were kept."""
        query = (
            select(picks, receipts.c.text)
            .join(receipts, receipts.c.id == picks.c.receipt)
            .where(picks.c.at >= since)
            .order_by(picks.c.at)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Pick(row.receipt, row.picker, row.entry, row.at, row.text) for row in rows)


async def _is_known(connection: AsyncConnection, team: str, receipt: str) -> bool:
    """Whether a question is remembered; it stays so until the transaction ends."""
    query = select(receipts.c.id).where(_is(team, receipt))
    found = await connection.execute(query.with_for_update(read=True, key_share=True))
    return found.one_or_none() is not None


def _is(team: str, receipt: str) -> ColumnElement[bool]:
    """A receipt is its team's alone, also for who knows its id."""
    return (receipts.c.id == receipt) & (receipts.c.team == team)


def _record(row: Row[Any]) -> QuestionRecord:
    values = row_values(row, receipts)
    entries = tuple((str(entry), float(confidence)) for entry, confidence in values["entries"])
    return QuestionRecord(**{**values, "entries": entries})
