"""Deletion of what is stored: of a person, of a workspace, and of what is old."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Table, delete, select, true, tuple_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

from faqbot.storage import tables
from faqbot.storage.database import Database
from faqbot.storage.models import (
    DeletionReport,
    HandoffState,
    ProposalState,
    WorkspaceDeletionReport,
    utc_now,
)

_DONE: Final = (HandoffState.ANSWERED, HandoffState.CLOSED)
_DECIDED: Final = (ProposalState.APPROVED, ProposalState.REJECTED)

CLAIM_LIFETIME: Final = dt.timedelta(days=7)
"""How long claims are kept. Slack delivers again within an hour; digests are sent once a week."""

BATCH_SIZE: Final = 5_000
"""Rows of a workspace that a transaction deletes: questions must not wait for all of them."""


class Deletion:
    """Deletes what is stored.

    Every method raises StoreError if the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, person: str, team: str | None = None) -> DeletionReport:
        """Delete what a person asked, rated and picked; remove their id from rows that others need.

        Args:
            person: the person's Slack id.
            team: the workspace to delete in; None for all. An id names one person only: Slack's ids
                differ between workspaces.
        """

        def of_team(table: Table) -> ColumnElement[bool]:
            return true() if team is None else table.c.team == team

        asked = select(tables.questions.c.id).where(of_team(tables.questions))
        async with self._database.writing() as connection:

            async def deleted(statement: Delete) -> int:
                result: CursorResult[Any] = await connection.execute(statement)
                return result.rowcount

            own = asked.where(tables.questions.c.asker == person)
            # Whoever rates a question locks it first; another order here would be a deadlock.
            await connection.execute(own.with_for_update())
            ratings = await deleted(
                delete(tables.ratings).where(
                    (tables.ratings.c.rater == person) & tables.ratings.c.question_id.in_(asked)
                    | tables.ratings.c.question_id.in_(own)
                )
            )
            picks = await deleted(
                delete(tables.picks).where(
                    (tables.picks.c.picker == person) & tables.picks.c.question_id.in_(asked)
                    | tables.picks.c.question_id.in_(own)
                )
            )
            handoffs = await deleted(
                delete(tables.handoffs).where(
                    of_team(tables.handoffs), tables.handoffs.c.asker == person
                )
            )
            questions = await deleted(
                delete(tables.questions).where(
                    of_team(tables.questions), tables.questions.c.asker == person
                )
            )
            names = 0
            for column in (
                tables.handoffs.c.claimed_by,
                tables.handoffs.c.owner,
                tables.proposals.c.proposed_by,
                tables.proposals.c.decided_by,
                tables.proposals.c.owner,
                tables.policies.c.owner,
                tables.policies.c.changed_by,
            ):
                result = await connection.execute(
                    update(column.table)
                    .where(of_team(column.table), column == person)
                    .values({column: ""})
                )
                names += result.rowcount
        return DeletionReport(questions, ratings, picks, handoffs, names)

    async def workspace(self, team: str) -> WorkspaceDeletionReport:
        """Delete all that a workspace left: questions, ratings, hand-offs, proposals, settings.

        Its installation stays, if there is one.
        """
        counts = Counter[str]()
        is_done = False
        while not is_done:
            async with self._database.writing() as connection:
                is_done = await _delete_batch(connection, team, counts)
        return WorkspaceDeletionReport(**{name: counts[name] for name in _WORKSPACE_TABLES})

    async def departed(self, before: dt.datetime) -> int:
        """Delete all that workspaces left which removed faqbot before a time.

        Returns:
            How many workspaces there were.
        """
        removed = tables.workspaces.c.removed < before
        async with self._database.reading() as connection:
            found = await connection.execute(select(tables.workspaces.c.team).where(removed))
            teams = [row.team for row in found]
        return sum([await self._departed(team, removed) for team in teams])

    async def _departed(self, team: str, removed: ColumnElement[bool]) -> bool:
        """Delete a workspace in batches; returns False if somebody installs faqbot meanwhile."""
        own = (tables.workspaces.c.team == team) & removed
        is_done = False
        while not is_done:
            async with self._database.writing() as connection:
                # Locked, so that a new installation waits, and the next batch sees it.
                row = select(tables.workspaces.c.team).where(own).with_for_update()
                if (await connection.execute(row)).one_or_none() is None:
                    return False
                is_done = await _delete_batch(connection, team, Counter())
                if is_done:
                    await connection.execute(delete(tables.workspaces).where(own))
        return True

    async def old(self, before: dt.datetime) -> int:
        """Delete questions, and hand-offs and proposals that are closed, older than a time.

        Returns:
            How many rows were deleted.
        """
        count = 0
        async with self._database.writing() as connection:
            for statement in (
                delete(tables.questions).where(tables.questions.c.at < before),
                delete(tables.handoffs).where(
                    tables.handoffs.c.changed < before, tables.handoffs.c.state.in_(_DONE)
                ),
                delete(tables.proposals).where(
                    tables.proposals.c.changed < before, tables.proposals.c.state.in_(_DECIDED)
                ),
                delete(tables.claims).where(
                    tables.claims.c.at < max(before, utc_now() - CLAIM_LIFETIME)
                ),
            ):
                count += (await connection.execute(statement)).rowcount
        return count


_WORKSPACE_TABLES: Final = {
    "ratings": tables.ratings,
    "questions": tables.questions,
    "handoffs": tables.handoffs,
    "proposals": tables.proposals,
    "policies": tables.policies,
}


async def _delete_batch(connection: AsyncConnection, team: str, counts: Counter[str]) -> bool:
    """Delete some rows of a workspace, and count them. Returns whether none is left."""
    is_done = True
    for name, table in _WORKSPACE_TABLES.items():
        ids = list(table.primary_key)
        some = select(*ids).limit(BATCH_SIZE)
        if table is tables.ratings:  # a rating is of the workspace of its question
            some = some.join(tables.questions).where(tables.questions.c.team == team)
        else:
            some = some.where(table.c.team == team)
        gone = delete(table).where(tuple_(*ids).in_(some))
        count = (await connection.execute(gone)).rowcount
        counts[name] += count
        is_done = is_done and count < BATCH_SIZE
    return is_done
