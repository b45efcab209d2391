"""The training lines of the encoder; every source is public, or faqbot's own."""

from __future__ import annotations

import csv
import gzip
import io
import random
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from faqbot.matching.text import ROLE_SLOT, ROLE_WORD
from tools.encoder.carriers import DESK_LINES, TITLE_CARRIERS, TOOL_CARRIERS

ONET = "onet_30_1_text.zip"
SENTENCES = "sentences.tsv.gz"
DOCUMENTS = "job-documents"

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_MARKUP = re.compile(r"<[^>]+>|\*\*|__|^[-*#>|\s]+|\[|\]\([^)]*\)")
_LONGEST = 300
_TITLE_LINES = 2
_TOOL_LINES = 1


def training_lines(data: Path, shipped: Path, seed: int) -> list[str]:
    """All distinct training lines; faqbot's own stand last, so that a change there leaves the rest.

    Raises FileNotFoundError when a file of the data folder is missing.
    """
    rng = random.Random(seed)
    said = _said(data / SENTENCES)
    titles, tasks, descriptions, tools = _onet(data / ONET)
    lines = [
        *said,
        *_spans(said, rng),
        *tasks,
        *descriptions,
        *_about_titles(titles, rng),
        *_about_tools(tools, titles, rng),
        *DESK_LINES,
        *_documents(data / DOCUMENTS),
        *_shipped(shipped, titles, rng),
    ]
    tidy = (" ".join(line.split())[:_LONGEST] for line in lines)
    return list(dict.fromkeys(line for line in tidy if line))


def _said(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t", 1)[1] for line in file]


def _spans(lines: Iterable[str], rng: random.Random) -> Iterator[str]:
    """One run of two to six words out of each longer line: short texts teach single words."""
    for line in lines:
        words = line.split()
        size = rng.randint(2, 6)
        if len(words) > size + 1:
            at = rng.randrange(len(words) - size + 1)
            yield " ".join(words[at : at + size])


def _onet(path: Path) -> tuple[list[str], list[str], list[str], list[str]]:
    with zipfile.ZipFile(path) as archive:

        def rows(name: str) -> Iterator[dict[str, str]]:
            with archive.open(name) as raw:
                yield from csv.DictReader(
                    io.TextIOWrapper(raw, "utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE
                )

        occupations = list(rows("Occupation Data.txt"))
        titles = [row["Title"] for row in occupations]
        titles += [row["Alternate Title"] for row in rows("Alternate Titles.txt")]
        tasks = [row["Task"] for row in rows("Task Statements.txt")]
        tools = [row["Example"] for row in rows("Technology Skills.txt")]
    descriptions = [part for row in occupations for part in _SENTENCE_END.split(row["Description"])]
    return sorted(set(titles)), tasks, descriptions, sorted(set(tools))


def _about_titles(titles: list[str], rng: random.Random) -> Iterator[str]:
    for title in titles:
        for carrier in rng.sample(TITLE_CARRIERS, _TITLE_LINES):
            yield carrier.format(title=_cased(title, rng), other=_cased(rng.choice(titles), rng))


def _about_tools(tools: list[str], titles: list[str], rng: random.Random) -> Iterator[str]:
    for tool in tools:
        for carrier in rng.sample(TOOL_CARRIERS, _TOOL_LINES):
            yield carrier.format(tool=tool, title=_cased(rng.choice(titles), rng))


def _cased(title: str, rng: random.Random) -> str:
    return title if rng.random() < 0.3 else title.lower()  # most people don't use capitals


def _documents(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.md")):
        for raw in path.read_text(encoding="utf-8").splitlines():
            text = _MARKUP.sub(" ", raw).strip()
            yield from (part for part in _SENTENCE_END.split(text) if " " in part)


def _shipped(folder: Path, titles: list[str], rng: random.Random) -> Iterator[str]:
    """Phrasings of faqbot's own, with a title and with the word that the matcher puts for one."""
    for path in sorted(folder.glob("*.en.yaml")):
        for phrasings in yaml.safe_load(path.read_text(encoding="utf-8")).values():
            for phrasing in phrasings:
                yield phrasing.replace(ROLE_SLOT, rng.choice(titles).lower())
                if ROLE_SLOT in phrasing:
                    yield phrasing.replace(ROLE_SLOT, ROLE_WORD)
