"""Every error that faqbot raises on purpose: it reads as advice and knows its exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rapidfuzz import fuzz, process


class FaqbotError(Exception):
    """Something a person can put right; `str()` says what is wrong, where, and what to do."""

    exit_code: int = 1


class SettingsError(FaqbotError):
    """A setting is missing, wrong, or refused by Slack."""

    exit_code = 2


class UsageError(FaqbotError):
    """A command was called with something that it can't use."""

    exit_code = 2


class MissingExtraError(UsageError):
    """A package that only an extra of faqbot installs is missing."""


class ServiceError(FaqbotError):
    """The service can't start or can't go on: a taken port, a lost connection."""

    exit_code = 3


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a content file; line and column count from 1."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class ContentError(FaqbotError):
    """The content can't be loaded; `problems` holds all that is wrong, in reading order."""

    exit_code = 1

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@contextmanager
def needs_extra(feature: str, extra: str) -> Iterator[None]:
    """Name the extra to install if an import in the block fails.

    Only a module that isn't there counts: a package that is installed and broken must not read as
    advice to install it.

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
    """The known word that the given one was most likely meant to be, if any is near."""
    found = process.extractOne(word.lower(), known, scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY)
    return found[0] if found else None


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """The end of a message about an unknown word."""
    near = nearest(word, known)
    return f"; did you mean `{near}`?" if near else f"; known are {', '.join(known)}"


def quoted(text: str) -> str:
    """Text as it can stand in a message: one line, not too long."""
    line = printable(" ".join(text.split()))
    return f"`{line if len(line) <= _MAX_QUOTED_LENGTH else line[: _MAX_QUOTED_LENGTH - 1] + '…'}`"


def printable(text: str) -> str:
    """Text without the characters that could move a terminal's cursor or end a line."""
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
