"""The words of a title, and the ways in which it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from faqbot.matching.text import normalise, singular, words

_BRACKETS = re.compile(r"\(([^()]+)\)")


def spellings(title: str) -> list[str]:
    """A title, and where a part of it stands in brackets, the title without it and that part."""
    match = _BRACKETS.search(title)
    if match is None:
        return [title]
    return [_BRACKETS.sub(" ", title), match[1], title]


def title_key(title: str, compounds: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """The words of a title as the index holds them: normalised, compounds apart, singular."""
    found: list[str] = []
    for word in words(normalise(title)):
        found.extend(singular(part) for part in compounds.get(word, (word,)))
    return tuple(found)
