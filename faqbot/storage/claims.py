"""What was taken on: each key once, with a lease for what takes a while."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from faqbot.storage import tables
from faqbot.storage.database import Database
from faqbot.storage.models import utc_now

MAX_ATTEMPTS: Final = 3
"""How often something is begun: what ends three processes would end a fourth."""

_MAX_KEY_LENGTH: Final = 300
_TAKE_OVER_LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class ExpiredLease:
    """Something that a process took on and didn't finish in its time."""

    key: str
    payload: bytes


class DatabaseClaims:
    """What was taken on, by all processes that share the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *key: str) -> bool:
        """Take a key on for ever: true for the first who asks, false for everyone after.

        Raises:
            StoreError: the database can't be used.
        """
        return bool(await self.acquire({key_string(key): None}))

    async def acquire(
        self,
        payloads: Mapping[str, bytes | None],
        *,
        completed: Collection[str] = (),
        holder: str = "",
        lease: float = 0.0,
    ) -> dict[str, int]:
        """Take keys on and finish others, in one transaction.

        Args:
            payloads: the keys, with what another process needs to do it again; None: for ever.
            completed: keys that are finished.
            holder: who takes them on.
            lease: seconds until another may take over what isn't finished.

        Returns:
            The keys that are the holder's now, with how often each was begun.

        Raises:
            StoreError: the database can't be used.
        """
        table, at = tables.claims, utc_now()
        until = at + dt.timedelta(seconds=lease)
        rows = [
            {
                "key": key,
                "at": at,
                "until": until if payload is not None else None,
                "holder": holder,
                "payload": payload,
                "tries": 1,
            }
            for key, payload in sorted(payloads.items())  # one order for all: no deadlock
        ]
        async with self._database.writing() as connection:
            if completed:
                finished = {"until": None, "payload": None}
                which = table.c.key.in_(sorted(completed))
                await connection.execute(update(table).where(which).values(finished))
            if not rows:
                return {}
            make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            statement: Any = make(table)
            taken = statement.on_conflict_do_update(
                index_elements=[table.c.key],
                set_={
                    "until": statement.excluded.until,
                    "holder": statement.excluded.holder,
                    "tries": table.c.tries + 1,
                },
                where=_is_expired(at),
            ).returning(table.c.key, table.c.tries)
            return {row.key: row.tries for row in await connection.execute(taken, rows)}

    async def renew(self, holder: str, lease: float) -> None:
        """Lengthen the leases of a holder who is still at it.

        Raises:
            StoreError: the database can't be used.
        """
        table = tables.claims
        mine = (table.c.holder == holder) & table.c.until.is_not(None)
        until = utc_now() + dt.timedelta(seconds=lease)
        async with self._database.writing() as connection:
            await connection.execute(update(table).where(mine).values(until=until))

    async def take_over(self, holder: str, lease: float) -> tuple[ExpiredLease, ...]:
        """Take over some of what others have left unfinished.

        Raises:
            StoreError: the database can't be used.
        """
        table, at = tables.claims, utc_now()
        left = (
            select(table.c.key)
            .where(_is_expired(at))
            .order_by(table.c.until)
            .limit(_TAKE_OVER_LIMIT)
        )
        async with self._database.writing() as connection:
            found = await connection.execute(left.with_for_update(skip_locked=True))
            keys = [row.key for row in found]
            if not keys:
                return ()
            taken = await connection.execute(
                update(table)
                .where(table.c.key.in_(keys))
                .values(
                    holder=holder,
                    until=at + dt.timedelta(seconds=lease),
                    tries=table.c.tries + 1,
                )
                .returning(table.c.key, table.c.payload)
            )
            return tuple(ExpiredLease(row.key, row.payload) for row in taken)

    async def unfinished(self) -> int:
        """How much was begun and is not finished, by all processes.

        Raises:
            StoreError: the database can't be used.
        """
        table = tables.claims
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(table.c.key).where(or_(table.c.until.is_not(None)))
            )
            return len(rows.all())


def _is_expired(at: dt.datetime) -> Any:
    table = tables.claims
    return table.c.until.is_not(None) & (table.c.until < at) & (table.c.tries < MAX_ATTEMPTS)


def key_string(key: tuple[str, ...]) -> str:
    """A key as one text: different keys stay different, also long ones."""
    text = "/".join(part.replace("%", "%25").replace("/", "%2F") for part in key)
    if len(text) <= _MAX_KEY_LENGTH:
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
