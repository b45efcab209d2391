"""What reaches the terminal or a pipe: consoles, JSON lines, harmless text."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping

from rich.console import Console

PIPE_WIDTH = 160
"""Columns where no terminal says how many it has: tables keep their ids whole."""

_UNSAFE_IN_LINES = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL = re.compile(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def console() -> Console:
    """Where results go."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False, emoji=False)


def errors() -> Console:
    """Where everything else goes."""
    return Console(stderr=True, highlight=False, emoji=False, markup=False, soft_wrap=True)


def note(line: str) -> None:
    """Say something beside the result."""
    if line:
        errors().print(line, style="dim")


def json_line(value: Mapping[str, object]) -> str:
    """One line of JSON that keeps every letter and survives any way of splitting lines."""
    return _UNSAFE_IN_LINES.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def print_json(value: Mapping[str, object]) -> None:
    """Print one object as a line, in UTF-8 whatever the locale is, and at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(json_line(value).encode() + b"\n")
    sys.stdout.buffer.flush()


def readable(text: str) -> str:
    """Text that can be searched and encoded: lone surrogates become replacement characters."""
    return _SURROGATE.sub("\ufffd", text)


def printable(text: str) -> str:
    """Somebody's text as a terminal may show it: what would steer the terminal is replaced."""
    return readable(_CONTROL.sub("\ufffd", text))
