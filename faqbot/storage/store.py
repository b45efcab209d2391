"""The store: what is remembered of questions, people's decisions, and channels."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Row, Table, delete, select, true, update
from sqlalchemy.engine import CursorResult

from faqbot.storage import tables
from faqbot.storage.claims import StoredClaims
from faqbot.storage.database import Database, put
from faqbot.storage.encryption import Seal
from faqbot.storage.handoffs import Handovers
from faqbot.storage.handoffs__proposals import Proposals
from faqbot.storage.installations import Installations
from faqbot.storage.installations__oauth_states import OAuthStates
from faqbot.storage.models import Forgotten, HandoverState, Policy, ProposalState, Speaks
from faqbot.storage.models__times import now
from faqbot.storage.questions import Receipts

_DONE: Final = (HandoverState.ANSWERED, HandoverState.CLOSED)
_DECIDED: Final = (ProposalState.APPROVED, ProposalState.REJECTED)

CLAIMED: Final = dt.timedelta(days=7)
"""How long claims are kept: Slack delivers again within an hour, digests go once a week."""


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_urlsafe(12)


class Store:
    """Everything that is remembered, a part for each kind; `seal` is for installations' tokens."""

    def __init__(self, database: Database, seal: Seal | None = None) -> None:
        self._database = database
        self.receipts = Receipts(database)
        self.handovers = Handovers(database)
        self.proposals = Proposals(database)
        self.policies = Policies(database)
        self.claims = StoredClaims(database)
        self.installations = Installations(database, seal)
        self.oauth_states = OAuthStates(database)

    async def close(self) -> None:
        """Let all connections go."""
        await self._database.engine.dispose()

    async def check(self) -> None:
        """See whether the database takes a transaction that writes.

        Raises:
            StoreError: it doesn't.
        """
        async with self._database.writing() as connection:
            await connection.execute(select(1))

    async def forget(self, person: str, team: str | None = None) -> Forgotten:
        """Delete what a person asked, rated and picked; take their name off what others need.

        In one team, or wherever the id occurs: Slack's ids of people differ between workspaces.
        """

        def of_team(table: Table) -> ColumnElement[bool]:
            return true() if team is None else table.c.team == team

        asked = select(tables.receipts.c.id).where(of_team(tables.receipts))
        async with self._database.writing() as connection:

            async def gone(statement: Delete) -> int:
                result: CursorResult[Any] = await connection.execute(statement)
                return result.rowcount

            own = asked.where(tables.receipts.c.asker == person)
            await connection.execute(own.with_for_update())  # the order in which ratings lock
            ratings = await gone(
                delete(tables.ratings).where(
                    (tables.ratings.c.rater == person) & tables.ratings.c.receipt.in_(asked)
                    | tables.ratings.c.receipt.in_(own)
                )
            )
            picks = await gone(
                delete(tables.picks).where(
                    (tables.picks.c.picker == person) & tables.picks.c.receipt.in_(asked)
                    | tables.picks.c.receipt.in_(own)
                )
            )
            handovers = await gone(
                delete(tables.handovers).where(
                    of_team(tables.handovers), tables.handovers.c.asker == person
                )
            )
            receipts = await gone(
                delete(tables.receipts).where(
                    of_team(tables.receipts), tables.receipts.c.asker == person
                )
            )
            names = 0
            for column in (
                tables.handovers.c.taken_by,
                tables.handovers.c.owner,
                tables.proposals.c.proposed_by,
                tables.proposals.c.decided_by,
                tables.policies.c.owner,
                tables.policies.c.changed_by,
            ):
                result = await connection.execute(
                    update(column.table)
                    .where(of_team(column.table), column == person)
                    .values({column.name: ""})
                )
                names += result.rowcount
        return Forgotten(receipts, ratings, picks, handovers, names)

    async def expire(self, before: dt.datetime) -> int:
        """Delete what is older and done; returns how many rows went."""
        count = 0
        async with self._database.writing() as connection:
            for statement in (
                delete(tables.receipts).where(tables.receipts.c.at < before),
                delete(tables.handovers).where(
                    tables.handovers.c.changed < before, tables.handovers.c.state.in_(_DONE)
                ),
                delete(tables.proposals).where(
                    tables.proposals.c.changed < before, tables.proposals.c.state.in_(_DECIDED)
                ),
                delete(tables.claims).where(tables.claims.c.at < max(before, now() - CLAIMED)),
            ):
                count += (await connection.execute(statement)).rowcount
        return count


class Policies:
    """How faqbot behaves in each channel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, team: str, channel: str) -> Policy | None:
        """The policy of a channel, if one was set."""
        table = tables.policies
        async with self._database.reading() as connection:
            row = (
                await connection.execute(
                    select(table).where(table.c.team == team, table.c.channel == channel)
                )
            ).one_or_none()
        return None if row is None else _policy(row)

    async def all(self, team: str) -> tuple[Policy, ...]:
        """The policies of all channels of a team for which one was set."""
        table = tables.policies
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.team == team))
            return tuple(map(_policy, rows))

    async def set(self, policy: Policy) -> None:
        """Set the policy of a channel in the place of the old one."""
        table = tables.policies
        values = {**asdict(policy), "speaks": policy.speaks.value, "changed": now()}
        async with self._database.writing() as connection:
            await put(connection, table, **values)


def _policy(row: Row[Any]) -> Policy:
    return Policy(row.team, row.channel, Speaks(row.speaks), row.private, row.owner, row.changed_by)
