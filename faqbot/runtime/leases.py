"""Leases on deliveries: each is handled once, and one that its process leaves unfinished again.

A process claims a delivery before it works on it, and completes it afterwards. In between it holds
a lease, which it renews. When the process dies, the lease expires and another process handles the
delivery again. Claims of one moment share a transaction, so that the database has little to do in a
busy hour.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from faqbot.runtime.tasks import background_tasks
from faqbot.storage.claims import Claim, Drain, ExpiredLease, MemoryClaims, Redeliver, key_string
from faqbot.storage.database import TRANSACTION_TIMEOUT
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.models import StoreError
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import new_id

LEASE_SECONDS: Final = 20.0
"""Seconds after which another process takes over what a dead one has not finished."""

DATABASE_TIMEOUT: Final = 2.0
"""Seconds to wait for a database that hangs: Slack waits three for an acknowledgement."""

MAX_COMPLETED: Final = 10_000
"""Finished deliveries that are remembered for a database that is down; then the oldest go."""

UNKNOWN_ATTEMPT: Final = 2
"""The attempt to assume if the database doesn't respond: the caller then checks for an answer."""

OUTCOME_TIMEOUT: Final = 2 * TRANSACTION_TIMEOUT
"""Seconds after which a claim's outcome isn't waited for: an earlier transaction and its own."""

CLAIM_BATCH_SECONDS: Final = 0.005
"""Seconds that a claim waits for others: a transaction costs as much as five questions."""

DONE_BATCH_SECONDS: Final = 0.05
"""Seconds that a completed delivery waits for others to be written with."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Held:
    """A delivery that this process works on.

    Attributes:
        is_written: whether its claim is in the database.
        is_lost: whether the database says that another process has it.
        settled: set when it may be acknowledged.
        decided: set when nothing more will be heard of its claim.
    """

    is_written: bool = False
    is_lost: bool = False
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    decided: asyncio.Event = field(default_factory=asyncio.Event)

    def told(self, attempt: int | None) -> None:
        """Note the outcome of its claim, given as `_PendingClaim` has it."""
        self.decided.set()
        if attempt is None:
            return
        self.is_written, self.is_lost = attempt > 0, attempt == 0
        self.settled.set()


@dataclass(eq=False, slots=True)
class _PendingClaim:
    key: str
    payload: bytes | None
    held: _Held | None = None
    # None: the database doesn't say. Cancelled: nobody waits any more.
    attempt: asyncio.Future[int | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class LeaseManager:
    """The claims of all processes on one database; those of this process while it is down.

    Args:
        recorder: opens the store.
        cipher: encrypts the payloads of deliveries that are not finished.
        local: the claims of this process.
        lease: seconds until another process may take over a delivery.
        timeout: seconds to wait for the database before a delivery is handled without a claim.
        on_takeover: called for each delivery of another process that this one handles again.
    """

    def __init__(
        self,
        recorder: QuestionRecorder,
        cipher: TokenCipher,
        local: MemoryClaims | None = None,
        *,
        lease: float = LEASE_SECONDS,
        timeout: float = DATABASE_TIMEOUT,
        on_takeover: Callable[[], None] = lambda: None,
    ) -> None:
        self._recorder = recorder
        self._cipher = cipher
        self._local = local or MemoryClaims()
        self._lease = lease
        self._timeout = timeout
        self._on_takeover = on_takeover
        self._holder = new_id()
        self._pending: list[_PendingClaim] = []
        self._completed: dict[str, None] = {}  # in order, so that the oldest can go
        self._given_up: set[str] = set()
        self._held: dict[str, _Held] = {}
        self._wake = asyncio.Event()

    @property
    def held(self) -> int:
        """How many deliveries this process works on."""
        return len(self._held)

    async def claim(self, *key: str, until_known: bool = False) -> bool:
        """Claim a key as `DeliveryClaims` says."""
        # Without the database, another process may act too; nobody stays without an answer.
        within = OUTCOME_TIMEOUT if until_known else self._timeout
        return await self._claim(key, within) is not False

    async def claim_if_known(self, *key: str) -> bool | None:
        """Claim a key as `DeliveryClaims` says."""
        return await self._claim(key, self._timeout)

    async def _claim(self, key: tuple[str, ...], within: float) -> bool | None:
        # The local claim needs no transaction, and it holds when the database goes down.
        if not self._local.claim_now(*key):
            return False
        if not self._recorder.is_up:
            return None
        attempt = await self._write(_PendingClaim(key_string(key), None), within)
        return None if attempt is None else attempt > 0

    async def acquire(self, key: tuple[str, ...], body: Mapping[str, Any]) -> Claim:
        """Claim a delivery until it is completed; arguments and result as in `DeliveryClaims`."""
        name = key_string(key)
        if not self._local.claim_now(*key):
            first = self._held.get(name)
            return Claim(0, is_written=first is None or first.is_written)
        held = self._held[name] = _Held()
        if not self._recorder.is_up:
            held.told(None)
            return Claim(1, is_written=False)
        payload = self._cipher.encrypt(json.dumps(body))
        attempt = await self._write(_PendingClaim(name, payload, held), self._timeout)
        if attempt is None:
            return Claim(UNKNOWN_ATTEMPT, is_written=held.is_written)
        if not attempt:
            self._held.pop(name, None)
        return Claim(attempt)

    async def is_ours(self, key: str) -> bool:
        """Wait as `DeliveryClaims` says; not for a database that is down."""
        held = self._held.get(key)
        if held is None:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OUTCOME_TIMEOUT):
                await held.decided.wait()
        return not held.is_lost

    def complete(self, key: str) -> None:
        """Mark a delivery as finished; `key` is written as by `key_string`."""
        held = self._held.pop(key, None)
        if held is None:
            return
        held.settled.set()
        if held.is_lost:
            return  # the process that has it says when it is finished
        # Also if its claim isn't written: a transaction that hangs may write it yet.
        self._completed[key] = None
        while len(self._completed) > MAX_COMPLETED:
            del self._completed[next(iter(self._completed))]
        self._wake.set()

    async def settled(self, key: str, within: float) -> bool:
        """Wait as `DeliveryClaims` says."""
        held = self._held.get(key)
        if held is None:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await held.settled.wait()
        return held.settled.is_set()

    def give_up(self, key: str) -> None:
        """Leave a delivery unfinished, so that it can be claimed again."""
        held = self._held.pop(key, None)
        if held is not None and not held.is_lost:
            self._local.give_up(key)
            self._given_up.add(key)
            self._wake.set()

    @asynccontextmanager
    async def running(self, redeliver: Redeliver, drain: Drain) -> AsyncIterator[None]:
        """Renew leases while the block runs, and take over expired ones.

        The arguments are those of `DeliveryClaims`; `drain` is called after the last take-over.
        """
        async with AsyncExitStack() as stack:  # left from the last line to the first
            stack.push_async_callback(self._release)
            await stack.enter_async_context(
                background_tasks(self._write_batches(), self._renew_leases())
            )
            stack.push_async_callback(drain)
            await stack.enter_async_context(background_tasks(self._take_over(redeliver)))
            yield

    async def _write(self, pending: _PendingClaim, within: float) -> int | None:
        """Write a claim; the number of the attempt, or None if the database doesn't say."""
        self._pending.append(pending)
        self._wake.set()
        try:
            async with asyncio.timeout(within):
                return await pending.attempt
        except TimeoutError:
            return None

    async def _write_batches(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(CLAIM_BATCH_SECONDS if self._pending else DONE_BATCH_SECONDS)
            # Cleared before the write: a claim that comes during it wakes the next round.
            self._wake.clear()
            await self._write_batch()
            if (self._completed or self._given_up) and not self._recorder.is_up:
                # Nobody wakes this task when the database is back, so it tries again by itself.
                await asyncio.sleep(DATABASE_TIMEOUT)
                self._wake.set()

    async def _write_batch(self) -> None:
        """Write all pending claims, and what became of earlier ones, in one transaction."""
        pending, self._pending = self._pending, []
        completed, self._completed = self._completed, {}
        given_up, self._given_up = self._given_up, set()
        # What was finished or given up meanwhile, unwritten, needs no claim any more.
        payloads = {
            claim.key: claim.payload
            for claim in pending
            if claim.key in self._held or claim.payload is None
        }
        attempts: dict[str, int] | None = None
        try:
            async with self._recorder.store(flush_first=False) as store:
                attempts = await store.claims.acquire(
                    payloads,
                    completed=completed,
                    given_up=given_up,
                    holder=self._holder,
                    lease=self._lease,
                )
        except StoreError:
            self._write_again(completed, given_up)  # other processes would handle them again
        except asyncio.CancelledError:
            # The transaction may have been rolled back; `_release` writes these once more.
            self._write_again(completed, given_up)
            raise
        finally:
            for claim in pending:
                self._told(claim, attempts)

    def _write_again(self, completed: dict[str, None], given_up: set[str]) -> None:
        self._completed = {**completed, **self._completed}
        self._given_up |= given_up

    def _told(self, claim: _PendingClaim, attempts: dict[str, int] | None) -> None:
        """Give the outcome of a claim to who waits for it, and note it for who waits no more."""
        attempt = None if attempts is None else attempts.get(claim.key, 0)
        # A delivery that was given up and claimed again has another claim.
        if claim.held is not None and self._held.get(claim.key) is claim.held:
            claim.held.told(attempt)
        if not claim.attempt.done():
            claim.attempt.set_result(attempt)

    async def _release(self) -> None:
        """Write what is completed, and give up the leases of the rest before they expire."""
        if self._completed or self._given_up or self._pending:
            await self._write_batch()
        if not self._held:
            return
        _log.warning("%d unfinished deliveries are left to other processes", len(self._held))
        with contextlib.suppress(StoreError):
            await self._renew(0.0)

    async def _renew(self, lease: float) -> None:
        # By key: a transaction that seemed to fail may have written a claim that nobody works on.
        written = [key for key, held in self._held.items() if held.is_written]
        async with self._recorder.store(flush_first=False) as store:
            await store.claims.renew(written, self._holder, lease)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 4)
            if not self._held:
                continue
            try:
                await self._renew(self._lease)
            except StoreError:
                _log.debug("leases could not be renewed: the database is down")

    async def _take_over(self, redeliver: Redeliver) -> None:
        """Take over expired leases.

        Leases expire while the database is down, though their holders live: nothing is taken over
        before they have had a whole lease's time to renew them.
        """
        up_since = time.monotonic()
        while True:
            await asyncio.sleep(self._lease / 4)
            if not self._recorder.is_up:
                # Nobody could renew in the outage: an expired lease doesn't mean a dead process.
                up_since = time.monotonic() + self._lease / 4
            if time.monotonic() - up_since < self._lease:
                continue
            try:
                async with self._recorder.store(flush_first=False) as store:
                    expired = await store.claims.take_over(self._holder, self._lease)
            except StoreError:
                continue
            for lease in expired:
                await self._redeliver(lease, redeliver)

    async def _redeliver(self, expired: ExpiredLease, redeliver: Redeliver) -> None:
        self._held[expired.key] = held = _Held()
        held.told(UNKNOWN_ATTEMPT)
        self._on_takeover()
        _log.warning("taking over a delivery that another process has not finished")
        try:
            body = json.loads(self._cipher.decrypt(expired.payload))
            handled = await redeliver(body, expired.key)
        except (StoreError, ValueError) as error:
            _log.warning("a delivery could not be taken over: %s", error)
            handled = False
        if not handled:
            self.complete(expired.key)
