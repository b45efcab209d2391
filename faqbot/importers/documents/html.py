"""Read HTML: the main part of a page, without navigation, footers and forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from faqbot.errors import needs_extra
from faqbot.importers.documents.blocks import (
    EXTRA,
    Block,
    Boilerplate,
    Heading,
    ImportedDocument,
    Item,
    Text,
    tidy,
)

if TYPE_CHECKING:
    from bs4 import Tag

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
)


def read_html(text: str) -> ImportedDocument:
    """Parse a page; several articles are read in their order.

    Raises:
        MissingExtraError: Beautiful Soup isn't installed.
    """
    with needs_extra(*EXTRA):
        from bs4 import BeautifulSoup, Comment
    soup = BeautifulSoup(text, "html.parser")
    for comment in soup.find_all(string=lambda string: isinstance(string, Comment)):
        comment.extract()
    # First, because `head` with the title is among the tags that go next.
    title = _find_title(soup)
    for tag in soup.find_all(_INVISIBLE_TAGS):
        tag.decompose()
    body = soup.body or soup
    left_out = [*_remove_boilerplate(body), *_remove_repeated_links(body)]
    main = _main_part(body)
    blocks = tuple(_blocks(main))
    before = main.extract() if main is not body else None
    if before is not None and (rest := tidy(body.get_text(" "))):
        left_out.append(Boilerplate("outside the main part", rest))
    if not title:
        title = next((one.text for one in blocks if isinstance(one, Heading)), "")
    return ImportedDocument(blocks, title, tuple(left_out))


def _find_title(soup: Tag) -> str:
    heading = soup.find("h1")
    if heading and tidy(heading.get_text(" ")):
        return tidy(heading.get_text(" "))
    title = soup.find("title")
    return tidy(title.get_text(" ")).split(" : ")[0].split(" | ")[0] if title else ""


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
        words = tidy(tag.get_text(" "))
        tag.decompose()
        if words:
            yield Boilerplate(kind, words)


def _remove_repeated_links(body: Tag) -> Iterator[Boilerplate]:
    """Remove links that are repeated in headings, such as “about this section” or “edit”."""
    links = [
        (tag, tidy(tag.get_text(" ")))
        for tag in body.select(", ".join(f"{h} a" for h in _HEADING_TAGS))
    ]
    counts = Counter(words for _, words in links)
    for tag, words in links:
        heading = tag.find_parent(_HEADING_TAGS)
        if counts[words] >= _MIN_REPETITIONS and heading and tidy(heading.get_text(" ")) != words:
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


def _blocks(main: Tag) -> Iterator[Block]:
    from bs4 import Tag
    from bs4.element import NavigableString

    loose: list[str] = []
    for child in main.children:
        if isinstance(child, NavigableString):
            loose.append(str(child))
        elif isinstance(child, Tag):
            if child.name not in _BLOCK_TAGS and not child.find(_BLOCK_TAGS) and _is_inline(child):
                loose.append(child.get_text(" "))
                continue
            yield from _paragraph(loose)
            loose = []
            yield from _tag_blocks(child)
    yield from _paragraph(loose)


def _is_inline(tag: Tag) -> bool:
    return tag.name in ("a", "b", "strong", "em", "i", "span", "code", "abbr", "sup", "sub", "u")


def _paragraph(loose: list[str]) -> Iterator[Block]:
    text = tidy(" ".join(loose))
    if text:
        yield Text(text)


def _tag_blocks(tag: Tag) -> Iterator[Block]:
    if tag.name in _HEADING_TAGS:
        text = tidy(tag.get_text(" "))
        if text:
            yield Heading(text.rstrip(":"), int(tag.name[1]))
    elif tag.name == "tr":
        cells = [tidy(cell.get_text(" ")) for cell in tag.find_all(("td", "th"))]
        text = " | ".join(filter(None, cells)) or tidy(tag.get_text(" "))
        if text:
            yield Item(text)
    elif tag.name == "li":
        yield from _list_items(tag)
    elif tag.name in ("p", "dt", "dd", "blockquote", "pre", "figcaption"):
        if tag.find(_BLOCK_TAGS):
            yield from _blocks(tag)
        else:
            yield from _paragraph([tag.get_text(" ")])
    else:
        yield from _blocks(tag)


def _list_items(tag: Tag) -> Iterator[Block]:
    """Yield a list item, then the items of the lists below it."""
    depth = len(tag.find_parents(("ul", "ol"))) - 1
    below = tag.find_all(("ul", "ol"))
    inner = [item for one in below for item in one.find_all("li", recursive=False)]
    for one in below:
        one.extract()
    text = tidy(tag.get_text(" "))
    if text:
        yield Item(text, max(depth, 0))
    for item in inner:
        words = tidy(item.get_text(" "))
        if words:
            yield Item(words, max(depth, 0) + 1)
