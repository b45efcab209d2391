"""Parse YAML into plain values with the position of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from faqbot.content.yaml_errors import syntax_problem
from faqbot.content.yaml_text import empty_value, lost_text, misread_space, with_paragraphs
from faqbot.errors import Problem, quoted

MAX_DEPTH: Final = 20  # the format needs 6
MAX_EXPANDED_VALUES: Final = 50_000
_SCANNER_LIMIT: Final = "exceeded maximum nesting depth"
_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(
    _TAG + name
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)
_NULL: Final = _TAG + "null"
_TEXT: Final = _TAG + "str"
_FALSE: Final = frozenset({"no", "false", "off"})

Node = yaml.MappingNode | yaml.SequenceNode | yaml.ScalarNode
Loc = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class Position:
    """Position in a file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class YamlDocument:
    """A YAML document: its plain value, and the nodes that know positions."""

    path: str
    value: Any
    root: Node
    keys: dict[int, dict[str, tuple[Node, Node]]] = field(repr=False)

    def find(self, loc: Loc) -> tuple[Node | None, Node]:
        """Return the nodes of the key and the value at a path of keys and indexes.

        A path may lead below a value, since models expand short forms: then it is that value.
        """
        key: Node | None = None
        node = self.root
        for step in loc:
            if isinstance(node, yaml.MappingNode) and step in self.keys[id(node)]:
                key, node = self.keys[id(node)][str(step)]
            elif (
                isinstance(node, yaml.SequenceNode)
                and isinstance(step, int)
                and step < len(node.value)
            ):
                key, node = None, node.value[step]
        return key, node

    def at(self, loc: Loc, *, key: bool = False) -> Position:
        """Return the position of the value at a path, or of its key."""
        key_node, node = self.find(loc)
        return position_of(key_node if key and key_node is not None else node)

    def problem(self, loc: Loc, message: str, *, key: bool = False) -> Problem:
        """Return a problem with the value at a path, or with its key."""
        position = self.at(loc, key=key)
        return Problem(self.path, position.line, position.column, message)


def position_of(node: Node) -> Position:
    """Return the position of a node."""
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def parse(text: str, path: str) -> tuple[list[YamlDocument], list[Problem]]:
    """Parse all documents of a file; returns them and the problems of the YAML.

    The documents before a syntax error are kept. What follows it can't be parsed.
    """
    problems = _check_events(text, path)
    if problems:
        return [], problems
    documents: list[YamlDocument] = []
    lines = text.splitlines()
    texts: set[int] = set()
    try:
        for root in _compose(text):
            builder = _Builder(path, lines, texts)
            # Before values are built: a few lines of nested anchors can stand for billions.
            if builder.is_finite(root):
                value = builder.value(root)
                documents.append(YamlDocument(path, value, root, builder.keys))
            problems += builder.problems
    except yaml.MarkedYAMLError as error:
        return documents, [*problems, syntax_problem(error, text, path)]
    invisible = [
        Problem(path, line + 1, column + 1, message)
        for line, column, message in misread_space(lines, texts)
    ]
    # Whatever else is wrong then follows from it, such as keys that nobody has written.
    return ([], invisible) if invisible else (documents, problems)


def _compose(text: str) -> Iterator[Node]:
    # PyYAML's loader in Python is many times slower than the one of libyaml.
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            assert isinstance(node, Node)  # check_node said that there is one
            yield node
    finally:
        loader.dispose()


def _check_events(text: str, path: str) -> list[Problem]:
    """Report documents that are nested too deep, and texts that lose a word that starts with `&`.

    The composer recurses once for each level, so this is checked on the events before it runs.
    """
    depth = 0
    anchored: dict[str | None, yaml.Mark | yaml._yaml.Mark] = {}
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH and (mark := event.start_mark):
                    message = f"is nested more than {MAX_DEPTH} levels deep; content needs 6"
                    return [Problem(path, mark.line + 1, mark.column + 1, message)]
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.ScalarEvent) and event.anchor and event.start_mark:
                anchored[event.anchor] = event.start_mark
            elif isinstance(event, yaml.AliasEvent):
                anchored.pop(event.anchor, None)
    except yaml.MarkedYAMLError as error:
        if error.problem == _SCANNER_LIMIT and error.problem_mark:
            # PyYAML 6.0.4 gives up at 1,000 levels while it looks ahead for the end of a key,
            # before the parser reports the first of them: what stands before its mark is as deep.
            return _check_events(text[: error.problem_mark.index], path)
        # The composer meets any other error again, no deeper than this, and reports it.
        return []
    message = "a text can't start with `&`, since `{}` is dropped; put the text in quotes"
    return [
        Problem(path, mark.line + 1, mark.column + 1, message.format(f"&{name}"))
        for name, mark in anchored.items()
    ]


class _Builder:
    """Builds the plain value of one document; each node once, however often anchors repeat it.

    Args:
        path: the path of the file.
        lines: its lines.
        texts: gets the numbers of lines within texts that are in quotes or stand as a block.
    """

    def __init__(self, path: str, lines: Sequence[str], texts: set[int]) -> None:
        self.path = path
        self._lines = lines
        self._texts = texts
        self.problems: list[Problem] = []
        self.keys: dict[int, dict[str, tuple[Node, Node]]] = {}
        self._values: dict[int, Any] = {}

    def is_finite(self, root: Node) -> bool:
        """Return whether the document is small enough when its anchors are expanded."""
        sizes: dict[int, int] = {}
        open_nodes: set[int] = set()

        def size(node: Node) -> int:
            if id(node) in open_nodes:
                self._add(node, "this anchor contains itself; write the value out instead")
                return MAX_EXPANDED_VALUES + 1
            if id(node) not in sizes:
                open_nodes.add(id(node))
                own = 1 + sum(size(child) for child in _children(node))
                open_nodes.discard(id(node))
                sizes[id(node)] = own
            return sizes[id(node)]

        expanded = size(root)
        # Without anchors each node counts once, and the size of the file is limited already.
        if expanded <= MAX_EXPANDED_VALUES or (not self.problems and expanded == len(sizes)):
            return True
        if not self.problems:
            self._add(
                root,
                f"anchors (`&`, `*`) make this more than {MAX_EXPANDED_VALUES:,} values; "
                "write them out",
            )
        return False

    def value(self, node: Node, key: str = "", parent: Node | None = None) -> Any:
        """Return the plain value of a node, which stands under a key and in its parent."""
        if id(node) not in self._values:
            self._check_tag(node)
            self._values[id(node)] = self._build(node, key, parent)
        return self._values[id(node)]

    def _build(self, node: Node, key: str, parent: Node | None) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                if child.tag == _NULL:
                    name = f"entry {index + 1} of this list"
                    self._add(child, empty_value(child, self._lines, name, "is empty", "remove it"))
            return [self.value(child, key, node) for child in node.value]
        if node.tag == _TEXT:
            self._check_text(node, key, parent)
            return with_paragraphs(node.value) if node.style == ">" else node.value
        return parse_scalar(node)

    def _check_text(self, node: yaml.ScalarNode, key: str, parent: Node | None) -> None:
        start, end = node.start_mark, node.end_mark
        if node.style and start.line != end.line:
            self._texts.update(range(start.line + 1, end.line + (end.column > 0)))
        found = lost_text(
            node,
            self._lines,
            key,
            in_list=isinstance(parent, yaml.SequenceNode),
            in_brackets=bool(getattr(parent, "flow_style", False)),
        )
        for line, column, message in found:
            self.problems.append(Problem(self.path, line + 1, column + 1, message))

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        pairs: dict[str, tuple[Node, Node]] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._add(key, "a key has to be a word; put it in quotes if it starts with [ or {")
            elif key.value in pairs:
                first = position_of(pairs[key.value][0])
                self._add(
                    key,
                    f"{quoted(key.value)} is here twice (first on line {first.line}); keep one",
                )
            else:
                pairs[key.value] = (key, child)
                if child.tag == _NULL:
                    name, mend = quoted(key.value), "write one, or remove the key"
                    message = empty_value(child, self._lines, name, "has no value", mend)
                    self._add(child, message)
        self.keys[id(node)] = pairs
        return {key: self.value(child, key, node) for key, (_, child) in pairs.items()}

    def _check_tag(self, node: Node) -> None:
        if node.tag not in _PLAIN_TAGS:
            name = node.tag.replace(_TAG, "!!")
            message = f"a text can't start with `!`, as {quoted(name)} does; put the text in quotes"
            self._add(node, message)

    def _add(self, node: Node, message: str) -> None:
        position = position_of(node)
        self.problems.append(Problem(self.path, position.line, position.column, message))


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            yield key
            yield child
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def parse_scalar(node: yaml.ScalarNode) -> Any:  # noqa: PLR0911 - a table of types
    """Return the value of a scalar in the type of its YAML tag.

    A number or date for YAML that is none for a reader (1:30, 2026-13-01) is returned as text,
    so that the advice is about text.
    """
    text: str = node.value
    kind = node.tag.removeprefix(_TAG)
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return text.lower() not in _FALSE
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "timestamp":
                return dt.date.fromisoformat(text)
    except ValueError:
        return text
    return text
