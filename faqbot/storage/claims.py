"""Claims of deliveries: what they are, those of a single process, and those in the database.

In the database one process gets each key, and holds a lease until it has finished.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Protocol

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

Redeliver = Callable[[Mapping[str, Any], str], Awaitable[bool]]
Drain = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Claim:
    """The outcome of a claim.

    Attributes:
        attempt: the number of the attempt, from 1; 0 if another caller has the delivery.
        is_written: whether another process would finish the delivery if its holder died. If not, it
            must be finished before it is acknowledged.
    """

    attempt: int
    is_written: bool = True


class DeliveryClaims(Protocol):
    """Remembers which deliveries were claimed, in this process or in all that share a database."""

    @property
    def held(self) -> int:
        """How many deliveries this process works on and another could take over."""
        ...

    async def claim(self, *key: str, until_known: bool = False) -> bool:
        """Claim a key permanently. Returns True for the first caller only.

        Args:
            key: what is claimed.
            until_known: whether to wait as long as `is_ours` does, because nobody waits for the
                caller.
        """
        ...

    async def claim_if_known(self, *key: str) -> bool | None:
        """Claim a key as `claim` does; None if it isn't known whether another process has it."""
        ...

    async def acquire(self, key: tuple[str, ...], body: Mapping[str, Any]) -> Claim:
        """Claim a delivery until it is completed.

        Args:
            key: identifies the delivery.
            body: its payload, with which another process can handle it again.
        """
        ...

    async def is_ours(self, key: str) -> bool:
        """Wait until it is known who has a delivery; False if that is another process."""
        ...

    def complete(self, key: str) -> None:
        """Mark a delivery as finished; `key` is written as by `key_string`."""
        ...

    async def settled(self, key: str, within: float) -> bool:
        """Wait until a delivery is finished, or its claim is written; False when the time is up."""
        ...

    def give_up(self, key: str) -> None:
        """Leave a delivery unfinished, so that it can be claimed again."""
        ...

    def running(
        self, redeliver: Redeliver, drain: Drain
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Handle deliveries while the block runs, those of dead processes too.

        Args:
            redeliver: handles a delivery again, given its payload and key. Returns False if nothing
                handles it any more.
            drain: waits at the end until running deliveries have ended. What it leaves unfinished
                is left to other processes.
        """
        ...


class MemoryClaims:
    """The claims of one process.

    Args:
        capacity: how many keys are remembered, some 200 bytes each; the oldest are forgotten first.
        lifetime: for how many seconds. Slack retries for some six minutes.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        capacity: int = 10_000,
        lifetime: float = 900.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._lifetime = lifetime
        self._clock = clock
        # When each key is forgotten, the oldest first: half the memory of a TTLCache.
        self._claimed: OrderedDict[bytes, float] = OrderedDict()

    async def claim(self, *key: str, until_known: bool = False) -> bool:  # noqa: ARG002
        """Claim a key. Returns True for the first caller only."""
        return self.claim_now(*key)

    async def claim_if_known(self, *key: str) -> bool | None:
        """Claim a key: all callers are known."""
        return self.claim_now(*key)

    def claim_now(self, *key: str) -> bool:
        """Claim a key as `claim` does, without waiting."""
        digest, now = _digest(key_string(key)), self._clock()
        while self._claimed and next(iter(self._claimed.values())) <= now:
            self._claimed.popitem(last=False)
        if digest in self._claimed:
            return False
        self._claimed[digest] = now + self._lifetime
        while len(self._claimed) > self._capacity:
            self._claimed.popitem(last=False)
        return True

    async def acquire(self, key: tuple[str, ...], body: Mapping[str, Any]) -> Claim:  # noqa: ARG002
        """Claim a delivery: attempt 1 for the first caller and 0 for others."""
        return Claim(int(self.claim_now(*key)))

    async def is_ours(self, key: str) -> bool:  # noqa: ARG002
        """Return True: there is no other process."""
        return True

    def complete(self, key: str) -> None:
        """Do nothing: no other process knows of these claims."""

    async def settled(self, key: str, within: float) -> bool:  # noqa: ARG002
        """Return True: no claim of these is ever written."""
        return True

    def give_up(self, key: str) -> None:
        """Forget a claim; `key` is written as by `key_string`."""
        self._claimed.pop(_digest(key), None)

    @property
    def held(self) -> int:
        """None: no other process could take a delivery over."""
        return 0

    @asynccontextmanager
    async def running(self, redeliver: Redeliver, drain: Drain) -> AsyncIterator[None]:  # noqa: ARG002
        """Call `drain` when the block has ended."""
        try:
            yield
        finally:
            await drain()


def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


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
