"""Questions at the terminal; nobody is asked where nobody sits."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer


def wanted(*, yes: bool) -> bool:
    """Whether somebody is there to be asked."""
    return not yes and sys.stdin.isatty() and sys.stdout.isatty()


def ask(what: str, given: str, *, asks: bool) -> str:
    """A text that was given, or asked for; Enter leaves it out."""
    if given or not asks:
        return given.strip()
    return str(typer.prompt(what, default="", show_default=False)).strip()


def ask_list(what: str, given: Sequence[str] | None, *, asks: bool) -> tuple[str, ...]:
    """A list that was given, or asked for in one line with commas."""
    if given or not asks:
        return tuple(filter(None, (text.strip() for text in given or ())))
    said = str(typer.prompt(f"{what}, with commas", default="", show_default=False))
    return tuple(filter(None, (text.strip() for text in said.split(","))))
