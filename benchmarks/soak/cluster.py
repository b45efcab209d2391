"""Three processes behind nginx, one killed, one stopped: `python -m benchmarks.soak.cluster`."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.postgresql import cluster
from benchmarks.soak.processes import Faqbot, faqbot, nginx, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.slack import Slack, answered
from benchmarks.soak.web_api import WebApi

EVENTS = 2_000 if quick() else 20_000
RATE = 100.0 if quick() else 150.0
FASTER = 10.0
NOTES = (
    (
        "A tenth of the events is delivered twice or thrice. What isn't acknowledged in 3 "
        "seconds, or not with 2xx, is sent again as Slack does: at once, after 1 minute, after 5 "
        "minutes, here ten times faster: 0, 6 and 30 seconds."
    ),
    (
        "At a third of the events one process gets SIGKILL, at two thirds another SIGTERM; "
        "neither is started again. nginx sends a request to another process only when it could "
        "not be sent."
    ),
    "Answers are counted at the Web API, which also says truthfully what threads hold.",
)


async def soak(folder: Path) -> list[Row]:
    """One row."""
    web = WebApi(keep=True)
    texts = payloads.questions()
    events = [
        payloads.mention(number, texts[number % len(texts)], channels=EVENTS)
        for number in range(EVENTS)
    ]
    ending: list[asyncio.Task[object]] = []
    async with AsyncExitStack() as stack:
        database = stack.enter_context(cluster(folder))
        api = await stack.enter_async_context(web.serving())
        processes: list[Faqbot] = [
            await stack.enter_async_context(faqbot(folder, api, database=database.url))
            for _ in range(3)
        ]
        port = await stack.enter_async_context(nginx(folder, [one.port for one in processes]))
        slack = Slack(port, faster=FASTER, repeated=0.1)

        def at(number: int) -> None:
            if number == EVENTS // 3:
                ending.append(asyncio.ensure_future(processes[0].kill()))
            if number == 2 * EVENTS // 3:
                ending.append(asyncio.ensure_future(processes[1].stop()))

        began = time.monotonic()
        await slack.send(events, RATE, at)
        found = await answered(web, events, quiet=60, within=180)
        seconds = web.last - began
        codes = [await one for one in ending]
        tracebacks = sum(one.tracebacks for one in processes)
        for one in processes:
            print(one.complaint())
    return [
        {
            "events": found.asked,
            "deliveries": slack.deliveries,
            "retries": slack.retries,
            "given up": slack.given_up,
            "lost": found.lost,
            "twice": found.twice,
            "of them private": found.private,
            "looked up": web.calls["conversations.replies"],
            "stop code": codes[1],
            "tracebacks": tracebacks,
            "seconds": round(seconds),
            "holds": holds(found.good, not tracebacks, codes[1] == 0),
        }
    ]


if __name__ == "__main__":
    run("cluster", "Three processes, one killed, one stopped", NOTES, soak)
