"""A file of any known format -> a document."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from faqbot.errors import UsageError
from faqbot.importers.documents import html, markdown, reader__plain, word
from faqbot.importers.documents.blocks import Document

FORMATS: Final = {
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".html": "HTML",
    ".htm": "HTML",
    ".docx": "Word",
    ".pdf": "PDF",
    ".txt": "text",
}
LARGEST: Final = 20_000_000
_ZIP, _PDF, _OLD_WORD = b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0"


def read_document(path: Path) -> Document:
    """The document in a file; its suffix says the format, its first bytes have the last word.

    Raises:
        UsageError: it can't be read, is empty, or is of no known format.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST // 1_000_000} MB: split it.")
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error
    document = _of(path, raw)
    if not any(block.text.strip() for block in document.blocks):
        raise UsageError(f"{path} holds no text: an image of a page needs text recognition first.")
    return document


def _of(path: Path, raw: bytes) -> Document:
    suffix = path.suffix.lower()
    if raw.startswith(_OLD_WORD):
        raise UsageError(
            f"{path} is an old Word file, or locked: save it as .docx without password."
        )
    if raw.startswith(_PDF):
        return _pdf(path, raw)
    if raw.startswith(_ZIP):
        try:
            return word.read(raw)
        except Exception as error:
            raise UsageError(f"{path} is no Word document that can be read.") from error
    if suffix not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f"{path} is of no known format; known are {known}.")
    if suffix in (".docx", ".pdf"):
        raise UsageError(f"{path} isn't what its name says: open it and save it anew.")
    text = _decoded(raw)
    match FORMATS[suffix]:
        case "Markdown":
            return markdown.read(text)
        case "HTML":
            return html.read(text)
        case _:
            return reader__plain.read(text)


def _decoded(raw: bytes) -> str:
    for encoding in (
        ("utf-8-sig", "utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",)
    ):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", "replace")  # what remains is almost always of a Windows editor


def _pdf(path: Path, raw: bytes) -> Document:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UsageError(f"{path} is locked by a password: save it without one.")
        pages = [page.extract_text() for page in reader.pages]
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} is no PDF that can be read: print it as PDF anew.") from error
    return reader__plain.read("\n".join(pages))
