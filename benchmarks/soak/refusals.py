"""A Web API that rejects a fifth of all calls: `python -m benchmarks.soak.refusals`."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.processes import faqbot, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.slack import Slack, answered
from benchmarks.soak.web_api import WebApi

EVENTS = 1_000 if quick() else 6_000
RATE = 60.0
CHANNELS = 200
SHARE = 0.2
NOTES = (
    (
        "A fifth of the calls of every method is refused: half with 429 and Retry-After 1, half "
        "with 500 or 503; what is refused is not done."
    ),
    (
        "Early: calls to a method (and channel, for posts) before Retry-After was over; those of "
        "the first 250 ms aren't counted, for they were on their way."
    ),
)


async def soak(folder: Path) -> list[Row]:
    """One row."""
    web = WebApi(keep=True)
    texts = payloads.questions()
    events = [
        payloads.mention(number, texts[number % len(texts)], channels=CHANNELS)
        for number in range(EVENTS)
    ]
    database = f"sqlite:///{folder}/faqbot.db"
    async with web.serving() as api, faqbot(folder, api, database=database) as process:
        web.refusals.share = SHARE
        slack, began = Slack(process.port), time.monotonic()
        await slack.send(events, RATE)
        found = await answered(web, events, quiet=60, within=240)
        seconds = web.last - began
        web.refusals.share = 0.0
        tracebacks = process.tracebacks
        print(process.complaint())
    refused = web.refusals.given
    return [
        {
            "events": found.asked,
            "calls": sum(web.calls.values()),
            "429": refused["429"],
            "5xx": refused["500"] + refused["503"],
            "early": web.refusals.early,
            "lost": found.lost,
            "twice": found.twice,
            "slowest ack": round(slack.slowest, 2),
            "tracebacks": tracebacks,
            "seconds": round(seconds),
            "holds": holds(found.good, web.refusals.early == 0, not tracebacks),
        }
    ]


if __name__ == "__main__":
    run("refusals", "A Web API that refuses a fifth of all calls", NOTES, soak)
