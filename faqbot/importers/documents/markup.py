"""Read Markdown (with front matter and template tags) and HTML (the main part of a page)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

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
_TAG: Final = re.compile(r"</?[A-Za-z][^>]*>")
_BOLD_HEADING_LEVEL: Final = 6
"""Level of a heading that is written as a line in bold."""


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
    tokens = parser.parse(_HEADING_WITHOUT_SPACE.sub(r"\1 ", body))
    blocks = tuple(_markdown_blocks(tokens))
    title = matter.title or next(
        (one.text for one in blocks if isinstance(one, Heading) and one.level == 1), ""
    )
    return ImportedDocument((*blocks, *matter.blocks), title, tuple(left))


def _markdown_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
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
    blocks = tuple(_html_blocks(main))
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


def _html_blocks(main: Tag) -> Iterator[Block]:
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
            yield from _html_blocks(tag)
        else:
            yield from _paragraph([tag.get_text(" ")])
    else:
        yield from _html_blocks(tag)


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
