"""Claims of deliveries: one process gets each key, and holds a lease until it has finished."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from faqbot.storage.database import Database
from faqbot.storage.models import utc_now
from faqbot.storage.tables import claims

MAX_ATTEMPTS: Final = 3
"""How often a delivery is begun: what ended three processes would end a fourth."""

_MAX_KEY_LENGTH: Final = 300
_TAKE_OVER_LIMIT: Final = 20
_KEYS_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class ExpiredLease:
    """A delivery that a process claimed and didn't finish before its lease expired."""

    key: str
    payload: bytes


class DatabaseClaims:
    """The claims of all processes that share the database.

    Every method raises StoreError if the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *key: str) -> bool:
        """Claim a key permanently. Returns True for the first caller only."""
        return bool(await self.acquire({key_string(key): None}))

    async def acquire(
        self,
        payloads: Mapping[str, bytes | None],
        *,
        completed: Collection[str] = (),
        given_up: Collection[str] = (),
        holder: str = "",
        lease: float = 0.0,
    ) -> dict[str, int]:
        """Claim some keys and complete others, in one transaction.

        Args:
            payloads: the keys to claim, each with what another process needs to handle the delivery
                again. A key whose payload is None is claimed permanently, without a lease.
            completed: keys whose delivery is finished. Their payloads are deleted.
            given_up: keys that the holder left unfinished, which anybody may claim at once.
            holder: the process that claims.
            lease: seconds until another process may take over what isn't completed.

        Returns:
            The keys that the holder got, with the number of the attempt: 1 for a new key, more for
            one whose lease had expired.
        """
        now = utc_now()
        until = now + dt.timedelta(seconds=lease)
        rows = [
            {
                "key": key,
                "at": now,
                "until": until if payload is not None else None,
                "holder": holder,
                "payload": payload,
                "attempts": 1,
            }
            # All processes lock rows in one order, so that none waits for another in a circle.
            for key, payload in sorted(payloads.items())
        ]
        async with self._database.writing() as connection:
            if completed:
                is_completed = claims.c.key.in_(sorted(completed))
                # The row stays without its payload: Slack may deliver the event once more.
                finished = {"until": None, "payload": None}
                await connection.execute(update(claims).where(is_completed).values(finished))
            if given_up:
                is_given_up = claims.c.key.in_(sorted(given_up)) & (claims.c.holder == holder)
                # It ended no process, so it doesn't count as an attempt that did.
                past = {"until": now - dt.timedelta(seconds=1), "attempts": 1}
                unfinished = is_given_up & claims.c.until.is_not(None)
                await connection.execute(update(claims).where(unfinished).values(past))
            if not rows:
                return {}
            make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            statement: Any = make(claims)
            acquire = statement.on_conflict_do_update(
                index_elements=[claims.c.key],
                set_={
                    "until": statement.excluded.until,
                    "holder": statement.excluded.holder,
                    "attempts": claims.c.attempts + 1,
                },
                # A row whose lease still runs isn't changed, so it isn't returned either.
                where=_is_expired(now),
            ).returning(claims.c.key, claims.c.attempts)
            return {row.key: row.attempts for row in await connection.execute(acquire, rows)}

    async def renew(self, keys: Sequence[str], holder: str, lease: float) -> None:
        """Extend a holder's leases on keys to `lease` seconds from now; 0 gives them up."""
        is_held = (claims.c.holder == holder) & claims.c.until.is_not(None)
        until = utc_now() + dt.timedelta(seconds=lease)
        async with self._database.writing() as connection:
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                these = claims.c.key.in_(sorted(keys)[start : start + _KEYS_AT_ONCE])
                await connection.execute(update(claims).where(is_held & these).values(until=until))

    async def take_over(self, holder: str, lease: float) -> tuple[ExpiredLease, ...]:
        """Claim deliveries whose lease has expired, at most 20 at once."""
        now = utc_now()
        expired = (
            select(claims.c.key)
            .where(_is_expired(now))
            .order_by(claims.c.until)
            .limit(_TAKE_OVER_LIMIT)
            # Processes that look at the same moment get different rows instead of waiting.
            # SQLite leaves this clause out: there, `writing` locks the whole database.
            .with_for_update(skip_locked=True)
        )
        async with self._database.writing() as connection:
            keys = [row.key for row in await connection.execute(expired)]
            if not keys:
                return ()
            acquired = await connection.execute(
                update(claims)
                .where(claims.c.key.in_(keys))
                .values(
                    holder=holder,
                    until=now + dt.timedelta(seconds=lease),
                    attempts=claims.c.attempts + 1,
                )
                .returning(claims.c.key, claims.c.payload)
            )
            return tuple(ExpiredLease(row.key, row.payload) for row in acquired)

    async def unfinished(self) -> int:
        """Count the deliveries that any process has begun and not finished."""
        query = select(func.count()).select_from(claims).where(claims.c.until.is_not(None))
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())


def _is_expired(now: dt.datetime) -> Any:
    expired = claims.c.until.is_not(None) & (claims.c.until < now)
    return expired & (claims.c.attempts < MAX_ATTEMPTS)


def key_string(key: tuple[str, ...]) -> str:
    """The parts of a key as one text of at most 300 characters; different keys stay different."""
    text = "/".join(part.replace("%", "%25").replace("/", "%2F") for part in key)
    if len(text) <= _MAX_KEY_LENGTH:
        return text
    # JSON may contain half of a surrogate pair, which UTF-8 refuses without surrogatepass.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
