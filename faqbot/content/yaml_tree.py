"""Parse YAML into plain values with the position of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from faqbot.errors import Problem, quoted

# Words of the parser's message, and the advice that replaces it; the first match counts.
_ADVICE: Final = (
    (
        "mapping values are not allowed",
        "a second `: ` in one line; put the text in quotes, or start a new line",
    ),
    ("found undefined alias", "`*` stands before a name that no `&` has; put the text in quotes"),
    ("found unknown escape character", "unknown `\\` sequence; use single quotes, or write `\\\\`"),
    (
        "while scanning a quoted scalar",
        "a quote isn't closed; add the closing quote, or double the quote inside the text",
    ),
    (
        "while parsing a flow sequence",
        "a list in `[ ]` isn't right; check its commas, quotes and the closing `]`",
    ),
    (
        "while parsing a flow mapping",
        "a mapping in `{ }` isn't right; put text that starts with `{` in quotes",
    ),
    (
        "cannot start any token",
        "a text can't start with `{found}`; put the text in quotes",
    ),
    ("did not find expected '-'", "this line isn't part of the list above; check its indentation"),
    ("did not find expected key", "this line doesn't fit the lines above; check its indentation"),
    ("could not find expected ':'", "a key needs `:` after it; check the quotes and indentation"),
    ("expected <document start>", "text after the end of a document; check the indentation"),
    ("duplicate anchor", "an `&` name is here twice; rename one of them"),
    ("incompatible YAML document", "remove the `%YAML` line"),
    ("did not find expected node content", "something is missing here; check brackets and quotes"),
    ("tag", "a text can't start with `!`; put the text in quotes"),
    ("anchor", "a text can't start with `&` or `*`; put the text in quotes"),
    ("alias", "a text can't start with `&` or `*`; put the text in quotes"),
)
_TAB: Final = "a tab is used as indentation; use spaces"


def syntax_problem(error: yaml.MarkedYAMLError, text: str, path: str) -> Problem:
    """Return the problem behind an error of the YAML parser."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines() or [""]
    # The mark of an error at the end of the text may be behind the last line.
    if line >= len(lines):
        line, column = len(lines) - 1, len(lines[-1])
    written = lines[line]
    indent = written[: len(written) - len(written.lstrip())]
    if "\t" in indent and column <= len(indent):
        return Problem(path, line + 1, indent.index("\t") + 1, _TAB)
    return Problem(
        path, line + 1, column + 1, _advice(error, written[column : column + 1], written)
    )


def _advice(error: yaml.MarkedYAMLError, found: str, line: str) -> str:
    if "{role}" in line and "quoted scalar" not in (error.context or ""):
        return "isn't YAML: text with `{role}` needs quotes here; put it in quotes"
    message = f"{error.context or ''} {error.problem or ''}"
    for words, advice in _ADVICE:
        if words in message:
            return f"isn't YAML: {advice.replace('{found}', found)}{_start_line(error)}"
    return f"isn't YAML: {error.problem or 'unknown error'}{_start_line(error)}"


def _start_line(error: yaml.MarkedYAMLError) -> str:
    """Return the line on which the broken construct starts, if it is another one."""
    start, end = error.context_mark, error.problem_mark
    if start is None or end is None or start.line == end.line or "block" in (error.context or ""):
        return ""
    return f" (it starts on line {start.line + 1})"


MAX_DEPTH: Final = 20  # the format needs 6
MAX_EXPANDED_VALUES: Final = 50_000
_SCANNER_LIMIT: Final = "exceeded maximum nesting depth"
_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(
    _TAG + name
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)
_NULL: Final = _TAG + "null"
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
    problems = _check_depth(text, path)
    if problems:
        return [], problems
    documents: list[YamlDocument] = []
    try:
        for root in _compose(text):
            builder = _Builder(path)
            # Before values are built: a few lines of nested anchors can stand for billions.
            if builder.is_finite(root):
                value = builder.value(root)
                documents.append(YamlDocument(path, value, root, builder.keys))
            problems += builder.problems
    except yaml.MarkedYAMLError as error:
        problems.append(syntax_problem(error, text, path))
    return documents, problems


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


def _check_depth(text: str, path: str) -> list[Problem]:
    """Report documents that are nested too deep.

    The composer recurses once for each level, so this is checked on the events before it runs.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH and (mark := event.start_mark):
                    message = f"is nested more than {MAX_DEPTH} levels deep; content needs 6"
                    return [Problem(path, mark.line + 1, mark.column + 1, message)]
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError as error:
        if error.problem == _SCANNER_LIMIT and error.problem_mark:
            # PyYAML 6.0.4 gives up at 1,000 levels while it looks ahead for the end of a key,
            # before the parser reports the first of them: what stands before its mark is as deep.
            return _check_depth(text[: error.problem_mark.index], path)
        # The composer meets any other error again, no deeper than this, and reports it.
        return []
    return []


class _Builder:
    """Builds the plain value of one document; each node once, however often anchors repeat it."""

    def __init__(self, path: str) -> None:
        self.path = path
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

    def value(self, node: Node) -> Any:
        """Return the plain value of a node."""
        if id(node) not in self._values:
            self._check_tag(node)
            self._values[id(node)] = self._build(node)
        return self._values[id(node)]

    def _build(self, node: Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                if child.tag == _NULL:
                    self._add(child, f"entry {index + 1} of this list is empty; remove it")
            return [self.value(child) for child in node.value]
        return parse_scalar(node)

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
                    self._add(
                        child, f"{quoted(key.value)} has no value; write one, or remove the key"
                    )
        self.keys[id(node)] = pairs
        return {key: self.value(child) for key, (_, child) in pairs.items()}

    def _check_tag(self, node: Node) -> None:
        if node.tag not in _PLAIN_TAGS:
            name = node.tag.replace(_TAG, "!!")
            self._add(node, f"{quoted(name)} is a tag, and content has none; remove it")

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
