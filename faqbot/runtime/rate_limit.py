"""Token buckets."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

MINUTE: Final = 60.0
_CAPACITY: Final = 20_000


class Decision(Enum):
    """What becomes of a question."""

    ALLOW = "taken"
    WARN = "told"  # too many: say so
    DROP = "silent"  # too many, and it was said


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    told: bool = False


class TokenBuckets:
    """Token buckets: a minute's worth at once, then as they refill.

    Args:
        count: questions a minute; 0 is without limit.
        clock: seconds that only grow.
    """

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = count
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, ...], _Bucket] = OrderedDict()

    def ask(self, *who: str) -> Decision:
        """Count a question of somebody."""
        if not self.count:
            return Decision.ALLOW
        now = self._clock()
        bucket = self._buckets.setdefault(who, _Bucket(self.count, now))
        self._buckets.move_to_end(who)
        while len(self._buckets) > _CAPACITY:
            self._buckets.popitem(last=False)
        refilled = bucket.tokens + (now - bucket.at) * self.count / MINUTE
        bucket.tokens, bucket.at = min(self.count, refilled), now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            bucket.told = False
            return Decision.ALLOW
        if bucket.told:
            return Decision.DROP
        bucket.told = True
        return Decision.WARN


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of persons and of workspaces."""

    person: TokenBuckets
    workspace: TokenBuckets

    @classmethod
    def of(cls, person: int, workspace: int) -> Limits:
        """Limits of so many questions a minute."""
        return cls(TokenBuckets(person), TokenBuckets(workspace))
