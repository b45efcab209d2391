"""Each delivery is handled once, whatever Slack sends twice."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from faqbot.store.memory import Memory
from faqbot.store.values import StoreError

HANGS: Final = 1.0
"""Seconds to wait for a database that hangs: Slack waits three for an acknowledgement."""


class Claims(Protocol):
    """Remembers what was taken on; a store that several processes share can take its place."""

    async def claim(self, *key: str) -> bool:
        """Take a key on: true for the first who asks, false for everyone after."""
        ...


class RecentClaims:
    """Claims of one process, the oldest forgotten first.

    Args:
        capacity: how many keys are remembered.
        lifetime: for how many seconds; Slack retries for some six minutes.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        capacity: int = 100_000,
        lifetime: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._lifetime = lifetime
        self._clock = clock
        self._taken: OrderedDict[tuple[str, ...], float] = OrderedDict()

    async def claim(self, *key: str) -> bool:
        """Take a key on: true for the first who asks, false for everyone after."""
        now = self._clock()
        while self._taken and (
            len(self._taken) > self._capacity
            or now - next(iter(self._taken.values())) > self._lifetime
        ):
            self._taken.popitem(last=False)
        if key in self._taken:
            return False
        self._taken[key] = now
        return True


class SharedClaims:
    """Claims of all processes on one database, which survive them; this one's while it is down.

    Args:
        memory: where they are kept.
        own: what this process took on.
    """

    def __init__(self, memory: Memory, own: RecentClaims | None = None) -> None:
        self._memory = memory
        self._own = own or RecentClaims()

    async def claim(self, *key: str) -> bool:
        """Take a key on: true for the first who asks, false for everyone after."""
        if not await self._own.claim(*key):
            return False
        try:
            async with asyncio.timeout(HANGS), self._memory.store(settled=False) as store:
                return await store.claims.claim(*key)
        except (StoreError, TimeoutError):
            return True


def delivery(body: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What identifies a payload: the event, or the trigger of a command, button or view."""
    if body.get("event_id"):
        return ("event", str(body.get("team_id", "")), str(body["event_id"]))
    if body.get("trigger_id"):
        team = body.get("team")
        team_id = team.get("id", "") if isinstance(team, Mapping) else body.get("team_id", "")
        kind = str(body.get("type") or body.get("command") or "")
        return ("trigger", str(team_id), kind, str(body["trigger_id"]))
    return None


def register(app: AsyncApp, claims: Claims) -> None:
    """Acknowledge a repeated delivery without handling it again."""

    @app.middleware
    async def once(
        body: dict[str, Any], next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        key = delivery(body)
        if key is not None and not await claims.claim(*key):
            return BoltResponse(status=200, body="")
        await next_()
        return None
