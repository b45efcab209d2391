"""Content from a git repository: `git+https://host/team/content.git#ref:folder`."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faqbot.errors import UsageError

PREFIX: Final = "git+"
_ADDRESS: Final = re.compile(
    r"git\+(?P<url>(?:https|ssh|file)://[^#\s]+)(?:#(?P<ref>[\w./-]*)(?::(?P<folder>[^\s]*))?)?"
)
_FETCH_TIMEOUT: Final = 120
_SAFE: Final = (
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
    place: Path

    @property
    def content(self) -> Path:
        """The content folder in the clone."""
        return self.place / self.folder if self.folder else self.place

    def update(self) -> None:
        """Bring the clone to the newest state of its ref; makes it first where there is none.

        Raises:
            UsageError: git isn't there, the repository can't be reached, or has no such ref.
        """
        if not (self.place / ".git").is_dir():
            self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._git("init", "--quiet")
        self._git("fetch", "--quiet", "--depth", "1", "--no-tags", "--", self.url, self.ref)
        self._git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        self._git("clean", "--quiet", "--force", "-d", "-x")

    def _git(self, *arguments: str) -> None:
        _run(self.place, arguments, f"{self.url} at {self.ref}")


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
            [git, *_SAFE, "-C", str(folder), *arguments],
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
