"""Read HTML: the main part of a page."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from faqbot.errors import UsageError, needs_extra
from faqbot.importers.documents.blocks import (
    EXTRA,
    Block,
    Boilerplate,
    Heading,
    ImportedDocument,
    Item,
    Text,
    is_known_heading,
    tidy,
)
from faqbot.importers.documents.plain_text import is_point, recognised_blocks
from faqbot.importers.documents.tables import Cell, table_blocks

if TYPE_CHECKING:
    from bs4 import Tag

MAX_DEPTH: Final = 300
"""Elements within each other; a page that closes its tags has some 30."""

_TAG: Final = re.compile(r"</?[A-Za-z][^>]*>")
_MIN_REPETITIONS: Final = 3
_INVISIBLE_TAGS: Final = ("script", "style", "noscript", "template", "svg", "iframe", "head")
_BOILERPLATE_TAGS: Final = {
    "nav": "navigation",
    "header": "page header",
    "footer": "page footer",
    "form": "forms",
    "button": "buttons",
    "aside": "asides",
}
_HEADING_TAGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_INLINE_TAGS: Final = (
    *("a", "b", "strong", "em", "i", "span", "code", "abbr", "sup", "sub", "u", "small", "mark"),
    *("font", "s", "ins", "time", "q", "cite", "kbd", "label", "bdi", "bdo", "big", "tt", "var"),
)
_SEPARATE_TAGS: Final = (
    *(
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "table",
        "tr",
        "td",
        "th",
        "section",
        "article",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "figcaption", "caption", "main"),
    *("header", "footer", "nav", "aside", "form", "button", "option", "address", "hr", "img"),
    *("summary", "details", "legend", "fieldset", "figure"),
)
_BREAK: Final = "\N{LINE SEPARATOR}"
_RAW_COMMENT: Final = re.compile(r"<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL | re.IGNORECASE)
_RAW_INVISIBLE: Final = re.compile(
    rf"<({'|'.join(_INVISIBLE_TAGS)}|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_RAW_INLINE_TAG: Final = re.compile(rf"</?(?:{'|'.join(_INLINE_TAGS)})(?:\s[^>]*)?>", re.IGNORECASE)
_BLOCK_TAGS: Final = (
    *_HEADING_TAGS,
    "p",
    "li",
    "tr",
    "dt",
    "dd",
    "blockquote",
    "pre",
    "figcaption",
    "table",
)


def read_html(path: Path, text: str) -> ImportedDocument:
    """Parse a page; several articles are read in their order.

    Raises:
        UsageError: It is beyond a limit.
        MissingExtraError: Beautiful Soup isn't installed.
    """
    with needs_extra(*EXTRA):
        from bs4 import BeautifulSoup, Comment
    soup = BeautifulSoup(text, "html.parser")
    _check_depth(path, soup)
    _mark_ends(soup)
    for comment in soup.find_all(string=lambda string: isinstance(string, Comment)):
        comment.extract()
    # First, because `head` with the title is among the tags that go next.
    title = _find_title(soup)
    for tag in soup.find_all(_INVISIBLE_TAGS):
        tag.decompose()
    body = soup.body or soup
    left_out = [*_remove_boilerplate(body), *_remove_repeated_links(body)]
    main = _main_part(body)
    blocks = tuple(_html_blocks(main))
    before = main.extract() if main is not body else None
    if before is not None and (rest := tidy(body.get_text())):
        left_out.append(Boilerplate("outside the main part", rest))
    if not title:
        title = next((one.text for one in blocks if isinstance(one, Heading)), "")
    return ImportedDocument(
        tuple(recognised_blocks(blocks)), _raw_html_text(text), title, left_out=tuple(left_out)
    )


def _check_depth(path: Path, soup: Tag) -> None:
    depths = {id(soup): 0}
    for tag in soup.find_all(True):
        depths[id(tag)] = depths[id(tag.parent)] + 1
    if max(depths.values()) > MAX_DEPTH:
        raise UsageError(
            f"{path} has more than {MAX_DEPTH} elements within each other: copy its text into a "
            "new file."
        )


def _mark_ends(soup: Tag) -> None:
    """Put white space where the layout separates words, so that nowhere else any is added."""
    for tag in soup.find_all("br"):
        tag.replace_with(_BREAK)
    for tag in soup.find_all(_SEPARATE_TAGS):
        tag.insert(0, "\n")
        tag.append("\n")


def _raw_html_text(text: str) -> str:
    """Return the text of a page by its tags alone, without its structure."""
    for pattern in (_RAW_COMMENT, _RAW_INVISIBLE):
        text = pattern.sub(" ", text)
    text = _RAW_INLINE_TAG.sub("", text)
    return html.unescape(_TAG.sub(" ", text))


def _find_title(soup: Tag) -> str:
    heading = soup.find("h1")
    if heading and tidy(heading.get_text()):
        return tidy(heading.get_text())
    title = soup.find("title")
    return tidy(title.get_text()).split(" : ")[0].split(" | ")[0] if title else ""


def _remove_boilerplate(body: Tag) -> Iterator[Boilerplate]:
    """Remove navigation, headers, footers and forms; hidden tabs are content and stay."""
    for tag in body.find_all(True):
        # The list also has tags inside parts that this loop has removed by now.
        if tag.decomposed:
            continue
        kind = _BOILERPLATE_TAGS.get(tag.name, "")
        # The header of an article holds its title, the one of a page its logo and menu.
        if tag.name == "header" and tag.find_parent(("article", "main")):
            kind = ""
        if not kind:
            continue
        words = tidy(tag.get_text())
        tag.decompose()
        if words:
            yield Boilerplate(kind, words)


def _remove_repeated_links(body: Tag) -> Iterator[Boilerplate]:
    """Remove links that are repeated in headings, such as “about this section” or “edit”."""
    links = [
        (tag, tidy(tag.get_text()))
        for tag in body.select(", ".join(f"{h} a" for h in _HEADING_TAGS))
    ]
    counts = Counter(words for _, words in links)
    for tag, words in links:
        heading = tag.find_parent(_HEADING_TAGS)
        if counts[words] >= _MIN_REPETITIONS and heading and tidy(heading.get_text()) != words:
            tag.decompose()
            yield Boilerplate("links beside headings", words)


def _main_part(body: Tag) -> Tag:
    """Return the main part: `main`, or the element around all articles, or the body."""
    found = body.find("main") or body.select_one("[role=main]")
    if found is not None:
        return found
    articles = body.find_all("article")
    if not articles:
        return body
    around = articles[0]
    while not all(around is one or around in one.parents for one in articles):
        if around.parent is None:
            return body
        around = around.parent
    return around


def _html_blocks(main: Tag) -> Iterator[Block]:
    from bs4 import Tag
    from bs4.element import NavigableString

    loose: list[str] = []
    for child in main.children:
        if isinstance(child, NavigableString):
            loose.append(str(child))
        elif isinstance(child, Tag):
            if child.name not in _BLOCK_TAGS and not child.find(_BLOCK_TAGS) and _is_inline(child):
                loose.append(child.get_text())
                continue
            yield from _paragraph(loose)
            loose = []
            yield from _tag_blocks(child)
    yield from _paragraph(loose)


def _is_inline(tag: Tag) -> bool:
    return tag.name in _INLINE_TAGS


def _paragraph(loose: list[str]) -> Iterator[Block]:
    lines = [line for line in map(tidy, "".join(loose).split(_BREAK)) if line]
    # Line breaks make a list where each line has its sign; elsewhere they only wrap.
    if sum(is_point(line) for line in lines) > 1 or any(map(is_known_heading, lines)):
        yield from map(Text, lines)
    elif lines:
        yield Text(" ".join(lines))


def _tag_blocks(tag: Tag) -> Iterator[Block]:
    if tag.name in _HEADING_TAGS:
        text = tidy(tag.get_text())
        if text:
            yield Heading(text.rstrip(":"), int(tag.name[1]))
    elif tag.name == "table":
        yield from table_blocks([_html_cells(row) for row in _rows_of(tag)])
    elif tag.name == "li":
        yield from _list_items(tag)
    elif tag.name in ("p", "dt", "dd", "blockquote", "pre", "figcaption"):
        if tag.find(_BLOCK_TAGS):
            yield from _html_blocks(tag)
        else:
            yield from _paragraph([tag.get_text()])
    else:
        yield from _html_blocks(tag)


def _rows_of(table: Tag) -> Iterator[Tag]:
    for row in table.find_all("tr"):
        if row.find_parent("table") is table:
            yield row


def _html_cells(row: Tag) -> list[Cell]:
    return [
        Cell(
            tuple(_html_blocks(cell)),
            is_bold=cell.name == "th"
            or tidy("".join(one.get_text() for one in cell.find_all(("b", "strong"))))
            == tidy(cell.get_text()),
        )
        for cell in row.find_all(("td", "th"), recursive=False)
    ]


def _list_items(tag: Tag) -> Iterator[Block]:
    """Yield a list item, then the items of the lists below it, at any depth, in their order."""
    depth = max(len(tag.find_parents(("ul", "ol"))) - 1, 0)
    inner = [item for item in tag.find_all("li") if item.find_parent("li") is tag]
    blocks = [block for item in inner for block in _list_items(item)]
    for item in inner:
        item.extract()
    if text := tidy(tag.get_text()):
        yield Item(text, depth)
    yield from blocks
