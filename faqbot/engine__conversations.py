"""What a conversation is about: the role of each thread, remembered for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Remembered:
    role: str | None
    at: float


class Conversations:
    """The role of each conversation, the least recently used forgotten first.

    Args:
        clock: seconds that only grow.
        capacity: how many conversations are kept.
        lifetime: seconds after which a conversation is over.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        capacity: int = 10_000,
        lifetime: float = 14 * 24 * 3600,
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._lifetime = lifetime
        self._threads: OrderedDict[str, _Remembered] = OrderedDict()

    def knows(self, thread: str) -> bool:
        """Whether something was said in that conversation."""
        return self._fresh(thread) is not None

    def role_of(self, thread: str) -> str | None:
        """The role that the conversation is about, if it is about one."""
        remembered = self._fresh(thread)
        return remembered.role if remembered else None

    def remember(self, thread: str, role: str | None) -> None:
        """The conversation went on; without a role it stays with the one it had."""
        if not thread:
            return
        kept = role or self.role_of(thread)
        self._threads[thread] = _Remembered(kept, self._clock())
        self._threads.move_to_end(thread)
        while len(self._threads) > self._capacity:
            self._threads.popitem(last=False)

    def _fresh(self, thread: str) -> _Remembered | None:
        remembered = self._threads.get(thread)
        if remembered is None or self._clock() - remembered.at > self._lifetime:
            self._threads.pop(thread, None)
            return None
        return remembered
