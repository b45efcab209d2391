"""Questions by the file: a line in, a line of JSON out."""

from __future__ import annotations

import asyncio
import codecs
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from faqbot.cli.common import contract, question
from faqbot.cli.common__output import errors, print_json, readable
from faqbot.engine import Desk
from faqbot.errors import UsageError
from faqbot.model import Audience, Receipt
from faqbot.replies.reply import as_text

PROGRESS_FROM = 200
"""Questions from which a person wants to see how far the file is."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks questions that are independent of each other."""

    desk: Desk
    runner: asyncio.Runner
    audience: Audience
    role: str | None = None

    def receipt(self, text: str) -> Receipt:
        """What became of a question."""
        return self.runner.run(self.desk.ask(question(readable(text), self.audience, self.role)))

    def json(self, text: str) -> dict[str, object]:
        """The same as the JSON contract says it."""
        receipt = self.receipt(text)
        return contract(text, receipt, as_text(self.desk.reply(receipt)))


def answer_lines(asker: Asker, name: str) -> None:
    """Ask every line of a file ("-": of standard input), each answered before the next is read.

    Raises:
        UsageError: the file can't be read.
    """
    with _lines(name) as lines:
        for line in lines:
            print_json(asker.json(decoded(line)))


def decoded(line: bytes) -> str:
    """The question that a line holds: a JSON string's value, else the line itself."""
    text = line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="replace")
    if text.lstrip().startswith('"'):
        try:
            value = json.loads(text)
        except ValueError:
            return text
        if isinstance(value, str):
            return value
    return text


@contextmanager
def _lines(name: str) -> Iterator[Iterable[bytes]]:
    if name == "-":
        yield _without_mark(sys.stdin.buffer)
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - only what opening raises is advice
    except OSError as error:
        raise UsageError(
            f"Can't read {name}: {error.strerror or error}. "
            "Give --batch a text file with a question on each line, or - for standard input."
        ) from error
    with stream:
        yield _with_progress(stream)


def _without_mark(stream: BinaryIO) -> Iterator[bytes]:
    """The lines, the first without the byte order mark that some editors write."""
    for number, line in enumerate(stream):
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def _with_progress(stream: BinaryIO) -> Iterator[bytes]:
    console = errors()
    total = sum(1 for _ in stream) if stream.seekable() and console.is_terminal else 0
    if total <= PROGRESS_FROM:
        if total:
            stream.seek(0)
        yield from _without_mark(stream)
        return
    stream.seek(0)
    from rich.progress import track

    yield from track(_without_mark(stream), "Asking", total=total, console=console, transient=True)
