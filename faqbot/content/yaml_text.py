"""Text that YAML would drop or join without a word, though nobody who writes it means that.

YAML drops what follows ` #`, joins lines that are indented deeper, and cuts a list at each comma.
That is in order for YAML, so its parser says nothing; for an author it is a problem like any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import yaml

from faqbot.errors import quoted


class Advice(NamedTuple):
    """What is wrong at a place of a file; line and column count from 0, as the parser counts."""

    line: int
    column: int
    message: str


COMMENT: Final = re.compile(r"[ \t]+#(.*)")
_NOTE_KEYS: Final = frozenset(
    "role id about onet audience related next_roles reviewed review_every min max example examples"
    " smalltalk sensitive".split()
)
"""Keys whose values are no sentences: a note behind them is one."""

LOST: Final = (
    "the text ends before ` #`; put it in quotes, or move the note to a line of its own above"
)
CURLY_PAIRS: Final = {
    "“": '”"“',
    "„": '“”"',
    "‟": '”"',
    "\u2018": "\u2019\u2018'",
    "\u201a": "\u2018\u2019'",
    "\u201b": "\u2019'",
}
"""Opening curly quotes, each with what closes it: some countries close with the other's."""

CURLY_ADVICE: Final = (
    "curly quotes don't hold a text together, and would be shown; "
    'write straight ones (`"`), or none'
)
_POINT: Final = re.compile(r"(?:[-*+•]|[0-9]{1,2}[.)])[ \t]")
DASHED: Final = re.compile(r"-[^\s-]")
_WITHIN: Final = re.compile(rf"(?:{_POINT.pattern}|\u2013 ) *[a-z]")
"""What looks like a point and goes on with a sentence: "- rather a beginning"."""

MIN_WRAPPED: Final = 60
"""Characters of the shortest line that ends because of a width."""

MIN_BROKEN: Final = 3
"""Lines that end in the middle of a paragraph from which their common width shows."""

_MARKDOWN_LINE: Final = re.compile(rf"{_POINT.pattern}|#{{1,6}} |>|\||```")
_ODD_SPACE: Final = (
    "[^\\S \n\r\x85\u2028\u2029]|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_ODD_BEFORE: Final = re.compile(rf"[ ]*((?!\t)(?:{_ODD_SPACE}))")
_ODD_BEHIND: Final = re.compile(rf"[ ]*(?:- +)*(?:-|[\w-]+:)((?!\t)(?:{_ODD_SPACE}))")


def lost_text(
    node: yaml.ScalarNode, lines: Sequence[str], key: str, *, in_list: bool, in_brackets: bool
) -> Iterator[Advice]:
    """Yield what YAML drops from a text, or joins, without saying so.

    Args:
        node: a text of the document.
        lines: the lines of the file.
        key: the key that the text stands under.
        in_list: whether it is an entry of a list.
        in_brackets: whether it stands between `[ ]` or `{ }`.
    """
    start, end = node.start_mark, node.end_mark
    if not node.style:
        comment = COMMENT.match(lines[end.line], end.column) if end.line < len(lines) else None
        if comment and key not in _NOTE_KEYS and not is_note(node.value, comment[1]):
            yield Advice(end.line, comment.start(1) - 1, LOST)
        if is_in_curly_quotes(node.value, in_brackets=in_brackets):
            yield Advice(start.line, start.column, CURLY_ADVICE)
        if not lines[start.line][: start.column].strip() and DASHED.match(node.value):
            yield dash_without_space(start.line, start.column, node.value)
            return
    if start.line == end.line:
        return
    if node.style == ">":
        yield from _joined_in_folded(lines, start.line, end.line)
    elif node.style != "|":
        escapes = node.style == '"'
        yield from _joined_points(lines, start.line, end.line, in_list=in_list, escapes=escapes)


def is_note(text: str, comment: str) -> bool:
    """Whether a comment behind a text is a note, and not the rest of the text.

    Behind one word (`Python  # for services`) it may be a note. `Issue #42`, `Ask #people` and
    `C # and F #` show that it is none.
    """
    note = comment.lstrip("#")
    return len(text.split()) == 1 and len(text) > 1 and note[:1].isspace() and bool(note.strip())


def is_in_curly_quotes(text: str, *, in_brackets: bool = True) -> bool:
    """Whether curly quotes stand around a value, or a comma has cut what stands between them.

    Args:
        text: the value.
        in_brackets: whether it stands between `[ ]`, where commas cut.
    """
    opening, closing = text[:1], text[-1:]
    inner = text[1:-1]
    if opening in CURLY_PAIRS and closing in CURLY_PAIRS[opening] and len(text) > 1:
        return not any(letter in inner for letter in (opening, closing))
    if not in_brackets:
        return False
    opens = opening in CURLY_PAIRS and not any(one in text[1:] for one in CURLY_PAIRS[opening])
    # An apostrophe at the end of a word (the managers') closes nothing.
    return opens or (closing in "”“" and not any(one in inner for one in "“„‟"))


def looks_like_points(text: str) -> bool:
    """Whether a line that begins within the text might look like a point of a list."""
    return re.search(rf" (?:{_POINT.pattern}|{DASHED.pattern})", text) is not None


def dash_without_space(line: int, column: int, text: str) -> Advice:
    """Return the advice for a point that begins with a dash and no space."""
    point = quoted(f"- {text.removeprefix('-').split(' -')[0]}")
    return Advice(line, column, f"a space is missing after the `-`; write {point}")


def _joined_points(
    lines: Sequence[str], first: int, last: int, *, in_list: bool, escapes: bool
) -> Iterator[Advice]:
    written = lines[first : last + 1]
    wrapped = _is_wrapped(written)
    for number, (before, line) in enumerate(pairwise(written), start=first + 1):
        # After an empty line a line stays one of its own. And a program that wraps long lines ends
        # them with a backslash: nobody wrote a point.
        if not before.strip() or (escapes and before.endswith("\\")):
            continue
        text = line.lstrip()
        if not _POINT.match(text) and not DASHED.match(text):
            continue
        if wrapped or _goes_on(before, text):
            continue
        if in_list:
            message = (
                "this point is joined to the one above; begin all points in the same column, "
                "with `- `"
            )
        else:
            message = (
                "this point is joined to the text above; write `|` behind the key, and all of the "
                "text below it"
            )
        yield Advice(number, len(line) - len(text), message)
        return


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Return whether lines end where the next word would pass some width, as programs wrap them.

    What such a line begins with is a word of its sentence, and no point of a list: points end where
    their authors end them.
    """
    broken = [
        (len(line.rstrip()), len(after.split()[0]), len(line.split()[-1]))
        for line, after in pairwise(lines)
        if line.strip() and after.strip()
    ]
    if len(broken) < MIN_BROKEN or min(length for length, *_ in broken) < MIN_WRAPPED:
        return False
    longest = max(length for length, *_ in broken)
    within = longest <= min(length + following for length, following, _ in broken)
    # PyYAML ends a line behind the word that passes the width.
    behind = max(length - own for length, _, own in broken) <= min(length for length, *_ in broken)
    return within or behind


def _goes_on(before: str, text: str) -> bool:
    """Return whether a line goes on with the sentence of the long line before it."""
    is_open = before[-1].isalnum() or before.endswith(",")
    return len(before) >= MIN_WRAPPED and is_open and bool(_WITHIN.match(text))


def _joined_in_folded(lines: Sequence[str], first: int, last: int) -> Iterator[Advice]:
    """Yield the first line of a list, a heading or a table that is joined to the line above.

    Lines that are indented deeper, and those after an empty line, stay lines of their own.
    """
    body = [(number, lines[number]) for number in range(first + 1, min(last, len(lines)))]
    margin = next((indent_of(line) for _, line in body if line.strip()), 0)
    if _is_wrapped([line for _, line in body]):
        return
    for (_, before), (number, line) in pairwise(body):
        if (
            before.strip()
            and indent_of(before) == indent_of(line) == margin
            and _MARKDOWN_LINE.match(line, margin)
            and not _goes_on(before, line.lstrip())
        ):
            sign = line.split()[0]
            message = (
                f"this line, with `{sign}`, is joined to the line above; write `|` instead of `>`, "
                "so that lines stay lines"
            )
            yield Advice(number, margin, message)
            return


def indent_of(line: str) -> int:
    """Return how many spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))


def with_paragraphs(folded: str) -> str:
    """Return a text that was written after `>` with its paragraphs.

    YAML makes one line break of the empty line between two paragraphs, and Markdown would make one
    paragraph of that.
    """
    return re.sub(r"^(\S.*)\n(?=\S)", r"\1\n\n", folded, flags=re.MULTILINE)


def empty_value(
    node: yaml.ScalarNode, lines: Sequence[str], name: str, lacks: str, mend: str
) -> str:
    """Return the advice for a value that YAML reads as nothing.

    Args:
        node: the value.
        lines: the lines of the file.
        name: what the value is called, such as "`title`".
        lacks: that it is empty, as a verb.
        mend: what to do where nothing is written.
    """
    mark = node.start_mark
    if node.value:
        return f'{name} is read as “nothing”; put it in quotes: "{node.value}"'
    what = f"{name} {lacks}"
    rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
    if rest.lstrip().startswith("#"):
        return f"{what}, since what follows `#` isn't read; put it in quotes, or {mend}"
    return f"{what}; {mend}"


def needs_quotes(text: str) -> bool:
    """Whether a text that stands in a file without quotes would be taken for a mistake."""
    return is_in_curly_quotes(text) or any(misread_space(text.split("\n"), set()))


def misread_space(lines: Sequence[str], texts: set[int]) -> Iterator[Advice]:
    """Yield invisible characters where only a space would do: before a line, after `:` and `-`.

    Args:
        lines: the lines of the file.
        texts: the numbers of lines within a longer text, where they do no harm.
    """
    for number, line in enumerate(lines):
        if number in texts or line.isascii():
            continue
        for pattern, where in ((_ODD_BEFORE, "before this line"), (_ODD_BEHIND, "here")):
            if found := pattern.match(line):
                name = unicodedata.name(found[1], "character").lower()
                code = f"U+{ord(found[1]):04X}"
                message = f"an invisible {name} ({code}) stands {where}; type ordinary spaces"
                yield Advice(number, found.start(1), message)
                break
