"""Values in YAML files: read with the place of each, written in the style of their author."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml._yaml import CParser
from yaml.composer import Composer
from yaml.resolver import Resolver

from faqbot.content.writer import LINE_WIDTH, dump_yaml
from faqbot.content.yaml_text import needs_quotes
from faqbot.content.yaml_tree import Node, parse_scalar
from faqbot.errors import UsageError

ALIAS: Final = "!alias"
"""The tag of an alias, whose value is the anchored node."""

STEP: Final = 2
"""Columns by which a nested value is indented."""

_HEADER: Final = re.compile(r"[|>][-+0-9]*(?P<comment>[^\n]*)")
_UNWRAPPED: Final = 1_000_000
_MIN_WIDTH: Final = 20


@dataclass(frozen=True, slots=True)
class WrittenScalar:
    """A value as it stands in a file: its text, and its style: "", "'", '"', "|" or ">"."""

    text: str
    style: str = ""

    @property
    def is_block(self) -> bool:
        """Whether it is a block text, whose lines follow `|` or `>`."""
        return self.style in ("|", ">")

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines without indentation; of a block text, those behind its header."""
        first, *others = self.text.split("\n")
        inside = textwrap.dedent("\n".join(others)).split("\n") if others else []
        return tuple(inside if self.is_block else [first, *(line.strip() for line in others)])

    @property
    def paragraphs(self) -> Iterator[tuple[str, ...]]:
        """The groups of lines between blank lines."""
        group: list[str] = []
        for line in (*self.lines, ""):
            if line.strip():
                group.append(line.rstrip())
            elif group:
                yield tuple(group)
                group = []


def write_scalar(value: Any, column: int, written: WrittenScalar | None = None) -> tuple[str, str]:
    """Return the text of a value: what stands behind its key or dash, and the lines below.

    Args:
        value: a text, number, date, truth value or None.
        column: the column of the key or the dash.
        written: what stood there before, whose style is kept where it can hold the value.
    """
    if not isinstance(value, str):
        return _dumped(value), ""
    for first, rest in _forms(value, column, written or WrittenScalar("")):
        if _reads(f"{' ' * column}k: {first}{rest}\n") == {"k": value}:
            return first, rest
    return _dumped(value, '"'), ""


def plain_value(node: Node) -> Any:
    """Return the plain value of a composed node."""
    if node.tag == ALIAS:
        return plain_value(node.value)
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain_value(child) for key, child in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain_value(child) for child in node.value]
    return parse_scalar(node)


class _Loader(Composer, CParser, Resolver):
    """A composer that keeps the place of each alias: PyYAML's returns the anchored node itself."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        Resolver.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        event: Any = self.peek_event()
        target = super().compose_node(parent, index)
        return yaml.ScalarNode(ALIAS, target, event.start_mark, event.end_mark)


def compose(text: str) -> list[Node]:
    """Return the roots of all documents.

    Raises:
        UsageError: the text isn't YAML.
    """
    loader = _Loader(text)
    roots: list[Node] = []
    try:
        while loader.check_node():
            root = loader.get_node()
            assert isinstance(root, Node)  # check_node said that there is one
            roots.append(root)
    except yaml.YAMLError as error:
        raise UsageError("The file isn't YAML: run faqbot check.") from error
    finally:
        loader.dispose()
    return roots


def same_value(one: Any, other: Any) -> bool:
    """Whether two values are equal, in types and in the order of keys too: 1 isn't 1.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same_value(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    return bool(one == other)


def write_block(value: Any, column: int) -> str:
    """Return a dict or list as a block whose entries stand in a column, without the last break."""
    text = dump_yaml(value, LINE_WIDTH - column)
    return textwrap.indent(text, " " * column).rstrip("\n")


def write_flow(value: Any, style: str = "") -> str:
    """Return a value as it stands inside `[ ]` or `{ }`; a text in a style that can hold it."""
    if isinstance(value, dict):
        pairs = (f"{write_flow(key)}: {write_flow(part)}" for key, part in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(write_flow, value))}]"
    return _flow_scalar(value, style)


def _flow_scalar(value: Any, style: str) -> str:
    if (
        isinstance(value, str)
        and style in ("", "'", '"')
        and "\t" not in value
        and (style or not needs_quotes(value))
    ):
        text = value if not style else _dumped(value, style)
        # Some readers of YAML take a plain ? here for a key.
        if _reads(f"[{text}]") == [value] and (style or "?" not in value):
            return text
    return _dumped(value, '"' if isinstance(value, str) else "")


def _reads(text: str) -> Any:
    """Return what a text is read as; None if it isn't YAML."""
    try:
        return plain_value(compose(text)[0])
    except UsageError:
        return None


def _dumped(value: Any, style: str = "") -> str:
    dumped = yaml.safe_dump(
        value, default_style=style or None, width=_UNWRAPPED, allow_unicode=True
    )
    return str(dumped).removesuffix("\n").removesuffix("\n...")


def _forms(value: str, column: int, written: WrittenScalar) -> Iterator[tuple[str, str]]:
    """Yield the forms that may hold a text, the best first."""
    if written.style == ">" and not re.search(r"^\s", value, re.MULTILINE):
        yield _block(value, column, written, _folded(value, written, column))
    if written.is_block:
        yield _block(value, column, written, value.rstrip("\n").split("\n"))
    elif "\n" in value:
        yield _block(value, column, WrittenScalar("|", "|"), value.rstrip("\n").split("\n"))
    elif written.style:
        yield _dumped(value, written.style), ""
    # PyYAML's own parser refuses a tab in a plain text, which libyaml takes.
    if "\t" not in value and not needs_quotes(value):
        margin = " " * (column + STEP)
        old = () if written.is_block else written.lines
        first, *others = _refolded(value, old, LINE_WIDTH - column - STEP) or [""]
        yield first, "".join(f"\n{margin}{line}" for line in others)
        yield value, ""
    yield _dumped(value, "'"), ""


def _block(
    value: str, column: int, written: WrittenScalar, lines: Sequence[str]
) -> tuple[str, str]:
    header, _, body = written.text.partition("\n")
    indents = [len(line) - len(line.lstrip(" ")) for line in body.split("\n") if line.strip()]
    margin = max(min(indents, default=column + STEP), column + 1)
    trailing = len(value) - len(value.rstrip("\n"))
    chomping = "-" if not trailing else "+" if trailing > 1 else ""
    # A text that begins with a space would seem to be indented further.
    indicator = str(margin - column) if value[:1] == " " else ""
    match = _HEADER.match(header)
    comment = match["comment"].rstrip() if match else ""
    shown = [*lines, *[""] * (trailing - 1)]
    rest = "".join(f"\n{' ' * margin}{line}" if line else "\n" for line in shown)
    return f"{written.style}{indicator}{chomping}{comment}", rest


def _folded(value: str, written: WrittenScalar, column: int) -> list[str]:
    """Return the lines of a folded text; those of what hasn't changed are as they were."""
    groups = list(written.paragraphs)
    lines: list[str] = []
    number = 0
    for text in value.rstrip("\n").split("\n"):
        # One line break of a folded text is a blank line in its source.
        if lines or not text:
            lines.append("")
        if not text:
            continue
        if lines and lines[-1] == "" and len(lines) > 1 and lines[-2] == "":
            lines.pop()
        same = [group for group in groups if " ".join(group) == text]
        old = same[0] if same else groups[number] if number < len(groups) else ()
        lines += _refolded(text, old, LINE_WIDTH - column - STEP)
        number += 1
    return lines


def _refolded(text: str, old: Sequence[str], width: int) -> list[str]:
    """Wrap a paragraph; lines of the old one at its beginning and its end stay as they were."""
    head: list[str] = []
    left = text
    for line in old:
        if not left.startswith(f"{line} "):
            break
        head.append(line)
        left = left.removeprefix(f"{line} ")
    tail: list[str] = []
    for line in reversed(old[len(head) :]):
        if not left.endswith(f" {line}"):
            break
        tail.insert(0, line)
        left = left.removesuffix(f" {line}")
    middle = textwrap.wrap(
        left, max(width, _MIN_WIDTH), break_long_words=False, break_on_hyphens=False
    )
    return [*head, *middle, *tail]
