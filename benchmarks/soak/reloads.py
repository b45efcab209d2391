"""Content that is replaced under questions, in three ways: `python -m benchmarks.soak.reloads`."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.record import Row
from benchmarks.soak import payloads
from benchmarks.soak.connections import Connections
from benchmarks.soak.payloads import Payload, Signed
from benchmarks.soak.processes import ROOT, Faqbot, faqbot, quick
from benchmarks.soak.report import holds, run
from benchmarks.soak.web_api import WebApi

ROUNDS = 3 if quick() else 34
ALONE = 20.0 if quick() else 30.0
RATE = 10.0
PROBE = 0.5
SEEN_WITHIN = 70.0
ANSWERED_WITHIN = 10.0
TIMES = 2.0
PULL_INTERVAL = 2
TEXTS = 100
NOTES = (
    (
        f"{RATE:.0f} questions a second by mention to one process with SQLite, {ALONE:.0f} seconds "
        "alone, then while the content is replaced. A replacement follows when the one before was "
        "seen: an answer holds its text. Seen: seconds from the replacement to this answer, asked "
        f"for each {PROBE} seconds; it may take {SEEN_WITHIN:.0f}. Each question bears a number "
        "that makes it one that was never asked: what was understood before a reload is understood "
        "anew after it, so that questions asked before would be compared with new ones."
    ),
    (
        "Link: a symbolic link leads to another release from one moment to the next. Removal: the "
        "folder is deleted and copied anew. Git: a commit to a repository that faqbot fetches "
        f"from, here each {PULL_INTERVAL} seconds; 300 is what it does without a setting."
    ),
    (
        "p99 and longest: milliseconds from a question to its answer. The longest beside reloads "
        f"may be {TIMES:.0f} times the p99 alone."
    ),
)
_ROLE = """role: tester
title: Tester
sections:
  overview: Tries things out.
  skills: {required: [patience of release %d]}
"""
_PROBE_TEXT = "what skills does a tester need"


def _write(folder: Path, number: int) -> None:
    """Write the content of a release."""
    shutil.copytree(ROOT / "knowledge", folder)
    (folder / "roles" / "tester.yaml").write_text(_ROLE % number)


@dataclass(slots=True)
class _Link:
    place: Path

    def address(self) -> str:
        return str(self.place / "current")

    def replace(self, number: int) -> None:
        _write(self.place / f"{number}", number)
        link = self.place / "next"
        link.symlink_to(f"{number}")
        link.replace(self.place / "current")
        # As Capistrano does: the release before stays.
        shutil.rmtree(self.place / f"{number - 2}", ignore_errors=True)


@dataclass(slots=True)
class _Removal:
    place: Path

    def address(self) -> str:
        return str(self.place / "knowledge")

    def replace(self, number: int) -> None:
        shutil.rmtree(self.place / "knowledge", ignore_errors=True)
        _write(self.place / "knowledge", number)


@dataclass(slots=True)
class _Git:
    place: Path

    def address(self) -> str:
        return f"git+file://{self.place}#main:knowledge"

    def replace(self, number: int) -> None:
        if not number:
            self._git("init", "-q")
            _write(self.place / "knowledge", number)
        (self.place / "knowledge" / "roles" / "tester.yaml").write_text(_ROLE % number)
        self._git("add", ".")
        self._git("commit", "-qm", f"Release {number}")

    def _git(self, *arguments: str) -> None:
        who = ("-c", "user.name=soak", "-c", "user.email=soak@soak.invalid")
        main = ("-c", "init.defaultBranch=main")
        whole = ("git", *who, *main, "-C", str(self.place), *arguments)
        subprocess.run(whole, check=True, capture_output=True)


_WAYS: dict[str, Callable[[Path], _Link | _Removal | _Git]] = {
    "link": _Link,
    "removal": _Removal,
    "git": _Git,
}


@dataclass(slots=True)
class _Load:
    """Questions at a rate, and what was said to them."""

    web: WebApi
    process: Faqbot
    milliseconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    _texts: list[str] = field(default_factory=lambda: payloads.questions()[:TEXTS])
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _waiting: dict[str, asyncio.Future[str]] = field(default_factory=dict)
    _lines: Connections = field(init=False)

    def __post_init__(self) -> None:
        self._lines = Connections("127.0.0.1", self.process.port)
        self.web.posted = self._posted

    def _posted(self, arguments: Payload) -> None:
        future = self._waiting.pop(str(arguments.get("channel")), None)
        if future is not None and not future.done():
            future.set_result(f"{arguments.get('text')} {arguments.get('blocks')}")

    async def ask(self, text: str) -> str:
        """Ask, and return what is answered; nothing if that takes too long."""
        event = payloads.mention(next(self._numbers), text)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[event["event"]["channel"]] = future
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                request = Signed.event(event).request(self._lines.host)
                await self._lines.ask(request, ANSWERED_WITHIN)
                return await future
        except TimeoutError:
            return ""

    async def _timed(self, text: str) -> None:
        began = time.monotonic()
        if await self.ask(text):
            self.milliseconds.append((time.monotonic() - began) * 1000)
        else:
            self.unanswered += 1

    async def warm(self) -> None:
        """Ask each question once."""
        for text in self._texts:
            await self.ask(text)

    async def keep_on(self, done: asyncio.Event) -> list[float]:
        """Ask at the rate until the event; the milliseconds of each answer."""
        self.milliseconds = []
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in itertools.count():
                await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
                if done.is_set():
                    break
                text = self._texts[number % len(self._texts)]
                group.create_task(self._timed(f"{next(self._numbers)} {text}"))
        return self.milliseconds

    async def seen(self, number: int) -> float:
        """Seconds until an answer holds the text of a release; infinite if none does."""
        began = time.monotonic()
        while time.monotonic() - began < SEEN_WITHIN:
            if f"release {number}" in await self.ask(_PROBE_TEXT):
                return time.monotonic() - began
            await asyncio.sleep(PROBE)
        return float("inf")


async def _row(folder: Path, name: str) -> Row:
    place = folder / name
    place.mkdir()
    way, web = _WAYS[name](place), WebApi()
    way.replace(0)
    settings = {"FAQBOT_KNOWLEDGE": way.address()}
    if name == "git":
        settings["FAQBOT_PULL_INTERVAL"] = str(PULL_INTERVAL)
    database = f"sqlite:///{folder}/{name}.db"
    async with (
        web.serving() as api,
        faqbot(folder, api, database=database, env=settings) as process,
    ):
        load = _Load(web, process)
        await load.warm()
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(ALONE, done.set)
        alone = await load.keep_on(done)
        done = asyncio.Event()
        asking = asyncio.create_task(load.keep_on(done))
        seconds = []
        for number in range(1, ROUNDS + 1):
            await asyncio.to_thread(way.replace, number)
            seconds.append(await load.seen(number))
        done.set()
        beside = await asking
        tracebacks = process.tracebacks
        print(process.complaint())
    bound = TIMES * float(np.percentile(alone, 99))
    return {
        "way": name,
        "reloads": ROUNDS,
        "seen, median": round(float(np.median(seconds)), 1),
        "seen, longest": round(max(seconds), 1),
        "questions": len(beside),
        "unanswered": load.unanswered,
        "p99 alone": round(bound / TIMES),
        "longest alone": round(max(alone)),
        "p99 beside": round(float(np.percentile(beside, 99))),
        "longest": round(max(beside)),
        "above twice p99": sum(one > bound for one in beside),
        "tracebacks": tracebacks,
        "holds": holds(
            max(seconds) <= SEEN_WITHIN,
            not load.unanswered,
            max(beside) <= bound,
            not tracebacks,
        ),
    }


async def soak(folder: Path) -> list[Row]:
    """A row for each way."""
    rows = []
    for name in _WAYS:
        rows.append(await _row(folder, name))
        print(rows[-1])
    return rows


if __name__ == "__main__":
    run("reloads", "Content that is replaced under questions", NOTES, soak)
