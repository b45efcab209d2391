"""Fuzzes what reads files of others: PDFs, Word documents and the YAML of content.

Whatever the bytes, a file is read or refused with advice. What fails is written to the folder of
the corpus's parent, one file for each place in the code, and the search goes on.
"""

from __future__ import annotations

import io
import logging
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["faqbot.importers", "faqbot.content", "pypdf", "yaml"]):
    from faqbot.app import heading_classifier
    from faqbot.content.files import shipped_knowledge
    from faqbot.content.loader import check_folder
    from faqbot.errors import UsageError
    from faqbot.importers.documents.importer import ImportedRole, import_documents

from tests.content.test_robustness import TOKENS, check
from tests.importers.conftest import paragraph, pdf_file, pdf_of, pdf_pages, table, word_file

PARTS = (
    "word/document.xml",
    "word/styles.xml",
    "_rels/.rels",
    "word/_rels/document.xml.rels",
    "word/numbering.xml",
    "word/footnotes.xml",
    "word/header1.xml",
)
"""The parts of a Word file that the first byte of an input chooses between."""

MAX_FAILURES = 50
"""Places in the code after which the search ends: there is enough to mend."""

UNICODE_MAP = (
    b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> "
    b"endcodespacerange 1 beginbfrange <20> <7e> <0020> endbfrange 1 beginbfchar <80> <20ac> "
    b"endbfchar endcmap end"
)


class Importer:
    """Imports documents and loads what came of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._headings = heading_classifier()

    def __call__(self, name: str, raw: bytes) -> None:
        """Import one document; anything but a role or advice in one line is a failure."""
        path = self._folder / name
        path.write_bytes(raw)
        (found,) = import_documents([path], self._headings)
        if isinstance(found, UsageError):
            if "\n" in str(found):
                raise AssertionError("advice of more than one line")
            return
        self._load(found)

    def _load(self, found: ImportedRole) -> None:
        content = self._folder / "content"
        content.mkdir(exist_ok=True)
        (content / "role.yaml").write_text(found.text, encoding="utf-8")
        _, problems = check_folder(content)
        if problems:
            raise AssertionError(f"the role file has problems: {problems[0]}")


def pdf_input(data: bytes, document: Importer) -> None:
    """Import a PDF: the bytes themselves, or one whose page or font map they are."""
    kind, rest = data[:1], data[1:]
    if kind == b"p":
        document("a.pdf", pdf_file(rest.decode("cp1252", "ignore")))
    elif kind == b"m":
        document("a.pdf", _with_map(rest))
    else:
        document("a.pdf", b"%PDF" + data)


def _with_map(characters: bytes) -> bytes:
    plain = pdf_of(["Payroll Clerk", "Skills", "Reading and \\200 writing"])
    font = b"/Encoding /WinAnsiEncoding"
    there = b"%s /ToUnicode 9 0 R" % font
    stream = b"9 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        len(characters),
        characters,
    )
    # The table of places is wrong now, so the reader has to make its own.
    return plain.replace(font, there).replace(b"xref\n0", stream + b"xref\n0", 1)


def word_input(data: bytes, document: Importer) -> None:
    """Import a Word file: the bytes themselves, or one with them as one of its parts."""
    number = data[0] if data else 255
    if number >= len(PARTS):
        document("a.docx", b"PK\x03\x04" + data)
        return
    whole = word_file(paragraph("Payroll Clerk", "H1"), paragraph("Skills", "H2"), paragraph("x"))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    parts[PARTS[number]] = data[1:]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    document("a.docx", buffer.getvalue())


def content_input(data: bytes, document: Importer) -> None:
    """Load the bytes as a content file."""
    del document
    check(data)


def pdf_seeds() -> list[bytes]:
    """PDFs and their pages, to begin with."""
    pages = [(50.0, 800.0, 20.0, "*Payroll Clerk"), (50.0, 770.0, 12.0, "Pays people on time.")]
    columns = [(float(x), 700.0 - 20 * y, 12.0, "Words") for x in (50, 300) for y in range(6)]
    whole = pdf_pages(pages, columns)
    content = b"BT /F1 12 Tf 14 TL 72 720 Td (Clerk) Tj T* [(a) -200 (b)] TJ ET q 1 0 0 1 5 5 cm Q"
    return [whole.removeprefix(b"%PDF"), b"p" + content, b"m" + UNICODE_MAP]


def word_seeds() -> list[bytes]:
    """Word files and their parts, to begin with."""
    whole = word_file(
        paragraph("Payroll Clerk", "H1"),
        paragraph("What you bring", "H2"),
        paragraph("Reading", "Point"),
        table(("Pay", "much"), ("Where", "here")),
    )
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    made = [bytes((PARTS.index(name),)) + raw for name, raw in parts.items() if name in PARTS]
    return [whole.removeprefix(b"PK\x03\x04"), *made]


def content_seeds() -> list[bytes]:
    """Content files and pieces of YAML, to begin with."""
    shipped = shipped_knowledge().rglob("*.yaml")
    small = [path.read_bytes()[:4000] for path in sorted(shipped)[:12]]
    return [*small, *("".join(tokens).encode() for tokens in TOKENS)]


TARGETS: dict[str, tuple[Callable[[bytes, Importer], None], Callable[[], list[bytes]]]] = {
    "pdf": (pdf_input, pdf_seeds),
    "docx": (word_input, word_seeds),
    "yaml": (content_input, content_seeds),
}


class Failures:
    """Keeps one input for each place in the code at which reading failed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: set[str] = set()

    def keep(self, name: str, data: bytes, error: Exception) -> None:
        """Write an input down, unless an earlier one failed at the same place."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        if place in self._places:
            return
        self._places.add(place)
        path = self._folder / f"{name}-{len(self._places)}"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)))
        print(f"FAILED: {place}, input {path}", flush=True)
        if len(self._places) >= MAX_FAILURES:
            raise error


def main(arguments: list[str]) -> None:
    """Fuzz one target; libFuzzer reads the rest of the arguments."""
    name, corpus = arguments[1], Path(arguments[2])
    one_input, seeds = TARGETS[name]
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    failures = Failures(corpus.parent)
    scratch = tempfile.TemporaryDirectory(prefix="faqbot-fuzz-", dir=_memory())
    document = Importer(Path(scratch.name))
    tempfile.tempdir = scratch.name

    def test(data: bytes) -> None:
        try:
            one_input(data, document)
        except Exception as error:  # noqa: BLE001 - any is a finding
            failures.keep(name, data, error)

    atheris.Setup([arguments[0], *arguments[2:]], test)
    atheris.Fuzz()


def _memory() -> str | None:
    """Return a folder in memory where there is one: each input is written to a file."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    main(sys.argv)
