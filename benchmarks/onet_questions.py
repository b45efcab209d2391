"""Questions about occupations of O*NET, generated from titles by seed, half with typing errors."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from pathlib import Path

from benchmarks.typing_errors import CARRIERS, with_errors

FAMILIES = ("15", "29", "43")
"""Computers, health care and offices: how the codes of the occupations begin that are imported."""

FACTS = (
    "which software does a {} use",
    "does a {} need a bachelor's degree",
    "is a master's degree required to work as a {}?",
    "do I need critical thinking to be a {}",
    "what is the difference between a {} and a {}",
    "{} or {}, who needs more experience?",
    "can I become a {} coming from {}?",
)
STRANGERS = 12
"""One question in so many names an occupation of another family."""

ERRORS = (0, 0, 1, 2)


def archive(data: Path) -> Path:
    """Return the path of the newest release in a folder.

    Raises:
        SystemExit: there is none.
    """
    found = sorted(data.glob("onet_*_text.zip"))
    if not found:
        raise SystemExit(f"There is no onet_*_text.zip in {data}: benchmarks/README.md says which.")
    return found[-1]


def questions(data: Path, count: int, chance: random.Random) -> tuple[str, ...]:
    """Draw so many questions, all different.

    Args:
        data: the folder with the zip file.
        count: how many.
        chance: what draws them.
    """
    titles = sorted(_titles(archive(data)))
    ours = sorted({title for code, title in titles if code.startswith(FAMILIES)})
    others = sorted({title for _, title in titles} - set(ours))
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        number = len(drawn)
        first = chance.choice(others if number % STRANGERS == 0 else ours)
        written = first.lower() if chance.random() < 0.7 else first
        spoilt = with_errors(written, ERRORS[number % len(ERRORS)], chance)
        carrier = chance.choice((*CARRIERS, *FACTS))
        drawn[carrier.format(spoilt, chance.choice(ours).lower())] = None
    return tuple(drawn)


def _titles(path: Path) -> set[tuple[str, str]]:
    """The titles and alternate titles of all occupations, with their codes."""
    found = set()
    with zipfile.ZipFile(path) as release:
        for name, column in (
            ("Occupation Data.txt", "Title"),
            ("Alternate Titles.txt", "Alternate Title"),
        ):
            with release.open(name) as stream:
                text = io.TextIOWrapper(stream, encoding="utf-8")
                rows = csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
                found |= {(row["O*NET-SOC Code"], row[column]) for row in rows}
    return found
