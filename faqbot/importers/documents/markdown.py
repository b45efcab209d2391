"""Markdown -> blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from faqbot.importers.documents import markdown__front
from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    Document,
    Heading,
    Item,
    Text,
    tidy,
)

_COMMENTS: Final = (
    ("comments", re.compile(r"\{%-?\s*comment\b.*?\{%-?\s*endcomment\b.*?%\}", re.DOTALL)),
    ("comments", re.compile(r"<!--.*?-->", re.DOTALL)),
    ("template tags", re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{:[^}\n]*\}", re.DOTALL)),
)
_TIGHT: Final = re.compile(r"^(#{1,6})(?=[^#\s])", re.MULTILINE)
_BOLD: Final = re.compile(r"^(?:\*\*|__)(?P<text>[^*_]{2,80}?):?(?:\*\*|__):?$")
_TAG: Final = re.compile(r"</?[A-Za-z][^>]*>")
_BELOW: Final = 6
"""The level of a heading that is only a line in bold."""


def read(text: str) -> Document:
    """A Markdown document with or without front matter."""
    above, body = markdown__front.split(text)
    matter = markdown__front.read_front_matter(above)
    left = list(matter.left_out)
    for kind, pattern in _COMMENTS:
        left += [Boilerplate(kind, found) for found in pattern.findall(body)]
        body = pattern.sub("", body)
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(_TIGHT.sub(r"\1 ", body))
    blocks = tuple(_blocks(tokens))
    title = matter.title or next(
        (one.text for one in blocks if isinstance(one, Heading) and one.level == 1), ""
    )
    return Document((*blocks, *matter.blocks), title, tuple(left))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    depth = -1
    cells: list[str] = []
    opened = ""
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
            case "heading_open" | "paragraph_open" | "td_open" | "th_open":
                opened = token.tag
            case "tr_close":
                yield Item(" | ".join(cells))
                cells = []
            case "inline" if opened in ("td", "th"):
                cells.append(tidy(token.content))
            case "inline" | "fence" | "code_block":
                yield from _inline(token, opened, depth)
            case "html_block":
                plain = tidy(_TAG.sub(" ", token.content))
                if plain:
                    yield Text(plain)
            case _:
                pass


def _inline(token: Token, opened: str, depth: int) -> Iterator[Block]:
    # A line break that is meant stays one; others only wrap the source.
    lines = [tidy(line) for line in re.split(r"(?:  |\\)\n", token.content)]
    for line in filter(None, lines):
        bold = _BOLD.match(line)
        if opened.startswith("h") and token.type == "inline":
            yield Heading(line.strip("*_ ").rstrip(":"), int(opened[1]))
        elif depth >= 0:
            yield Item(line, depth)
        elif bold:
            yield Heading(bold["text"], _BELOW)
        else:
            yield Text(line)
