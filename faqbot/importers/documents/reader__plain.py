"""Plain text, and the text of pages -> blocks: headings and points are guessed from their looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from faqbot.importers.documents.blocks import Block, Document, Heading, Item, Text, tidy

_POINT: Final = re.compile(
    r"^(?P<indent>\s*)(?:[-*•●○▪■◦‣·\u2013\u2014►➢✓]|\(?\d{1,2}[.)]|o(?=\s{2,}))\s+(?P<text>\S.*)$"
)
_RULE: Final = re.compile(r"^[\s=_*~#-]{3,}$")
_LONGEST: Final = 60
_MOST_WORDS: Final = 9
_ENDS: Final = (".", ",", ";", "!")


def read(text: str) -> Document:
    """A document whose lines say all there is."""
    lines = (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").expandtabs().split("\n")
    )
    blocks = tuple(_blocks(lines))
    first = blocks[0] if blocks else None
    title = first.text if isinstance(first, Heading) else ""
    return Document(blocks, title)


def _blocks(lines: list[str]) -> Iterator[Block]:
    pending: list[str] = []
    point: Item | None = None
    for number, line in enumerate(lines):
        found = _POINT.match(line)
        after = lines[number + 1] if number + 1 < len(lines) else ""
        before = lines[number - 1] if number else ""
        if not line.strip() or _RULE.match(line):
            yield from _ended(pending, point)
            pending, point = [], None
        elif found:
            yield from _ended(pending, point)
            pending = [found["text"]]
            point = Item("", 1 if len(found["indent"]) > 3 else 0)  # noqa: PLR2004 - a usual indent
        elif _is_heading(line, before, after, alone=not pending):
            yield from _ended(pending, point)
            pending, point = [], None
            yield Heading(tidy(line).rstrip(":"), 1 if not before.strip() and number == 0 else 2)
        else:
            pending.append(line)
    yield from _ended(pending, point)


def _ended(pending: list[str], point: Item | None) -> Iterator[Block]:
    text = tidy(" ".join(pending).replace("- ", "- "))
    if text:
        yield Item(text, point.depth) if point else Text(text)


def _is_heading(line: str, before: str, after: str, *, alone: bool) -> bool:
    """Whether a line looks like a heading: short, no sentence, and set apart."""
    text = tidy(line)
    words = text.split()
    if not alone or len(text) > _LONGEST or len(words) > _MOST_WORDS or text.endswith(_ENDS):
        return False
    if text.endswith(":") or _RULE.match(after or " "):
        return True
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return False
    if all(char.isupper() for char in letters):
        return True
    long = [word for word in words if len(word) > 3]  # noqa: PLR2004 - the words that titles raise
    raised = sum(word[0].isupper() for word in long)
    apart = not before.strip()
    return apart and letters[0].isupper() and (not after.strip() or raised == len(long))
