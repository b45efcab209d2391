"""Requests that never end, beside signed ones: `python -m benchmarks.soak.unfinished`."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.attacker import ATTACKS, CONNECTIONS
from benchmarks.soak.connections import Connections
from benchmarks.soak.processes import ROOT, Faqbot, faqbot, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.slack import Slack, answered
from benchmarks.soak.web_api import WebApi

SECONDS = 15 if quick() else 30
RATE = 20.0
WARM, WARM_RATE = 1_000, 40.0  # what the matcher carries on two shared cores
WITHIN = 1.0
MORE = 20.0
EVENTS = round(RATE * SECONDS)
NOTES = (
    (
        f"{CONNECTIONS} connections at a time (endless heads: one, as fast as they are taken; more "
        f"than are accepted: {5 * CONNECTIONS}), each opened again when it is closed, from another "
        "process of the same machine, without nginx in front of faqbot."
    ),
    (
        "Meanwhile 20 questions a second, signed. Slowest: seconds until the slowest was "
        f"acknowledged, which has to be below {WITHIN:.0f}."
    ),
    (
        "Refused: of the metric faqbot_http_refused_total. MB: resident before and at most, which "
        f"may be {MORE:.0f} more."
    ),
)


@asynccontextmanager
async def _attacked(port: int, kind: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.soak.attacker", str(port), kind), cwd=ROOT
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def _highest(process: Faqbot, kept: list[float]) -> None:
    while True:
        kept.append(process.megabytes)
        await asyncio.sleep(0.2)


async def _refused(lines: Connections) -> int:
    request = f"GET /metrics HTTP/1.1\r\nHost: {lines.host}\r\n\r\n".encode()
    answer = await lines.ask(request, 10.0)
    found = re.findall(
        r"^faqbot_http_refused_total\{.*\} (\S+)$", answer.body.decode(), re.MULTILINE
    )
    return round(sum(map(float, found)))


async def _row(kind: str, first: int, web: WebApi, process: Faqbot) -> Row:
    texts = payloads.questions()
    numbers = range(first, first + EVENTS)
    events = [payloads.mention(number, texts[number % len(texts)]) for number in numbers]
    lines, slack = Connections("127.0.0.1", process.port), Slack(process.port)
    before, began = process.megabytes, await _refused(lines)
    kept = [before]
    watching = asyncio.create_task(_highest(process, kept))
    async with _attacked(process.port, kind):
        await asyncio.sleep(2)  # until all connections are open
        await slack.send(events, RATE)
        found = await answered(web, events, quiet=20, within=60)
    watching.cancel()
    refused = await _refused(lines) - began
    lines.close()
    return {
        "attack": kind,
        "questions": found.asked,
        "unacknowledged": slack.retries,
        "slowest": round(slack.slowest, 3),
        "lost": found.lost,
        "twice": found.twice,
        "refused": refused,
        "MB before": round(before, 1),
        "MB at most": round(max(kept), 1),
        "holds": holds(
            found.good,
            not slack.retries,
            slack.slowest < WITHIN,
            max(kept) < before + MORE,
            refused > 0,
        ),
    }


async def soak(folder: Path) -> list[Row]:
    """A row for each attack."""
    web = WebApi(keep=True)
    database = f"sqlite:///{folder}/faqbot.db"
    async with web.serving() as api, faqbot(folder, api, database=database) as process:
        texts = payloads.questions()
        warm = [payloads.mention(number, texts[number % len(texts)]) for number in range(WARM)]
        await Slack(process.port).send(warm, WARM_RATE)
        await answered(web, warm, quiet=20, within=60)
        rows = []
        for number, kind in enumerate(ATTACKS):
            rows.append(await _row(kind, WARM + number * EVENTS, web, process))
            print(rows[-1])
        tracebacks = process.tracebacks
        print(process.complaint())
    return [{**row, "tracebacks": tracebacks} for row in rows]


if __name__ == "__main__":
    run("unfinished", "Requests that never end", NOTES, soak)
