"""What the YAML parser says, as advice."""

from __future__ import annotations

from typing import Final

import yaml

from faqbot.errors import Problem

# (a part of the parser's message, advice)
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
    """The problem behind an error of the YAML parser."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines() or [""]
    # The mark of an error at the end of the text may lie behind the last line.
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
    said = f"{error.context or ''} {error.problem or ''}"
    for words, advice in _ADVICE:
        if words in said:
            return f"isn't YAML: {advice.replace('{found}', found)}{_opened(error)}"
    return f"isn't YAML: {error.problem or 'unknown error'}{_opened(error)}"


def _opened(error: yaml.MarkedYAMLError) -> str:
    """Where the thing began that goes wrong here, when that is another line."""
    start, end = error.context_mark, error.problem_mark
    if start is None or end is None or start.line == end.line or "block" in (error.context or ""):
        return ""
    return f" (it starts on line {start.line + 1})"
