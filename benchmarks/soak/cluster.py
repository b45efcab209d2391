"""Three processes behind nginx, killed and stopped: `python -m benchmarks.soak.cluster`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.postgresql import Cluster, cluster
from benchmarks.soak.processes import Faqbot, faqbot, nginx, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.slack import Slack, answered
from benchmarks.soak.web_api import WebApi

EVENTS = 1_200 if quick() else 10_000
RATE = 60.0  # two cores also carry nginx, PostgreSQL and the sender beside the three processes
TEXTS = 200  # each process understands a new one in a while, which isn't measured here
FROZEN = 8.0 if quick() else 30.0
FASTER = 10.0
NOTES = (
    (
        "A tenth of the events is delivered twice or thrice. What isn't acknowledged in 3 "
        "seconds, or not with 2xx, is sent again as Slack does: at once, after 1 minute, after 5 "
        "minutes, here ten times faster: 0, 6 and 30 seconds."
    ),
    (
        "Killed: at a third of the events one process gets SIGKILL, at two thirds another SIGTERM; "
        "neither is started again. nginx sends a request to another process only when it could "
        "not be sent."
    ),
    (
        f"Frozen: at a quarter of the events all processes of PostgreSQL get SIGSTOP for "
        f"{FROZEN:.0f} seconds, and a third of that later one of faqbot SIGKILL; when PostgreSQL "
        "goes on, another gets SIGTERM. What is delivered twice at the same moment, to two "
        "processes that can't ask the database, may be answered twice: here nothing is delivered "
        "twice that was acknowledged."
    ),
    "Answers are counted at the Web API, which also says truthfully what threads hold.",
)


@dataclass(slots=True)
class _Faults:
    """What is done to the processes while events are sent."""

    database: Cluster
    processes: list[Faqbot]
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    code: int = -1

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something meanwhile."""
        self.tasks.append(asyncio.create_task(work))

    async def kill(self) -> None:
        """Kill the first process."""
        await self.processes[0].kill()

    async def stop(self) -> None:
        """Stop the second process."""
        self.code = await self.processes[1].stop()

    async def freeze(self) -> None:
        """Freeze PostgreSQL, kill a process meanwhile, and stop one afterwards."""
        self.database.freeze()
        await asyncio.sleep(FROZEN / 3)
        await self.kill()
        await asyncio.sleep(2 * FROZEN / 3)
        self.database.thaw()
        await self.stop()


def _killed(faults: _Faults, number: int) -> None:
    if number == EVENTS // 3:
        faults.begin(faults.kill())
    if number == 2 * EVENTS // 3:
        faults.begin(faults.stop())


def _frozen(faults: _Faults, number: int) -> None:
    if number == EVENTS // 4:
        faults.begin(faults.freeze())


async def _case(
    folder: Path, name: str, at: Callable[[_Faults, int], None], repeated: float
) -> Row:
    web = WebApi(keep=True)
    texts = payloads.questions()[:TEXTS]
    events = [
        payloads.mention(number, texts[number % len(texts)], channels=EVENTS)
        for number in range(EVENTS)
    ]
    async with AsyncExitStack() as stack:
        database = stack.enter_context(cluster(folder))
        api = await stack.enter_async_context(web.serving())
        processes: list[Faqbot] = [
            await stack.enter_async_context(faqbot(folder, api, database=database.url))
            for _ in range(3)
        ]
        port = await stack.enter_async_context(nginx(folder, [one.port for one in processes]))
        slack = Slack(port, faster=FASTER, repeated=repeated)
        faults = _Faults(database, processes)
        began = time.monotonic()
        await slack.send(events, RATE, lambda number: at(faults, number))
        await asyncio.gather(*faults.tasks)
        found = await answered(web, events, quiet=60, within=180)
        seconds = web.last - began
        tracebacks = sum(one.tracebacks for one in processes)
        for one in processes:
            print(one.complaint())
    return {
        "case": name,
        "events": found.asked,
        "deliveries": slack.deliveries,
        "retries": slack.retries,
        "given up": slack.given_up,
        "lost": found.lost,
        "twice in public": found.twice - found.private,
        "twice in private": found.private,
        "slowest ack": round(slack.slowest, 2),
        "looked up": web.calls["conversations.replies"],
        "stop code": faults.code,
        "tracebacks": tracebacks,
        "seconds": round(seconds),
        "holds": holds(
            not found.lost,
            found.twice == found.private,
            not tracebacks,
            not slack.given_up,
            faults.code == 0,
        ),
    }


async def soak(folder: Path) -> list[Row]:
    """A row for each case."""
    return [
        await _case(_folder(folder, "killed"), "killed", _killed, repeated=0.1),
        await _case(_folder(folder, "frozen"), "frozen", _frozen, repeated=0.0),
    ]


def _folder(whole: Path, name: str) -> Path:
    whole.chmod(0o755)  # PostgreSQL runs as another user
    made = whole / name
    made.mkdir()
    return made


if __name__ == "__main__":
    run("cluster", "Three processes, killed and stopped", NOTES, soak)
