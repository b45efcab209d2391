"""Errors of the YAML parser as advice: what an author did, seldom where the parser stops."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import yaml

from faqbot.content.yaml_text import (
    COMMENT,
    CURLY_ADVICE,
    CURLY_PAIRS,
    DASHED,
    LOST,
    Advice,
    dash_without_space,
    indent_of,
    is_note,
    misread_space,
)
from faqbot.errors import Problem, quoted

# Words of the parser's message, and the advice that replaces it; the first match counts.
_ADVICE: Final = (
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
        (
            "what stands in `{ }` isn't right; write it as in `{min: 2, max: 5}`, and put text "
            "that starts with `{` in quotes"
        ),
    ),
    (
        "cannot start any token",
        "a text can't start with `{found}`; put the text in quotes",
    ),
    (
        "while scanning a block scalar",
        (
            "text can't stand in the line of `{found}`; begin it on the next line, with two more "
            "spaces, or put it in quotes"
        ),
    ),
    (
        "block sequence entries are not allowed",
        (
            "a list can't begin in the line of its key; begin it on the next line, or put the text "
            "in quotes"
        ),
    ),
    ("mapping keys are not allowed", "a text can't start with `? `; put the text in quotes"),
    (
        "mapping values are not allowed",
        "a second `: ` in one line; put the text in quotes, or start a new line",
    ),
    (
        "did not find expected '-'",
        (
            "this line isn't part of the list above; check its indentation: all points begin with "
            "`- ` in the same column"
        ),
    ),
    (
        "did not find expected key",
        (
            "this line doesn't fit the lines above; check its indentation: keys of one thing "
            "begin in the same column"
        ),
    ),
    (
        "could not find expected ':'",
        (
            "this line has no `: ` after its key; if it belongs to the text above, begin it "
            "with two more spaces than the key of that text"
        ),
    ),
    ("expected <document start>", "text after the end of a document; check the indentation"),
    ("duplicate anchor", "an `&` name is here twice; rename one of them"),
    ("incompatible YAML document", "remove the `%YAML` line"),
    ("did not find expected node content", "something is missing here; check brackets and quotes"),
    ("tag", "a text can't start with `!`; put the text in quotes"),
    ("anchor", "a text can't start with `&` or `*`; put the text in quotes"),
    ("alias", "a text can't start with `&` or `*`; put the text in quotes"),
)
_KEY: Final = re.compile(r"[ \t]*(?:- +)*[^\s:#'\"\[{][^:#]*:(?:\s|$)")


@dataclass(frozen=True)
class _ParseFailure:
    """Where the parser stopped, and why; lines and columns count from 0."""

    error: yaml.MarkedYAMLError
    text: str
    lines: Sequence[str]
    line: int
    column: int

    @classmethod
    def of(cls, error: yaml.MarkedYAMLError, text: str) -> _ParseFailure:
        lines = text.splitlines() or [""]
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        # The mark of an error at the end of the text may be behind the last line.
        if line >= len(lines):
            line, column = len(lines) - 1, len(lines[-1])
        return cls(error, text, lines, line, column)

    @property
    def kind(self) -> str:
        """The words of the parser."""
        return f"{self.error.context or ''} {self.error.problem or ''}"

    @property
    def written(self) -> str:
        """The line on which the parser stopped."""
        return self.lines[self.line]

    @property
    def before(self) -> str:
        """What stands before the place in its line."""
        return self.written[: self.column]

    @property
    def start(self) -> tuple[int, int]:
        """Where the thing begins that couldn't be read; the place itself if nothing is known."""
        mark = self.error.context_mark
        return (mark.line, mark.column) if mark else (self.line, self.column)

    @cached_property
    def last_text(self) -> yaml.ScalarToken | None:
        """The last text that ends before the place."""
        last = None
        try:
            for token in yaml.scan(self.text, Loader=yaml.CSafeLoader):
                mark = token.start_mark
                if (mark.line, mark.column) >= (self.line, self.column):
                    break
                if isinstance(token, yaml.ScalarToken):
                    last = token
        except yaml.MarkedYAMLError:
            pass  # what stands before the error was yielded
        return last


def syntax_problem(error: yaml.MarkedYAMLError, text: str, path: str) -> Problem:
    """Return the problem behind an error of the YAML parser."""
    failure = _ParseFailure.of(error, text)
    found = next((found for cause in _CAUSES if (found := cause(failure))), _general(failure))
    return Problem(path, found.line + 1, found.column + 1, f"can't be read: {found.message}")


def _tab(failure: _ParseFailure) -> Advice | None:
    written = failure.written
    margin = written[: len(written) - len(written.lstrip())]
    if "\t" not in margin or failure.column > len(margin):
        return None
    return Advice(failure.line, margin.index("\t"), "a tab is used as indentation; use spaces")


def _invisible(failure: _ParseFailure) -> Advice | None:
    near = {failure.line - 1, failure.line, failure.start[0]}
    return next(misread_space(failure.lines, set(range(len(failure.lines))) - near), None)


def _comment(failure: _ParseFailure) -> Advice | None:
    """The text went on behind ` #`, or on the line after it."""
    token, lines, line = failure.last_text, failure.lines, failure.line
    if token is None or not token.plain or token.end_mark.line >= line:
        return None
    end = token.end_mark
    comment = COMMENT.match(lines[end.line], end.column)
    goes_on = indent_of(lines[line]) > indent_of(lines[end.line])
    if comment and (goes_on or not is_note(token.value, comment[1])):
        return Advice(end.line, comment.start(1) - 1, LOST)
    return None


def _behind_quotes(failure: _ParseFailure) -> Advice | None:
    """More text follows a text in quotes."""
    token, line, column = failure.last_text, failure.line, failure.column
    if token is None or token.style not in ("'", '"') or token.end_mark.line != line:
        return None
    start, end, quote = token.start_mark, token.end_mark, token.style
    if failure.written[end.column : column].strip():
        return None
    if start.line != line:
        message = "is the closing quote of this text missing? The next quote ends it, on line"
        return Advice(start.line, start.column, f"{message} {line + 1}")
    if quote == "'" and re.match(r"\w'\w", failure.written[end.column - 2 :]):
        message = "the apostrophe ends the text; write it twice (`''`), or put the text in `\"`"
        return Advice(line, end.column - 1, message)
    other = "'" if quote == '"' else '"'
    whole = failure.written[start.column :].rstrip()
    if "flow" in failure.kind:
        mend = f"put all of the text in `{other}`"
    elif other in whole:
        mend = "put all of it in `'`, and write each `'` inside twice"
    else:
        mend = f"put all of it in other quotes: {quoted(f'{other}{whole}{other}')}"
    return Advice(line, column, f"text follows the closing `{quote}`; {mend}")


def _misplaced_key(failure: _ParseFailure) -> Advice | None:
    """A line is read as if it went on with the text of the line above."""
    if "mapping values are not allowed" not in failure.kind:
        return None
    line, lines = failure.line, failure.lines
    opening = failure.before.partition(": ")[2].lstrip()[:1]
    if opening and opening in CURLY_PAIRS:
        message = f"{CURLY_ADVICE.removesuffix(', or none')} here, as the text holds a `: `"
        return Advice(line, failure.written.index(opening), message)
    if ": " in failure.before:
        return None
    above = next((n for n in range(line - 1, -1, -1) if lines[n].strip()), None)
    if above is None:
        return None
    if not _KEY.match(lines[above]):
        message = "this line has no `: ` after its key; write it as in `title: Data Analyst`"
        return Advice(above, indent_of(lines[above]), message)
    message = (
        "this line is indented deeper than the line above, which has its text already; begin both "
        "in the same column"
    )
    return Advice(line, indent_of(failure.written), message)


def _placeholder(failure: _ParseFailure) -> Advice | None:
    if "{role}" not in failure.written or "quoted scalar" in failure.kind:
        return None
    message = "text with `{role}` needs quotes here; put it in quotes"
    return Advice(failure.line, failure.column, message)


def _behind_brackets(failure: _ParseFailure) -> Advice | None:
    """More text follows a bracket, as in a link of Markdown."""
    sign = failure.before.rstrip()[-1:]
    if sign not in ("]", "}") or "expected" not in failure.kind or "flow" in failure.kind:
        return None
    opening = "[" if sign == "]" else "{"
    message = (
        f"text follows the closing `{sign}`; a text that starts with `{opening}` needs quotes "
        "around all of it"
    )
    return Advice(failure.line, failure.column, message)


def _missing_space(failure: _ParseFailure) -> Advice | None:
    """There is no space behind the `:` of a key, or behind the `-` of a point."""
    line = failure.start[0] if "could not find expected ':'" in failure.kind else failure.line
    written = failure.lines[line]
    if "not find expected" not in failure.kind:
        return None
    if key := re.match(r"\s*(?:- +)*[\w-]+:(?=[^\s/:])", written):
        mended = f"{key[0].strip()} {written[key.end() :].strip()}"
        return Advice(line, key.end(), f"a space is missing after the `:`; write {quoted(mended)}")
    if DASHED.match(written.lstrip()):
        return dash_without_space(line, indent_of(written), written.strip())
    return None


def _point_below_text(failure: _ParseFailure) -> Advice | None:
    if not failure.written.lstrip().startswith("- ") or "expected key" not in failure.kind:
        return None
    message = (
        "this point belongs to no list: the line above has its text already; remove that text, or "
        "begin all points in the same column"
    )
    return Advice(failure.line, indent_of(failure.written), message)


def _open_quote(failure: _ParseFailure) -> Advice | None:
    """A quote isn't closed: where it stands is the place to look at, not the end of the file."""
    line, column = failure.start
    if "quoted scalar" not in failure.kind:
        return None
    if any(letter in failure.lines[line] for letter in "".join(CURLY_PAIRS) + "”\u2019"):
        return Advice(line, column, f"a quote isn't closed: {CURLY_ADVICE}")
    if line == failure.line or "unexpected end" not in failure.kind:
        return None
    return Advice(line, column, _general(failure).message)


_CAUSES: Final[tuple[Callable[[_ParseFailure], Advice | None], ...]] = (
    _tab,
    _invisible,
    _comment,
    _behind_quotes,
    _misplaced_key,
    _placeholder,
    _behind_brackets,
    _missing_space,
    _point_below_text,
    _open_quote,
)


def _general(failure: _ParseFailure) -> Advice:
    """Return the advice by the words of the parser alone."""
    kind, line, column = failure.kind, failure.line, failure.column
    start_line, start_column = failure.start
    if "expected ':'" in kind or (start_line == line and re.search("alias|anchor|tag", kind)):
        line, column = failure.start
    found = failure.written[column : column + 1]
    if "block scalar" in kind:
        found = failure.written[start_column : start_column + 1]
    # In backquotes a backquote wouldn't be seen.
    sign = "a backquote" if found == "`" else f"`{found}`"
    suffix = (
        f" (it starts on line {start_line + 1})" if "flow" in kind and start_line != line else ""
    )
    for words, advice in _ADVICE:
        if words in kind:
            return Advice(line, column, advice.replace("`{found}`", sign) + suffix)
    return Advice(line, column, (failure.error.problem or "unknown error") + suffix)
