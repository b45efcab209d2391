"""Which files of a folder are content."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from faqbot.errors import UsageError

SUFFIXES: Final = (".yaml", ".yml")


def content_files(folder: Path) -> list[Path]:
    """The YAML files below a folder, in a fixed order; what starts with a dot is left out.

    Links to files and folders are followed, and each real file is read once, so that neither
    loops nor a second link to the same file matter.

    Raises:
        UsageError: The folder is missing, not a folder, unreadable or without content.
    """
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder; give the folder with your content")
    if not folder.is_dir():
        raise UsageError(f"{folder}: this is not a folder; give the folder with your content")
    files = list(_walk(folder, set(), set()))
    if not files:
        raise UsageError(f"{folder}: there is no .yaml file here; write a role file first")
    return files


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
    # Real ones before links, so that a file is known by its own name.
    for entry in sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name)):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry, folders, files)
        elif entry.suffix.lower() in SUFFIXES:
            target = Path(os.path.realpath(entry))
            if target not in files:
                files.add(target)
                yield entry
