"""Rate limits: token buckets by user, workspace, address or key."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache

MINUTE: Final = 60.0
HOUR: Final = 3_600.0
CAPACITY: Final = 20_000
"""Keys that are counted; the least recently active are forgotten first."""

Clock = Callable[[], float]
"""A monotonic clock, in seconds."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class TokenBuckets:
    """Token buckets by key, such as a user: each holds a period's questions, and refills steadily.

    Args:
        count: questions in a period; 0 for no limit.
        clock: tells the time.
        period: seconds in which a bucket fills.
    """

    def __init__(
        self, count: int = 0, clock: Clock = time.monotonic, period: float = MINUTE
    ) -> None:
        self.count = count
        self._clock = clock
        self._period = period
        self._buckets: LRUCache[tuple[str, ...], _Bucket] = LRUCache(CAPACITY)

    def take(self, *key: str) -> bool:
        """Count a question of a key. Returns False above the limit."""
        if not self.has_room(*key):
            return False
        if self.count:
            self._buckets[key].tokens -= 1
        return True

    def has_room(self, *key: str) -> bool:
        """Return whether another question of a key would be below the limit."""
        if not self.count:
            return True
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self.count, now))
        refilled = bucket.tokens + (now - bucket.at) * self.count / self._period
        bucket.tokens, bucket.at = min(self.count, refilled), now
        return bucket.tokens >= 1
