"""Field types of content files: ids, texts, dates, periods."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

ID_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_ID_LENGTH: Final = 60
RESERVED_IDS: Final = ("faq", "role")
"""Words that can't be the id of a role or the key of a section."""

ONET_PATTERN: Final = r"^[0-9]{2}-[0-9]{4}\.[0-9]{2}$"
_DAYS_OF_UNIT: Final = {"day": 1.0, "week": 7.0, "month": 365 / 12, "year": 365.0}
_PERIOD_PATTERN: Final = r"^\s*([0-9]{1,5})\s+(day|week|month|year)s?\s*$"
_CONTROL_CHARACTER: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]"
)
_MAX_PERIOD: Final = dt.timedelta(days=36_500)
_VALID_YEARS: Final = range(1990, 2200)


def make_id(text: str, taken: Iterable[str] = ()) -> str:
    """Return an id made of a text's words: lower case, hyphens, and none of those taken."""
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in letters if not unicodedata.combining(char)).lower()
    # Without the apostrophe, "what's" becomes `whats` and not `what-s`.
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    key = ""
    for word in words:
        longer = f"{key}-{word}" if key else word
        # Four characters stay free for the number that tells equal ids apart.
        if len(longer) > MAX_ID_LENGTH - 4:
            break
        key = longer
    key = key or (words[0][: MAX_ID_LENGTH - 4] if words else "entry")
    known = set(taken)
    unique, number = key, 1
    while unique in known:
        number += 1
        unique = f"{key}-{number}"
    return unique


def _parse_date(value: object) -> dt.date:
    """Return a date that YAML has parsed, or that is written in quotes.

    The bounds catch typing errors such as 0206 and 20260.
    """
    if isinstance(value, str):
        said = value.strip()
        try:
            value = dt.date.fromisoformat(said)
        except ValueError:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", said):
                raise PydanticCustomError(
                    "content", "isn't a date of the calendar; check the month and the day"
                ) from None
            value = None
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise PydanticCustomError("content", "isn't a date; write it as in 2026-11-01")
    if value.year not in _VALID_YEARS:
        raise PydanticCustomError("content", "has a year that can't be right; check the date")
    return value


def _parse_period(value: object) -> dt.timedelta:
    days: float = 0
    if isinstance(value, int) and not isinstance(value, bool):
        days = value
    elif isinstance(value, str) and (match := re.match(_PERIOD_PATTERN, value)):
        days = round(int(match[1]) * _DAYS_OF_UNIT[match[2]])
    if not 1 <= days <= _MAX_PERIOD.days:
        raise PydanticCustomError(
            "content",
            "isn't a period; write it as in `180 days`, `6 months` or `1 year`",
        )
    return dt.timedelta(days=days)


def without_controls(text: str) -> str:
    """Return the text without the control characters that content may not contain."""
    return _CONTROL_CHARACTER.sub("", text)


def _refuse_controls(text: str) -> str:
    """Refuse control characters: escapes in quotes bring in what a file itself can't contain."""
    if found := _CONTROL_CHARACTER.search(text):
        code = f"U+{ord(found[0]):04X}"
        raise PydanticCustomError(
            "content", "contains the control character {code}; remove it", {"code": code}
        )
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=60)]
OnetCode = Annotated[str, StringConstraints(pattern=ONET_PATTERN)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_refuse_controls),
    Field(json_schema_extra={"pattern": r"\S"}),
]
Texts = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
OneOrMore = Annotated[Texts, BeforeValidator(_as_list, json_schema_input_type=Text | Texts)]
Ids = Annotated[tuple[Id, ...], Field(strict=False, min_length=1)]
Date = Annotated[dt.date, BeforeValidator(_parse_date, json_schema_input_type=dt.date)]
Period = Annotated[
    dt.timedelta,
    BeforeValidator(
        _parse_period,
        json_schema_input_type=Annotated[str, Field(pattern=_PERIOD_PATTERN)]
        | Annotated[int, Field(ge=1, le=_MAX_PERIOD.days)],
    ),
]


def list_field(title: str, description: str, *examples: str) -> Any:
    """Return an optional list field."""
    return Field(default=(), title=title, description=description, examples=[list(examples)])


class ContentModel(BaseModel):
    """Base class of content models: a frozen mapping that allows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
