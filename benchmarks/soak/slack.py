"""Sends events as Slack does: deliveries, repeats, retries without an acknowledgement."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from benchmarks.soak.connections import Connections
from benchmarks.soak.payloads import Payload, Signed
from benchmarks.soak.web_api import WebApi

ACK: Final = 3.0
RETRIES: Final = (0.0, 60.0, 300.0)
"""Seconds until an event is sent again that was not acknowledged, as Slack documents."""


@dataclass(slots=True)
class Slack:
    """Sends events at a rate.

    Args:
        port: where the app listens.
        faster: by how much the delays of retries are shortened.
        repeated: the share of events that are sent twice or thrice though acknowledged.
    """

    port: int
    faster: float = 1.0
    repeated: float = 0.0
    deliveries: int = 0
    retries: int = 0
    given_up: int = 0
    slowest: float = 0.0
    _lines: Connections = field(init=False)
    _chance: random.Random = field(default_factory=lambda: random.Random(3))

    def __post_init__(self) -> None:
        self._lines = Connections("127.0.0.1", self.port)

    async def send(
        self,
        events: Iterable[Payload],
        rate: float,
        at: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Send events at so many a second, and return when each was acknowledged or given up.

        Args:
            events: what is sent.
            rate: events a second.
            at: is told how many were sent so far.
        """
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, event in enumerate(events):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                at(number)
                signed = Signed.event(event)
                group.create_task(self._event(signed))
                if self._chance.random() < self.repeated:
                    for _ in range(self._chance.choice((1, 2))):
                        group.create_task(self._later(signed))
        self._lines.close()

    async def _later(self, signed: Signed) -> None:
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.5, 5.0)))
        await self._deliver(signed, 1)

    async def _event(self, signed: Signed) -> None:
        if await self._deliver(signed):
            return
        for number, delay in enumerate(RETRIES, 1):
            await asyncio.sleep(delay / self.faster)
            self.retries += 1
            if await self._deliver(signed, number):
                return
        self.given_up += 1

    async def _deliver(self, signed: Signed, retry: int = 0) -> bool:
        self.deliveries += 1
        more = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        began = time.monotonic()
        answer = await self._lines.ask(
            signed.request(self._lines.host, more if retry else None), ACK
        )
        self.slowest = max(self.slowest, time.monotonic() - began)
        return 200 <= answer.status < 300


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of questions."""

    asked: int
    lost: int
    twice: int
    private: int = 0
    """How many of those answered twice the asker alone saw: these leave no trace to look for."""

    @property
    def good(self) -> bool:
        """Each was answered once."""
        return not (self.lost or self.twice)


def tally(api: WebApi, events: Iterable[Payload]) -> Tally:
    """Count answers: posts by the question they answer, private ones by channel."""
    stamps: dict[str, set[str]] = {}
    for event in events:
        said = event["event"]
        stamps.setdefault(str(said["channel"]), set()).add(str(said["ts"]))
    lost = twice = private = 0
    for channel, asked in stamps.items():
        posts = [api.answered[stamp] for stamp in asked]
        alone = api.answered[channel]
        twice += sum(max(0, count - 1) for count in posts)
        missing = posts.count(0) - alone
        lost += max(0, missing)
        private += max(0, -missing)
    return Tally(sum(map(len, stamps.values())), lost, twice + private, private)


async def answered(api: WebApi, events: list[Payload], *, quiet: float, within: float) -> Tally:
    """Wait until each was answered, or nothing came for `quiet` seconds; then for doubles."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = tally(api, events)
        if not found.lost or time.monotonic() - api.last > quiet:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(min(quiet, 5.0))
    return tally(api, events)
