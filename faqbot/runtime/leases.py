"""Deliveries that are taken on once, whichever process gets them; another finishes if need be.

A process takes a delivery on before it works on it, and says when it is done. Until then it holds a
lease, which it renews; when it dies the lease lapses, and another process does the work again.
Claims of one moment share a transaction, so that a busy hour costs the database little.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Protocol

from faqbot.storage.claims import ExpiredLease, key_string
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.models import StoreError
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import new_id


class DeliveryClaims(Protocol):
    """Remembers what was taken on; a store that several processes share can take its place."""

    async def claim(self, *key: str) -> bool:
        """Take a key on: true for the first who asks, false for everyone after."""
        ...

    async def acquire(self, key: tuple[str, ...], body: Mapping[str, Any]) -> int:
        """Take a delivery on until it is done; how often it was begun, 0 when it is another's."""
        ...

    def complete(self, key: str) -> None:
        """A delivery needs nobody any more."""
        ...


class MemoryClaims:
    """Claims of one process, the oldest forgotten first.

    Args:
        capacity: how many keys are remembered, some 200 bytes each.
        lifetime: for how many seconds; Slack retries for some six minutes.
        clock: seconds that only grow.
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
        self._claimed: OrderedDict[bytes, float] = OrderedDict()

    async def claim(self, *key: str) -> bool:
        """Take a key on: true for the first who asks, false for everyone after."""
        return self.claim_now(*key)

    def claim_now(self, *key: str) -> bool:
        """Take a key on here, at once."""
        now = self._clock()
        while self._claimed and (
            len(self._claimed) > self._capacity
            or now - next(iter(self._claimed.values())) > self._lifetime
        ):
            self._claimed.popitem(last=False)
        short = blake2b(key_string(key).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if short in self._claimed:
            return False
        self._claimed[short] = now
        return True

    async def acquire(self, key: tuple[str, ...], body: Mapping[str, Any]) -> int:  # noqa: ARG002
        """Take a delivery on: 1 for the first who asks, 0 after."""
        return int(self.claim_now(*key))

    def complete(self, key: str) -> None:
        """Nothing: what this process took on, nobody else can take over."""


LEASE_SECONDS: Final = 20.0
"""Seconds after which another process takes over what a dead one has not finished."""

DATABASE_TIMEOUT: Final = 2.0
"""Seconds to wait for a database that hangs: Slack waits three for an acknowledgement."""

UNKNOWN_ATTEMPT: Final = 2
"""What is said when the database didn't tell: as for a second try, it is looked for an answer."""

CLAIM_BATCH_SECONDS: Final = 0.005
"""Seconds for which a claim waits for others: a transaction costs as much as five questions."""

DONE_BATCH_SECONDS: Final = 0.05
"""Seconds for which finished work waits for other work to be written with."""

Redeliver = Callable[[Mapping[str, Any], str], Awaitable[bool]]
Drain = Callable[[], Awaitable[object]]
_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _PendingClaim:
    key: str
    payload: bytes | None
    attempt: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class LeaseManager:
    """Claims of all processes on one database, which survive them; this one's while it is down.

    Args:
        memory: where they are kept.
        seal: encrypts deliveries for as long as they are not finished.
        own: what this process took on.
        lease: seconds until others take over.
        taken_over: is told of each delivery of another process that this one finishes.
    """

    def __init__(
        self,
        recorder: QuestionRecorder,
        cipher: TokenCipher,
        local: MemoryClaims | None = None,
        lease: float = LEASE_SECONDS,
        on_takeover: Callable[[], None] = lambda: None,
    ) -> None:
        self._recorder = recorder
        self._cipher = cipher
        self._local = local or MemoryClaims()
        self._lease = lease
        self._on_takeover = on_takeover
        self._holder = new_id()
        self._pending: list[_PendingClaim] = []
        self._completed: set[str] = set()
        self._held: dict[str, bool] = {}  # and whether the database knows of it
        self._wake = asyncio.Event()

    @property
    def held(self) -> int:
        """How many deliveries this process works on."""
        return len(self._held)

    async def claim(self, *key: str) -> bool:
        """Take a key on for ever: true for the first who asks, false for everyone after."""
        return bool(await self._acquire(key, None))

    async def acquire(self, key: tuple[str, ...], body: Mapping[str, Any]) -> int:
        """Take a delivery on until it is done; how often it was begun, 0 when it is another's."""
        up = self._recorder.is_up
        times = await self._acquire(key, self._cipher.encrypt(json.dumps(body)) if up else b"")
        if times:
            self._held[key_string(key)] = up
        return times

    def complete(self, key: str) -> None:
        """A delivery needs nobody any more; `key` is as `store.claims.one` writes it."""
        if self._held.pop(key, False):
            self._completed.add(key)
            self._wake.set()

    @asynccontextmanager
    async def running(self, redeliver: Redeliver, drain: Drain) -> AsyncIterator[None]:
        """Keep leases as long as the block runs, and take over what others have left.

        Args:
            redeliver: handles a delivery again, given its payload and key. Returns False if nothing
                handles it any more.
            drain: waits at the end, after the last take-over, until running deliveries have ended.
                What it leaves unfinished is left to other processes.
        """
        taking_over = asyncio.create_task(self._take_over(redeliver))
        keeping = [
            asyncio.create_task(work) for work in (self._write_batches(), self._renew_leases())
        ]
        try:
            yield
        finally:
            await _ended(taking_over)
            await drain()
            await _ended(*keeping)
            if self._completed or self._pending:
                await self._write_batch()
            await self._release()

    async def _acquire(self, key: tuple[str, ...], payload: bytes | None) -> int:
        if not await self._local.claim(*key):
            return 0
        if not self._recorder.is_up:
            return 1
        wanted = _PendingClaim(key_string(key), payload)
        self._pending.append(wanted)
        self._wake.set()
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT):
                return await wanted.attempt
        except TimeoutError:
            return UNKNOWN_ATTEMPT

    async def _write_batches(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(CLAIM_BATCH_SECONDS if self._pending else DONE_BATCH_SECONDS)
            self._wake.clear()
            await self._write_batch()
            if self._completed and not self._recorder.is_up:
                await asyncio.sleep(DATABASE_TIMEOUT)
                self._wake.set()

    async def _write_batch(self) -> None:
        """Write all claims of this moment, and all that is done, in one transaction."""
        waiting, self._pending = self._pending, []
        done, self._completed = self._completed, set()
        wanted = {each.key: each.payload for each in waiting}
        got: dict[str, int] | None = None
        try:
            async with self._recorder.store(flush_first=False) as store:
                got = await store.claims.acquire(
                    wanted, completed=done, holder=self._holder, lease=self._lease
                )
        except StoreError:
            self._completed |= done  # else another process would do them again
        except asyncio.CancelledError:
            self._completed |= done
            raise
        finally:
            for each in waiting:
                if not each.attempt.done():
                    each.attempt.set_result(
                        UNKNOWN_ATTEMPT if got is None else got.get(each.key, 0)
                    )

    async def _release(self) -> None:
        """Leave what isn't finished to the others, without letting them wait for the lease."""
        if not self._held:
            return
        _log.warning("%d unfinished deliveries are left to other processes", len(self._held))
        with contextlib.suppress(StoreError):
            async with self._recorder.store(flush_first=False) as store:
                await store.claims.renew(self._holder, 0.0)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 4)
            if not self._held:
                continue
            try:
                async with self._recorder.store(flush_first=False) as store:
                    await store.claims.renew(self._holder, self._lease)
            except StoreError:
                _log.debug("leases could not be renewed: the database is down")

    async def _take_over(self, again: Redeliver) -> None:
        """Look for what others have left; not before they had time to renew it."""
        up_since = time.monotonic()
        while True:
            await asyncio.sleep(self._lease / 4)
            if not self._recorder.is_up:
                up_since = time.monotonic() + self._lease / 4
            if time.monotonic() - up_since < self._lease:
                continue
            try:
                async with self._recorder.store(flush_first=False) as store:
                    found = await store.claims.take_over(self._holder, self._lease)
            except StoreError:
                continue
            for lapsed in found:
                await self._redeliver(lapsed, again)

    async def _redeliver(self, expired: ExpiredLease, again: Redeliver) -> None:
        self._held[expired.key] = True
        self._on_takeover()
        _log.warning("taking over a delivery that another process has not finished")
        try:
            handled = await again(json.loads(self._cipher.decrypt(expired.payload)), expired.key)
        except (StoreError, ValueError) as error:
            _log.warning("a delivery could not be taken over: %s", error)
            handled = False
        if not handled:
            self.complete(expired.key)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
