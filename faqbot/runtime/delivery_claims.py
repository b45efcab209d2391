"""Claims of deliveries: what they are, and those of a single process."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from faqbot.storage.claims import key_string

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
