"""Measure the cost of the question log: `python -m benchmarks.remembering`."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path

from faqbot import __version__
from faqbot.app import load_engine
from faqbot.engine import Engine
from faqbot.evaluation.datasets import read_questions
from faqbot.model import Audience, Question
from faqbot.storage.recorder import QuestionRecorder

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "remembering.json"
WARM = 200


async def milliseconds(
    engine: Engine, questions: list[str], memory: QuestionRecorder | None
) -> list[float]:
    """The time of each question, with its record when there is a memory."""
    times = []
    for text in questions:
        began = time.perf_counter()
        receipt = engine.ask(Question(text, "U1", Audience.EMPLOYEES))
        if memory is not None and not memory.record(receipt, "T1", "C1"):
            raise SystemExit("The database doesn't keep up: nothing was remembered.")
        times.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(0)  # as between two requests, so that what was remembered is written
    return times


async def measured() -> dict[str, float]:
    """The median time of a question with and without SQLite, each asked for the first time."""
    paths = [ROOT / "tests" / "questions" / f"development{name}.jsonl" for name in ("", "-2", "-3")]
    questions = [one.question for path in paths for one in read_questions(path)]
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with QuestionRecorder(f"sqlite:///{folder}/faqbot.db").running() as memory:
            for name, kept in (("without", None), ("with", memory)):
                engine = load_engine(ROOT / "knowledge")
                await milliseconds(engine, questions[:WARM], kept)
                times = await milliseconds(engine, questions[WARM:], kept)
                found[f"p50 {name}"] = round(statistics.median(times), 3)
                await memory.flush()
    found["ratio"] = round(found["p50 with"] / found["p50 without"], 2)
    return found


def main() -> None:
    """Measure, print, and write the figures with date and machine."""
    result: dict[str, object] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "faqbot": __version__,
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        **asyncio.run(measured()),
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
