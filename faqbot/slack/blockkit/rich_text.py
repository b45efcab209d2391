"""Markdown of content as Slack's rich text, which needs no escaping and notifies nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from faqbot.replies.reply import Block, Bullets, Reply, ReplyPart, ReplyText, Table, as_text

JsonObject = dict[str, Any]

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
_LINKS: Final = ("http://", "https://", "mailto:")
_LINK: Final = re.compile(r"<((?:https?|mailto):[^>|]+)(?:\|([^>]*))?>")
_REFERENCE: Final = re.compile(r"<(@|#|!)[^<>|]*\|([^<>]+)>")
_KEPT: Final = re.compile(r"`[^`\n]+`|(?<=\])\([^()\s]*\)|https?://[^\s<>()\[\]|]+")
_BOLD: Final = re.compile(r"(?<![\w*\\])\*(?![\s*])([^*\n]+?)(?<![\s*\\])\*(?![\w*])")
_STRIKE: Final = re.compile(r"(?<![\w~\\])~(?![\s~])([^~\n]+?)(?<![\s~\\])~(?![\w~])")
_BULLET: Final = re.compile(r"(\s*)[•◦▪▫‣●○■□∙]\ufe0e?\s+")
_NUMBER: Final = re.compile(r"^(\s*)(\d{1,9})([.)])$")
_LINE_KINDS: Final = (
    ("list", re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")),
    ("quote", re.compile(r"\s*>")),
    ("table", re.compile(r"\s*\|")),
)
_LANGUAGE: Final = re.compile(r"[a-z]+\n")
_DEEPEST: Final = 8
_STYLES: Final = {"strong": "bold", "em": "italic", "s": "strike"}


def escape(text: str) -> str:
    """Escape Slack's control characters, so that `<!here>` and `<@U1>` are text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_markdown(mrkdwn: str, *, escaped: bool = True) -> str:
    """Convert text in Slack's markup to Markdown; what is Markdown already stays as it is.

    Args:
        mrkdwn: the text.
        escaped: whether `&`, `<` and `>` are escaped in it: in messages, not in inputs of modals.
    """
    text = _LINK.sub(lambda match: f"[{match[2] or match[1]}]({match[1]})", mrkdwn)
    text = _REFERENCE.sub(
        lambda match: match[2] if match[1] == "!" else match[1] + match[2].lstrip("@#"), text
    )
    if escaped:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    pieces = text.split("```")
    found: list[str] = []
    for number, piece in enumerate(pieces):
        if number % 2 == 0 or number == len(pieces) - 1:
            fence = "```" if number % 2 else ""
            found.append(fence + _lines_as_markdown(piece))
        else:
            language = _LANGUAGE.match(piece)
            code = piece if language else "\n" + piece.strip("\n")
            found.append(f"```{code.rstrip()}\n```")
    return "\n\n".join(part for part in found if part.strip()).strip()


def _lines_as_markdown(text: str) -> str:
    """Convert text without code blocks: each line of it is a line, as in Slack."""
    found = ""
    before, quoted = "", False
    for raw in text.strip("\n").splitlines():
        quoted = quoted or raw.startswith(">>>")
        line = f"> {raw.removeprefix('>>>').lstrip()}".rstrip() if quoted else raw.rstrip()
        bullet = _BULLET.match(line)
        if bullet:
            line = f"{bullet[1]}- {line[bullet.end() :]}"
        # Alone on its line, "42." is a number, and in Markdown an empty list.
        line = _NUMBER.sub(r"\1\2\\\3", line)
        kind = next((name for name, form in _LINE_KINDS if form.match(line)), "text")
        if kind == "text" and before == "list" and line.startswith("  "):
            kind = "list"  # an item goes on
        elif before != "list" or kind != "list":
            line = line.lstrip()
        if line and found:
            # One newline is a space in Markdown, and a list needs an empty line around it.
            joined = before in ("", "blank") or (kind == before and kind != "text")
            found += "\n" if joined else "\n\n"
        elif found:
            found += "\n"
        found += _words_as_markdown(line)
        before = kind if line else "blank"
    return found


def _words_as_markdown(line: str) -> str:
    """Convert the marks within a line, apart from code and addresses."""
    kept = _KEPT.findall(line)
    text = _KEPT.sub("\ufffc", line)
    text = _BOLD.sub(r"**\1**", text)
    text = _STRIKE.sub(r"~~\1~~", text)
    for words in kept:
        text = text.replace("\ufffc", words, 1)
    return text


def rich(markdown: str) -> list[JsonObject]:
    """Return the rich text elements of a Markdown text."""
    tree = SyntaxTreeNode(_MARKDOWN.parse(markdown))
    elements = _spaced([element for node in tree.children for element in _block(node)])
    return elements or [_section([_text(markdown.strip(), {})])]


def quote(markdown: str) -> list[JsonObject]:
    """Return the rich text elements of a Markdown text, set off as what somebody said."""
    found: list[JsonObject] = []
    for element in rich(markdown):
        match element["type"]:
            case "rich_text_section":
                found.append({**element, "type": "rich_text_quote"})
            case "rich_text_list" | "rich_text_preformatted":
                # A quote can't hold these, but they may have its border.
                found.append({**element, "border": 1})
            case _:
                found.append(element)
    return found


def heading(text: str, style: str = "bold") -> JsonObject:
    """Return a line in bold, or in another style."""
    return _section([{"type": "text", "text": text, "style": {style: True}}])


def bullets(items: Sequence[str]) -> list[JsonObject]:
    """Return a list of Markdown items; an item with several blocks stays one item."""
    found: list[JsonObject] = []
    for item in items:
        tree = SyntaxTreeNode(_MARKDOWN.parse(item))
        first, *rest = [element for node in tree.children for element in _block(node)] or [
            _section([_text(item, {})])
        ]
        if first["type"] != "rich_text_section":
            first, rest = _section([_text(item, {})]), []
        if found and found[-1]["type"] == "rich_text_list" and found[-1]["indent"] == 0:
            found[-1]["elements"].append(first)
        else:
            found.append(_list([first], "bullet", 0))
        found += rest
    return found


def body_of(part: ReplyPart, *, titled: bool = False) -> list[JsonObject]:
    """Return the rich text elements of a part of a reply; its tables are blocks of their own.

    Below the title of the part, headings within it are in italics: bold would look like the title.
    """
    style = "italic" if titled else "bold"
    found: list[JsonObject] = []
    for block in part.body:
        match block:
            case ReplyText(markdown=markdown):
                found += rich(markdown)
            case Bullets(items=items, heading=title):
                found += [heading(title, style)] if title else []
                found += bullets(items)
            case Table():
                pass  # rendered as blocks of its own
    return found


def _spaced(elements: list[JsonObject]) -> list[JsonObject]:
    """Insert an empty line between paragraphs, which Slack shows without one."""
    for element, after in pairwise(elements):
        if element["type"] == after["type"] == "rich_text_section":
            element["elements"].append({"type": "text", "text": "\n\n"})
    return elements


def _block(node: SyntaxTreeNode, depth: int = 0) -> Iterator[JsonObject]:
    match node.type:
        case "paragraph":
            yield _section(_inline(node))
        case "heading":
            yield _section(_inline(node, {"bold": True}))
        case "bullet_list" | "ordered_list":
            yield from _lists(node, depth)
        case "fence" | "code_block":
            code = node.content.rstrip("\n") or " "
            yield {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": code}]}
        case "blockquote":
            quoted = [part for child in node.children for part in _flat(child)]
            if quoted:
                yield {"type": "rich_text_quote", "elements": quoted}
        case "hr":
            return
        case _:
            if node.content:
                yield _section([_text(node.content, {})])


def _lists(node: SyntaxTreeNode, depth: int) -> Iterator[JsonObject]:
    """Yield a list as Slack represents it: a flat element for each run of items of one depth."""
    style = "bullet" if node.type == "bullet_list" else "ordered"
    number = int(node.attrs.get("start", 1)) if style == "ordered" else 1
    run: list[JsonObject] = []
    for item in node.children:
        inner = [child for child in item.children if child.type.endswith("_list")]
        words = [part for child in item.children if child not in inner for part in _flat(child)]
        run.append(_section(words or [_text(" ", {})]))
        if inner:
            yield _list(run, style, depth, number)
            number, run = number + len(run), []
            for child in inner:
                yield from _lists(child, min(depth + 1, _DEEPEST))
    if run:
        yield _list(run, style, depth, number)


def _list(items: list[JsonObject], style: str, indent: int, number: int = 1) -> JsonObject:
    found: JsonObject = {
        "type": "rich_text_list",
        "style": style,
        "indent": indent,
        "elements": items,
    }
    return {**found, "offset": number - 1} if number > 1 else found


def _flat(node: SyntaxTreeNode) -> list[JsonObject]:
    """Return the text of a block, for places where Slack allows no blocks."""
    found = [part for element in _block(node) for part in _words(element)]
    return [*found, {"type": "text", "text": "\n"}] if node.next_sibling and found else found


def _words(element: JsonObject) -> list[JsonObject]:
    parts: list[JsonObject] = []
    for child in element["elements"]:
        parts += _words(child) if "elements" in child else [child]
    return parts


def _section(elements: list[JsonObject]) -> JsonObject:
    return {"type": "rich_text_section", "elements": elements or [_text(" ", {})]}


def _inline(node: SyntaxTreeNode, style: dict[str, bool] | None = None) -> list[JsonObject]:
    children = [inner for child in node.children for inner in child.children]
    return [part for child in children for part in _part(child, style or {})]


def _part(node: SyntaxTreeNode, style: dict[str, bool]) -> Iterator[JsonObject]:
    match node.type:
        case "strong" | "em" | "s":
            inner = {**style, _STYLES[node.type]: True}
            for child in node.children:
                yield from _part(child, inner)
        case "code_inline":
            yield _text(node.content, {**style, "code": True})
        case "softbreak":
            yield _text(" ", style)
        case "hardbreak":
            yield _text("\n", style)
        case "link" | "image":
            yield from _link(node, style)
        case _:
            if node.content:
                yield _text(node.content, style)


def _link(node: SyntaxTreeNode, style: dict[str, bool]) -> Iterator[JsonObject]:
    address = str(node.attrs.get("href") or node.attrs.get("src") or "")
    inner = [part for child in node.children for part in _part(child, style)]
    words = node.content or "".join(part.get("text", "") for part in inner)
    if not address.startswith(_LINKS):
        yield from inner or [_text(words or address or " ", style)]
        return
    link: JsonObject = {"type": "link", "url": address, "text": words or address}
    yield {**link, "style": style} if style else link


def _text(text: str, style: dict[str, bool]) -> JsonObject:
    found: JsonObject = {"type": "text", "text": text or " "}
    return {**found, "style": style} if style else found


PAGE_BYTES: Final = 9_000
"""Byte budget of one page. Slack takes 13,200 characters of blocks, with buttons and sources."""

PIECE_BYTES: Final = 2_900
"""Byte budget of one block, and of the text of notifications: chat.update takes 4,000 bytes."""

PARTS: Final = 20
"""Parts on a page at most, so that a message stays below 50 blocks."""

_SEAMS: Final = (r"\n\s*\n", r"\n", r"(?<=[.!?;])\s", r"\s")
"""Separators at which a text is cut, the best first: paragraphs, lines, sentences, words."""


def paginate(reply: Reply, most: int = PAGE_BYTES) -> tuple[Reply, ...]:
    """Return the pages of a reply, of at most so many bytes.

    Lead and hint are on the first page, further entries on each.
    """
    pages: list[list[ReplyPart]] = [[]]
    room = most
    for part in reply.parts:
        for number, piece in enumerate(_pieces(part)):
            size = _size(piece)
            shown = replace(piece, title=f"{part.title} (continued)") if number else piece
            if pages[-1] and (size > room or len(pages[-1]) >= PARTS):
                pages.append([])
                room = most
            pages[-1].append(shown)
            room -= size
    first, *others = pages
    return (
        replace(reply, parts=tuple(first)),
        *(replace(reply, lead="", hint="", parts=tuple(parts)) for parts in others),
    )


def _pieces(part: ReplyPart) -> Iterator[ReplyPart]:
    """Yield a part in pieces that fit on a page."""
    if _size(part) <= PIECE_BYTES:
        yield part
        return
    body: list[Block] = []
    empty = _size(replace(part, body=()))
    room = PIECE_BYTES - empty
    for block in part.body:
        for piece in _cut(block):
            size = _size(replace(part, body=(piece,)))
            if body and size > room:
                yield replace(part, body=tuple(body))
                body, room = [], PIECE_BYTES - empty
            body.append(piece)
            room -= size
    if body:
        yield replace(part, body=tuple(body))


def _cut(block: Block) -> Iterator[Block]:
    if isinstance(block, Table):
        yield from (replace(block, rows=(row,)) for row in block.rows)
        return
    if isinstance(block, ReplyText):
        yield from map(ReplyText, split(block.markdown, PIECE_BYTES // 3))
        return
    items = [piece for item in block.items for piece in split(item, PIECE_BYTES // 3)]
    rows: list[str] = []
    title, room = block.heading, PIECE_BYTES // 3
    for item in items:
        size = _bytes(item) + len("- \n")
        if rows and size > room:
            yield Bullets(tuple(rows), title)
            rows, room = [], PIECE_BYTES // 3
            title = f"{block.heading} (continued)" if block.heading else ""
        rows.append(item)
        room -= size
    if rows:
        yield Bullets(tuple(rows), title)


def split(text: str, most: int, seams: tuple[str, ...] = _SEAMS) -> Iterator[str]:
    """Cut a text into pieces of at most `most` bytes, without losing words."""
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


def _size(part: ReplyPart) -> int:
    return _bytes(as_text(Reply(parts=(part,)))) + _bytes(part.title) + len(" (continued)\n\n\n")


def _bytes(text: str) -> int:
    return len(escape(text).encode())
