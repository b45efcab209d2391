"""Commits of saved content: on the branch that is checked out, or on one for review."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from faqbot.errors import UsageError

_TIMEOUT: Final = 60.0
_FALLBACK: Final = ("-c", "user.name=faqbot", "-c", "user.email=faqbot@localhost")
"""Who commits where git hasn't been told a name."""


class GitMode(StrEnum):
    """What a save does in git."""

    OFF = "off"
    COMMIT = "commit"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Commits:
    """Records saves in the git repository of a content folder.

    Args:
        folder: the content folder.
        mode: what a save does.
    """

    folder: Path
    mode: GitMode = GitMode.OFF

    def check(self) -> None:
        """Check that saves can be recorded.

        Raises:
            UsageError: git is missing, or the folder is in no repository with a commit.
        """
        if self.mode is not GitMode.OFF:
            self._git("rev-parse", "--verify", "HEAD")

    @property
    def to_branch(self) -> bool:
        """Whether saves go to branches for review, and leave the files as they are."""
        return self.mode is GitMode.BRANCH

    def commit(self, path: Path, message: str) -> str:
        """Commit a file that was saved; returns what was done, in words.

        A commit that fails, such as by a hook, is reported in the words that are returned: the
        file is saved all the same.
        """
        if self.mode is not GitMode.COMMIT:
            return ""
        try:
            self._git("add", "--all", "--", str(path))
            self._git(*self._identity(), "commit", "--quiet", "-m", message, "--", str(path))
        except UsageError as error:
            return f"Saved, but not committed. {error}"
        return f"Committed: {message}"

    def propose(self, path: Path, content: bytes | None, message: str) -> str:
        """Commit a change to a new branch, without a change of the files; returns its name.

        Args:
            path: the file.
            content: its new bytes; None removes it.
            message: of the commit.

        Raises:
            UsageError: git refuses.
        """
        top = Path(self._git("rev-parse", "--show-toplevel"))
        name = path.relative_to(top.resolve()).as_posix()
        with tempfile.TemporaryDirectory(prefix="faqbot-git-") as place:
            # An index of its own: what is staged in the repository stays as it is.
            own = {"GIT_INDEX_FILE": str(Path(place) / "index")}
            self._git("read-tree", "HEAD", env=own)
            if content is None:
                self._git("update-index", "--force-remove", name, env=own, at=top)
            else:
                blob = self._git("hash-object", "-w", "--stdin", content=content)
                entry = f"100644,{blob},{name}"
                self._git("update-index", "--add", "--cacheinfo", entry, env=own, at=top)
            tree = self._git("write-tree", env=own)
        made = self._git(*self._identity(), "commit-tree", tree, "-p", "HEAD", "-m", message)
        taken = self._git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/faqbot/*")
        # Here, because `faqbot --help` imports this module, and not pydantic.
        from faqbot.content.fields import make_id

        branch = f"faqbot/{make_id(message, taken.split())}"
        self._git("branch", branch, made)
        return f"On branch {branch}, for review"

    def _identity(self) -> tuple[str, ...]:
        try:
            known = self._git("config", "user.email")
        except UsageError:
            known = ""
        return () if known else _FALLBACK

    def _git(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        content: bytes | None = None,
        at: Path | None = None,
    ) -> str:
        git = shutil.which("git")
        if git is None:
            raise UsageError("Saves can't be recorded without git: install it, or use --git off.")
        try:
            done = subprocess.run(  # noqa: S603 - fixed commands; names follow `--`
                [*_with(env), git, "-C", str(at or self.folder), *arguments],
                input=content if content is not None else b"",
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UsageError(f"git could not be run: {type(error).__name__}.") from error
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = lines[-1] if lines else f"exit code {done.returncode}"
            raise UsageError(
                f"git refused in {self.folder} ({reason}): put the folder into a repository with "
                "a commit, or use --git off."
            )
        return done.stdout.decode("utf-8", "replace").strip()


def _with(variables: Mapping[str, str] | None) -> list[str]:
    """Return the command that sets variables for the one that follows; nothing for none."""
    return ["env", *(f"{name}={value}" for name, value in variables.items())] if variables else []
