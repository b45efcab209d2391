"""Errors that faqbot raises on purpose: advice for people, with an exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rapidfuzz import fuzz, process


class FaqbotError(Exception):
    """Error that a person can correct; `str()` says what is wrong, where, and what to do."""

    exit_code: int = 1


class SettingsError(FaqbotError):
    """A setting is missing, invalid, or refused by Slack."""

    exit_code = 2


class UsageError(FaqbotError):
    """A command got an argument that it can't use."""

    exit_code = 2


class NoContentError(UsageError):
    """A content folder has no content yet."""


class MissingExtraError(UsageError):
    """A package is missing that only an extra of faqbot installs."""


class ServiceError(FaqbotError):
    """The service can't start or continue: a port in use, a lost connection."""

    exit_code = 3


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A problem in a content file; line and column count from 1."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class ContentError(FaqbotError):
    """The content can't be loaded; `problems` are all problems in reading order."""

    exit_code = 1

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@contextmanager
def needs_extra(feature: str, extra: str) -> Iterator[None]:
    """Turn a failed import in the block into advice which extra to install.

    Only missing modules count: nobody should be told to install a package that is installed and
    broken.

    Args:
        feature: What needs the extra, as the subject of the message.
        extra: The extra of `pyproject.toml` that installs the package.

    Raises:
        MissingExtraError: A module isn't installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{feature} needs 'faqbot[{extra}]': pip install 'faqbot[{extra}]'."
        ) from error


_MIN_SIMILARITY: Final = 65
_MAX_QUOTED_LENGTH: Final = 40


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most similar to the given one; None if none is similar."""
    found = process.extractOne(word.lower(), known, scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY)
    return found[0] if found else None


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """Return the end of a message about an unknown word: a guess, or the known words."""
    near = nearest(word, known)
    return f"; did you mean `{near}`?" if near else f"; known are {', '.join(known)}"


def quoted(text: str) -> str:
    """Return text for a message: in backquotes, on one line, shortened."""
    line = printable(" ".join(text.split()))
    return f"`{line if len(line) <= _MAX_QUOTED_LENGTH else line[: _MAX_QUOTED_LENGTH - 1] + '…'}`"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as "1 role" and "2 entries"."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("ry") else f"{count} {noun}s"


def printable(text: str) -> str:
    """Return text without characters that could move a terminal's cursor or end a line."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def damaged_file(path: Path, reason: str) -> ServiceError:
    """Return the error for a file of the package that is missing or damaged.

    Args:
        path: the file.
        reason: what is wrong with it, as the end of a sentence without its full stop.
    """
    return ServiceError(
        f"Can't read {path}: {reason}. The file comes with faqbot: install faqbot again "
        "(pip install --force-reinstall faqbot)."
    )
