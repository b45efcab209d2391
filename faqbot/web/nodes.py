"""Markdown as nodes: plain values from which a page builds elements, without HTML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

Node = str | dict[str, Any]
"""A text, or an element: `tag`, its `nodes`, and `href` for a link."""

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
_LINKS: Final = ("http://", "https://", "mailto:")
_TAGS: Final = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    # A heading of an answer isn't one of the page that shows it.
    "heading": "p",
    "strong": "strong",
    "em": "em",
    "s": "s",
    "hardbreak": "br",
}
_CODE: Final = {"code_inline": "code", "fence": "pre", "code_block": "pre"}


def nodes(markdown: str) -> list[Node]:
    """Return the nodes of a Markdown text; of a single paragraph what is in it."""
    found = list(_children(SyntaxTreeNode(_MARKDOWN.parse(markdown))))
    if len(found) == 1 and isinstance(found[0], dict) and found[0]["tag"] == "p":
        inner: list[Node] = found[0]["nodes"]
        return inner
    return found


def _children(node: SyntaxTreeNode) -> Iterator[Node]:
    for child in node.children:
        yield from _nodes(child)


def _nodes(node: SyntaxTreeNode) -> Iterator[Node]:
    tag = _TAGS.get(node.type)
    if node.type in _CODE:
        yield {"tag": _CODE[node.type], "nodes": [node.content.rstrip("\n")]}
    elif node.type == "softbreak":
        yield " "
    elif node.type == "link":
        yield from _link(node)
    elif tag and not (tag == "p" and node.hidden):  # hidden in the items of a tight list
        yield {"tag": tag, "nodes": list(_children(node))}
    elif node.children and node.type != "image":
        yield from _children(node)
    elif node.content:
        yield node.content


def _link(node: SyntaxTreeNode) -> Iterator[Node]:
    address, inner = str(node.attrs.get("href", "")), list(_children(node))
    if address.lower().startswith(_LINKS):
        yield {"tag": "a", "href": address, "nodes": inner}
    else:
        yield from inner
