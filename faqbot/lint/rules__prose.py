"""Text: what Slack can't show, where links lead, how hard it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from faqbot.lint.findings import Finding, at
from faqbot.model import Faq, Library, Role, Section

EASE: Final = 10.0
"""Flesch reading ease below which even practised readers toil."""

ENOUGH: Final = 80
"""Words from which a reading ease says something."""

LONG_SENTENCE: Final = 50
LONG_ANSWER: Final = 350

_WORD: Final = re.compile(r"[A-Za-z']+")
_SENTENCE: Final = re.compile(r"[.!?](?=\s|$)|\n\s*\n|\n\s*[-*] ")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")
_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown_in_slack(library: Library) -> Iterator[Finding]:
    """Text that Slack can't show, and links that lead nowhere."""
    for entry, text in _texts(library):
        seen: set[str] = set()
        for token in _tokens(_PARSER.parse(text)):
            what = _unshown(token)
            if what and what not in seen:
                seen.add(what)
                yield at(entry, "not-shown-in-slack", f"holds {what}")
            link = str(token.attrGet("href") or "") if token.type == "link_open" else ""
            if link and not link.startswith(_SCHEMES):
                yield at(entry, "dead-reference", f"links to {link}, which is no web address")


def easy_to_read(library: Library) -> Iterator[Finding]:
    """English text that is hard to read, and text that is very long."""
    for entry, text in _texts(library):
        words = _WORD.findall(text)
        longest = max((len(_WORD.findall(one)) for one in _SENTENCE.split(text)), default=0)
        if longest > LONG_SENTENCE:
            yield at(entry, "too-long", f"has a sentence of {longest} words")
        if isinstance(entry, Faq) and len(words) > LONG_ANSWER:
            yield at(entry, "too-long", f"answers with {len(words)} words")
        if len(words) >= ENOUGH and _is_english(words):
            ease = reading_ease(text)
            if ease < EASE:
                yield at(entry, "hard-to-read", f"has a Flesch reading ease of {ease:.0f}")


def reading_ease(text: str) -> float:
    """How easily an English text reads: 100 is plain, 30 hard, below 10 toil.

    Flesch, “A new readability yardstick”, Journal of Applied Psychology 32 (1948); syllables are
    counted as groups of vowels.
    """
    words = _WORD.findall(text.lower())
    sentences = sum(1 for one in _SENTENCE.split(text) if _WORD.search(one))
    if not words or not sentences:
        return 100.0
    syllables = sum(_syllables(word) for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def _syllables(word: str) -> int:
    silent = word.endswith("e") and not word.endswith(("le", "ee"))
    return max(1, len(_VOWELS.findall(word)) - silent)


def _is_english(words: list[str]) -> bool:
    common = {"the", "and", "of", "to", "in", "a", "is", "for", "or", "with"}
    return sum(word.lower() in common for word in words) / len(words) > 0.1  # noqa: PLR2004 - a tenth


def _texts(library: Library) -> Iterator[tuple[Section | Faq, str]]:
    for entry in library.entries():
        if isinstance(entry, Role):
            continue
        if isinstance(entry, Faq):
            yield entry, entry.answer
        else:
            for text in (entry.text, *entry.items, *entry.required, *entry.preferred):
                if text:
                    yield entry, text


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _unshown(token: Token) -> str:
    match token.type:
        case "image":
            return "an image"
        case "html_block" | "html_inline":
            return f"HTML ({token.content.strip()[:40]})"
        case "table_open":
            return "a table"
        case _:
            return ""
