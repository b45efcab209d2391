"""Sends questions as events with bounded concurrency; each waits for its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.soak.connections import Connections
from benchmarks.soak.payloads import Payload, Signed
from benchmarks.soak.web_api import WebApi


@dataclass(slots=True)
class Asked:
    """What became of the questions.

    Attributes:
        milliseconds: from the event to the post of its answer.
        acknowledged: milliseconds from the event to its acknowledgement.
    """

    seconds: float = 0.0
    answered: int = 0
    unanswered: int = 0
    refused: int = 0
    milliseconds: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


async def ask(
    port: int, api: WebApi, events: Iterator[Payload], *, at_once: int = 48, within: float = 30.0
) -> Asked:
    """Send events, each when an earlier one was answered; `within`: seconds for an answer."""
    found, lines = Asked(), Connections("127.0.0.1", port)
    waiting: dict[str, asyncio.Future[float]] = {}

    def told(channel: str) -> None:
        future = waiting.pop(channel, None)
        if future is not None and not future.done():
            future.set_result(time.monotonic())

    async def one_after_the_other() -> None:
        for event in events:
            future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
            waiting[event["event"]["channel"]] = future
            began = time.monotonic()
            answer = await lines.ask(Signed.event(event).request(lines.host), 10.0)
            found.acknowledged.append((time.monotonic() - began) * 1000)
            found.refused += answer.status != 200
            try:
                async with asyncio.timeout(within):
                    found.milliseconds.append((await future - began) * 1000)
                found.answered += 1
            except TimeoutError:
                found.unanswered += 1

    api.told = told
    began = time.monotonic()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    found.seconds = api.last - began
    lines.close()
    return found
