"""Many questions of all kinds, and the memory they leave: `python -m benchmarks.soak.endurance`."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.connections import Connections
from benchmarks.soak.payloads import Payload, Signed
from benchmarks.soak.processes import Faqbot, faqbot, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.web_api import WebApi

QUESTIONS = 6_000 if quick() else 100_000
PARTS, WARM = 5, 2
AT_ONCE = 24
FLAT = 1.05
MIX = ("mention",) * 10 + ("direct",) * 5 + ("command",) * 4 + ("click",)
NOTES = (
    (
        "Half of the questions come by mention, a quarter in direct messages, a fifth as "
        "commands, the rest are clicks on the buttons of earlier answers; 24 are on their way at "
        "once, so what two hours bring comes as fast as one process with SQLite answers it."
    ),
    (
        "Memory: resident, after each fifth, at rest for five seconds; growth from the second to "
        "the last, for what is kept of 10,000 conversations, threads and claims is full by then."
    ),
    "Left: the sum of all queues of /metrics at the end.",
)
_QUEUE = re.compile(r'^faqbot_waiting\{queue="(\w+)"\} ([\d.e+]+)$', re.MULTILINE)


@dataclass(slots=True)
class _Load:
    web: WebApi
    process: Faqbot
    api: str
    done: Counter[str] = field(default_factory=Counter)
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=payloads.questions)

    async def ask(self, numbers: Iterator[int]) -> None:
        """Ask one question after the other."""
        lines = Connections("127.0.0.1", self.process.port)
        for number in numbers:
            kind = MIX[number % len(MIX)]
            if kind == "click" and not self.web.buttons:
                kind = "command"
            signed, channel = self._question(kind, number)
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            if channel:
                self.waiting[channel] = future
            answer = await lines.ask(signed.request(lines.host), 10.0)
            good = answer.status == 200
            if channel and good:
                try:
                    async with asyncio.timeout(60):
                        await future
                except TimeoutError:
                    good = False
            self.done[kind if good else "unanswered"] += 1
        lines.close()

    def _question(self, kind: str, number: int) -> tuple[Signed, str]:
        text = self.texts[number % len(self.texts)]
        match kind:
            case "mention" | "direct":
                make = payloads.mention if kind == "mention" else payloads.direct
                event = make(number, text)
                return Signed.event(event), str(event["event"]["channel"])
            case "command":
                name, said = ("/role", "python backend") if number % 3 else ("/faq", text)
                return Signed.form(payloads.command(number, name, said, f"{self.api}respond")), ""
        # Each button in turn: posts to one channel are a second apart.
        action, message = self.web.buttons[number // len(MIX) % len(self.web.buttons)]
        return Signed.interaction(payloads.click(number, action, message, f"{self.api}respond")), ""

    def told(self, channel: str) -> None:
        """Somebody was answered."""
        future = self.waiting.pop(channel, None)
        if future is not None and not future.done():
            future.set_result(None)


async def _left(process: Faqbot) -> tuple[int, Payload]:
    lines = Connections("127.0.0.1", process.port)
    request = f"GET /metrics HTTP/1.1\r\nHost: {lines.host}\r\n\r\n".encode()
    answer = await lines.ask(request, 10.0)
    lines.close()
    found = re.findall(
        r'^faqbot_waiting\{queue="(\w+)"\} ([\d.e+]+)$', answer.body.decode(), re.MULTILINE
    )
    return answer.status, {name: int(float(value)) for name, value in found}


async def soak(folder: Path) -> list[Row]:
    """One row."""
    web = WebApi()
    database = f"sqlite:///{folder}/faqbot.db"
    async with web.serving() as api, faqbot(folder, api, database=database) as process:
        load = _Load(web, process, api)
        web.told = load.told
        numbers, began = itertools.count(), time.monotonic()
        megabytes = []
        for _ in range(PARTS):
            batch = itertools.islice(numbers, QUESTIONS // PARTS)
            await asyncio.gather(*(load.ask(batch) for _ in range(AT_ONCE)))
            await asyncio.sleep(5)
            megabytes.append(process.megabytes)
        seconds = time.monotonic() - began
        status, left = await _left(process)
        print(left)
        tracebacks = process.tracebacks
        print(process.complaint())
    growth = megabytes[-1] / megabytes[WARM - 1] - 1
    return [
        {
            "questions": sum(load.done.values()),
            **{kind: load.done[kind] for kind in ("mention", "direct", "command", "click")},
            "unanswered": load.done["unanswered"],
            "seconds": round(seconds),
            "a second": round(QUESTIONS / seconds),
            "MB after each part": " ".join(f"{one:.0f}" for one in megabytes),
            "growth": f"{growth:.1%}",
            "left": sum(left.values()) if status == 200 and left else "unknown",
            "tracebacks": tracebacks,
            "holds": holds(
                not load.done["unanswered"],
                growth < FLAT - 1,
                status == 200 and bool(left) and not sum(left.values()),
                not tracebacks,
            ),
        }
    ]


if __name__ == "__main__":
    run("endurance", "A hundred thousand questions", NOTES, soak, within=3_000)
