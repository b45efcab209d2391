"""What identifies a state of the content."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_LOG_TIMEOUT: Final = 3.0
_LENGTH: Final = 12


def version_of(folder: Path, files: Mapping[str, bytes]) -> str:
    """The git commit when the folder's files are exactly those of it, else a digest of them.

    `files` maps paths below the folder to bytes.
    """
    return _commit(folder, files) or _digest(files)


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, raw in sorted(files.items()):
        for part in (name.encode("utf-8", "surrogateescape"), raw):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:_LENGTH]


def _commit(folder: Path, files: Mapping[str, bytes]) -> str | None:
    status = _git(
        folder, "status", "--porcelain=v2", "--branch", "--untracked-files=all", "--", "."
    )
    if status is None or any(line and not line.startswith("# ") for line in status.splitlines()):
        return None
    tracked = _git(folder, "ls-files", "-z", "--", ".")
    # A file that git ignores, or that a link brings in, is content but not part of the commit.
    linked = any(path.is_symlink() for name in files for path in _steps(folder, name))
    if tracked is None or linked or not set(files) <= set(tracked.split("\0")):
        return None
    for line in status.splitlines():
        if line.startswith("# branch.oid ") and "(" not in line:
            return line.removeprefix("# branch.oid ")[:_LENGTH]
    return None


def _steps(folder: Path, name: str) -> tuple[Path, ...]:
    """The path of a file and of the folders above it, up to the content's folder."""
    path = folder / name
    return (path, *(parent for parent in path.parents if folder in parent.parents))


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None when there is no git, no checkout, or no answer in time."""
    git = shutil.which("git")
    if git is None:
        return None
    # Without locks and file monitor, asking changes nothing and starts nothing else.
    options = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder))
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [git, *options, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_LOG_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
