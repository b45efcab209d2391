"""Measure the import of documents: `python -m benchmarks.importing --data DIR`.

Two figures: the share of the sources' words that arrive in the role files, counted from the raw
sources; and the share of labelled headings whose text went to the right section.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import yaml

from benchmarks.record import Row, table, write
from faqbot import app
from faqbot.content.loader import check_folder
from faqbot.content.sections import STANDARD_SECTIONS
from faqbot.importers.documents.blocks import Heading, words_of
from faqbot.importers.documents.importer import ImportedRole, import_documents, read_document
from faqbot.model import Section

LABELS = Path(__file__).resolve().parent.parent / "tests" / "importers" / "labels.yaml"
NOTES = (
    "Words: of the raw sources, less what the report lists as left out, those that stand in the",
    "role files. Headings: labelled by hand before the importer first ran; documents with an even",
    "place in the sorted list were for development, the others for the test.",
)


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    paths = sorted((parser.parse_args().data / "job-documents").iterdir())
    labels: dict[str, str] = yaml.safe_load(LABELS.read_text(encoding="utf-8"))
    headings = app.heading_classifier()
    found = [one for one in import_documents(paths, headings) if isinstance(one, ImportedRole)]
    with tempfile.TemporaryDirectory() as place:
        for one in found:
            target = Path(place) / f"{one.mapped.role.id}.yaml"
            target.write_text(one.text, encoding="utf-8")
        _, problems = check_folder(Path(place))
    rows: list[Row] = []
    for name, first in (("development", 0), ("test", 1)):
        half = found[first::2]
        verdicts = [right for one in half for right in put_right(one, labels, headings.words)]
        source, arrived = (sum(counts) for counts in zip(*map(raw_words, half), strict=True))
        rows.append(
            {
                "part": name,
                "documents": len(half),
                "source words": source,
                "arrived": round(arrived / source, 5),
                "headings": len(verdicts),
                "put right": round(sum(verdicts) / len(verdicts), 4),
            }
        )
    print(table(rows))
    print(f"{len(found)} of {len(paths)} imported; problems of the check: {len(problems)}")
    write("importing", "Job descriptions as roles", NOTES, rows)


def put_right(
    one: ImportedRole, labels: dict[str, str], language: Collection[str]
) -> Iterator[bool]:
    """For each labelled heading with text below it, whether that text is where it belongs."""
    sections = {section.key: _said(section) for section in one.mapped.role.sections}
    blocks = read_document(one.path, language).blocks
    for heading, block in pairwise(blocks):
        if not isinstance(heading, Heading) or isinstance(block, Heading):
            continue
        text = heading.text.casefold()
        wanted = [to for wording, to in labels.items() if fnmatch(text, wording.casefold())]
        if wanted:
            words = " ".join(words_of(block.text))
            places = [key for key, said in sections.items() if words in said]
            own = any(key not in STANDARD_SECTIONS for key in places)
            yield own if wanted[0] == "own" else wanted[0] in places


def raw_words(one: ImportedRole) -> tuple[int, int]:
    """The words of the raw source without what was left out, and those of them that arrived."""
    raw = one.path.read_text(encoding="utf-8")
    if one.path.suffix == ".html":
        from bs4 import BeautifulSoup

        soup = BeautifulSoup(raw, "html.parser")
        for tag in soup(["script", "style", "noscript", "template", "head", "iframe", "svg"]):
            tag.decompose()
        raw = soup.get_text(" ")
    counted = Counter(words_of(re.sub(r"<!--.*?-->", " ", raw, flags=re.DOTALL)))
    for left in one.left_out:
        if left.kind != "comments" or not left.text.startswith("<!--"):
            counted -= Counter(words_of(left.text))
    missing = counted - Counter(words_of(one.text))
    return counted.total(), counted.total() - missing.total()


def _said(section: Section) -> str:
    parts = (section.text, *section.items, *section.required, *section.preferred)
    return " ".join(words_of(" ".join(parts)))


if __name__ == "__main__":
    main()
