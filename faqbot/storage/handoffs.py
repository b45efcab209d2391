"""Hand-offs (questions that a person has to answer) and proposals of new content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from faqbot.storage.database import Database, row_values
from faqbot.storage.models import Handoff, HandoffState, Proposal, ProposalState, utc_now
from faqbot.storage.tables import handoffs, proposals, questions


class Handoffs:
    """The table of hand-offs. If two people act at once, one of them wins.

    Every method raises StoreError if the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, handoff: Handoff) -> tuple[Handoff, bool]:
        """Add a hand-off, once for each question and asker.

        Returns:
            The hand-off, or the one that the asker has opened before, and whether it was added.
        """
        values = {**asdict(handoff), "state": handoff.state.value}
        question = select(questions.c.id).where(questions.c.id == handoff.question_id)
        async with self._database.writing() as connection:
            # Locked, so that of two submissions at once the second sees the first.
            await connection.execute(question.with_for_update())
            known = await _of_question(connection, handoff.team, handoff.question_id, handoff.asker)
            if known is not None:
                return known, False
            await connection.execute(insert(handoffs).values(values))
        return handoff, True

    async def of_question(self, team: str, question_id: str, asker: str) -> Handoff | None:
        """Return the hand-off that an asker has opened for a question, or None."""
        async with self._database.reading() as connection:
            return await _of_question(connection, team, question_id, asker)

    async def remove(self, team: str, handoff_id: str) -> None:
        """Remove a hand-off that no owner has seen."""
        async with self._database.writing() as connection:
            await connection.execute(delete(handoffs).where(_is_handoff(team, handoff_id)))

    async def get(self, team: str, handoff_id: str) -> Handoff | None:
        """Return a hand-off of a team, or None."""
        query = select(handoffs).where(_is_handoff(team, handoff_id))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _handoff_of(row) if row else None

    async def all(self, team: str, states: Iterable[HandoffState]) -> tuple[Handoff, ...]:
        """Return the hand-offs of a team in some states, the oldest first."""
        query = (
            select(handoffs)
            .where(handoffs.c.team == team, handoffs.c.state.in_(tuple(states)))
            .order_by(handoffs.c.created)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_handoff_of(row) for row in rows)

    async def set_notice(self, team: str, handoff_id: str, channel: str, ts: str) -> None:
        """Store which message shows it to its owner."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(handoffs)
                .where(_is_handoff(team, handoff_id))
                .values(notice_channel=channel, notice_ts=ts)
            )

    async def claim(self, team: str, handoff_id: str, person: str) -> tuple[Handoff | None, bool]:
        """Claim an open hand-off.

        Returns:
            The hand-off as it is now (None if the team has none with this id), and whether this
            person got it.
        """
        return await self._move(
            team,
            handoff_id,
            (HandoffState.OPEN,),
            {"state": HandoffState.CLAIMED.value, "claimed_by": person},
        )

    async def answer(
        self, team: str, handoff_id: str, person: str, text: str
    ) -> tuple[Handoff | None, bool]:
        """Answer a hand-off that is open or claimed by this person; returns as `claim` does."""
        return await self._move(
            team,
            handoff_id,
            (HandoffState.OPEN, HandoffState.CLAIMED),
            {"state": HandoffState.ANSWERED.value, "claimed_by": person, "answer": text},
            by=person,
        )

    async def give_back(self, team: str, handoff_id: str) -> tuple[Handoff | None, bool]:
        """Open a claimed hand-off again; returns as `claim` does."""
        return await self._move(
            team,
            handoff_id,
            (HandoffState.CLAIMED,),
            {"state": HandoffState.OPEN.value, "claimed_by": ""},
        )

    async def close(self, team: str, handoff_id: str, person: str) -> tuple[Handoff | None, bool]:
        """Close a hand-off without an answer; returns as `claim` does."""
        return await self._move(
            team,
            handoff_id,
            (HandoffState.OPEN, HandoffState.CLAIMED),
            {"state": HandoffState.CLOSED.value, "claimed_by": person},
            by=person,
        )

    async def _move(
        self,
        team: str,
        handoff_id: str,
        states: tuple[HandoffState, ...],
        values: dict[str, str],
        by: str = "",
    ) -> tuple[Handoff | None, bool]:
        change = update(handoffs).where(_is_handoff(team, handoff_id), handoffs.c.state.in_(states))
        if by:
            change = change.where(handoffs.c.claimed_by.in_(("", by)))
        async with self._database.writing() as connection:
            result = await connection.execute(change.values(**values, changed=utc_now()))
            row = (
                await connection.execute(select(handoffs).where(_is_handoff(team, handoff_id)))
            ).one_or_none()
        return (_handoff_of(row) if row else None), result.rowcount == 1


async def _of_question(
    connection: AsyncConnection, team: str, question_id: str, asker: str
) -> Handoff | None:
    query = (
        select(handoffs)
        .where(
            handoffs.c.team == team,
            handoffs.c.question_id == question_id,
            handoffs.c.asker == asker,
        )
        .order_by(handoffs.c.created)
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return _handoff_of(row) if row else None


def _is_handoff(team: str, handoff_id: str) -> ColumnElement[bool]:
    """Rows are visible to their own team only, even to those who know an id."""
    return (handoffs.c.id == handoff_id) & (handoffs.c.team == team)


def _handoff_of(row: Row[Any]) -> Handoff:
    values = row_values(row, handoffs.c)
    return Handoff(**{**values, "state": HandoffState(values["state"])})


class Proposals:
    """The table of proposals. If two people decide at once, one of them wins.

    Every method raises StoreError if the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, proposal: Proposal) -> None:
        """Add a proposal."""
        values = {**asdict(proposal), "state": proposal.state.value}
        async with self._database.writing() as connection:
            await connection.execute(insert(proposals).values(values))

    async def get(self, team: str, proposal_id: str) -> Proposal | None:
        """Return a proposal of a team, or None."""
        query = select(proposals).where(_is_proposal(team, proposal_id))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _proposal_of(row) if row else None

    async def all(self, team: str, states: Iterable[ProposalState]) -> tuple[Proposal, ...]:
        """Return the proposals of a team in some states, the oldest first."""
        query = (
            select(proposals)
            .where(proposals.c.team == team, proposals.c.state.in_(tuple(states)))
            .order_by(proposals.c.created)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_proposal_of(row) for row in rows)

    async def undecided(self) -> tuple[Proposal, ...]:
        """Return the proposals of all teams that nobody has decided about, the oldest first."""
        query = (
            select(proposals)
            .where(proposals.c.state == ProposalState.OPEN.value)
            .order_by(proposals.c.created)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_proposal_of(row) for row in rows)

    async def set_notice(self, team: str, proposal_id: str, channel: str, ts: str) -> None:
        """Store which message shows it to its owner."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(proposals)
                .where(_is_proposal(team, proposal_id))
                .values(notice_channel=channel, notice_ts=ts)
            )

    async def decide(
        self, team: str, proposal_id: str, person: str, *, approve: bool
    ) -> tuple[Proposal | None, bool]:
        """Approve or reject an open proposal.

        Returns:
            The proposal as it is now (None if the team has none with this id), and whether this
            person decided it.
        """
        state = ProposalState.APPROVED if approve else ProposalState.REJECTED
        change = (
            update(proposals)
            .where(_is_proposal(team, proposal_id), proposals.c.state == ProposalState.OPEN.value)
            .values(state=state.value, decided_by=person, changed=utc_now())
        )
        async with self._database.writing() as connection:
            result = await connection.execute(change)
            row = (
                await connection.execute(select(proposals).where(_is_proposal(team, proposal_id)))
            ).one_or_none()
        return (_proposal_of(row) if row else None), result.rowcount == 1

    async def reopen(self, team: str, proposal_id: str) -> None:
        """Take back a decision that could not be carried out."""
        change = update(proposals).where(_is_proposal(team, proposal_id))
        async with self._database.writing() as connection:
            await connection.execute(
                change.values(state=ProposalState.OPEN.value, decided_by="", changed=utc_now())
            )


def _is_proposal(team: str, proposal_id: str) -> ColumnElement[bool]:
    """Rows are visible to their own team only, even to those who know an id."""
    return (proposals.c.id == proposal_id) & (proposals.c.team == team)


def _proposal_of(row: Row[Any]) -> Proposal:
    values = row_values(row, proposals.c)
    return Proposal(**{**values, "state": ProposalState(values["state"])})
