"""Many workspaces in one process: `python -m benchmarks.workspaces [--count 1000] [--folder DIR]`.

Each workspace has content of its own. What is built of it is kept on disk as a service keeps it;
`--folder` keeps it from run to run, for building a thousand takes the two processes that do it some
twenty minutes. Questions go as slash commands through `Workspaces.dispatch`, so that nothing but a
look at the asker's account (answered by a server here) goes over the network.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web

from benchmarks.building import build, team, word
from benchmarks.companies import questions, titles, write_company
from benchmarks.record import Row, table, write
from benchmarks.resident import Resident
from faqbot.index.builder import IndexLoader
from faqbot.index.cache import Snapshots
from faqbot.matching.training_data import SharedResources
from faqbot.slack.client import web_client
from faqbot.slack.context import Services
from faqbot.slack.payload_parser import make_request
from faqbot.storage.installations import Credentials, Installation, Workspace
from faqbot.workspaces.app_pool import AppFactory
from faqbot.workspaces.config import WorkspaceConfig
from faqbot.workspaces.content_pool import ContentPool
from faqbot.workspaces.oauth import OAuthClient
from faqbot.workspaces.router import WorkspaceRouter
from faqbot.workspaces.tokens import TokenProvider

MEMORY = 1024
BOUND = 1536
COLD = 3
PAUSE = 0.004
PACE = 0.1
LOADED, ROUNDS = 50, 6
ALONE = 10.0
AGAIN = 300
NOTES = """\
Milliseconds are of one question to a workspace that stays loaded, through `Workspaces.dispatch`:
before the others are asked; while ten questions a second are asked in others whose content is
loaded; while as many are asked in others whose content has to be loaded; and afterwards.
First question: of a workspace that was not loaded, its content read from disk, its app opened and
the asker looked up on the way; again: of workspaces at random, when most had been let go.
Cold: seconds to load content that was never built, by a process of its own that steps back for
those that answer.
""".splitlines()


@dataclass(frozen=True)
class Everywhere:
    """faqbot is installed in every workspace."""

    async def serves(self, enterprise: str, team: str) -> None:
        """No organisations take part."""

    async def find(self, enterprise: str, team: str) -> Installation | None:  # noqa: ARG002
        return Installation(Workspace("", team), "A1", "B1", "U0BOT", ())


class OneToken(TokenProvider):
    """Gives each workspace a token without a store."""

    async def of(self, workspace: Workspace) -> str | None:
        return Credentials(f"xoxb-{workspace.team}").token


@dataclass
class Service:
    """One process that serves all workspaces."""

    workspaces: WorkspaceRouter
    shelf: ContentPool
    roles: int
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    wrong: int = 0
    late: int = 0

    async def ask(self, number: int, text: str) -> float:
        """Ask in a workspace until it is ready; milliseconds of the last try."""
        while True:
            body = {
                "command": "/faq",
                "text": text,
                "team_id": team(number),
                "user_id": "U0PERSON1",
                "channel_id": "C0GENERAL",
                "trigger_id": f"t{next(self.numbers)}",
            }
            began = time.perf_counter()
            answer = await self.workspaces.dispatch(make_request(body))
            spent = (time.perf_counter() - began) * 1000
            if "getting ready" not in answer.body:
                break
            self.late += 1
            await asyncio.sleep(0.5)
        self.check(number, answer.body)
        return spent

    def check(self, number: int, said: Any) -> None:
        """An answer holds a title of the workspace's own, and no other company's word."""
        text = said if isinstance(said, str) else json.dumps(said)
        own = any(title in text for title in titles(number, self.roles))
        named = {found for found in _companies(text) if found != word(number)}
        self.wrong += not own or bool(named)


def _companies(text: str) -> set[str]:
    return {text[at : at + 8] for at in range(len(text)) if text.startswith("Acme", at)}


async def measured(folder: Path, count: int, roles: int, memory: int) -> list[Row]:
    """Serve all workspaces in this process, and ask them."""
    resident = Resident()
    began = resident.now()
    kept = Snapshots(folder / "cache", 10**6)
    load = IndexLoader(SharedResources(), kept)
    shelf = ContentPool(load, memory * 2**20, folder / "clones")
    site = web.Application()
    site.router.add_route("*", "/api/{method}", _account)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    async with web_client("", address) as client:
        tokens: Any = OneToken(None, OAuthClient(client, "1", "2", "https://example.com"))  # type: ignore[arg-type]

        def assigned(of: str, _: str) -> WorkspaceConfig:
            return WorkspaceConfig(str(folder / "content" / f"{int(of[1:]):04}"))

        opener = AppFactory(shelf, assigned, lambda _: False, "", client, tokens, Services())

        async def nobody(*_: object) -> None:
            raise AssertionError("nobody left")

        service = Service(WorkspaceRouter(Everywhere(), opener, nobody), shelf, roles)
        with resident.watched():
            rows = await _rows(service, count, folder, resident=resident, began=began)
        await service.workspaces.close()
        await shelf.close()
    await runner.cleanup()
    return rows


async def _account(request: web.Request) -> web.Response:
    of = request.headers.get("Authorization", "").removeprefix("Bearer xoxb-")
    return web.json_response({"ok": True, "user": {"id": "U0PERSON1", "team_id": of}})


async def _probe(service: Service, until: asyncio.Event) -> list[float]:
    """Questions to workspace 0, all different for a while, one after the other."""
    made = titles(0, service.roles)
    texts = [text for shift in range(5) for text in questions(made[shift:] + made[:shift])]
    spent = []
    for text in itertools.cycle(texts):
        spent.append(await service.ask(0, text))
        await asyncio.sleep(PAUSE)
        if until.is_set():
            return spent
    return spent


async def _rows(
    service: Service, count: int, folder: Path, *, resident: Resident, began: float
) -> list[Row]:
    roles = service.roles
    await service.ask(0, next(questions(titles(0, roles))))
    await _for(service, ALONE)  # warm
    before = await _for(service, ALONE)
    started = time.perf_counter()
    beside, first = await _beside(service, range(1, count))
    seconds = time.perf_counter() - started
    loaded = service.shelf.count
    after = await _for(service, ALONE)
    last = range(max(1, count - LOADED), count)
    control, _ = await _beside(service, [number for _ in range(ROUNDS) for number in last])
    chosen = random.Random(1).sample(range(1, count), min(AGAIN, count - 1))
    again = [await service.ask(n, next(questions(titles(n, roles)[1:]))) for n in chosen]
    resident.highest = max(resident.highest, resident.now())
    cold = []
    for number in range(count, count + COLD):
        write_company(folder / "content" / f"{number:04}", int(time.time()) + number, roles, "x")
        started = time.perf_counter()
        await service.shelf.acquire(str(folder / "content" / f"{number:04}"))
        cold.append(time.perf_counter() - started)
    return [
        {
            "workspaces": count,
            "roles each": roles,
            "wrong answers": service.wrong,
            "had to ask twice": service.late,
            "MB at start": round(began),
            "MB highest": round(resident.highest),
            "loaded at the end": loaded,
            "all asked in s": seconds,
            **_pair("before", before),
            **_pair("while others are asked", control),
            **_pair("while others are loaded", beside),
            **_pair("after", after),
            **_pair("first question", first),
            **_pair("again", again),
            "cold in s": float(np.median(cold)) if cold else 0.0,
        }
    ]


def _pair(name: str, values: list[float]) -> dict[str, float]:
    return {f"{name} p{at}": float(np.percentile(values, at)) for at in (50, 99)}


async def _beside(service: Service, numbers: Sequence[int]) -> tuple[list[float], list[float]]:
    """Questions to workspace 0 while others are asked at a steady pace; what both took."""
    done = asyncio.Event()
    asking = asyncio.create_task(_probe(service, done))
    started, spent = time.perf_counter(), []
    for at, number in enumerate(numbers, 1):
        spent.append(await service.ask(number, next(questions(titles(number, service.roles)))))
        await asyncio.sleep(max(0.0, started + at * PACE - time.perf_counter()))
    done.set()
    return await asking, spent


async def _for(service: Service, seconds: float) -> list[float]:
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    return await _probe(service, done)


def main() -> None:
    """Build what isn't kept, measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--roles", type=int, default=50)
    parser.add_argument("--memory", type=int, default=MEMORY, help="MB for content")
    parser.add_argument("--folder", type=Path, help="where content and what is built of it stay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = (options.folder or Path(place)).resolve()
        (folder / "cache").mkdir(parents=True, exist_ok=True, mode=0o700)
        work = [(folder, number, options.roles) for number in range(options.count)]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            spent = [seconds for seconds in pool.imap(build, work, chunksize=4) if seconds]
        rows = asyncio.run(measured(folder, options.count, options.roles, options.memory))
    size = (
        sum(path.stat().st_size for path in (folder / "cache").rglob("*")) if options.folder else 0
    )
    extra: Row = {
        "built in this run": len(spent),
        "building each in s": float(np.median(spent)) if spent else None,
        "MB on disk each": size / 2**20 / options.count,
    }
    rows = [{**rows[0], **extra}]
    turned: list[Row] = [{"figure": name, "value": value} for name, value in rows[0].items()]
    print(table(turned))
    write("workspaces", "Many workspaces in one process", NOTES, turned)
    assert rows[0]["wrong answers"] == 0, "a workspace was answered wrongly"
    assert float(str(rows[0]["MB highest"])) < BOUND, "too much memory"


if __name__ == "__main__":
    main()
