"""Write the titles of occupations that ship with faqbot: `python -m tools.occupations ZIP`.

ZIP holds the text files of an O*NET release. The result is compact: a line for each last word of a
title, with all that stands before it.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from faqbot.matching.lexicon import OCCUPATIONS, SENIORITY
from faqbot.matching.text import STOP_WORDS, normalise, singular, words

TARGET = Path("faqbot/matching/occupations/titles.tsv")
TABLES = {"Occupation Data.txt": "Title", "Alternate Titles.txt": "Alternate Title"}

MAX_WORDS = 4
"""Words of the longest title that is kept: people name an occupation in few."""

PERSONS = (
    "er",
    "or",
    "ist",
    "ian",
    "ant",
    "man",
    "woman",
    "person",
    "people",
    "tech",
    "aide",
    "ess",
)
"""Endings of words for people; other last words ("Customer Service") are no occupation."""

_BRACKETS = re.compile(r"\(([^()]*)\)")


def titles(archive: Path) -> Iterator[str]:
    """The titles and alternate titles of a release."""
    with zipfile.ZipFile(archive) as release:
        for name in release.namelist():
            column = TABLES.get(Path(name).name)
            if column is None:
                continue
            with release.open(name) as stream:
                text = io.TextIOWrapper(stream, encoding="utf-8")
                for row in csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE):
                    yield row[column]


def title_words(title: str) -> Iterator[Sequence[str]]:
    """The words of a title, of what is in its brackets, and of each side of a slash."""
    for part in (_BRACKETS.sub(" ", title), *_BRACKETS.findall(title)):
        # A list of occupations ("Cooks, Bakers, and Others") is no way to call somebody.
        if "," in part:
            continue
        found = [singular(word) for word in words(normalise(part))]
        yield [word for word in found if word not in SENIORITY] or found


def grouped(named: Iterator[str]) -> dict[str, set[str]]:
    """What stands before each last word."""
    found: dict[str, set[str]] = {}
    for title in named:
        for said in title_words(title):
            if not 1 <= len(said) <= MAX_WORDS or not all(word.isalpha() for word in said):
                continue
            head = said[-1]
            if head in OCCUPATIONS or (head.endswith(PERSONS) and head not in STOP_WORDS):
                found.setdefault(head, set()).add(" ".join(said[:-1]))
    return found


def main(archive: str) -> None:
    """Write the file."""
    lines = (
        f"{head}\t{','.join(sorted(before))}\n"
        for head, before in sorted(grouped(titles(Path(archive))).items())
    )
    TARGET.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
