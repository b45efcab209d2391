"""How messages speak of words: quoted, with the nearest known one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rapidfuzz import fuzz, process

_NEAR: Final = 65
_LONG: Final = 40


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that the given one was most likely meant to be, if any is near."""
    found = process.extractOne(word.lower(), known, scorer=fuzz.ratio, score_cutoff=_NEAR)
    return found[0] if found else None


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """The end of a message about an unknown word."""
    near = nearest(word, known)
    return f"; did you mean `{near}`?" if near else f"; known are {', '.join(known)}"


def quoted(text: str) -> str:
    """Text as it can stand in a message: one line, not too long."""
    line = printable(" ".join(text.split()))
    return f"`{line if len(line) <= _LONG else line[: _LONG - 1] + '…'}`"


def printable(text: str) -> str:
    """Text without the characters that could move a terminal's cursor or end a line."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
