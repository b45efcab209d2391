"""The database killed for half a minute under load: `python -m benchmarks.soak.store_down`."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

import asyncpg

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.payloads import Payload
from benchmarks.soak.postgresql import Cluster, cluster
from benchmarks.soak.processes import Faqbot, faqbot, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.slack import Slack, answered
from benchmarks.soak.web_api import WebApi

RATE = 30.0
BEFORE, DOWN, AFTER = (10, 10, 20) if quick() else (30, 30, 40)
FLAT = 1.05
EVENTS = round(RATE * (BEFORE + DOWN + AFTER))
NOTES = (
    "PostgreSQL is stopped with pg_ctl -m immediate, which tells nobody, and started again.",
    "Remembered after: seconds from the start of PostgreSQL until a question was in it again.",
    (
        "Memory: resident, at its highest while the database was down and after, against the "
        "highest before; flat is below 5 % more."
    ),
)


async def _recovered(database: Cluster, began: float) -> float:
    """Seconds until a question is remembered that was asked after the start."""
    connection = await asyncpg.connect(database.url)
    try:
        before = await connection.fetchval("SELECT count(*) FROM receipts")
        while (  # noqa: ASYNC110 - PostgreSQL says when
            await connection.fetchval("SELECT count(*) FROM receipts") == before
        ):
            await asyncio.sleep(0.2)
    finally:
        await connection.close()
    return time.monotonic() - began


async def _megabytes(process: Faqbot, kept: list[float]) -> None:
    while True:
        kept.append(process.megabytes)
        await asyncio.sleep(0.5)


async def _breaking(database: Cluster, watch: list[tuple[float, int]], kept: list[float]) -> float:
    await asyncio.sleep(BEFORE)
    watch.append((time.monotonic(), len(kept)))
    await asyncio.to_thread(database.kill)
    await asyncio.sleep(DOWN)
    await asyncio.to_thread(database.start)
    async with asyncio.timeout(AFTER):
        return await _recovered(database, time.monotonic())


def _events() -> list[Payload]:
    texts = payloads.questions()
    make = (payloads.mention, payloads.direct)
    return [make[number % 2](number, texts[number % len(texts)]) for number in range(EVENTS)]


async def soak(folder: Path) -> list[Row]:
    """One row."""
    web, events = WebApi(keep=True), _events()
    kept: list[float] = []
    watch: list[tuple[float, int]] = []
    with cluster(folder) as database:
        async with web.serving() as api, faqbot(folder, api, database=database.url) as process:
            warm = [payloads.mention(EVENTS + number, "hello") for number in range(200)]
            await Slack(process.port).send(warm, RATE)
            watching = asyncio.create_task(_megabytes(process, kept))
            breaking = asyncio.create_task(_breaking(database, watch, kept))
            slack = Slack(process.port)
            await slack.send(events, RATE)
            try:
                recovered = await breaking
            except TimeoutError:
                recovered = float("nan")
            found = await answered(web, events, quiet=40, within=120)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            tracebacks = process.tracebacks
            print(process.complaint())
    at = watch[0][1]
    before, after = max(kept[:at]), max(kept[at:])
    return [
        {
            "events": found.asked,
            "retries": slack.retries,
            "lost": found.lost,
            "twice": found.twice,
            "slowest ack": round(slack.slowest, 2),
            "remembered after": round(recovered, 1),
            "MB before": round(before, 1),
            "MB at most": round(after, 1),
            "tracebacks": tracebacks,
            "holds": holds(
                found.good, not math.isnan(recovered), after < before * FLAT, not tracebacks
            ),
        }
    ]


if __name__ == "__main__":
    run("store-down", "The database killed under load", NOTES, soak)
