"""Content from a git repository, and the version of content.

The address of a repository is `git+https://host/team/content.git#ref:folder`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from faqbot.errors import UsageError

PREFIX: Final = "git+"
_ADDRESS: Final = re.compile(
    r"git\+(?P<url>(?:https|ssh|file)://[^#\s]+)(?:#(?P<ref>[\w./-]*)(?::(?P<folder>[^\s]*))?)?"
)
_FETCH_TIMEOUT: Final = 120
# A content repository must neither run programs here nor wait for a password.
_SAFE_OPTIONS: Final = (
    "-c",
    "core.askPass=",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    # The transport "ext" runs whatever command an address names.
    "protocol.ext.allow=never",
)


@dataclass(frozen=True, slots=True)
class GitSource:
    """Content folder of a git repository.

    Attributes:
        url: Address of the repository, as git takes it.
        ref: Branch, tag or commit.
        folder: Content folder below the top of the repository; empty for the top itself.
        clone: Folder of the local clone.
    """

    url: str
    ref: str
    folder: str
    clone: Path

    @property
    def content(self) -> Path:
        """Content folder in the clone."""
        return self.clone / self.folder if self.folder else self.clone

    def update(self) -> None:
        """Check out the newest commit of the ref; clones the repository the first time.

        Raises:
            UsageError: git is missing, the clone can't be written, the repository can't be
                reached, or it has no such ref.
        """
        try:
            self.clone.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = self.clone.with_suffix(".lock").open("w")
        except OSError as error:
            raise UsageError(
                f"Can't keep content from {_without_secrets(self.url)} in {self.clone} "
                f"({error.strerror or error}): let faqbot create and write this folder."
            ) from error
        with lock, _locked(lock):
            self._update()

    def _update(self) -> None:
        if not (self.clone / ".git").is_dir():
            self._git("init", "--quiet")
        # One commit only: the history is no content, and may be large.
        self._git("fetch", "--quiet", "--depth", "1", "--no-tags", "--", self.url, self.ref)
        self._git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        # The clone belongs to faqbot: files that git ignores would count as content.
        self._git("clean", "--quiet", "--force", "-d", "-x")

    def _git(self, *arguments: str) -> None:
        _run(self.clone, arguments, f"{self.url} at {self.ref}")


@contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    """Hold a file while the block runs: several workers share a clone, which git can't."""
    if sys.platform == "win32":  # where one process serves
        yield
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, or the process dies
    yield


def git_source(address: str, cache: Path) -> GitSource:
    """Parse the address of a repository; the clone goes below `cache`.

    Raises:
        UsageError: It isn't the address of a repository.
    """
    found = _ADDRESS.fullmatch(address)
    folder = (found["folder"] or "").strip("/") if found else ""
    # git would take a ref that begins with "-" for an option, and ".." would leave the clone.
    if found is None or ".." in Path(folder).parts or (found["ref"] or "").startswith("-"):
        raise UsageError(
            f"{address} is not the address of a repository: write "
            "git+https://host/team/content.git, followed by #branch or #branch:folder if needed."
        )
    name = hashlib.sha256(address.encode()).hexdigest()[:24]
    return GitSource(found["url"], found["ref"] or "HEAD", folder, cache / "git" / name)


def pull(folder: Path) -> None:
    """Fast-forward the clone that contains a content folder.

    Raises:
        UsageError: The folder is in no clone, the remote repository can't be reached, or the
            clone has commits of its own.
    """
    _run(folder, ("pull", "--quiet", "--ff-only"), str(folder))


def _run(folder: Path, arguments: tuple[str, ...], source: str) -> None:
    source = _without_secrets(source)  # an address may hold a password
    git = shutil.which("git")
    if git is None:
        raise UsageError(f"Content from {source} needs git: install it.")
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands; url and ref can't be options
            [git, *_SAFE_OPTIONS, "-C", str(folder), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_FETCH_TIMEOUT,
            check=False,
            start_new_session=True,  # without a terminal, git can't ask for a password
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"git could not fetch {source}: {type(error).__name__}.") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise UsageError(f"git could not fetch {source}: {_without_secrets(reason)}")


def _without_secrets(text: str) -> str:
    """Return the text without the user and password of addresses."""
    return re.sub(r"//[^/@\s]+@", "//…@", text)


_LOG_TIMEOUT: Final = 3.0
_VERSION_LENGTH: Final = 12


def content_version(folder: Path, files: Mapping[str, bytes]) -> str:
    """Return the git commit if the files are exactly those of it, otherwise a digest of them.

    Args:
        folder: The content folder.
        files: Bytes of the content files, by path below the folder.
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
    # Files that git ignores, or that links bring in, are content but not part of the commit.
    linked = any(path.is_symlink() for name in files for path in _path_and_parents(folder, name))
    if tracked is None or linked or not set(files) <= set(tracked.split("\0")):
        return None
    for line in status.splitlines():
        # Before the first commit, "(initial)" stands in the place of its id.
        if line.startswith("# branch.oid ") and "(" not in line:
            return line.removeprefix("# branch.oid ")[:_VERSION_LENGTH]
    return None


def _path_and_parents(folder: Path, name: str) -> tuple[Path, ...]:
    """Return the path of a file and of the folders above it, up to the content folder."""
    path = folder / name
    return (path, *(parent for parent in path.parents if folder in parent.parents))


def _git_output(folder: Path, *arguments: str) -> str | None:
    """Return git's output; None without git, outside a checkout, or if git takes too long."""
    git = shutil.which("git")
    if git is None:
        return None
    # Without locks and file monitor, a query changes nothing and starts no other process.
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
