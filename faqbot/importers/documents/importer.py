"""Import job descriptions: read a file by its format, and write it as a role file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from faqbot.content.fields import RESERVED_IDS, make_id, without_controls
from faqbot.content.writer import role_file
from faqbot.errors import MissingExtraError, UsageError
from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    HeadingClassifier,
    ImportedDocument,
    LabelledText,
    words_of,
)
from faqbot.importers.documents.html import read_html
from faqbot.importers.documents.markdown import read_markdown
from faqbot.importers.documents.pdf import read_pdf
from faqbot.importers.documents.plain_text import MAX_LINES, TooLongError, read_plain_text
from faqbot.importers.documents.role_draft import MappedRole, map_document, with_id
from faqbot.importers.documents.role_title import find_title
from faqbot.importers.documents.word import read_word

_CHECK_LINE: Final = re.compile(r"^\s*# (?:check\b|Made from )")
_LIST_SIGN: Final = re.compile(
    r"^[^\S\n]*(?:\W\s*)?(?:o|\(?(?:\d{1,2}|[a-h])[.)])(?=\s)", re.MULTILINE
)
_LINE_END_HYPHEN: Final = re.compile(r"([^\W\d_]+)[-\u2010\N{SOFT HYPHEN}][^\S\n]*$", re.MULTILINE)
_BROKEN_WORD: Final = re.compile(
    r"([^\W\d_]+)[-\u2010\N{SOFT HYPHEN}][^\S\n]*\n\s*([a-z][^\W\d_]*)"
)

FORMATS: Final = {
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".html": "HTML",
    ".htm": "HTML",
    ".docx": "Word",
    ".pdf": "PDF",
    ".txt": "text",
}
MAX_BYTES: Final = 20_000_000
_ZIP, _PDF, _OLD_WORD = b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0"


def read_document(path: Path, words: Collection[str]) -> ImportedDocument:
    """Read a file of any known format; its first bytes count for more than its suffix.

    Args:
        path: The file.
        words: English words, which tell how a word goes on after a hyphen at the end of a line.

    Raises:
        UsageError: The file can't be read, contains no text, or has an unknown format.
        MissingExtraError: The format needs a package that isn't installed.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB: split it.")
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error
    try:
        document = _parse(path, raw, words)
    except TooLongError as error:
        raise UsageError(
            f"{path} has more than {MAX_LINES:,} lines: split it into a file for each role."
        ) from error
    if not any(block.text.strip() for block in document.blocks):
        raise UsageError(
            f"{path} contains no text: an image of a page needs text recognition first."
        )
    return document


def _parse(path: Path, raw: bytes, words: Collection[str]) -> ImportedDocument:
    suffix = path.suffix.lower()
    # The first bytes decide, as the suffix of a download is often wrong.
    if raw.startswith(_OLD_WORD):
        raise UsageError(
            f"{path} is an old or encrypted Word file: save it as .docx without a password."
        )
    if raw.startswith(_PDF):
        return read_pdf(path, raw, words)
    if raw.startswith(_ZIP):
        try:
            return read_word(path, raw)
        except (UsageError, TooLongError):
            raise
        except Exception as error:
            raise UsageError(
                f"{path} isn't a valid Word document: open it and save it again."
            ) from error
    if suffix not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f"{path} has an unknown format; known are {known}.")
    if suffix in (".docx", ".pdf"):
        raise UsageError(f"{path} isn't a {suffix} file: open it and save it again.")
    text = _decoded(raw)
    match FORMATS[suffix]:
        case "Markdown":
            return read_markdown(text)
        case "HTML":
            return read_html(path, text)
        case _:
            return read_plain_text(text, words)


def _decoded(raw: bytes) -> str:
    for encoding in (
        ("utf-8-sig", "utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",)
    ):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", "replace")  # older Windows editors write nothing else


@dataclass(frozen=True, slots=True)
class ImportedRole:
    """A role that was made of a document.

    Attributes:
        path: The file of the document.
        mapped: The role.
        text: The text of the role file.
        source_words: Number of words in the document.
        kept_words: How many of them the role file contains.
        missing_words: The others, once each.
        left_out: Text that isn't part of the job description.
    """

    path: Path
    mapped: MappedRole
    text: str
    source_words: int
    kept_words: int
    missing_words: tuple[str, ...]
    left_out: tuple[Boilerplate, ...]


def import_documents(
    paths: Iterable[Path], headings: HeadingClassifier
) -> Iterator[ImportedRole | UsageError]:
    """Yield each file as a role, or the error that says why it can't be one.

    A number is added to ids and titles that an earlier file has already.

    Raises:
        MissingExtraError: A format needs a package that isn't installed.
    """
    taken = set(RESERVED_IDS)
    titles: set[str] = set()
    for path in paths:
        try:
            document = _without_controls(read_document(path, headings.words))
        except MissingExtraError:
            raise  # one message for all files instead of the same one for each
        except UsageError as error:
            yield error
            continue
        title = find_title(path, document)
        mapped = map_document(document, title, headings)
        mapped = _with_title(mapped, _unique_title(title.text, titles), taken)
        titles.add(mapped.role.title.casefold())
        taken.add(mapped.role.id)
        yield _imported_role(path, document, mapped)


def _imported_role(path: Path, document: ImportedDocument, mapped: MappedRole) -> ImportedRole:
    comments = [f"Made from {path.name}. Lines to check are marked with “check”."]
    text = role_file(mapped.role, schema="../schema.json", heading=comments, notes=mapped.notes)
    left_out = (*document.left_out, *mapped.left_out)
    dropped = Counter(word for one in left_out if one.is_counted for word in words_of(one.text))
    source = _raw_words(document.raw_text, text) - dropped
    # What a comment says of the import is no text of the document.
    kept = "\n".join(line for line in text.splitlines() if not _CHECK_LINE.match(line))
    there = Counter(words_of(kept))
    missing = source - there
    for halves in list(_broken_by_pages(document.raw_text, missing, there)):
        missing -= halves
        source -= halves
    for words in list(_spaced_otherwise(document.raw_text, missing, kept)):
        missing -= words
    count = sum(source.values())
    return ImportedRole(
        path=path,
        mapped=mapped,
        text=text,
        source_words=count,
        kept_words=count - sum(missing.values()),
        missing_words=tuple(sorted(missing)),
        left_out=left_out,
    )


def _broken_by_pages(
    raw_text: str, missing: Counter[str], there: Counter[str]
) -> Iterator[Counter[str]]:
    """Yield the halves of words that are whole in the file: a header stood between them."""
    for first in {found[1].casefold() for found in _LINE_END_HYPHEN.finditer(raw_text)}:
        for second in missing:
            if first in missing and f"{first}{second}" in there:
                yield Counter((first, second))
                break


def _spaced_otherwise(raw_text: str, missing: Counter[str], kept: str) -> Iterator[Counter[str]]:
    """Yield the missing words of lines that are in the file with their spaces elsewhere.

    In a PDF, spaces are what a reader makes of the distances between letters.
    """
    if not missing:
        return
    letters = "".join(words_of(kept))
    for line in raw_text.split("\n"):
        words = words_of(line)
        if not missing.keys().isdisjoint(words) and "".join(words) in letters:
            yield Counter(words)


def _raw_words(raw_text: str, written: str) -> Counter[str]:
    """Return the words of a document; a word that a line's end breaks counts as written."""
    known = set(words_of(written))

    def joined(found: re.Match[str]) -> str:
        word = found[1] + found[2]
        return word if word.casefold() in known else f"{found[1]} {found[2]}"

    # Signs and numbers of lists are no words: a list in YAML has none.
    return Counter(words_of(_LIST_SIGN.sub("", _BROKEN_WORD.sub(joined, raw_text))))


def _unique_title(title: str, titles: set[str]) -> str:
    number, unique = 1, title
    while unique.casefold() in titles:
        number += 1
        unique = f"{title} ({number})"
    return unique


def _with_title(mapped: MappedRole, title: str, taken: Collection[str]) -> MappedRole:
    """Return a role with a title, and an id made of it that no other role has."""
    renamed = replace(mapped, role=replace(mapped.role, title=title))
    return with_id(renamed, make_id(title, taken))


def _without_controls(document: ImportedDocument) -> ImportedDocument:
    """Return the document without characters that content may not contain."""
    return replace(
        document,
        blocks=tuple(map(_block_without_controls, document.blocks)),
        title=without_controls(document.title).strip(),
        raw_text=without_controls(document.raw_text),
    )


def _block_without_controls(block: Block) -> Block:
    if isinstance(block, LabelledText):
        blocks = tuple(map(_block_without_controls, block.blocks))
        return replace(block, label=without_controls(block.label), blocks=blocks)
    return replace(block, text=without_controls(block.text))
