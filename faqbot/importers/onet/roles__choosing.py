"""Which occupations somebody wants: by code, by title, by family."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from faqbot.errors import UsageError
from faqbot.importers.onet.occupations import Occupation
from faqbot.importers.onet.release__families import FAMILIES, family_of
from faqbot.matching.text import normalise, singular, words

_CODE: Final = re.compile(r"[0-9]{2}(-[0-9]{4}(\.[0-9]{2})?)?")
_NAMED: Final = 5
"""How many occupations a line of advice names."""


def chosen(occupations: Sequence[Occupation], wanted: Sequence[str]) -> tuple[Occupation, ...]:
    """The occupations that somebody wants, in the order of their codes; all without a wish.

    A wish is an O*NET-SOC code or the beginning of one (`15-1252.00`, `15-1252`, `15`), a title, or
    the name of a family.

    Raises:
        UsageError: a wish fits no occupation; the message names the nearest.
    """
    if not wanted:
        return tuple(occupations)
    codes = {one.code for wish in wanted for one in _fitting(occupations, wish.strip())}
    return tuple(one for one in occupations if one.code in codes)


def key(text: str) -> str:
    """A title or family so that case, plural and punctuation don't matter."""
    return " ".join(singular(word) for word in words(normalise(text)))


def _fitting(occupations: Sequence[Occupation], wish: str) -> list[Occupation]:
    if _CODE.fullmatch(wish):
        start = wish.removesuffix("-0000")
        found = [one for one in occupations if one.code.startswith(start)]
        if found:
            return found
        raise UsageError(f"No occupation has a code that begins with {wish}: try a title.")
    wished = key(wish)
    found = [one for one in occupations if key(one.title) == wished]
    found = found or [one for one in occupations if key(family_of(one.code)) == wished]
    if wished and found:
        return found
    raise UsageError(_advice(occupations, wish, wished))


def _advice(occupations: Sequence[Occupation], wish: str, wished: str) -> str:
    others = [one for one in occupations if any(key(title) == wished for title in one.titles)]
    if wished and others:
        return f"{wish!r} is another title of {_named(others)}: give a code or one of these titles."
    from rapidfuzz import fuzz, process

    names = {one.title: f"{one.title} ({one.code})" for one in occupations}
    names |= {name: f"the family {name} ({digits})" for digits, name in FAMILIES.items()}
    near = process.extract(wished, {name: key(name) for name in names}, scorer=fuzz.WRatio, limit=3)
    meant = "; ".join(names[name] for _, _, name in near)
    return f"No occupation or family is called {wish!r}. The nearest: {meant}."


def _named(occupations: Iterable[Occupation]) -> str:
    names = [f"{one.title} ({one.code})" for one in occupations]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
