"""Count the modules that one Slack mention crosses: `python -m benchmarks.mention_path`.

`faqbot run` serves signed HTTP on loopback, remembers in SQLite, and calls a Web API that this
process serves. A profiler in it logs each call of a function of `faqbot`. Counted are the calls
from the request's arrival to the post of the answer: how many modules they are in, and how often
a call is in another module than the call before it. Modules of matching and metrics are left out.

The first mention after a start finds all caches empty: a person's account and a channel's settings
are looked up. The second is the same question by the same person, asked again. Of several processes
the one with the fewest calls counts, for what else a process does meanwhile only adds calls.

`--python PYTHON` measures the installation of another interpreter, `--show` prints the modules.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.record import Row, table, write
from benchmarks.soak.connections import Connections
from benchmarks.soak.payloads import SECRET, TOKEN, Signed, mention
from benchmarks.soak.processes import free_port
from benchmarks.soak.web_api import WebApi

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "which skills does a data analyst need?"
LEFT_OUT = {"matching", "metrics"}
MENTIONS = ("first", "again")
PERSON = "U00000001"
PROCESSES = 5
TIMEOUT = 60.0
PAUSE = 3.0
"""Seconds before a mention, in which what was begun before it ends: the start, the question log."""

PROFILED = """
import collections, json, sys, threading, time

calls = collections.deque(maxlen=500_000)

def log(frame, event, _):
    if event == "call":
        name = frame.f_globals.get("__name__") or ""
        if name.split(".")[0] == "faqbot":
            calls.append((time.monotonic(), name))

from faqbot.cli.main import main

place = sys.argv.pop(1)
threading.setprofile(log)
sys.setprofile(log)
try:
    main()
finally:
    sys.setprofile(None)
    with open(place, "w") as stream:
        json.dump(list(calls), stream)
"""
"""What the other process runs: the `faqbot` command, and a log of its calls written at its end.

A monotonic clock is the same in all processes of a machine, so the log is cut here by the times
at which the mention was sent and its answer came.
"""

NOTES = (
    f"One mention, {QUESTION!r}, over signed HTTP with questions remembered in SQLite: calls of",
    "functions of faqbot from the request's arrival to the post of the answer. Changes: calls in",
    "another module than the call before. Without the modules of matching and metrics. `first`:",
    "after a start; `again`: the same by the same person.",
)


Modules = Sequence[str]
"""The modules of the calls that a mention makes, in their order."""


def main() -> None:
    """Measure several processes, print the table and the modules, and write the table."""
    options = _options()
    runs = [asyncio.run(_mentions(options.python)) for _ in range(options.processes)]
    paths = {name: min(found, key=len) for name, *found in zip(MENTIONS, *runs, strict=True)}
    if options.show:
        for name, path in paths.items():
            print(f"{name}:")
            for module, count in Counter(path).most_common():
                print(f"  {module}: {count} calls")
    rows = [_row(name, path) for name, path in paths.items()]
    print(table(rows))
    if options.write:
        write("mention_path", "Path of a mention", NOTES, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.mention_path",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--python", default=sys.executable, help="of another installation")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--show", action="store_true", help="print the modules with their calls")
    parser.add_argument("--no-write", dest="write", action="store_false")
    return parser.parse_args()


def _row(name: str, path: Modules) -> Row:
    return {
        "mention": name,
        "modules": len(set(path)),
        "changes of module": sum(before != after for before, after in pairwise(path)),
        "calls": len(path),
    }


async def _mentions(python: str) -> tuple[Modules, ...]:
    """The paths of all MENTIONS in one process."""
    api = WebApi()
    with tempfile.TemporaryDirectory(prefix="faqbot-mention-") as name:
        log = Path(name) / "calls.json"
        async with api.serving() as address:
            spans = await _asked(python, Path(name), log, api, address)
        calls = json.loads(log.read_text())
    return tuple(
        tuple(module for at, module in calls if began <= at <= ended and _counts(module))
        for began, ended in spans
    )


def _counts(module: str) -> bool:
    return LEFT_OUT.isdisjoint(module.split("."))


async def _asked(
    python: str, folder: Path, log: Path, api: WebApi, address: str
) -> list[tuple[float, float]]:
    """Start faqbot, ask all MENTIONS and stop it; when each was sent and answered."""
    port = free_port()
    settings = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": address,
        "PORT": str(port),
        "FAQBOT_HOST": "127.0.0.1",
        "FAQBOT_KNOWLEDGE": str(ROOT / "knowledge"),
        "FAQBOT_DATABASE_URL": f"sqlite:///{folder}/faqbot.db",
    }
    # Another installation must not import this checkout, so only the own one gets the path.
    if python == sys.executable and "PYTHONPATH" in os.environ:
        settings["PYTHONPATH"] = os.environ["PYTHONPATH"]
    process = await asyncio.create_subprocess_exec(
        *(python, "-c", PROFILED, str(log), "run"),
        env=settings,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    lines = Connections("127.0.0.1", port)
    try:
        async with asyncio.timeout(TIMEOUT):
            await _ready(process, lines)
            return [await _ask(lines, api, number) for number in range(len(MENTIONS))]
    finally:
        lines.close()
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def _ready(process: asyncio.subprocess.Process, lines: Connections) -> None:
    request = f"GET /ready HTTP/1.1\r\nHost: {lines.host}\r\n\r\n".encode()
    while (await lines.ask(request, TIMEOUT)).status != 200:
        if process.returncode is not None:
            output, _ = await process.communicate()
            raise SystemExit(f"faqbot doesn't start:\n{output.decode()}")
        await asyncio.sleep(0.1)


async def _ask(lines: Connections, api: WebApi, number: int) -> tuple[float, float]:
    """Send a mention; when it was sent and when its answer was posted."""
    answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def posted(_: str) -> None:
        if not answered.done():
            answered.set_result(time.monotonic())

    api.told = posted
    event = mention(number, QUESTION, channels=1)
    event["event"]["user"] = PERSON
    await asyncio.sleep(PAUSE)
    began = time.monotonic()
    answer = await lines.ask(Signed.event(event).request(lines.host), TIMEOUT)
    if answer.status != 200:
        raise SystemExit(f"The mention was refused with status {answer.status}.")
    return began, await answered


if __name__ == "__main__":
    main()
