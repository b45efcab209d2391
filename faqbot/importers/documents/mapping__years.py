"""Years of experience in a text, as numbers."""

from __future__ import annotations

import re
from typing import Final

from faqbot.model import Years

_WORDS: Final = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_NUMBER: Final = r"(?:\d{1,2}(?:\.5)?|" + "|".join(_WORDS) + r")"
_SPAN: Final = re.compile(
    rf"(?P<low>{_NUMBER})(?P<plus>\s*\+|\s*plus)?"
    rf"(?:\s*(?:\([0-9]+\)\s*)?(?:-|\u2013|\u2014|to|or|and)\s*(?P<high>{_NUMBER})(?P<more>\s*\+)?)?"
    r"\s*(?:\([0-9]+\)\s*)?(?:or more |full |or so )?\s*(?:years?|yrs?)\b",
    re.IGNORECASE,
)
_AT_MOST: Final = re.compile(
    r"\b(?:up to|at most|no more than|maximum(?: of)?|less than)\s*$", re.IGNORECASE
)
_AGE: Final = re.compile(r"^\s*(?:of age|old|from|ago)\b|\bage(?:d)?\s*$", re.IGNORECASE)
_ABOUT: Final = re.compile(
    r"experien|work(?:ed|ing)?\b|practice|background|proven|track record", re.IGNORECASE
)
_NEAR: Final = 90


def years_of(text: str) -> Years | None:
    """The first span of years that is about experience; None where there is none."""
    for found in _SPAN.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        if _AGE.search(after) or _AGE.search(before):
            continue
        if not _ABOUT.search(before[-_NEAR:] + " " + after[:_NEAR]):
            continue
        low, high = _value(found["low"]), _value(found["high"]) if found["high"] else None
        if high is not None and high < low:
            continue
        if high is None and _AT_MOST.search(before):
            return Years(None, low)
        return Years(low, None if found["more"] else high)
    return None


def _value(text: str) -> float:
    known = _WORDS.get(text.casefold())
    return float(text) if known is None else float(known)
