"""The model card, and the figures around the measures: machine, date, speed."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

_TEMPLATE = Path(__file__).with_name("card.md")

_SPEED = """
import sys, time
from model2vec import StaticModel
start = time.perf_counter()
model = StaticModel.from_pretrained(sys.argv[1])
loaded = time.perf_counter()
for _ in range(2000):
    model.encode(["which skills does a python developer need to have"])
print(loaded - start, (time.perf_counter() - loaded) / 2000)
"""


def machine() -> dict[str, str]:
    """When and on what the figures were measured."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = f"{len(names)} x {names[0]}" if names else platform.processor()
    return {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "machine": f"{processor}, {platform.system()}, Python {platform.python_version()}",
    }


def speed(folder: Path) -> dict[str, float]:
    """Seconds to load and milliseconds a question, the medians of five fresh processes."""
    command = [sys.executable, "-c", _SPEED, str(folder)]
    runs = [
        [
            float(part)
            for part in subprocess.run(command, capture_output=True, check=True).stdout.split()
        ]
        for _ in range(5)
    ]
    return {
        "load seconds": statistics.median(loaded for loaded, _ in runs),
        "question milliseconds": 1000 * statistics.median(each for _, each in runs),
    }


def rounded(value: Any) -> Any:
    """The same values with floats as a table prints them."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def publish(folder: Path, figures: Path, results: dict[str, Any]) -> None:
    """Write a run's figures, and the model card made of them and of `card.md`."""
    figures.parent.mkdir(parents=True, exist_ok=True)
    figures.write_text(json.dumps(rounded(results), indent=2) + "\n", encoding="utf-8")
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        date=results["date"],
        machine=results["machine"],
        lines=f"{results['lines']['train']:,}",
        held_out=f"{results['lines']['held out']:,}",
        tokens=f"{results['artefact']['tokens']:,}",
        dimensions=results["artefact"]["dimensions"],
        megabytes=f"{results['artefact']['bytes'] / 1e6:.1f}",
        minutes=max(1, round(results["run seconds"] / 60)),
        load=f"{results['speed']['load seconds']:.2f}",
        question=f"{results['speed']['question milliseconds']:.2f}",
        table=_table(results["measures"]),
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _table(measures: dict[str, dict[str, float]]) -> str:
    names = list(dict.fromkeys(name for row in measures.values() for name in row))
    rows = [
        " | ".join([kind, *(f"{row[name]:.3f}" if name in row else "" for name in names)])
        for kind, row in measures.items()
    ]
    head = " | ".join(["encoder", *names])
    return "\n".join(f"| {row} |" for row in [head, " | ".join(["---"] * (len(names) + 1)), *rows])
