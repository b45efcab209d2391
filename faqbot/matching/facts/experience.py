"""Years of experience that a text names."""

from __future__ import annotations

import re
from typing import Final

_NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"no": 0, "a": 1, "single": 1, "couple": 2}
_UNIT: Final = r"(?P<unit>years?|yrs?|yoe|months?)\b"
_HALF: Final = re.compile(rf"\bhalf (?:an? |of an? )?{_UNIT}(?! and)")
_YEARS: Final = re.compile(
    r"\b(?P<number>\d{1,2}(?:[.,]\d)?|"
    + "|".join(_NUMBERS)
    + r")\b(?P<more> and a half)?(?: of)?(?: full| working| or so| more)* "
    + _UNIT
    + r"(?P<after> and a half)?"
)
_NONE: Final = re.compile(
    r"\b(?:no|zero|without(?: any| much| prior| previous| work| working)*|lacking) "
    r"(?:prior |previous |work |working |professional |real |any )*experience\b|\bentry level\b"
)


def years_in(text: str) -> float | None:
    """Return the years of experience that a text names; 0 for none, None if it names none."""
    found = _YEARS.search(text)
    half = _HALF.search(text)
    # The other pattern finds "a year" in "half a year".
    if half and (found is None or half.start() <= found.start()):
        return 0.5
    if found:
        digits = found["number"]
        number = float(_NUMBERS[digits]) if digits in _NUMBERS else float(digits.replace(",", "."))
        number += 0.5 if found["more"] or found["after"] else 0.0
        return number / 12 if found["unit"].startswith("month") else number
    return 0.0 if _NONE.search(text) else None
