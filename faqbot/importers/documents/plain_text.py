"""Read plain text, and find headings, points and labels by the form of lines in any format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from faqbot.importers.documents.blocks import (
    Block,
    Boilerplate,
    Heading,
    ImportedDocument,
    Item,
    LabelledText,
    Text,
    is_known_heading,
    is_title_label,
    tidy,
)

_SIGNS: Final = "•●○▪■◦‣·➢➤►▶✓✔❖◆◇□☐☑★⁃∙"  # noqa: RUF001 - bullets look like other signs
_LIST_ITEM: Final = re.compile(
    rf"^(?P<indent>\s*)(?P<sign>[{_SIGNS}]|[-*+\u2013\u2014]|\(?\d{{1,2}}[.)]|\(?[a-h][.)]|o)\s+(?P<text>\S.*)$"
)
_SIGN_ALONE: Final = re.compile(rf"^(?P<indent>\s*)[{_SIGNS}]\s*(?P<text>\S.*)$")
# Points that a PDF or a copied page has put on one line; "·" and "-" also stand between words.
_SIGN_WITHIN: Final = re.compile(r"\s+[•●○▪■◦‣➢➤►✓✔❖◆]\s+")
_NUMBERED: Final = re.compile(r"^\s*\(?(?:\d{1,2}|[a-h])[.)]\s")
_LABELLED: Final = re.compile(
    r"^(?:\*\*|__)?(?P<label>[^\W\d][^:|*]{1,40}?)\s*(?::(?:\*\*|__)?|(?:\*\*|__):)\s+(?P<value>\S.*)$",
    re.DOTALL,
)
_RULE_LINE: Final = re.compile(r"^[\s=_*~#-]{3,}$")
_BROKEN_WORD: Final = re.compile(
    r"(?P<before>[^\W\d_]+)[-\u2010\N{SOFT HYPHEN}][^\S\n]*\n\s*(?P<after>[a-z][^\W\d_]*)"
)
# "full-" and "and" of the next line are two words: "full- and part-time".
_JOINTS: Final = ("and", "or", "to")
_PAGE_NUMBER: Final = re.compile(
    r"^\W*(?:(?:page|seite|pagina|página|p\.?)\s*)?\d{1,3}(?:\s*(?:/|of|von|de|sur)\s*\d{1,3})?\W*$",
    re.IGNORECASE,
)
_FOOTER: Final = re.compile(
    r"^\W*(?:strictly |private and |company )?(?:confidential|internal use only|copyright\b|\(c\)|©"
    r"|all rights reserved)(?:\W.{0,60})?$",
    re.IGNORECASE,
)
_NO_HEADINGS: Final = frozenset(
    """yes no none n/a na nil state other others true false optional agree disagree select choose
    please specify tbd tbc""".split()
)
"""Answers of a questionnaire, which stand alone on a line as headings do."""

_MAX_HEADING_LENGTH: Final = 60
_MAX_HEADING_WORDS: Final = 9
_MAX_POINT_LENGTH: Final = 32
_SENTENCE_ENDS: Final = (".", ",", ";", "!")
MAX_LINES: Final = 10_000
"""Lines or paragraphs of a document; a job description of many pages has some 500."""

_EDGE_LINES: Final = 3
_MIN_REPETITIONS: Final = 2
_NESTED_INDENT: Final = 4


class TooLongError(Exception):
    """A document has more lines than a job description can have."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; its font may be that of a heading, or of a header or footer."""

    text: str
    is_strong: bool = False
    is_small: bool = False


def read_plain_text(text: str, words: Collection[str]) -> ImportedDocument:
    """Parse plain text, in which only lines and their form tell headings and lists.

    Args:
        text: The text.
        words: English words, which tell how a word goes on after a hyphen at the end of a line.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs()
    pages = [[Line(line) for line in page.split("\n")] for page in plain.split("\f")]
    return read_pages(pages, plain.replace("\f", "\n"), words)


def read_pages(
    pages: Sequence[Sequence[Line]], raw_text: str, words: Collection[str]
) -> ImportedDocument:
    """Parse the lines of pages; what every page repeats is left out."""
    check_length(sum(map(len, pages)))
    kept, left_out = _without_edges(pages)
    lines: list[Line] = []
    for page in kept:
        filled = [line.text for line in page if line.text.strip()]
        # A page ends its last paragraph unless the next one goes on within a sentence.
        lines += [] if filled and goes_on(filled[0]) else [Line("")]
        start, end = _filled_range(page)
        lines += page[start:end]
    blocks = tuple(recognised_blocks(_LineReader(lines, words).blocks()))
    first = blocks[0] if blocks else None
    title = first.text if isinstance(first, Heading) else ""
    return ImportedDocument(blocks, raw_text, title, left_out=tuple(left_out))


def check_length(lines: int) -> None:
    """Refuse a document that would take minutes to read.

    Raises:
        TooLongError: It has too many lines.
    """
    if lines > MAX_LINES:
        raise TooLongError


def _without_edges(
    pages: Sequence[Sequence[Line]],
) -> tuple[list[list[Line]], list[Boilerplate]]:
    """Return pages without the headers, footers and numbers of pages, and those."""
    edges = [_edges(page) for page in pages]
    counts = Counter(
        key for page, places in zip(pages, edges, strict=True) for key in _keys(page, places)
    )
    kept: list[list[Line]] = []
    left_out: list[Boilerplate] = []
    for page, places in zip(pages, edges, strict=True):
        dropped = set[int]()
        for place in places:
            text = tidy(page[place].text)
            kind = _edge_kind(page[place], len(pages), counts[_key(text)])
            if kind:
                dropped.add(place)
                left_out.append(Boilerplate(kind, text))
        for place, line in enumerate(page):
            text = tidy(line.text)
            # In the middle of a page that was copied from several, only the long form is sure.
            if place not in dropped and _is_page_number(text) and not _has_only_digits(text):
                dropped.add(place)
                left_out.append(Boilerplate("page numbers", text))
        kept.append([line for place, line in enumerate(page) if place not in dropped])
    return kept, left_out


def _filled_range(page: Sequence[Line]) -> tuple[int, int]:
    """Return where the text of a page begins and ends, without blank lines."""
    filled = [place for place, line in enumerate(page) if line.text.strip()]
    return (filled[0], filled[-1] + 1) if filled else (0, 0)


def _edge_kind(line: Line, pages: int, repetitions: int) -> str:
    """Return what a line at the edge of a page is, if it isn't text of the document."""
    text = tidy(line.text)
    if _is_page_number(text) and (pages > 1 or not text.isdigit()):
        return "page numbers"
    if repetitions >= _MIN_REPETITIONS and not is_known_heading(text):
        return "repeated on pages"
    if line.is_small and len(text.split()) <= _MAX_HEADING_WORDS:
        return "small print at the edge of a page"
    return "page footers" if _FOOTER.match(text) else ""


def _edges(page: Sequence[Line]) -> list[int]:
    filled = [place for place, line in enumerate(page) if line.text.strip()]
    return list(dict.fromkeys(filled[:_EDGE_LINES] + filled[-_EDGE_LINES:]))


def _keys(page: Sequence[Line], places: Iterable[int]) -> set[str]:
    return {_key(tidy(page[place].text)) for place in places}


def _key(text: str) -> str:
    """Return a line of a header or footer without the number of its page."""
    return re.sub(r"\d+", "#", text.casefold())


def _is_page_number(text: str) -> bool:
    return bool(_PAGE_NUMBER.match(text))


def _has_only_digits(text: str) -> bool:
    return not any(char.isalpha() or char == "/" for char in text)


class _LineReader:
    """Joins lines to blocks."""

    def __init__(self, lines: Sequence[Line], words: Collection[str]) -> None:
        self._lines = lines
        self._words = words
        self._pending: list[str] = []
        self._item: Item | None = None
        self._has_heading = False

    def blocks(self) -> Iterator[Block]:
        for number, line in enumerate(self._lines):
            yield from self._line(number, line)
        yield from self._finish()

    def _line(self, number: int, line: Line) -> Iterator[Block]:
        text = line.text
        if not text.strip() or _RULE_LINE.match(text):
            yield from self._finish()
            return
        if self._is_heading(number):
            yield from self._finish()
            yield Heading(tidy(text).rstrip(": "), 2 if self._has_heading else 1)
            self._has_heading = True
            return
        found = self._item_at(number)
        if found:
            yield from self._finish()
            self._pending = [found["text"]]
            self._item = Item("", 1 if len(found["indent"]) >= _NESTED_INDENT else 0)
        elif is_labelled(text):
            yield from self._finish()
            self._pending = [text]
        else:
            self._pending.append(text)

    def _item_at(self, number: int) -> re.Match[str] | None:
        text = self._lines[number].text
        found = _LIST_ITEM.match(text) or _SIGN_ALONE.match(text)
        # "o" is a bullet of Word, and a word of other languages within a paragraph.
        if found and found.groupdict().get("sign") == "o" and self._pending and not self._item:
            return None
        return found

    def _finish(self) -> Iterator[Block]:
        text = tidy(_BROKEN_WORD.sub(self._joined_word, "\n".join(self._pending)))
        item, lines = self._item, self._pending
        self._pending, self._item = [], None
        if item is None and _are_points(lines):
            yield from (Item(tidy(line)) for line in lines)
        elif text:
            yield replace(item, text=text) if item else Text(text)

    def _joined_word(self, found: re.Match[str]) -> str:
        """Return a word that the end of a line broke, with its hyphen if it has one of its own."""
        before, after = found["before"], found["after"]
        if after in _JOINTS:
            return f"{before}- {after}"
        joined = f"{before}{after}".casefold()
        are_words = before.casefold() in self._words and after in self._words
        return f"{before}-{after}" if are_words and joined not in self._words else before + after

    def _is_heading(self, number: int) -> bool:
        """Return whether a line is a heading: by its wording, its font or its form."""
        line = self._lines[number]
        text = tidy(line.text)
        before, after = self._text_at(number - 1), self._text_at(number + 1)
        if is_answer_word(text):
            return False
        if is_heading_line(text):
            # "1. Experience" in a numbered list is a point of it.
            near = _NUMBERED.match(after) or _NUMBERED.match(before)
            return self._is_followed(number) and not (_NUMBERED.match(text) and near)
        if not _may_be_heading(text) or is_point(line.text):
            return False
        if self._pending and not line.is_strong:
            return text.endswith(":") and text[0].isupper() and is_point(after.lstrip())
        return line.is_strong or _has_form_of_heading(text, before, after)

    def _is_followed(self, number: int) -> bool:
        return any(line.text.strip() for line in self._lines[number + 1 :])

    def _text_at(self, number: int) -> str:
        return self._lines[number].text if 0 <= number < len(self._lines) else ""


def _are_points(lines: Sequence[str]) -> bool:
    """Return whether lines are points without signs: short, and each begins and ends by itself."""
    texts = [line.strip() for line in lines]
    return len(texts) > 1 and all(
        len(text) <= _MAX_POINT_LENGTH
        and (text[0].isupper() or text[0].isdigit())
        and not text.endswith((*_SENTENCE_ENDS, ":", "-"))
        and not is_labelled(text)
        for text in texts
    )


def _may_be_heading(text: str) -> bool:
    return (
        len(text) <= _MAX_HEADING_LENGTH
        and len(text.split()) <= _MAX_HEADING_WORDS
        and not text.endswith(_SENTENCE_ENDS)
        and ": " not in text
    )


def _has_form_of_heading(text: str, before: str, after: str) -> bool:
    """Return whether a line that isn't part of a paragraph is set apart as headings are."""
    if text.endswith(":") or _RULE_LINE.match(after or " "):
        return True
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return False
    if all(char.isupper() for char in letters):
        return True
    words = text.split()
    long = [word for word in words if len(word) > 3]  # noqa: PLR2004 - the words that titles raise
    raised = sum(word[0].isupper() for word in long)
    apart = not before.strip()
    return apart and letters[0].isupper() and (not after.strip() or raised == len(long))


def recognised_blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks with the points, labels and headings that only their words tell."""
    level = 1
    every = list(blocks)
    check_length(len(every))
    for block, after in zip_longest(every, every[1:]):
        if isinstance(block, Heading):
            level = block.level
        if isinstance(block, Text):
            is_followed = isinstance(after, Item) or (
                isinstance(after, Text)
                and not is_heading_line(after.text)
                and not is_labelled(after.text)
            )
            if is_followed and is_heading_line(block.text):
                yield Heading(block.text.rstrip(": "), max(level, 2))
            else:
                yield from _recognised_text(block.text, max(level, 2))
        elif isinstance(block, Item):
            for text in _SIGN_WITHIN.split(block.text):
                yield replace(block, text=text)
        elif isinstance(block, LabelledText):
            yield replace(block, blocks=tuple(recognised_blocks(block.blocks)))
        else:
            yield block


def is_labelled(text: str) -> bool:
    """Return whether a line is a known label with its value, such as “Location: Oslo”."""
    found = _LABELLED.match(tidy(text))
    return bool(found and (is_known_heading(found["label"]) or is_title_label(found["label"])))


def _recognised_text(text: str, level: int) -> Iterator[Block]:
    found = _LIST_ITEM.match(text) or _SIGN_ALONE.match(text)
    labelled = _LABELLED.match(text)
    if found:
        for point in _SIGN_WITHIN.split(found["text"]):
            yield Item(point)
    elif labelled and is_labelled(text):
        value, *points = _SIGN_WITHIN.split(labelled["value"])
        first = _LIST_ITEM.match(value)
        blocks: list[Block] = [Item(first["text"]) if first else Text(value), *map(Item, points)]
        yield LabelledText(labelled["label"], tuple(blocks))
    else:
        before, *points = _SIGN_WITHIN.split(text)
        if points and (is_known_heading(before) or _is_short_label(before)):
            yield Heading(before.rstrip(": "), level)
            yield from map(Item, points)
        elif points and before.endswith(":"):
            yield Text(before)
            yield from map(Item, points)
        else:
            yield Text(text)


def _is_short_label(text: str) -> bool:
    return text.endswith(":") and len(text.split()) <= _MAX_HEADING_WORDS


def is_answer_word(text: str) -> bool:
    """Return whether a line is an answer of a questionnaire, such as “No”, and no heading."""
    return text.strip().rstrip(":.").casefold() in _NO_HEADINGS


def goes_on(text: str) -> bool:
    """Return whether a line goes on with the one before: it begins in lower case."""
    return text.strip()[:1].islower() and not is_point(text)


def is_point(text: str) -> bool:
    """Return whether a line begins with the sign of a list."""
    return bool(_LIST_ITEM.match(text) or _SIGN_ALONE.match(text))


def is_heading_line(text: str) -> bool:
    """Return whether a line is a heading by its wording, and no point of a list."""
    return is_known_heading(text) and (bool(_NUMBERED.match(text)) or not is_point(text))
