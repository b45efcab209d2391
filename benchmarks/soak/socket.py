"""Dropped sockets and rejected handshakes: `python -m benchmarks.soak.socket`."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.postgresql import cluster
from benchmarks.soak.processes import faqbot, quick
from benchmarks.soak.report import holds, run
from faqbot.playground.models import Faults, Setup, Timing, User
from faqbot.playground.workspace import LocalWorkspace

DROPS = 10 if quick() else 50
REFUSED = 4 if quick() else 20
WITHIN = 30.0
PAUSE = 1.0
PERSONS = 24
RETRIES = (0.0, 5.0, 25.0)
NOTES = (
    (
        "Cut without a closing handshake; in {refused} of the {drops} rounds the first handshake "
        "after it is refused (with two processes: of whichever comes first). Reconnected: seconds"
        " until the web socket is open again, of each cut one; p99 has to be below 5."
    ),
    (
        "Direct messages are written ten a second while a web socket is open; what is not "
        "acknowledged is sent again after 0, 5 and 25 seconds instead of 0, 60 and 300."
    ),
)


async def _writing(workspace: LocalWorkspace, asked: list[str], stop: asyncio.Event) -> None:
    texts = payloads.questions()
    names = [f"person{number}" for number in range(PERSONS)]
    for number, name in enumerate(names):
        workspace.add_person(User(f"U0PERSON{number:02d}", name, name.title()))
    for number in count():
        if stop.is_set():
            return
        name = names[number % PERSONS]
        await workspace.until(lambda: workspace.connections > 0, WITHIN)
        asked.append(await workspace.person(name).dm(texts[number % len(texts)]))
        await asyncio.sleep(0.1)


async def _reconnected(workspace: LocalWorkspace, processes: int) -> list[float]:
    """Seconds until each process is connected again; `WITHIN` for one that isn't."""
    began, found = time.monotonic(), []
    for wanted in range(1, processes + 1):
        with suppress(TimeoutError):
            await workspace.until(partial(_connected, workspace, wanted), WITHIN)
        found.append(time.monotonic() - began)
    return found


def _connected(workspace: LocalWorkspace, least: int) -> bool:
    return workspace.connections >= least


def _rounds() -> Iterator[bool]:
    """Whether a handshake is refused, for each round."""
    for number in range(DROPS):
        yield number * REFUSED // DROPS != (number + 1) * REFUSED // DROPS


def _answers(workspace: LocalWorkspace) -> Counter[str]:
    """How many messages answer each question; a message in line says which by its metadata."""
    return Counter(
        message.metadata["event_payload"]["question"]
        for number in range(PERSONS)
        for message in workspace.answers(f"@person{number}")
        if message.metadata
    )


async def _settled(workspace: LocalWorkspace, asked: list[str]) -> tuple[int, int]:
    """How many were lost and how many answered twice, once nothing more comes."""
    with suppress(TimeoutError):
        await workspace.until(lambda: set(asked) <= set(_answers(workspace)), 2 * WITHIN)
    await asyncio.sleep(8)
    found = _answers(workspace)
    return sum(not found[ts] for ts in asked), sum(found[ts] > 1 for ts in asked)


async def _measured(folder: Path, processes: int, database: str) -> Row:
    seconds: list[float] = []
    asked: list[str] = []
    setup = Setup(events=frozenset({"app_mention", "message.im"}))
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(
            LocalWorkspace.start(setup=setup, timing=Timing(retry_delays=RETRIES))
        )
        env = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_SIGNING_SECRET": "",
        }
        apps = [
            await stack.enter_async_context(
                faqbot(folder, workspace.api_url, database=database, env=env)
            )
            for _ in range(processes)
        ]
        await workspace.until(lambda: workspace.connections == processes, WITHIN)
        stop = asyncio.Event()
        writing = asyncio.create_task(_writing(workspace, asked, stop))
        for refused in _rounds():
            await asyncio.sleep(PAUSE)
            workspace.faults = replace(Faults(), refuse_handshakes=int(refused))
            workspace.drop_sockets()
            await workspace.until(lambda: workspace.connections == 0, WITHIN)
            seconds += await _reconnected(workspace, processes)
        stop.set()
        await writing
        lost, twice = await _settled(workspace, asked)
        tracebacks = sum(app.tracebacks for app in apps)
    p50, p99 = (float(np.percentile(seconds, share)) for share in (50, 99))
    return {
        "processes": processes,
        "dropped": DROPS,
        "refused": REFUSED,
        "reconnected p50": round(p50, 2),
        "reconnected p99": round(p99, 2),
        "longest": round(max(seconds), 2),
        "questions": len(asked),
        "lost": lost,
        "twice": twice,
        "tracebacks": tracebacks,
        "holds": holds(p99 < 5.0, not lost, not twice),
    }


async def soak(folder: Path) -> list[Row]:
    """One row for one process, one for two side by side on PostgreSQL."""
    return [
        await _measured(folder, 1, f"sqlite:///{folder}/faqbot.db"),
        await _side_by_side(folder),
    ]


async def _side_by_side(folder: Path) -> Row:
    with cluster(folder) as database:
        return await _measured(folder, 2, database.url)


if __name__ == "__main__":
    notes = [line.format(drops=DROPS, refused=REFUSED) for line in NOTES]
    run("socket", "Sockets dropped, handshakes refused", notes, soak)
