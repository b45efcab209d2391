"""The question log: questions with their outcomes, ratings and picks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from faqbot.storage.database import Database, row_values, upsert
from faqbot.storage.models import Pick, QuestionRecord, Rating, utc_now
from faqbot.storage.tables import picks, questions, ratings

MAX_OF_THREAD: Final = 20
"""Questions of a thread among which the role is looked for that it is about."""

PAGE_SIZE: Final = 5_000
"""Questions that one transaction reads: reading 100,000 would exceed its time limit."""


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """Conditions on questions; None matches all."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    team: str | None = None
    role: str | None = None
    surface: str | None = None
    outcome: str | None = None


class Questions:
    """The tables of questions, ratings and picks.

    Every method raises StoreError if the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, records: Sequence[QuestionRecord]) -> None:
        """Add questions in one transaction."""
        if not records:
            return
        # Not by asdict, which copies each entry with all that is in it.
        names = questions.c.keys()
        rows = [{name: getattr(record, name) for name in names} for record in records]
        async with self._database.writing() as connection:
            await connection.execute(insert(questions), rows)

    async def get(self, team: str, question_id: str) -> QuestionRecord | None:
        """Return a question of a team, or None if it was deleted."""
        async with self._database.reading() as connection:
            row = (
                await connection.execute(select(questions).where(_is_question(team, question_id)))
            ).one_or_none()
        return _record(row) if row else None

    async def all(
        self, filters: QuestionFilter, limit: int = 100_000
    ) -> tuple[QuestionRecord, ...]:
        """Return the newest questions that match, at most `limit`, the oldest of them first."""
        query = select(questions).order_by(questions.c.at.desc(), questions.c.id.desc())
        for column, value in (
            (questions.c.team, filters.team),
            (questions.c.role, filters.role),
            (questions.c.surface, filters.surface),
            (questions.c.outcome, filters.outcome),
        ):
            if value is not None:
                query = query.where(column == value)
        if filters.since is not None:
            query = query.where(questions.c.at >= filters.since)
        if filters.until is not None:
            query = query.where(questions.c.at < filters.until)
        found: list[QuestionRecord] = []
        page = query
        while (size := min(PAGE_SIZE, limit - len(found))) > 0:
            async with self._database.reading() as connection:
                rows = (await connection.execute(page.limit(size))).all()
            found += map(_record, rows)
            if len(rows) < size:
                break
            position = tuple_(questions.c.at, questions.c.id)
            page = query.where(position < (found[-1].at, found[-1].id))
        return tuple(reversed(found))

    async def in_thread(self, team: str, channel: str, thread: str) -> tuple[QuestionRecord, ...]:
        """Return the last questions of a thread, the newest first."""
        table = questions.c
        query = (
            select(questions)
            .where(table.team == team, table.channel == channel, table.thread == thread)
            .order_by(table.at.desc(), table.id.desc())
            .limit(MAX_OF_THREAD)
        )
        async with self._database.reading() as connection:
            return tuple(map(_record, await connection.execute(query)))

    async def rate(
        self, team: str, question_id: str, rater: str, *, helpful: bool, comment: str = ""
    ) -> bool:
        """Rate an answer; replaces the rater's earlier rating.

        Returns:
            False if the team has no such question, or it was deleted.
        """
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
        """Return the ratings since a time, the oldest first; of one team, or of all."""
        query = select(ratings).where(ratings.c.at >= since).order_by(ratings.c.at)
        if team is not None:
            query = query.join(questions).where(questions.c.team == team)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Rating(row.question_id, row.rater, row.helpful, row.comment, row.at) for row in rows
        )

    async def pick(self, team: str, question_id: str, picker: str, entry: str) -> bool:
        """Record which entry somebody picked; replaces their earlier pick.

        Returns:
            False if the team has no such question, or it was deleted.
        """
        async with self._database.writing() as connection:
            if not await _is_known(connection, team, question_id):
                return False
            await upsert(
                connection, picks, question_id=question_id, picker=picker, entry=entry, at=utc_now()
            )
        return True

    async def picks(self, since: dt.datetime) -> tuple[Pick, ...]:
        """Return the picks since a time, with the question's text if it was stored."""
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
    """Whether a question exists. It is locked, so that nobody deletes it meanwhile."""
    query = select(questions.c.id).where(_is_question(team, question_id))
    found = await connection.execute(query.with_for_update(read=True, key_share=True))
    return found.one_or_none() is not None


def _is_question(team: str, question_id: str) -> ColumnElement[bool]:
    """A question is visible to its own team only, even to those who know its id."""
    return (questions.c.id == question_id) & (questions.c.team == team)


def _record(row: Row[Any]) -> QuestionRecord:
    values = row_values(row, questions.c)
    entries = tuple((str(entry), float(confidence)) for entry, confidence in values["entries"])
    return QuestionRecord(**{**values, "entries": entries})
