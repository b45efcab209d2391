"""Find the title of the role that a document describes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from faqbot.importers.documents.blocks import (
    Block,
    Heading,
    ImportedDocument,
    Item,
    LabelledText,
    Text,
    is_known_heading,
    is_title_label,
    tidy,
)
from faqbot.matching.lexicon import OCCUPATIONS, SENIORITY, OccupationTitles
from faqbot.matching.text import singular

_MAX_LENGTH: Final = 100
_MAX_WORDS: Final = 12
_MAX_LINE_WORDS: Final = 9
_NO_ROLE: Final = "is it the name of a role?"
_FROM_NAME: Final = "it is from the file's name"
_FIRST_BLOCKS: Final = 40
_FIRST_LINES: Final = 6

_KIND: Final = (
    r"(?:(?:job|position|role|vacancy|post|work)\s+)?"
    r"(?:descriptions?|profile|specification|posting|advert(?:isement)?|announcement|vacancy|title"
    r"|opening|opportunity|position|role|job|jd)"
)
_PREFIX: Final = re.compile(
    rf"^{_KIND}\s*(?::|\s[-\u2013\u2014|]|\bfor\b(?: an?| the)?)\s*", re.IGNORECASE
)
_SUFFIX: Final = re.compile(rf"\s*(?:[:|\u2013\u2014-]|\s)\s*{_KIND}$", re.IGNORECASE)
_ONLY_KIND: Final = re.compile(rf"^{_KIND}$", re.IGNORECASE)
_SECTION_WORDS: Final = re.compile(
    r"\b(?:responsibilit|requirement|qualification|skills\b|duties\b|benefits\b|summary\b|overview\b"
    r"|purpose\b|objectives?\b|about\b|what you|why )",
    re.IGNORECASE,
)
_COMPANY: Final = re.compile(
    r"\b(?:inc|ltd|limited|llc|llp|plc|gmbh|ag|corp|corporation|company|co|group|holdings?|university"
    r"|council|hospital|trust|foundation|institute|department of|ministry|agency)\b\.?",
    re.IGNORECASE,
)
_HEADED: Final = re.compile(
    r"^(?:head|director|chief|vp|vice president|lead|dean) (?:of|for)\b", re.IGNORECASE
)
_HIRING: Final = re.compile(
    r"\b(?:looking for|seeking|seeks|hiring|recruiting|recruit|appoint|need|opening for|position of"
    r"|role of|post of|join us as|work as|vacancy for)\s+(?:an? |the |our (?:next |new )?)?"
    r"(?P<title>[A-Z][\w/&+#-]*(?:,? (?:[A-Z][\w/&+#-]*|of|and|for|the|&))*)"
)
_FILE_NOISE: Final = re.compile(
    r"\b(?:jd|jds|job|description|position|posting|vacancy|advert|final|draft|copy|version|v\d+|rev\d*"
    r"|new|updated|edited|signed|clean|template|doc|document|file|scan|untitled|\d+)\b",
    re.IGNORECASE,
)
_SEPARATORS: Final = re.compile(r"[-_.()\s]+")
_PARTS: Final = re.compile(
    r"\s*(?:[,(/|:]|\s[-\u2013\u2014]\s|\b(?:for|of|at|in|to|and|with)\b|&)\s*"
)
_HEAD_GRADES: Final = frozenset(
    "lead head chief principal fellow trainee intern apprentice".split()
)
"""Grades that end a title as well: "Research Lead"."""

_LEVEL: Final = re.compile(r"^(?:[ivx]{1,4}|\d+|gs)$")


@dataclass(frozen=True, slots=True)
class FoundTitle:
    """The title of a role.

    Attributes:
        text: The title.
        source: The text of the document that it is from; empty if it isn't from its text.
        doubt: What the author should check, or empty.
    """

    text: str
    source: str = ""
    doubt: str = ""


def find_title(path: Path, document: ImportedDocument) -> FoundTitle:
    """Return the title: from a label, a heading or a first line, else from the file's name."""
    candidates = list(_candidates(document))
    if document.is_title_stated and candidates and candidates[0].source == document.title:
        doubt = "" if _is_title(candidates[0].text) else _NO_ROLE
        return replace(candidates[0], doubt=doubt)
    for candidate in candidates:
        if _is_title(candidate.text):
            return candidate
    named = _of_file_name(path)
    if _is_title(named):
        return FoundTitle(named, doubt=_FROM_NAME)
    # A label says outright that this is the title, even if the words are of no known occupation.
    for candidate in candidates:
        if not _COMPANY.search(candidate.text):
            return replace(candidate, doubt=_NO_ROLE)
    return FoundTitle(named or "Role", doubt=_FROM_NAME)


def _candidates(document: ImportedDocument) -> Iterator[FoundTitle]:
    """Yield what may be the title, the likeliest first."""
    blocks = document.blocks[:_FIRST_BLOCKS]
    opening = list(_opening(document.blocks))
    if document.is_title_stated:
        yield from _candidate(document.title, document.title)
    for label, text in _labelled(blocks):
        yield from _candidate(text, f"{label}: {text}")
    for text in _headings(opening):
        yield from _candidate(text, text)
    if document.title:
        yield from _candidate(document.title, document.title)
    for one in opening[:_FIRST_LINES]:
        if isinstance(one, Text) and len(one.text.split()) <= _MAX_LINE_WORDS:
            yield from _candidate(one.text, one.text)
    yield from _doubtful_candidates(blocks)


def _doubtful_candidates(blocks: Sequence[Block]) -> Iterator[FoundTitle]:
    """Yield titles of occupations that stand where a page may also name another one."""
    for text in filter(_is_title, _headings(blocks)):
        for found in _candidate(text, text):
            yield replace(found, doubt="it is from a heading further down")
    for one in blocks:
        hiring = _HIRING.search(one.text) if isinstance(one, Text) else None
        if hiring and _is_title(hiring["title"]):
            title = re.sub(r"\s+(?:of|and|for|the|&)$", "", hiring["title"])
            yield FoundTitle(title, "", "it is from a sentence of the text")


def _headings(blocks: Iterable[Block]) -> list[str]:
    return [one.text for one in blocks if isinstance(one, Heading)]


def _labelled(blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    for block, after in zip(blocks, (*blocks[1:], None), strict=False):
        if isinstance(block, LabelledText) and is_title_label(block.label):
            yield block.label, tidy(" ".join(one.text for one in block.blocks))
        elif _heads_title(block) and isinstance(after, Text):
            yield block.text, after.text


def _heads_title(block: Block) -> bool:
    return (
        isinstance(block, Heading)
        and is_title_label(block.text)
        and block.text.casefold().rstrip(": ").endswith("title")
    )


def _candidate(text: str, source: str) -> Iterator[FoundTitle]:
    plain = tidy(text).strip(" :-\u2013\u2014|*#")
    title = _PREFIX.sub("", plain)
    title = _SUFFIX.sub("", title) or title
    title = title.strip(" :-\u2013\u2014|")
    words = title.split()
    if (
        1 < len(title) <= _MAX_LENGTH
        and len(words) <= _MAX_WORDS
        and not title.endswith((".", "?", "!", ";", ","))
        and any(char.isalpha() for char in title)
        and not _ONLY_KIND.match(title)
        and not _SECTION_WORDS.search(title)
        and not is_known_heading(plain)
        and not is_known_heading(title)
        and not is_known_heading(title.capitalize())
    ):
        yield FoundTitle(title, source)


def _opening(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks before the first section, and the highest headings of all."""
    for block in blocks:
        if isinstance(block, Heading) and is_known_heading(block.text):
            break
        if isinstance(block, Item):
            break
        yield block
    yield from (one for one in blocks if isinstance(one, Heading) and one.level == 1)


def _is_title(text: str) -> bool:
    """Return whether a text names an occupation: a head word of titles is in it."""
    if _HEADED.match(text):
        return True
    words = [singular(word) for word in re.findall(r"[a-z]+", text.casefold())]
    if any(word in OCCUPATIONS for word in words if word not in SENIORITY):
        return True
    # "Associate" and the like are titles only at the end of a part: "Sales Associate, Paris".
    return any(_ends_in_head(part) for part in _PARTS.split(text.casefold()))


def _ends_in_head(part: str) -> bool:
    words = [word for word in re.findall(r"[a-z]+|\d+", part) if not _LEVEL.match(word)]
    last = singular(words[-1]) if words else ""
    return (
        last in OCCUPATIONS
        or _occupations().is_last_word(last)
        or (last in _HEAD_GRADES and len(words) > 1)
    )


@cache
def _occupations() -> OccupationTitles:
    return OccupationTitles.load()


def _of_file_name(path: Path) -> str:
    words = _SEPARATORS.sub(" ", _FILE_NOISE.sub(" ", _SEPARATORS.sub(" ", path.stem))).strip()
    if not words:
        return ""
    return words[:1].upper() + words[1:]
