"""Content from a git repository: `git+https://host/team/content.git#ref:folder`."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faqbot.errors import UsageError

PREFIX: Final = "git+"
_ADDRESS: Final = re.compile(
    r"git\+(?P<url>(?:https|ssh|file)://[^#\s]+)(?:#(?P<ref>[\w./-]*)(?::(?P<folder>[^\s]*))?)?"
)
_FETCH_TIMEOUT: Final = 120
_SAFE_OPTIONS: Final = (
    "-c",
    "core.askPass=",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.ext.allow=never",
)


@dataclass(frozen=True, slots=True)
class GitSource:
    """A repository, a branch, tag or commit of it, and the folder in it that holds content."""

    url: str
    ref: str
    folder: str
    clone: Path

    @property
    def content(self) -> Path:
        """The content folder in the clone."""
        return self.clone / self.folder if self.folder else self.clone

    def update(self) -> None:
        """Bring the clone to the newest state of its ref; makes it first where there is none.

        Raises:
            UsageError: git isn't there, the repository can't be reached, or has no such ref.
        """
        if not (self.clone / ".git").is_dir():
            self.clone.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._git("init", "--quiet")
        self._git("fetch", "--quiet", "--depth", "1", "--no-tags", "--", self.url, self.ref)
        self._git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        self._git("clean", "--quiet", "--force", "-d", "-x")

    def _git(self, *arguments: str) -> None:
        _run(self.clone, arguments, f"{self.url} at {self.ref}")


def git_source(address: str, cache: Path) -> GitSource:
    """What an address stands for, with its clone below a folder.

    Raises:
        UsageError: it isn't the address of a repository.
    """
    found = _ADDRESS.fullmatch(address)
    folder = (found["folder"] or "").strip("/") if found else ""
    if found is None or ".." in Path(folder).parts or (found["ref"] or "").startswith("-"):
        raise UsageError(
            f"{address} is no address of content: write git+https://host/team/content.git, and "
            "#branch or #branch:folder after it where they are needed."
        )
    name = hashlib.sha256(address.encode()).hexdigest()[:24]
    return GitSource(found["url"], found["ref"] or "HEAD", folder, cache / "git" / name)


def pull(folder: Path) -> None:
    """Bring a clone that content stands in up to date, where nothing was changed in it.

    Raises:
        UsageError: it is no clone, can't be reached, or has changes of its own.
    """
    _run(folder, ("pull", "--quiet", "--ff-only"), str(folder))


def _run(folder: Path, arguments: tuple[str, ...], about: str) -> None:
    git = shutil.which("git")
    if git is None:
        raise UsageError(f"Content from {about} needs git: install it.")
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands; url and ref can't be options
            [git, *_SAFE_OPTIONS, "-C", str(folder), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_FETCH_TIMEOUT,
            check=False,
            start_new_session=True,  # without a terminal it can't ask for a password
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"git could not fetch {about}: {type(error).__name__}.") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        last = said[-1] if said else f"exit code {done.returncode}"
        raise UsageError(f"git could not fetch {about}: {_without_secrets(last)}")


def _without_secrets(text: str) -> str:
    return re.sub(r"//[^/@\s]+@", "//…@", text)


_LOG_TIMEOUT: Final = 3.0
_VERSION_LENGTH: Final = 12


def content_version(folder: Path, files: Mapping[str, bytes]) -> str:
    """The git commit when the folder's files are exactly those of it, else a digest of them.

    `files` maps paths below the folder to bytes.
    """
    return _commit_of(folder, files) or _digest_of(files)


def _digest_of(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, raw in sorted(files.items()):
        for part in (name.encode("utf-8", "surrogateescape"), raw):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:_VERSION_LENGTH]


def _commit_of(folder: Path, files: Mapping[str, bytes]) -> str | None:
    status = _git_output(
        folder, "status", "--porcelain=v2", "--branch", "--untracked-files=all", "--", "."
    )
    if status is None or any(line and not line.startswith("# ") for line in status.splitlines()):
        return None
    tracked = _git_output(folder, "ls-files", "-z", "--", ".")
    # A file that git ignores, or that a link brings in, is content but not part of the commit.
    linked = any(path.is_symlink() for name in files for path in _path_and_parents(folder, name))
    if tracked is None or linked or not set(files) <= set(tracked.split("\0")):
        return None
    for line in status.splitlines():
        if line.startswith("# branch.oid ") and "(" not in line:
            return line.removeprefix("# branch.oid ")[:_VERSION_LENGTH]
    return None


def _path_and_parents(folder: Path, name: str) -> tuple[Path, ...]:
    """The path of a file and of the folders above it, up to the content's folder."""
    path = folder / name
    return (path, *(parent for parent in path.parents if folder in parent.parents))


def _git_output(folder: Path, *arguments: str) -> str | None:
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
