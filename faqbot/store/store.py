"""The store: what is remembered of questions, people's decisions, and channels."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Delete, delete, insert, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from faqbot.store import schema
from faqbot.store.database import Database, put
from faqbot.store.handovers import Handovers
from faqbot.store.proposals import Proposals
from faqbot.store.receipts import Receipts
from faqbot.store.times import now
from faqbot.store.values import Forgotten, HandoverState, Policy, ProposalState, Speaks, StoreError

_DONE: Final = (HandoverState.ANSWERED, HandoverState.CLOSED)
_DECIDED: Final = (ProposalState.APPROVED, ProposalState.REJECTED)

CLAIMED: Final = dt.timedelta(days=7)
"""How long claims are kept: Slack delivers again within an hour, digests go once a week."""

_LONGEST_KEY: Final = 300


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_urlsafe(12)


class Store:
    """Everything that is remembered, a part for each kind."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.receipts = Receipts(database)
        self.handovers = Handovers(database)
        self.proposals = Proposals(database)
        self.policies = Policies(database)
        self.claims = StoredClaims(database)

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

    async def forget(self, person: str) -> Forgotten:
        """Delete what a person asked, rated and picked; take their name off what others need."""
        tables = schema
        async with self._database.writing() as connection:

            async def gone(statement: Delete) -> int:
                result: CursorResult[Any] = await connection.execute(statement)
                return result.rowcount

            own = select(tables.receipts.c.id).where(tables.receipts.c.asker == person)
            await connection.execute(own.with_for_update())  # the order in which ratings lock
            ratings = await gone(
                delete(tables.ratings).where(
                    (tables.ratings.c.rater == person) | tables.ratings.c.receipt.in_(own)
                )
            )
            picks = await gone(
                delete(tables.picks).where(
                    (tables.picks.c.picker == person) | tables.picks.c.receipt.in_(own)
                )
            )
            handovers = await gone(
                delete(tables.handovers).where(tables.handovers.c.asker == person)
            )
            receipts = await gone(delete(tables.receipts).where(tables.receipts.c.asker == person))
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
                    update(column.table).where(column == person).values({column.name: ""})
                )
                names += result.rowcount
        return Forgotten(receipts, ratings, picks, handovers, names)

    async def expire(self, before: dt.datetime) -> int:
        """Delete what is older and done; returns how many rows went."""
        tables = schema
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
        table = schema.policies
        async with self._database.reading() as connection:
            row = (
                await connection.execute(
                    select(table).where(table.c.team == team, table.c.channel == channel)
                )
            ).one_or_none()
        if row is None:
            return None
        return Policy(
            row.team, row.channel, Speaks(row.speaks), row.private, row.owner, row.changed_by
        )

    async def set(self, policy: Policy) -> None:
        """Set the policy of a channel in the place of the old one."""
        table = schema.policies
        values = {**asdict(policy), "speaks": policy.speaks.value, "changed": now()}
        async with self._database.writing() as connection:
            await put(connection, table, **values)


class StoredClaims:
    """What was taken on, by all processes that share the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *key: str) -> bool:
        """Take a key on: true for the first who asks, false for everyone after.

        Raises:
            StoreError: the database can't be used.
        """
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(schema.claims).values(key=_one(key), at=now()))
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return True


def _one(key: tuple[str, ...]) -> str:
    """A key as one text: different keys stay different, also long ones."""
    text = "/".join(part.replace("%", "%25").replace("/", "%2F") for part in key)
    if len(text) <= _LONGEST_KEY:
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
