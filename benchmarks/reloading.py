"""Measure question latency during a reload: `python -m benchmarks.reloading --data DIR`.

The roles of O*NET stand in a folder as YAML; questions are asked one after the other while a file
changes and the content is built and swapped in.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.onet import Onet
from benchmarks.record import Row, table, write
from faqbot.content.loader import load_knowledge_base
from faqbot.content.writer import role_file
from faqbot.engine import Engine
from faqbot.index.builder import build_in_subprocess, build_index
from faqbot.index.reloader import Reloader
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.training_data import SharedResources
from faqbot.model import Audience, Question

PAUSE = 0.002
ALONE = 8.0
ROUNDS = 5
NOTES = (
    "p50 and p99: milliseconds of one question through the engine, alone and beside a reload.",
    "Reload: seconds from the changed file to the answer from it, the median of the rounds.",
)


async def _asked(engine: Engine, texts: list[str], until: asyncio.Event) -> list[float]:
    spent = []
    for text in itertools.cycle(texts):
        began = time.perf_counter()
        engine.ask(Question(text, audience=Audience.EMPLOYEES))
        spent.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE)
        if until.is_set():
            return spent
    return spent


async def _measured(folder: Path) -> Row:
    resources = SharedResources()
    engine = Engine(
        build_index(load_knowledge_base(folder), resources), ConversationMemory(time.monotonic)
    )
    reloader = Reloader(engine, folder, lambda place: build_in_subprocess(place, resources))
    texts = [f"what skills does a {role.title} need" for role in engine.knowledge_base.roles]
    await _for(engine, texts, ALONE)
    alone = await _for(engine, texts, ALONE)
    beside: list[float] = []
    seconds = []
    file = folder / f"{engine.knowledge_base.roles[0].id}.yaml"
    for number in range(ROUNDS):
        text = await asyncio.to_thread(file.read_text)
        await asyncio.to_thread(file.write_text, f"{text}# {number}\n")
        done = asyncio.Event()
        asking = asyncio.create_task(_asked(engine, texts, done))
        began = time.perf_counter()
        await reloader.reload()
        seconds.append(time.perf_counter() - began)
        done.set()
        beside += await asking
    return {
        "roles": len(engine.knowledge_base.roles),
        "p50 alone": float(np.percentile(alone, 50)),
        "p99 alone": float(np.percentile(alone, 99)),
        "p50 beside": float(np.percentile(beside, 50)),
        "p99 beside": float(np.percentile(beside, 99)),
        "p99 ratio": float(np.percentile(beside, 99) / np.percentile(alone, 99)),
        "longest": max(beside),
        "reload": float(np.median(seconds)),
    }


async def _for(engine: Engine, texts: list[str], seconds: float) -> list[float]:
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    return await _asked(engine, texts, done)


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        taken: set[str] = set()
        for role in Onet(options.data).roles():
            names = {role.title.casefold()}
            aliases = [a for a in role.aliases if not {a.casefold()} & (taken | names)]
            own = {alias.casefold(): alias for alias in aliases}
            taken |= set(own) | names
            written = role_file(replace(role, aliases=tuple(own.values())))
            (folder / f"{role.id}.yaml").write_text(written, encoding="utf-8")
        row = asyncio.run(_measured(folder))
    print(table([row]))
    write("reloading", "Reload beside questions", NOTES, [row])


if __name__ == "__main__":
    main()
