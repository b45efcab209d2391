"""O*NET's occupations as roles, read from the published zip file."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.model import Faq, KnowledgeBase, Role, Section

ARCHIVE = "onet_*_text.zip"
CODE = "O*NET-SOC Code"


class Onet:
    """The tables of one release.

    Args:
        data: the folder that holds the zip file.
    """

    def __init__(self, data: Path) -> None:
        found = sorted(data.glob(ARCHIVE))
        if not found:
            raise SystemExit(f"There is no {ARCHIVE} in {data}: benchmarks/README.md says which.")
        with zipfile.ZipFile(found[-1]) as archive:
            self._occupations = list(_rows(archive, "Occupation Data.txt"))
            self._titles = _grouped(archive, "Alternate Titles.txt", "Alternate Title")
            self._tasks = _grouped(archive, "Task Statements.txt", "Task")

    def roles(self, count: int | None = None) -> tuple[Role, ...]:
        """The occupations as roles with all standard sections; `count` takes a spread of them."""
        chosen: Sequence[Mapping[str, str]] = self._occupations
        if count is not None and count < len(chosen):
            chosen = [chosen[at * len(chosen) // count] for at in range(count)]
        return tuple(self._role(row) for row in chosen)

    def _role(self, row: Mapping[str, str]) -> Role:
        role = row[CODE].replace(".", "-")
        tasks = tuple(self._tasks[row[CODE]])
        return Role(
            id=role,
            title=row["Title"],
            aliases=tuple(self._titles[row[CODE]]),
            sections=tuple(
                Section(
                    role=role,
                    key=key,
                    title=title,
                    text=row["Description"],
                    items=tasks if key == "responsibilities" else (),
                )
                for key, title in STANDARD_SECTIONS.items()
            ),
        )

    def faqs(self, count: int, chance: random.Random) -> KnowledgeBase:
        """Content of general FAQs with three phrasings each, about who does which task."""
        pairs = [
            (title, task.rstrip("."))
            for row in self._occupations
            for task in self._tasks[row[CODE]]
            for title in (row["Title"], *self._titles[row[CODE]])
        ]
        return KnowledgeBase(
            faqs=tuple(
                _faq(number, title, task)
                for number, (title, task) in enumerate(chance.sample(pairs, count))
            )
        )


def _faq(number: int, title: str, task: str) -> Faq:
    words = task.split()
    short = " ".join(words[:6]).rstrip(",").lower()
    return Faq(
        role=None,
        key=f"q{number}",
        question=f"How does our {title} {short}?",
        answer=task,
        phrasings=(
            f"who has to {short} with the {title.lower()}",
            f"{title.lower()}: {' '.join(words[-6:]).lower()}",
        ),
    )


def _rows(archive: zipfile.ZipFile, name: str) -> Iterator[Mapping[str, str]]:
    with archive.open(name) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8")
        yield from csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)


def _grouped(archive: zipfile.ZipFile, name: str, column: str) -> Mapping[str, list[str]]:
    """The values of a column by occupation, each once."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in _rows(archive, name):
        found[row[CODE]][row[column]] = None
    return defaultdict(list, {code: list(values) for code, values in found.items()})
