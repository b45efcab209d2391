"""Read Markdown with front matter and template tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    Heading,
    ImportedDocument,
    Item,
    Text,
    tidy,
)
from faqbot.importers.documents.plain_text import recognised_blocks
from faqbot.importers.documents.tables import Cell, table_blocks

DETAILS_HEADING: Final = "Details"
_RULE: Final = re.compile(r"^---\s*$", re.MULTILINE)
_KEY: Final = re.compile(r"^(?P<key>[A-Za-z][\w -]*):(?: +(?P<value>.*))?$")
_LINE: Final = re.compile(r"^(?P<indent>\s*)(?P<dash>- +)?(?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Front matter of a document: its title, its keys as blocks, and the comments in it."""

    title: str
    blocks: tuple[Block, ...]
    left_out: tuple[Boilerplate, ...]


def split_front_matter(text: str) -> tuple[str, str]:
    """Split a document into front matter, which may be empty, and the text below it.

    Some documents start with a key: the first rule may be missing.
    """
    rules = list(_RULE.finditer(text))
    if rules and not text[: rules[0].start()].strip():
        if len(rules) == 1:
            return "", text
        return text[rules[0].end() : rules[1].start()], text[rules[1].end() :]
    first = text.lstrip().split("\n", 1)[0]
    if rules and _KEY.match(first):
        return text[: rules[0].start()], text[rules[0].end() :]
    return "", text


def read_front_matter(front: str) -> FrontMatter:
    """Parse front matter: lists get a heading of their own, short values become details."""
    title, comments = "", []
    details: list[Item] = []
    long: list[Block] = []
    for key, value, lines in _entries(front):
        comments += [line for line in lines if line.startswith("#")]
        below = [line for line in lines if not line.startswith("#")]
        # The title names the role; each other key is content.
        if key.casefold() == "title":
            title = tidy(value.strip("\"' "))
        elif below:
            long += [Heading(tidy(key), 2), *_items(value, below)]
        elif key or value:
            details.append(Item(tidy(f"{key}: {value}" if key else value)))
    blocks = [Heading(DETAILS_HEADING, 2), *details, *long] if details else long
    left = (Boilerplate("comments in the front matter", "\n".join(comments)),) if comments else ()
    return FrontMatter(title, tuple(blocks), left)


def _entries(front: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each key with its value and the lines below it."""
    key, value, lines = "", "", list[str]()
    for raw in front.splitlines():
        found = None if raw.startswith((" ", "\t", "#", "-")) else _KEY.match(raw.rstrip())
        if found:
            yield key, value, lines
            key, value, lines = found["key"], found["value"] or "", []
        elif raw.strip():
            lines.append(raw.rstrip())
    yield key, value, lines


def _items(value: str, lines: list[str]) -> Iterator[Block]:
    """Yield the lines below a key as items; a line without a dash continues the item before."""
    if tidy(value):
        yield Item(tidy(value))
    pending: list[str] = []
    depth = 0
    for line in lines:
        found = _LINE.match(line)
        assert found is not None  # it matches every line
        if found["dash"] and pending:
            yield Item(tidy(" ".join(pending)), depth)
            pending = []
        if found["dash"] or not pending:
            depth = 1 if len(found["indent"]) > 2 else 0  # noqa: PLR2004 - the usual indent
        pending.append(found["text"])
    if pending:
        yield Item(tidy(" ".join(pending)), depth)


# In this order: without the tags around it, the text of a comment would count as content.
_COMMENTS: Final = (
    ("comments", re.compile(r"\{%-?\s*comment\b.*?\{%-?\s*endcomment\b.*?%\}", re.DOTALL)),
    ("comments", re.compile(r"<!--.*?-->", re.DOTALL)),
    ("template tags", re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{:[^}\n]*\}", re.DOTALL)),
)
_HEADING_WITHOUT_SPACE: Final = re.compile(r"^(#{1,6})(?=[^#\s])", re.MULTILINE)
_BOLD_LINE: Final = re.compile(r"^(?:\*\*|__)(?P<text>[^*_]{2,80}?):?(?:\*\*|__):?$")
_LINE_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z][^>]*>")
_BOLD_HEADING_LEVEL: Final = 6
"""Level of a heading that is written as a line in bold."""


# The name by which a link refers to its address is no text.
_REFERENCE_NAME: Final = re.compile(r"(?<=\])\[[^\[\]]*\]|^ {0,3}\[[^\[\]]+\]:", re.MULTILINE)
_REFERENCE: Final = re.compile(r"\[(?P<text>[^\[\]]+)\](?:\[(?P<name>[^\[\]]*)\])?(?![\[(:])")
_LIST_STEPS: Final = {
    "bullet_list_open": 1,
    "ordered_list_open": 1,
    "bullet_list_close": -1,
    "ordered_list_close": -1,
}


def read_markdown(text: str) -> ImportedDocument:
    """Parse a Markdown document with or without front matter."""
    above, body = split_front_matter(text)
    matter = read_front_matter(above)
    left = list(matter.left_out)
    for kind, pattern in _COMMENTS:
        left += [Boilerplate(kind, found) for found in pattern.findall(body)]
        body = pattern.sub("", body)
    parser = MarkdownIt("commonmark").enable("table")
    # CommonMark demands the space after the hashes that many authors leave out.
    environment: dict[str, Any] = {}
    tokens = parser.parse(_HEADING_WITHOUT_SPACE.sub(r"\1 ", body), environment)
    for token in tokens:
        token.content = _with_addresses(token.content, environment.get("references", {}))
    blocks = tuple(_markdown_blocks(tokens))
    title = matter.title or next(
        (one.text for one in blocks if isinstance(one, Heading) and one.level == 1), ""
    )
    return ImportedDocument(
        tuple(recognised_blocks((*blocks, *matter.blocks))),
        _TAG.sub(" ", _REFERENCE_NAME.sub("", text)),
        title,
        is_title_stated=bool(matter.title),
        left_out=tuple(left),
    )


def _with_addresses(text: str, references: Mapping[str, Mapping[str, str]]) -> str:
    """Return a text with the addresses of links that name them elsewhere in the document."""

    def address(found: re.Match[str]) -> str:
        name = " ".join((found["name"] or found["text"]).upper().split())
        known = references.get(name)
        return f"[{found['text']}]({known['href']})" if known else found[0]

    return _REFERENCE.sub(address, text) if references else text


def _markdown_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    depth = -1
    rows: list[list[Cell]] = []
    opened = ""
    for token in tokens:
        match token.type:
            case kind if kind in _LIST_STEPS:
                depth += _LIST_STEPS[kind]
            case "heading_open" | "paragraph_open" | "td_open" | "th_open":
                opened = token.tag
            case "tr_open":
                rows.append([])
            case "table_close":
                yield from table_blocks(rows)
                rows = []
            case "inline" if opened in ("td", "th"):
                rows[-1].append(_markdown_cell(token.content))
            case "inline" | "fence" | "code_block":
                yield from _inline(token, opened, depth)
            case "html_block":
                plain = tidy(_TAG.sub(" ", token.content))
                if plain:
                    yield Text(plain)
            case _:
                pass


def _markdown_cell(content: str) -> Cell:
    lines = [tidy(line) for line in _LINE_BREAK.split(content)]
    bold = _BOLD_LINE.match(content.strip())
    return Cell(tuple(Text(line) for line in lines if line), is_bold=bool(bold))


def _inline(token: Token, opened: str, depth: int) -> Iterator[Block]:
    # Two spaces or a backslash mark a line break; other line ends only wrap the source.
    lines = [tidy(line) for line in re.split(r"(?:  |\\)\n", token.content)]
    for line in filter(None, lines):
        bold = _BOLD_LINE.match(line)
        if opened.startswith("h") and token.type == "inline":
            yield Heading(line.strip("*_ ").rstrip(":"), int(opened[1]))
        elif depth >= 0:
            yield Item(line, depth)
        elif bold:
            yield Heading(bold["text"], _BOLD_HEADING_LEVEL)
        else:
            yield Text(line)
