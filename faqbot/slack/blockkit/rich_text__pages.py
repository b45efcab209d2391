"""Replies cut into pages that Slack takes: nothing is left out, items stay whole if they can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from faqbot.replies.reply import Block, Bullets, Part, Reply, Table, Text, as_text
from faqbot.slack.blockkit.rich_text import escape

PAGE_BYTES: Final = 2_900
"""What a page's parts may fill of the 4,000 bytes that an updated message may have as text."""

PARTS: Final = 20
"""The most parts on a page, so that a message stays below 50 blocks."""

_SEAMS: Final = (r"\n\s*\n", r"\n", r"(?<=[.!?;])\s", r"\s")
"""Where a text is cut, the best place first: paragraphs, lines, sentences, words."""


def paginate(reply: Reply) -> tuple[Reply, ...]:
    """The pages of a reply, at least one; lead and hint stand on the first, ways on everywhere."""
    pages: list[list[Part]] = [[]]
    room = PAGE_BYTES
    for part in reply.parts:
        for number, piece in enumerate(_pieces(part)):
            size = _size(piece)
            shown = replace(piece, title=f"{part.title} (continued)") if number else piece
            if pages[-1] and (size > room or len(pages[-1]) >= PARTS):
                pages.append([])
                room = PAGE_BYTES
            pages[-1].append(shown)
            room -= size
    first, *others = pages
    return (
        replace(reply, parts=tuple(first)),
        *(replace(reply, lead="", hint="", parts=tuple(parts)) for parts in others),
    )


def _pieces(part: Part) -> Iterator[Part]:
    """The part, whole when it fits on a page, else cut."""
    if _size(part) <= PAGE_BYTES:
        yield part
        return
    body: list[Block] = []
    empty = _size(replace(part, body=()))
    room = PAGE_BYTES - empty
    for block in part.body:
        for piece in _cut(block):
            size = _size(replace(part, body=(piece,)))
            if body and size > room:
                yield replace(part, body=tuple(body))
                body, room = [], PAGE_BYTES - empty
            body.append(piece)
            room -= size
    if body:
        yield replace(part, body=tuple(body))


def _cut(block: Block) -> Iterator[Block]:
    if isinstance(block, Table):
        yield from (replace(block, rows=(row,)) for row in block.rows)
        return
    if isinstance(block, Text):
        yield from map(Text, split(block.markdown, PAGE_BYTES // 3))
        return
    items = [piece for item in block.items for piece in split(item, PAGE_BYTES // 3)]
    rows: list[str] = []
    title, room = block.heading, PAGE_BYTES // 3
    for item in items:
        size = _bytes(item) + len("- \n")
        if rows and size > room:
            yield Bullets(tuple(rows), title)
            rows, room = [], PAGE_BYTES // 3
            title = f"{block.heading} (continued)" if block.heading else ""
        rows.append(item)
        room -= size
    if rows:
        yield Bullets(tuple(rows), title)


def split(text: str, most: int, seams: tuple[str, ...] = _SEAMS) -> Iterator[str]:
    """Cut a text into pieces of at most `most` bytes at the best seams; all its words remain."""
    if _bytes(text) <= most:
        yield text
        return
    if not seams:
        step = max(1, most // 5)  # an escaped letter takes up to five bytes
        yield from (text[start : start + step] for start in range(0, len(text), step))
        return
    piece = ""
    for words in _at_seams(text, seams[0]):
        if piece and _bytes(piece + words) > most:
            yield from split(piece.strip(), most, seams[1:])
            piece = ""
        piece += words
    if piece.strip():
        yield from split(piece.strip(), most, seams[1:])


def _at_seams(text: str, seam: str) -> Iterator[str]:
    start = 0
    for match in re.finditer(seam, text):
        yield text[start : match.end()]
        start = match.end()
    yield text[start:]


def _size(part: Part) -> int:
    return _bytes(as_text(Reply(parts=(part,)))) + _bytes(part.title) + len(" (continued)\n\n\n")


def _bytes(text: str) -> int:
    return len(escape(text).encode())
