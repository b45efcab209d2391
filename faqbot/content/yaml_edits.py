"""Edits of YAML files that keep the author's own text: comments, order, quoting, line breaks.

The new value of a document is compared with the old one, and only the text of what differs is
written anew. What was written is read back before it is returned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import indent as indented
from typing import Any, Final

import yaml

from faqbot.content.writer import LINE_WIDTH, dump_yaml
from faqbot.content.yaml_tree import Node
from faqbot.content.yaml_values import (
    ALIAS,
    STEP,
    WrittenScalar,
    compose,
    plain_value,
    same_value,
    write_block,
    write_flow,
    write_scalar,
)
from faqbot.errors import UsageError

BYTE_ORDER_MARK: Final = "\ufeff"
"""What some editors write before the text of a file."""

_COMMENT: Final = re.compile(r"(?:(?<=\s)|^)#[^\n]*", re.MULTILINE)


def edit_document(text: str, number: int, value: dict[str, Any]) -> str:
    """Return the text of a YAML file with another value of one of its documents.

    Args:
        text: the text of the file.
        number: which document, from 0.
        value: the new value: texts, numbers, dates, lists, and dicts with text keys.

    Raises:
        UsageError: the text isn't YAML, or it can't be edited without a change of something else.
    """
    if text.startswith(BYTE_ORDER_MARK):
        return BYTE_ORDER_MARK + edit_document(text[1:], number, value)
    windows = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    unix = text.replace("\r\n", "\n") if windows else text
    roots = compose(unix)
    if not 0 <= number < len(roots) or not isinstance(roots[number], yaml.MappingNode):
        raise UsageError("The file has no such role or FAQs any more: load it anew.")
    wanted = [plain_value(root) for root in roots]
    if wanted[number] == value:
        return text
    wanted[number] = value
    for source in (_Source(unix), _Source(unix, whole_entries=True)):
        edited = source.rewritten(roots[number], value)
        try:
            if same_value([plain_value(root) for root in compose(edited)], wanted):
                return edited.replace("\n", "\r\n") if windows else edited
        except UsageError:
            continue
    raise UsageError(
        "This can't be changed here without touching other lines, since the file uses `&`, `*` "
        "or a form of YAML that is rare. Change it in a text editor."
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a block collection.

    Args:
        key: of a mapping; "" in a list.
        value: its node.
        start: where the key or the dash is.
        opened: behind the colon or the dash.
        end: the end of its last line, a comment there included.
        gap: what lies between the end of the entry before and this one's line.
    """

    key: str
    value: Node
    start: int
    opened: int
    end: int
    gap: str


class _Source:
    """The text of a file, rewritten node by node.

    Args:
        text: the text.
        whole_entries: whether what changes is written anew from its top key on.
    """

    def __init__(self, text: str, *, whole_entries: bool = False) -> None:
        self._text = text
        self._whole_entries = whole_entries

    def rewritten(self, root: Node, value: dict[str, Any]) -> str:
        """Return the whole text with another value of a document's root."""
        start = root.start_mark.index
        if isinstance(root, yaml.CollectionNode) and root.flow_style:
            end, new = root.end_mark.index, self._flow(root, value)
        else:
            end, new = self._line_end(self._end(root)), self._block(root, value)
        return self._text[:start] + new + self._text[end:]

    # -------------------------------------------------------------------- block collections

    def _block(self, node: Node, value: Any) -> str:
        """Return a block collection from its first entry to the end of its last line."""
        column = node.start_mark.column
        margin = " " * column
        old = self._entries(node)
        pairs = _pairs(old, value)
        airy = sum("\n" in entry.gap[1:] for entry in old[1:]) * 2 > len(old) - 1 > 0
        kept = {id(entry) for _, _, entry in pairs if entry}
        orphans = self._orphans(old, kept)
        parts: list[str] = []
        for key, new, entry in pairs:
            if entry is None:
                gap, body = "\n\n" if airy else "\n", self._new_entry(key, new, column)
            else:
                gap, body = entry.gap or ("\n\n" if airy else "\n"), self._body(entry, new, column)
                gap = orphans.pop(id(entry), "") + gap
            if not parts:
                # The first entry's line begins before the text that is returned.
                gap = "".join(f"{line.strip()}\n{margin}" for line in _comment_lines(gap))
                parts.append(gap + body)
            else:
                parts.append(f"{gap}{margin}{body}")
        return "".join((*parts, *orphans.values()))

    def _orphans(self, old: Sequence[_Entry], kept: set[int]) -> dict[int, str]:
        """Return the comments above removed entries, by the entry that follows (0: none does)."""
        orphans: dict[int, str] = {}
        waiting = ""
        for entry in old:
            if id(entry) in kept:
                if waiting:
                    orphans[id(entry)] = waiting
                waiting = ""
            else:
                waiting += "".join(f"\n{line.rstrip()}" for line in _comment_lines(entry.gap))
        if waiting:
            orphans[0] = waiting
        return orphans

    def _entries(self, node: Node) -> list[_Entry]:
        column = node.start_mark.column
        entries: list[_Entry] = []
        before = 0
        mapping = isinstance(node, yaml.MappingNode)
        for child in node.value:
            key, value = child if mapping else (None, child)
            if key is not None:
                start = key.start_mark.index
                opened = self._text.index(":", key.end_mark.index) + 1
            else:
                start = self._dash(value.start_mark.index, column)
                opened = start + 1
            end = self._line_end(max(opened, self._end(value)))
            gap = self._text[before : self._line_start(start)] if entries else ""
            entries.append(_Entry(key.value if key else "", value, start, opened, end, gap))
            before = end
        return entries

    def _line_start(self, at: int) -> int:
        return self._text.rfind("\n", 0, max(at, 0)) + 1

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _dash(self, at: int, column: int) -> int:
        """Return where the dash of a list's entry is, given where its value begins."""
        line = self._line_start(at)
        while self._text[line + column : line + column + 1] != "-" or line + column >= max(at, 1):
            line = self._line_start(line - 1)
        return line + column

    def _end(self, node: Node) -> int:
        """Return where the text of a node ends, without blank lines and comments behind it."""
        if node.tag != ALIAS and isinstance(node, yaml.CollectionNode):
            if node.flow_style or not node.value:
                return int(node.end_mark.index)
            last = node.value[-1]
            if isinstance(node, yaml.MappingNode):
                key, value = last
                return max(self._text.index(":", key.end_mark.index) + 1, self._end(value))
            dash = self._dash(last.start_mark.index, node.start_mark.column)
            return max(dash + 1, self._end(last))
        start, end = node.start_mark.index, node.end_mark.index
        return start + len(self._text[start:end].rstrip())

    def _body(self, entry: _Entry, value: Any, column: int) -> str:
        """Return an entry with another value, from its key or dash to the end of its last line."""
        node = entry.value
        old = plain_value(node)
        if same_value(old, value):
            return self._text[entry.start : entry.end]
        head, same_type = self._text[entry.start : node.start_mark.index], type(value) is type(old)
        block = isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value
        end = self._end(node)
        if self._whole_entries and entry.key:
            text = self._anew(entry, value, column)
        elif block and same_type and value:
            text = head + self._block(node, value)
        elif isinstance(node, yaml.CollectionNode) and same_type and not self._comments(entry, end):
            text = head + self._flow(node, value) + self._text[end : entry.end]
        elif isinstance(value, dict) and (key := _wrapping(old, value)) is not None:
            text = self._wrapped(entry, key, value, column)
        elif isinstance(node, yaml.ScalarNode) and not isinstance(value, (dict, list)):
            text = self._scalar(entry, node, value, column)
        else:
            text = self._anew(entry, value, column)
        return text

    def _scalar(self, entry: _Entry, node: yaml.ScalarNode, value: Any, column: int) -> str:
        """Return an entry with another text, number or date, in the style of the old one."""
        start, end = node.start_mark.index, self._end(node)
        written = WrittenScalar(self._text[start:end], node.style or "")
        first, rest = write_scalar(value, column, written)
        lead = self._text[entry.opened : start] or " "
        if "\n" in lead and rest:
            return self._anew(entry, value, column)
        head = self._text[entry.start : entry.opened]
        return f"{head}{lead}{first}{self._text[end : entry.end]}{rest}"

    def _anew(self, entry: _Entry, value: Any, column: int) -> str:
        """Return an entry whose value is written anew, with the comments of the old one."""
        head = self._text[entry.start : entry.opened]
        comments = self._comments(entry, entry.end)
        if isinstance(value, (dict, list)) and value:
            new = write_block(value, column + STEP)
            margin = " " * (column + STEP)
            return "\n".join((head, *(margin + comment for comment in comments), new))
        first, rest = write_scalar(value, column)
        tail = f"  {' '.join(comments)}" if comments else ""
        return f"{head} {first}{tail}{rest}"

    def _comments(self, entry: _Entry, end: int) -> list[str]:
        """Return the comments between the key of an entry and a place behind it."""
        leaves = [
            (leaf.start_mark.index, max(leaf.start_mark.index, self._end(leaf)))
            for leaf in _leaves(entry.value)
        ]
        text = list(self._text[entry.opened : end])
        for start, last in leaves:
            for at in range(start - entry.opened, last - entry.opened):
                if text[at] != "\n":
                    text[at] = "x"
        return [match[0].rstrip() for match in _COMMENT.finditer("".join(text))]

    def _wrapped(self, entry: _Entry, key: str, value: dict[str, Any], column: int) -> str:
        """Return an entry whose old value becomes one of the keys of a new one."""
        head = self._text[entry.start : entry.opened]
        old = self._text[entry.opened : entry.end]
        margin = " " * (column + STEP)
        first, newline, rest = old.partition("\n")
        inner = f"{margin}{key}:{first}{newline}{indented(rest, ' ' * STEP)}"
        parts = [
            inner if name == key else indented(dump_yaml({name: part}, LINE_WIDTH), margin)
            for name, part in value.items()
        ]
        return "\n".join((head, *(part.rstrip("\n") for part in parts)))

    def _new_entry(self, key: str, value: Any, column: int) -> str:
        entry: object = {key: value} if key else [value]
        text = indented(dump_yaml(entry, LINE_WIDTH - column), " " * column)
        return text.rstrip("\n")[column:]

    # --------------------------------------------------------------------- flow collections

    def _flow(self, node: Node, value: Any) -> str:
        """Return a flow collection, `[a, b]` or `{a: b}`, with another value of its type."""
        if not node.value or not value:
            return write_flow(value)
        entries = list(self._flow_entries(node))
        parts = ""
        for key, new, entry in _pairs(entries, value):
            gap = (entry.gap if entry else "") or ", "
            parts += (gap if parts else "") + self._flow_part(key, new, entry)
        before = self._text[node.start_mark.index : entries[0].start]
        after = self._text[entries[-1].end : node.end_mark.index]
        return before + parts + after

    def _flow_entries(self, node: Node) -> Iterator[_Entry]:
        before = 0
        for child in node.value:
            key, value = child if isinstance(node, yaml.MappingNode) else (None, child)
            start, end = (key or value).start_mark.index, value.end_mark.index
            gap = self._text[before:start] if before else ""
            yield _Entry(key.value if key else "", value, start, start, end, gap)
            before = end

    def _flow_part(self, key: str, value: Any, entry: _Entry | None) -> str:
        if entry is None:
            return f"{write_flow(key)}: {write_flow(value)}" if key else write_flow(value)
        node = entry.value
        old = plain_value(node)
        if same_value(old, value):
            return self._text[entry.start : entry.end]
        head = self._text[entry.start : node.start_mark.index]
        if isinstance(old, (dict, list)) and type(value) is type(old) and node.tag != ALIAS:
            return head + self._flow(node, value)
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        return head + write_flow(value, style or "")


def _leaves(node: Node) -> Iterator[Node]:
    """Yield the scalars of a value, keys among them."""
    if node.tag == ALIAS or isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            yield key
            yield from _leaves(child)
    else:
        for child in node.value:
            yield from _leaves(child)


def _comment_lines(gap: str) -> list[str]:
    return [line for line in gap.split("\n") if line.strip().startswith("#")]


def _wrapping(old: Any, value: dict[str, Any]) -> str | None:
    """Return the key under which a new value holds the whole old one."""
    if isinstance(old, dict):
        return None
    return next((key for key, part in value.items() if same_value(part, old)), None)


def _pairs(old: Sequence[_Entry], value: Any) -> list[tuple[str, Any, _Entry | None]]:
    """Return the entries of a new value in their order, each with the old one that it changes.

    Entries of a dict belong together by their key. Those of a list by their value, else by
    their id, else, where as many are left on both sides, by their order.
    """
    if isinstance(value, dict):
        by_key = {entry.key: entry for entry in old}
        return [(key, part, by_key.get(key)) for key, part in value.items()]
    left = list(old)
    found: list[_Entry | None] = [None] * len(value)
    for same in (same_value, _same_id):
        for number, part in enumerate(value):
            if found[number] is None:
                entry = next((e for e in left if same(plain_value(e.value), part)), None)
                if entry is not None:
                    found[number] = entry
                    left.remove(entry)
    open_places = [number for number, entry in enumerate(found) if entry is None]
    if len(open_places) == len(left):
        for number, entry in zip(open_places, left, strict=True):
            found[number] = entry
    return [("", part, entry) for part, entry in zip(value, found, strict=True)]


def _same_id(one: Any, other: Any) -> bool:
    """Whether two values are entries with the same id."""
    ids = [part.get("id") if isinstance(part, dict) else None for part in (one, other)]
    return ids[0] is not None and ids[0] == ids[1]
