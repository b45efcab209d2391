"""Find the content files of a folder, the shipped one too, read and decode them."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from shlex import quote
from typing import Final

from faqbot.errors import NoContentError, Problem, UsageError

SUFFIXES: Final = (".yaml", ".yml")


def content_files(folder: Path) -> list[Path]:
    """Return the YAML files below a folder in a fixed order; skips names that start with a dot.

    Links to files and folders are followed. Each real file is returned once, so that loops and
    second links to the same file are harmless.

    Raises:
        NoContentError: There is no content in the folder.
        UsageError: The folder is missing, not a folder or unreadable.
    """
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder; give the folder with your content")
    if not folder.is_dir():
        raise UsageError(f"{folder}: this is not a folder; give the folder with your content")
    found = list(_walk(folder, set(), set()))
    files = [path for path in found if _is_content(path)]
    if not files:
        others = "".join(f"; {path}: {advice}" for path, advice in _unread(found)[:_MAX_NAMED])
        missing = f"{folder}: there is no .yaml file here; write a role file first"
        raise NoContentError(missing + others)
    return files


def has_content(folder: Path) -> bool:
    """Whether a folder is there and has a content file.

    Raises:
        UsageError: The folder is unreadable.
    """
    return folder.is_dir() and any(_is_content(path) for path in _walk(folder, set(), set()))


def _is_content(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


_MAX_NAMED: Final = 5
_DOCUMENTS: Final = (".docx", ".pdf", ".md", ".markdown", ".html", ".htm", ".txt")
_TABLES: Final = (".csv", ".xlsx")
_OTHER_FORMATS: Final = {".doc": ".docx", ".odt": ".docx", ".rtf": ".docx", ".pages": ".docx"} | {
    ".xls": ".xlsx",
    ".ods": ".xlsx",
    ".numbers": ".xlsx",
    ".tsv": ".csv",
}
_ABOUT_THE_FOLDER: Final = frozenset(
    "readme license licence contributing changelog notice codeowners".split()
)


def unread_files(folder: Path) -> list[tuple[Path, str]]:
    """Return the files below a folder that look like content and aren't read, each with advice."""
    return _unread(_walk(folder, set(), set()))


def _unread(files: Iterable[Path]) -> list[tuple[Path, str]]:
    return [(path, advice) for path in files if (advice := _advice(path))]


def _advice(path: Path) -> str:
    suffix, stem = path.suffix.lower(), path.stem.lower()
    # Word keeps such a file beside each that is open.
    if stem in _ABOUT_THE_FOLDER or stem.startswith("~$"):
        return ""
    only = "faqbot reads .yaml only"
    if Path(stem).suffix in SUFFIXES and suffix in (".txt", ".bak", ".orig"):
        return f"{only}; rename it to {path.name[: -len(suffix)]}"
    if suffix in _DOCUMENTS:
        return f"{only}; import it with: faqbot import document {quote(str(path))}"
    if suffix in _TABLES:
        return f"{only}; import it with: faqbot import table {quote(str(path))}"
    if suffix in _OTHER_FORMATS:
        return f"{only}; save it as {_OTHER_FORMATS[suffix]}, and import that with faqbot import"
    return ""


def _walk(folder: Path, folders: set[Path], files: set[Path]) -> Iterator[Path]:
    real = Path(os.path.realpath(folder))
    if real in folders:
        return
    folders.add(real)
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise UsageError(
            f"{folder}: can't be read ({reason}); check the permissions of the folder",
        ) from error
    # Files come before links, so that messages name a file by its own path.
    for entry in sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name)):
        # Folders such as .github hold YAML that is no content.
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry, folders, files)
        else:
            target = Path(os.path.realpath(entry))
            if target not in files:
                files.add(target)
                yield entry


def file_version(raw: bytes | None) -> str:
    """Return the version of a file's bytes; an empty one of a file that isn't there."""
    return "" if raw is None else hashlib.sha256(raw).hexdigest()[:16]


MAX_BYTES: Final = 1 << 20
"""Size limit of a content file."""

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Characters that YAML does not allow: control characters and non-characters.
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a file, or None if it can't be decoded, and its problems."""

    text: str | None
    problems: tuple[Problem, ...] = ()


def read_bytes(path: Path, display_path: str) -> bytes | Problem:
    """Read a file; returns a problem if it is no regular file, too large or unreadable."""
    try:
        # Opening a named pipe would block.
        if not stat.S_ISREG(path.stat().st_mode):
            return Problem(display_path, 1, 1, "this isn't a regular file; move it elsewhere")
        with path.open("rb") as file:
            # Never more than the limit is read, even when the file grows meanwhile.
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = "this link's target is missing; restore it, or remove the link"
        return Problem(display_path, 1, 1, message)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        return Problem(
            display_path, 1, 1, f"can't be read ({reason}); check the file's permissions"
        )
    if len(raw) > MAX_BYTES:
        return Problem(display_path, 1, 1, "is larger than 1 MiB; split it into several files")
    return raw


def decode(raw: bytes, display_path: str) -> Decoded:
    """Decode a file as UTF-8; a byte order mark at its start is allowed."""
    if raw.startswith(_UTF16_MARKS):
        return Decoded(None, (Problem(display_path, 1, 1, "is UTF-16; save the file as UTF-8"),))
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = _position_after(before)
        message = f"the byte 0x{raw[error.start]:02x} isn't UTF-8; save the file as UTF-8"
        return Decoded(None, (Problem(display_path, line, column, message),))
    return _check_characters(text, display_path)


def _check_characters(text: str, display_path: str) -> Decoded:
    """Report the first forbidden character of each line, for the first lines."""
    problems: list[Problem] = []
    position = 0
    while len(problems) < _MAX_PROBLEMS and (found := _UNPRINTABLE.search(text, position)):
        line, column = _position_after(text[: found.start()])
        message = f"contains the control character U+{ord(found[0]):04X}; delete it"
        problems.append(Problem(display_path, line, column, message))
        next_line = text.find("\n", found.start())
        position = next_line if next_line >= 0 else len(text)
    return Decoded(None if problems else text, tuple(problems))


# A binary file has thousands of forbidden characters.
_MAX_PROBLEMS: Final = 20


def _position_after(text: str) -> tuple[int, int]:
    """Return line and column of the character that follows the text."""
    lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", text)
    return len(lines), len(lines[-1]) + 1


def shipped_knowledge() -> Path:
    """Return the folder of the content that ships with faqbot."""
    with resources.as_file(resources.files("faqbot") / "knowledge") as folder:
        installed = folder
    # In a checkout the folder stands beside the package; building the wheel copies it inside.
    beside = Path(__file__).resolve().parents[2] / "knowledge"
    return installed if installed.is_dir() else beside
