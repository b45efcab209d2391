"""Measure answers to the labelled questions: `python -m benchmarks.questions`."""

from __future__ import annotations

import datetime as dt
import json
import platform
from dataclasses import asdict
from pathlib import Path

from benchmarks.fact_evaluation import ask_facts, fact_figures, read_facts
from faqbot import __version__
from faqbot.app import load_engine
from faqbot.evaluation.datasets import ask_all, dataset_figures, read_questions
from faqbot.evaluation.runner import predict_all, report

ROOT = Path(__file__).resolve().parent.parent
SETS = ("development", "development-2", "development-3", "test")
FACTS = ("facts-development", "facts-test")
RESULTS = ROOT / "benchmarks" / "results" / "questions.json"


def main() -> None:
    """Ask all sets, print their figures, and write them with date and machine."""
    engine = load_engine(ROOT / "knowledge")
    result: dict[str, object] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "faqbot": __version__,
        "content": engine.knowledge_base.version,
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }
    for name in SETS:
        questions = read_questions(ROOT / "tests" / "questions" / f"{name}.jsonl")
        found = dataset_figures(ask_all(engine, questions))
        error = report(predict_all(engine, questions)).ece
        result[name] = {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in {**asdict(found), "calibration_error": error}.items()
        }
        print(f"{name}: {found} | expected calibration error {error:.3f}", flush=True)
    for name in FACTS:
        facts = read_facts(ROOT / "tests" / "questions" / f"{name}.jsonl")
        shares = fact_figures(ask_facts(engine, facts))
        result[name] = {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in asdict(shares).items()
        }
        print(f"{name}: {shares}")
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
