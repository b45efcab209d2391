"""Import job descriptions: read a document by its format, and write it as a role file."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from faqbot.content.fields import without_controls
from faqbot.content.writer import role_file
from faqbot.errors import MissingExtraError, UsageError, needs_extra
from faqbot.importers.documents import markup
from faqbot.importers.documents.blocks import (
    EXTRA,
    Block,
    Boilerplate,
    Heading,
    HeadingClassifier,
    ImportedDocument,
    Item,
    Text,
    tidy,
    words_of,
)
from faqbot.importers.documents.role_draft import MappedRole, map_document, with_id

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph

_LIST_ITEM: Final = re.compile(
    r"^(?P<indent>\s*)(?:[-*•●○▪■◦‣·\u2013\u2014►➢✓]|\(?\d{1,2}[.)]|o(?=\s{2,}))\s+(?P<text>\S.*)$"
)
_RULE_LINE: Final = re.compile(r"^[\s=_*~#-]{3,}$")
# "full-" and "and" of the next line are two words: "full- and part-time".
_BROKEN_WORD: Final = re.compile(r"(?<=[^\W\d_])-[^\S\n]*\n\s*(?=[a-z])(?!(?:and|or|to)\b)")
_MAX_HEADING_LENGTH: Final = 60
_MAX_HEADING_WORDS: Final = 9
_SENTENCE_ENDS: Final = (".", ",", ";", "!")


def read_plain_text(text: str) -> ImportedDocument:
    """Parse plain text, in which only lines and their form tell headings and lists."""
    lines = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").expandtabs().split("\n")
    )
    blocks = tuple(_blocks(lines))
    first = blocks[0] if blocks else None
    title = first.text if isinstance(first, Heading) else ""
    return ImportedDocument(blocks, title)


def _blocks(lines: list[str]) -> Iterator[Block]:
    pending: list[str] = []
    item: Item | None = None
    for number, line in enumerate(lines):
        found = _LIST_ITEM.match(line)
        after = lines[number + 1] if number + 1 < len(lines) else ""
        before = lines[number - 1] if number else ""
        if not line.strip() or _RULE_LINE.match(line):
            yield from _finish_block(pending, item)
            pending, item = [], None
        elif found:
            yield from _finish_block(pending, item)
            pending = [found["text"]]
            item = Item("", 1 if len(found["indent"]) > 3 else 0)  # noqa: PLR2004 - a usual indent
        elif _is_heading(line, before, after, alone=not pending):
            yield from _finish_block(pending, item)
            pending, item = [], None
            yield Heading(tidy(line).rstrip(":"), 1 if not before.strip() and number == 0 else 2)
        else:
            pending.append(line)
    yield from _finish_block(pending, item)


def _finish_block(pending: list[str], item: Item | None) -> Iterator[Block]:
    text = tidy(_BROKEN_WORD.sub("-", "\n".join(pending)))
    if text:
        yield Item(text, item.depth) if item else Text(text)


def _is_heading(line: str, before: str, after: str, *, alone: bool) -> bool:
    """Return whether a line looks like a heading: short, not a sentence, and set apart."""
    text = tidy(line)
    words = text.split()
    if (
        not alone
        or len(text) > _MAX_HEADING_LENGTH
        or len(words) > _MAX_HEADING_WORDS
        or text.endswith(_SENTENCE_ENDS)
    ):
        return False
    if text.endswith(":") or _RULE_LINE.match(after or " "):
        return True
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return False
    if all(char.isupper() for char in letters):
        return True
    long = [word for word in words if len(word) > 3]  # noqa: PLR2004 - the words that titles raise
    raised = sum(word[0].isupper() for word in long)
    apart = not before.strip()
    return apart and letters[0].isupper() and (not after.strip() or raised == len(long))


_DIGITS: Final = re.compile(r"\d+")
_MAX_BOLD_LENGTH: Final = 80
_BOLD_HEADING_LEVEL: Final = 4


def read_word(raw: bytes) -> ImportedDocument:
    """Parse a .docx file.

    Raises:
        MissingExtraError: python-docx isn't installed.
        Exception: It isn't a .docx file; zipfile, lxml and python-docx have no common base class.
    """
    with needs_extra(*EXTRA):
        import docx
    word = docx.Document(io.BytesIO(raw))
    blocks = tuple(_word_blocks(word))
    title = next((p.text for p in word.paragraphs if _style_name(p) == "title"), "")
    title = title or next((one.text for one in blocks if isinstance(one, Heading)), "")
    return ImportedDocument(blocks, tidy(title), tuple(_headers_and_footers(word)))


def _word_blocks(word: WordDocument) -> Iterator[Block]:
    from docx.table import Table

    for part in word.iter_inner_content():
        if isinstance(part, Table):
            for row in part.rows:
                # python-docx returns a merged cell once for each column that it spans.
                cells = dict.fromkeys(tidy(cell.text) for cell in row.cells)
                text = " | ".join(filter(None, cells))
                if text:
                    yield Item(text)
            continue
        yield from _paragraph(part)


def _paragraph(paragraph: Paragraph) -> Iterator[Block]:
    style = _style_name(paragraph)
    for number, line in enumerate(paragraph.text.split("\n")):
        text = tidy(line)
        if not text:
            continue
        if number == 0 and (style.startswith("heading") or style in ("title", "subtitle")):
            level = _DIGITS.search(style)
            yield Heading(text.rstrip(":"), int(level[0]) if level else 1)
        elif style.startswith("list") or _is_numbered(paragraph):
            yield Item(text, _depth(paragraph))
        elif number == 0 and _is_bold(paragraph) and len(text) <= _MAX_BOLD_LENGTH:
            yield Heading(text.rstrip(":"), _BOLD_HEADING_LEVEL)
        else:
            yield Text(text)


def _style_name(paragraph: Paragraph) -> str:
    return str(paragraph.style.name or "").lower() if paragraph.style else ""


def _is_bold(paragraph: Paragraph) -> bool:
    """Return whether a whole paragraph is bold, which many authors use for headings."""
    runs = [run for run in paragraph.runs if run.text.strip()]
    return (
        bool(runs) and all(run.bold for run in runs) and not paragraph.text.rstrip().endswith(".")
    )


def _is_numbered(paragraph: Paragraph) -> bool:
    properties = paragraph._p.pPr  # noqa: SLF001 - python-docx has no public API for numbering
    return properties is not None and properties.numPr is not None


def _depth(paragraph: Paragraph) -> int:
    properties: Any = paragraph._p.pPr  # noqa: SLF001 - as above
    level = (
        properties.numPr.ilvl if properties is not None and properties.numPr is not None else None
    )
    return int(level.val) if level is not None else 0


def _headers_and_footers(word: WordDocument) -> Iterator[Boilerplate]:
    for section in word.sections:
        for kind, part in (("page header", section.header), ("page footer", section.footer)):
            text = tidy(" ".join(paragraph.text for paragraph in part.paragraphs))
            # A linked header repeats the one of the section before.
            if text and not part.is_linked_to_previous:
                yield Boilerplate(kind, text)


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


def read_document(path: Path) -> ImportedDocument:
    """Read a file of any known format; its first bytes count for more than its suffix.

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
    document = _parse(path, raw)
    if not any(block.text.strip() for block in document.blocks):
        raise UsageError(
            f"{path} contains no text: an image of a page needs text recognition first."
        )
    return document


def _parse(path: Path, raw: bytes) -> ImportedDocument:
    suffix = path.suffix.lower()
    # The first bytes decide, as the suffix of a download is often wrong.
    if raw.startswith(_OLD_WORD):
        raise UsageError(
            f"{path} is an old or encrypted Word file: save it as .docx without a password."
        )
    if raw.startswith(_PDF):
        return _read_pdf(path, raw)
    if raw.startswith(_ZIP):
        try:
            return read_word(raw)
        except MissingExtraError:
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
            return markup.read_markdown(text)
        case "HTML":
            return markup.read_html(text)
        case _:
            return read_plain_text(text)


def _decoded(raw: bytes) -> str:
    for encoding in (
        ("utf-8-sig", "utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",)
    ):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", "replace")  # older Windows editors write nothing else


def _read_pdf(path: Path, raw: bytes) -> ImportedDocument:
    with needs_extra(*EXTRA):
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UsageError(f"{path} is protected by a password: save it without one.")
        pages = [page.extract_text() for page in reader.pages]
    # pypdf lets built-in errors through when a file is damaged.
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} isn't a valid PDF: export it again.") from error
    return read_plain_text("\n".join(pages))


_SEPARATORS = re.compile(r"[-_]+")


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
    taken: set[str] = set()
    titles: set[str] = set()
    for path in paths:
        try:
            document = _without_controls(read_document(path))
        except MissingExtraError:
            raise  # one message for all files instead of the same one for each
        except UsageError as error:
            yield error
            continue
        title, guessed = _find_title(path, document)
        mapped = map_document(document, _unique_title(title, titles), headings)
        titles.add(mapped.role.title.casefold())
        if guessed:
            mapped.notes.setdefault("title", []).append("check: the title is from the file's name")
        if mapped.role.id in taken:
            number = 2
            while f"{mapped.role.id}-{number}" in taken:
                number += 1
            mapped = with_id(mapped, f"{mapped.role.id}-{number}")
        taken.add(mapped.role.id)
        yield _imported_role(path, document, mapped)


def _imported_role(path: Path, document: ImportedDocument, mapped: MappedRole) -> ImportedRole:
    comments = [f"Made from {path.name}. Lines to check are marked with “check:”."]
    text = role_file(mapped.role, schema="../schema.json", heading=comments, notes=mapped.notes)
    source = Counter(word for block in document.blocks for word in words_of(block.text))
    missing = source - Counter(words_of(text))
    count = sum(source.values())
    return ImportedRole(
        path=path,
        mapped=mapped,
        text=text,
        source_words=count,
        kept_words=count - sum(missing.values()),
        missing_words=tuple(sorted(missing)),
        left_out=document.left_out,
    )


def _find_title(path: Path, document: ImportedDocument) -> tuple[str, bool]:
    """Return the title of a document, and whether it is a guess from the file's name."""
    if document.title:
        return document.title, False
    first = document.blocks[0]
    if isinstance(first, Heading):
        return first.text, False
    words = _SEPARATORS.sub(" ", path.stem).strip() or "Role"
    return words[:1].upper() + words[1:], True


def _unique_title(title: str, titles: set[str]) -> str:
    number, unique = 1, title
    while unique.casefold() in titles:
        number += 1
        unique = f"{title} ({number})"
    return unique


def _without_controls(document: ImportedDocument) -> ImportedDocument:
    """Return the document without characters that content may not contain."""
    blocks = tuple(replace(block, text=without_controls(block.text)) for block in document.blocks)
    return replace(document, blocks=blocks, title=without_controls(document.title).strip())
