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
from faqbot.storage.tables import picks, questions, ratings

PAGE_SIZE: Final = 5_000
"""Questions that one transaction reads: many of them must not look like a slow database."""


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """Which questions are wanted; None takes all."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    team: str | None = None
    role: str | None = None
    surface: str | None = None
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
            await connection.execute(insert(questions), rows)

    async def get(self, team: str, question_id: str) -> QuestionRecord | None:
        """One question of a team, if it is still remembered."""
        async with self._database.reading() as connection:
            row = (
                await connection.execute(select(questions).where(_is_question(team, question_id)))
            ).one_or_none()
        return _record(row) if row else None

    async def all(self, chosen: QuestionFilter, limit: int = 100_000) -> tuple[QuestionRecord, ...]:
        """The questions that fit, the oldest first, at most so many of the newest."""
        query = select(questions).order_by(questions.c.at.desc(), questions.c.id.desc())
        for column, value in (
            (questions.c.team, chosen.team),
            (questions.c.role, chosen.role),
            (questions.c.surface, chosen.surface),
            (questions.c.outcome, chosen.outcome),
        ):
            if value is not None:
                query = query.where(column == value)
        if chosen.since is not None:
            query = query.where(questions.c.at >= chosen.since)
        if chosen.until is not None:
            query = query.where(questions.c.at < chosen.until)
        found: list[QuestionRecord] = []
        page = query
        while (size := min(PAGE_SIZE, limit - len(found))) > 0:
            async with self._database.reading() as connection:
                rows = (await connection.execute(page.limit(size))).all()
            found += map(_record, rows)
            if len(rows) < size:
                break
            place = tuple_(questions.c.at, questions.c.id)
            page = query.where(place < (found[-1].at, found[-1].id))
        return tuple(reversed(found))

    async def rate(
        self, team: str, question_id: str, rater: str, *, helpful: bool, comment: str = ""
    ) -> bool:
        """Rate a team's answer, in the place of an earlier rating; false when it is forgotten."""
        async with self._database.writing() as connection:
            if not await _is_known(connection, team, question_id):
                return False
            await upsert(
                connection,
                ratings,
                question_id=question_id,
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
            query = query.join(questions).where(questions.c.team == team)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Rating(row.question_id, row.rater, row.helpful, row.comment, row.at) for row in rows
        )

    async def pick(self, team: str, question_id: str, picker: str, entry: str) -> bool:
        """Remember what somebody picked; false when the team's question is not remembered."""
        async with self._database.writing() as connection:
            if not await _is_known(connection, team, question_id):
                return False
            await upsert(
                connection, picks, question_id=question_id, picker=picker, entry=entry, at=utc_now()
            )
        return True

    async def picks(self, since: dt.datetime) -> tuple[Pick, ...]:
        """What was picked since a time, with the question's words where they were kept."""
        query = (
            select(picks, questions.c.text)
            .join(questions, questions.c.id == picks.c.question_id)
            .where(picks.c.at >= since)
            .order_by(picks.c.at)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Pick(row.question_id, row.picker, row.entry, row.at, row.text) for row in rows)


async def _is_known(connection: AsyncConnection, team: str, question_id: str) -> bool:
    """Whether a question is remembered; it stays so until the transaction ends."""
    query = select(questions.c.id).where(_is_question(team, question_id))
    found = await connection.execute(query.with_for_update(read=True, key_share=True))
    return found.one_or_none() is not None


def _is_question(team: str, question_id: str) -> ColumnElement[bool]:
    """A question is visible to its own team only, even to those who know its id."""
    return (questions.c.id == question_id) & (questions.c.team == team)


def _record(row: Row[Any]) -> QuestionRecord:
    values = row_values(row, questions)
    entries = tuple((str(entry), float(confidence)) for entry, confidence in values["entries"])
    return QuestionRecord(**{**values, "entries": entries})
