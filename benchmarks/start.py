"""Measure `faqbot ask QUESTION` from start to exit: `python -m benchmarks.start`.

`--other COMMAND` measures another installation as well: the two run in turn, so that what else
the machine does slows both alike. Medians are of the wall clock and of processor time.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.installation import Installation, Run
from benchmarks.record import Row, table, write

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "Which skills does a data analyst need?"
RUNS = 20
NOTES = (
    f"`faqbot ask {QUESTION!r}` over the shipped content, from start to exit, in seconds. The",
    "installations run in turn on one machine, after one run of each that isn't counted. `ratio`:",
    "the median of the first by that of the row.",
)


def main() -> None:
    """Run the installations in turn, print the medians and their ratio, and write them."""
    options = _options()
    installations = {"this": Installation.of(None)}
    if options.other:
        installations[options.name] = Installation.of(options.other)
    runs: dict[str, list[Run]] = {name: [] for name in installations}
    with tempfile.TemporaryDirectory(prefix="faqbot-start-") as place:
        for number in range(options.runs + 1):
            for name, installation in installations.items():
                home = Path(place) / name
                home.mkdir(exist_ok=True)
                ran = installation.run(
                    home, "ask", QUESTION, "--knowledge", str(ROOT / "knowledge")
                )
                if number:
                    runs[name].append(ran)
    rows = [_row(name, found, runs["this"]) for name, found in runs.items()]
    print(table(rows))
    if options.write:
        write("start", "Start to answer", NOTES, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.start", description=__doc__)
    parser.add_argument("--other", metavar="COMMAND", help="another installation's faqbot")
    parser.add_argument("--name", default="other", help="what the other one is called in the table")
    parser.add_argument("--runs", type=int, default=RUNS, help="of each installation")
    parser.add_argument("--no-write", dest="write", action="store_false")
    return parser.parse_args()


def _row(name: str, runs: list[Run], ours: list[Run]) -> Row:
    seconds = [run.seconds for run in runs]
    cpu = median(run.cpu_seconds for run in runs)
    return {
        "installation": name,
        "runs": len(runs),
        "median": round(median(seconds), 3),
        "p10": round(float(np.percentile(seconds, 10)), 3),
        "p90": round(float(np.percentile(seconds, 90)), 3),
        "processor": round(cpu, 3),
        "ratio": round(median(run.seconds for run in ours) / median(seconds), 3),
        "ratio of processor": round(median(run.cpu_seconds for run in ours) / cpu, 3),
    }


if __name__ == "__main__":
    main()
