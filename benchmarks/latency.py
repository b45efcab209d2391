"""Measure latency, load and memory against content size: `python -m benchmarks.latency`.

Each size is measured in its own process, for its memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.onet import Onet
from benchmarks.record import Row, table, write
from benchmarks.typing_errors import questions, with_errors
from faqbot.app import PREPARED_SCOPES, build_index, load_engine
from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine
from faqbot.evaluation.datasets import read_questions, to_question
from faqbot.evaluation.runner import resident_mb
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import Audience, KnowledgeBase, Question, Surface

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = "shipped content"
ONET = "O*NET"
FAQS = "general FAQs"
ROLE_SIZES = (10, 100, 1000)
FAQ_SIZES = (10, 100, 1000, 10_000)
MOST = 100_000
KEPT_FROM = 10_000
ROUNDS = 2
SEED = 2026
NOTES = (
    "p50 and p99: milliseconds of one question through the engine, each asked once; p50 again and",
    "p99 again: the same questions once more. The shipped content is asked the development",
    "questions; roles of O*NET are asked for by any of their titles, half of them with a typing",
    "error; FAQs by one of their phrasings, half of them with a typing error. Load in seconds,",
    "memory in MB of the whole process before and after the questions. Next start: seconds of",
    "`faqbot ask`, from start to exit, once the content was built and kept on disk.",
)


def main() -> None:
    """Measure all sizes and write the table, or one of them for the process that does so."""
    options = _options()
    if options.one:
        kind, size = options.one
        print(json.dumps(_measured(kind, int(size), options)))
        return
    rows: list[Row] = []
    for kind, size in _wanted(options):
        rows.append(_in_process(kind, size, options))
        print(table(rows[-1:]).splitlines()[-1], flush=True)
    print(table(rows))
    if options.write:
        write("latency", "Latency, load and memory", NOTES, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.latency", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with O*NET's zip file")
    parser.add_argument("--questions", type=int, default=500, help="for each size")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--largest", action="store_true", help=f"also {MOST:,} FAQs")
    parser.add_argument("--no-write", dest="write", action="store_false")
    parser.add_argument("--one", nargs=2, metavar=("KIND", "SIZE"), help="only this, as JSON")
    return parser.parse_args()


def _wanted(options: argparse.Namespace) -> list[tuple[str, int]]:
    if not options.data:
        print("Without --data only the shipped content is measured.")
        return [(SHIPPED, 0)]
    sizes = (*FAQ_SIZES, MOST) if options.largest else FAQ_SIZES
    return [
        (SHIPPED, 0),
        *((ONET, size) for size in ROLE_SIZES),
        (ONET, 0),
        *((FAQS, size) for size in sizes),
    ]


def _in_process(kind: str, size: int, options: argparse.Namespace) -> Row:
    command = [sys.executable, "-m", "benchmarks.latency", "--one", kind, str(size)]
    command += ["--questions", str(options.questions), "--seed", str(options.seed)]
    command += ["--data", str(options.data)] if options.data else []
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    if ran.returncode:
        return {"content": kind, "size": size, "failed": f"exit code {ran.returncode}"}
    row: Row = json.loads(ran.stdout)
    return row


def _opened(
    kind: str, size: int, options: argparse.Namespace
) -> tuple[Engine, float, list[Question]]:
    """An engine, the seconds that it took to load, and what to ask it."""
    if kind == SHIPPED:
        began = time.perf_counter()
        engine = _warm(load_knowledge_base(ROOT / "knowledge"))
        loaded = time.perf_counter() - began
        labelled = read_questions(ROOT / "tests" / "questions" / "development.jsonl")
        return engine, loaded, [to_question(one) for one in labelled]
    chance = random.Random(options.seed)
    onet = Onet(options.data)
    knowledge_base = (
        onet.faqs(size, chance) if kind == FAQS else KnowledgeBase(roles=onet.roles(size or None))
    )
    asked = _about(knowledge_base, options.questions, chance)
    began = time.perf_counter()
    engine = _warm(knowledge_base)
    return engine, time.perf_counter() - began, asked


def _warm(knowledge_base: KnowledgeBase) -> Engine:
    """An engine as the service starts it."""
    knowledge = build_index(knowledge_base)
    knowledge.matcher.ranker.prepare(PREPARED_SCOPES)
    return Engine(knowledge, ConversationMemory(time.monotonic))


def _measured(kind: str, size: int, options: argparse.Namespace) -> Row:
    engine, loaded, asked = _opened(kind, size, options)
    before = resident_mb()
    first, again = (_times(engine, asked) for _ in range(ROUNDS))
    return {
        "content": kind,
        "roles": len(engine.knowledge_base.roles),
        "titles": len(
            {title for r in engine.knowledge_base.roles for title in (r.title, *r.aliases)}
        ),
        "FAQs": len(engine.knowledge_base.faqs)
        + sum(len(role.faqs) for role in engine.knowledge_base.roles),
        "p50": _percentile(first, 50),
        "p99": _percentile(first, 99),
        "p50 again": _percentile(again, 50),
        "p99 again": _percentile(again, 99),
        "load": round(loaded, 3),
        "memory": round(before, 1),
        "memory after": round(resident_mb(), 1),
        **_next_start(engine.knowledge_base),
    }


def _next_start(knowledge_base: KnowledgeBase) -> Row:
    """Seconds of `faqbot ask` for large content that was built before, from start to exit."""
    if len(knowledge_base.faqs) < KEPT_FROM:
        return {}
    with tempfile.TemporaryDirectory() as name:
        knowledge, cache = Path(name) / "knowledge", Path(name) / "cache"
        _write(knowledge_base, knowledge)
        load_engine(knowledge, cache=cache)
        command = [sys.executable, "-c", "from faqbot.cli.main import main; main()", "ask"]
        command += ["--knowledge", str(knowledge), knowledge_base.faqs[0].question]
        began = time.perf_counter()
        environment = os.environ | {"FAQBOT_CACHE": str(cache)}
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        return {"next start": round(time.perf_counter() - began, 3)}


def _write(knowledge_base: KnowledgeBase, folder: Path) -> None:
    """General FAQs as an author's files, in the JSON that is YAML as well."""
    folder.mkdir()
    for first in range(0, len(knowledge_base.faqs), 500):
        faqs = [
            {
                "id": faq.key,
                "question": faq.question,
                "answer": faq.answer,
                "phrasings": list(faq.phrasings),
            }
            for faq in knowledge_base.faqs[first : first + 500]
        ]
        path = folder / f"faqs-{first:06d}.yaml"
        path.write_text(json.dumps({"faqs": faqs}, ensure_ascii=False), encoding="utf-8")


def _about(knowledge_base: KnowledgeBase, count: int, chance: random.Random) -> list[Question]:
    """Questions about content, half of them with a typing error."""
    if knowledge_base.roles:
        titles = sorted({t for role in knowledge_base.roles for t in (role.title, *role.aliases)})
        texts = [
            one.text for errors in (0, 1) for one in questions(titles, count // 2, errors, chance)
        ]
    else:
        drawn = chance.choices(
            [text for faq in knowledge_base.faqs for text in faq.phrasings], k=count
        )
        texts = [with_errors(text, at % 2, chance) for at, text in enumerate(drawn)]
    chance.shuffle(texts)
    return [Question(text, audience=Audience.EMPLOYEES, surface=Surface.DIRECT) for text in texts]


def _times(engine: Engine, asked: Sequence[Question]) -> list[float]:
    times = []
    for question in asked:
        began = time.perf_counter()
        engine.ask(question)
        times.append(1000 * (time.perf_counter() - began))
    return times


def _percentile(times: Sequence[float], share: int) -> float:
    return round(float(np.percentile(times, share)), 3)


if __name__ == "__main__":
    main()
