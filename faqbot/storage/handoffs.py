"""Questions that persons answer: claimed by one, answered, closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from faqbot.storage.database import Database, row_values
from faqbot.storage.models import Handoff, HandoffState, Proposal, ProposalState, utc_now
from faqbot.storage.tables import handoffs, proposals


class Handoffs:
    """Hands questions over; of two who act at the same moment, one wins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, handoff: Handoff) -> None:
        """Remember a question that a person shall answer."""
        values = {**asdict(handoff), "state": handoff.state.value}
        async with self._database.writing() as connection:
            await connection.execute(insert(handoffs).values(values))

    async def get(self, team: str, handoff_id: str) -> Handoff | None:
        """One of a team's, if it is there."""
        query = select(handoffs).where(_is_handoff(team, handoff_id))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _handoff_of(row) if row else None

    async def all(self, team: str, states: Iterable[HandoffState]) -> tuple[Handoff, ...]:
        """Those of a team in some states, the oldest first."""
        query = (
            select(handoffs)
            .where(handoffs.c.team == team, handoffs.c.state.in_(tuple(states)))
            .order_by(handoffs.c.created)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_handoff_of(row) for row in rows)

    async def set_notice(self, team: str, handoff_id: str, channel: str, ts: str) -> None:
        """Remember the message that shows it to its owner."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(handoffs)
                .where(_is_handoff(team, handoff_id))
                .values(notice_channel=channel, notice_ts=ts)
            )

    async def claim(self, team: str, handoff_id: str, person: str) -> tuple[Handoff | None, bool]:
        """Take a question on: how it stands now, and whether this person got it."""
        return await self._move(
            team,
            handoff_id,
            (HandoffState.OPEN,),
            {"state": HandoffState.CLAIMED.value, "claimed_by": person},
        )

    async def answer(
        self, team: str, handoff_id: str, person: str, text: str
    ) -> tuple[Handoff | None, bool]:
        """Answer it: by whoever claimed it, or by anyone while it is open."""
        return await self._move(
            team,
            handoff_id,
            (HandoffState.OPEN, HandoffState.CLAIMED),
            {"state": HandoffState.ANSWERED.value, "claimed_by": person, "answer": text},
            by=person,
        )

    async def close(self, team: str, handoff_id: str, person: str) -> tuple[Handoff | None, bool]:
        """Close it, answered or not."""
        return await self._move(
            team,
            handoff_id,
            (HandoffState.OPEN, HandoffState.CLAIMED, HandoffState.ANSWERED),
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


def _is_handoff(team: str, handoff_id: str) -> ColumnElement[bool]:
    """It is its team's alone, also for who knows its id."""
    return (handoffs.c.id == handoff_id) & (handoffs.c.team == team)


def _handoff_of(row: Row[Any]) -> Handoff:
    values = row_values(row, handoffs)
    return Handoff(**{**values, "state": HandoffState(values["state"])})


class Proposals:
    """Keeps proposals; of two who decide at the same moment, one wins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, proposal: Proposal) -> None:
        """Remember a proposal."""
        values = {**asdict(proposal), "state": proposal.state.value}
        async with self._database.writing() as connection:
            await connection.execute(insert(proposals).values(values))

    async def get(self, team: str, proposal_id: str) -> Proposal | None:
        """One of a team's, if it is there."""
        query = select(proposals).where(_is_proposal(team, proposal_id))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _proposal_of(row) if row else None

    async def all(self, team: str, states: Iterable[ProposalState]) -> tuple[Proposal, ...]:
        """Those of a team in some states, the oldest first."""
        query = (
            select(proposals)
            .where(proposals.c.team == team, proposals.c.state.in_(tuple(states)))
            .order_by(proposals.c.created)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_proposal_of(row) for row in rows)

    async def undecided(self) -> tuple[Proposal, ...]:
        """Those of all teams that nobody has decided about, the oldest first."""
        query = (
            select(proposals)
            .where(proposals.c.state == ProposalState.OPEN.value)
            .order_by(proposals.c.created)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_proposal_of(row) for row in rows)

    async def set_notice(self, team: str, proposal_id: str, channel: str, ts: str) -> None:
        """Remember the message that shows it to its owner."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(proposals)
                .where(_is_proposal(team, proposal_id))
                .values(notice_channel=channel, notice_ts=ts)
            )

    async def decide(
        self, team: str, proposal_id: str, person: str, *, approve: bool
    ) -> tuple[Proposal | None, bool]:
        """Approve or reject: how it stands now, and whether this person decided it."""
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
        """Take a decision back that could not be carried out."""
        change = update(proposals).where(_is_proposal(team, proposal_id))
        async with self._database.writing() as connection:
            await connection.execute(
                change.values(state=ProposalState.OPEN.value, decided_by="", changed=utc_now())
            )


def _is_proposal(team: str, proposal_id: str) -> ColumnElement[bool]:
    """It is its team's alone, also for who knows its id."""
    return (proposals.c.id == proposal_id) & (proposals.c.team == team)


def _proposal_of(row: Row[Any]) -> Proposal:
    values = row_values(row, proposals)
    return Proposal(**{**values, "state": ProposalState(values["state"])})
