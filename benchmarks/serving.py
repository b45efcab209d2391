"""Measure throughput against an empty Bolt app, in one run: `python -m benchmarks.serving`.

`/role` over signed HTTP with two workers each; questions by mention, event in and answer posted,
with one worker against one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import median

import numpy as np
import uvloop

from benchmarks.record import Row, table, write
from benchmarks.soak import payloads
from benchmarks.soak.asking import Asked, ask
from benchmarks.soak.payloads import Payload, Signed
from benchmarks.soak.postgresql import cluster
from benchmarks.soak.processes import QUICK, ROOT, faqbot, free_port, listening, quick
from benchmarks.soak.web_api import WebApi
from benchmarks.soak.wrk import Load, load

ROUNDS = 1 if quick() else 2
SECONDS = 4 if quick() else 8
MOST = 7_000 * SECONDS
MENTIONS = 3_000 if quick() else 8_000
NEW = 1_500 if quick() else 3_000
WARM = 2_500
NEW_ANSWERS = 150
"""Answers a second to questions that were never asked, wanted of two workers on two cores."""
ACKNOWLEDGED = 100
"""Milliseconds in which 99 of 100 of them are acknowledged."""
NOTES = (
    "The rates are the median of {rounds} rounds in turn: bare, faqbot, bare, ...; p50, p99 in ms.",
    (
        "Bare: a Bolt AsyncApp that acknowledges a constant, under uvicorn with uvloop and "
        "httptools, through Bolt's own Starlette adapter; signatures are checked."
    ),
    (
        "wrk sends commands over 32 connections, each body signed before and sent once. Mentions "
        "come from a sender that has 48 on their way, each until its answer was posted; the same "
        "process is the Web API and takes about a sixth of a core. All share the machine's cores, "
        "on both sides."
    ),
    (
        "Questions: drawn at random from the 1,113 of the development files of tests/questions, so "
        "that most were asked before, as people do; `new`: each bears a number that makes it one "
        "that was never asked."
    ),
)


@asynccontextmanager
async def bare(api: str, workers: int) -> AsyncIterator[int]:
    """Bare Bolt as long as the block runs; gives its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "benchmarks.soak.bare:app", "--port", str(port)),
        *("--workers", str(workers), "--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--log-level", "warning"),
        env={**os.environ, "SLACK_API_URL": api},
        cwd=ROOT,
    )
    try:
        await listening(port)
        await asyncio.sleep(2)
        yield port
    finally:
        process.terminate()
        await process.wait()


def commands(numbers: Iterator[int], most: int) -> Iterator[Signed]:
    """So many `/role python backend`."""
    for _ in range(most):
        yield Signed.form(payloads.command(next(numbers), "/role", "python backend"))


def mentions(numbers: Iterator[int], most: int, *, new: bool = False) -> Iterator[Payload]:
    """So many questions by mention; `new`: each with words that were never seen."""
    texts, chance = payloads.questions(), random.Random(next(numbers))
    for _ in range(most):
        number = next(numbers)
        text = chance.choice(texts)
        yield payloads.mention(number, f"{number} {text}" if new else text)


async def roles(folder: Path, api: str) -> list[Row]:
    """`/role` with two workers each."""
    numbers = count()
    plain: list[Load] = []
    ours: list[Load] = []
    async with bare(api, 2) as port, faqbot(folder, api, env={"FAQBOT_WORKERS": "2"}) as found:
        for place in (port, found.port):
            await load(place, commands(numbers, MOST), seconds=2)
        for _ in range(ROUNDS):
            plain.append(await load(port, commands(numbers, MOST), seconds=SECONDS))
            ours.append(await load(found.port, commands(numbers, MOST), seconds=SECONDS))
    first = median(one.rate for one in plain), median(one.p99 for one in plain)
    return [
        _row("bare, 2 workers", *first, p50=median(one.p50 for one in plain)),
        _row(
            "/role, 2 workers",
            median(one.rate for one in ours),
            median(one.p99 for one in ours),
            p50=median(one.p50 for one in ours),
            against=first,
            wanted=0.6,
        ),
    ]


async def questions(
    folder: Path,
    web: WebApi,
    api: str,
    numbers: Iterator[int],
    *,
    workers: int,
    url: str,
    new: bool = False,
) -> tuple[Asked, float]:
    """Mentions with a database, and the rate of bare Bolt beside it."""
    plain, asked = [], []
    env = {"FAQBOT_WORKERS": str(workers)}
    async with bare(api, workers) as port, faqbot(folder, api, database=url, env=env) as found:
        await load(port, commands(numbers, MOST), seconds=2)
        await ask(found.port, web, mentions(numbers, WARM * workers))
        for _ in range(ROUNDS):
            plain.append((await load(port, commands(numbers, MOST), seconds=SECONDS)).rate)
            many = NEW if new else MENTIONS
            asked.append(await ask(found.port, web, mentions(numbers, many, new=new)))
    lost = sum(one.unanswered + one.refused for one in asked)
    if lost:
        raise SystemExit(
            f"{lost} questions were not answered; the log:\n{found.log.read_text()[-4000:]}"
        )
    return sorted(asked, key=lambda one: one.rate)[len(asked) // 2], median(plain)


def _row(
    what: str,
    rate: float,
    p99: float,
    *,
    p50: float,
    against: tuple[float, float] | None = None,
    wanted: float = 0.0,
    slow: float = 3.0,
    acknowledged: float = 0.0,
    at_least: int = 0,
) -> Row:
    row: dict[str, object] = {"what": what, "a second": round(rate), "p50": p50, "p99": p99}
    if acknowledged:
        row["acknowledged p99"] = round(acknowledged, 1)
    if at_least:
        row["wanted"] = f"{at_least} a second, acknowledged p99 < {ACKNOWLEDGED} ms"
        row["holds"] = "yes" if rate >= at_least and acknowledged < ACKNOWLEDGED else "NO"
    if against:
        ratio = rate / against[0]
        row["of bare"] = round(ratio, 3)
        if not wanted or at_least:
            return row
        row["wanted"] = wanted
        good = ratio >= wanted
        if against[1]:
            row["p99 of bare"] = round(p99 / against[1], 2)
            good = good and p99 < slow * against[1]
        row["holds"] = "yes" if good else "NO"
    return row


ROLES = "role"
CASES = {
    "sqlite": (1, 0.35),
    "sqlite-new": (1, 0.0),
    "postgresql": (1, 0.30),
    "postgresql-2": (2, 0.30),
    "postgresql-2-new": (2, 0.0),
}
"""Cases of mentions: how many workers, and the share of bare Bolt's rate that is wanted."""


async def measured(folder: Path, only: list[str]) -> list[Row]:
    """All rows, or those of some cases."""
    web = WebApi()
    rows: list[Row] = []
    numbers = count()  # no question is another's: what was answered is not answered again
    async with web.serving() as api:
        if not only or ROLES in only:
            rows += await roles(folder, api)
        with cluster(folder) as database:
            for name, (workers, wanted) in CASES.items():
                if only and name not in only:
                    continue
                sqlite = name.startswith("sqlite")
                url = f"sqlite:///{folder}/faqbot.db" if sqlite else database.url
                new = name.endswith("-new")
                asked, rate = await questions(
                    folder, web, api, numbers, workers=workers, url=url, new=new
                )
                p50, p99 = np.percentile(asked.milliseconds, (50, 99))
                acknowledged = float(np.percentile(asked.acknowledged, 99))
                rows.append({"what": f"bare, {workers} workers", "a second": round(rate)})
                what = f"mentions, {name.partition('-')[0]}, {workers} workers"
                what += ", new" if new else ""
                rows.append(
                    _row(
                        what,
                        asked.rate,
                        float(p99),
                        p50=float(p50),
                        against=(rate, 0),
                        wanted=wanted,
                        acknowledged=acknowledged,
                        at_least=NEW_ANSWERS if new and workers > 1 else 0,
                    )
                )
    return rows


def main() -> None:
    """Measure, print, write the table, and fail when a figure doesn't hold."""
    parser = argparse.ArgumentParser(prog="benchmarks.serving", description=__doc__)
    parser.add_argument("case", nargs="*", help=f"what to measure: {', '.join((ROLES, *CASES))}")
    parser.add_argument(QUICK, action="store_true", help="fewer requests; writes nothing")
    options = parser.parse_args()
    if unknown := set(options.case) - {ROLES, *CASES}:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="faqbot-serving-") as place:
        rows = uvloop.run(measured(Path(place), options.case))
    print(table(rows))
    if not quick() and len(rows) > 2:
        notes = [line.format(rounds=ROUNDS) for line in NOTES]
        write("serving", "Serving beside bare Bolt", notes, rows)
    if any(row.get("holds") == "NO" for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
