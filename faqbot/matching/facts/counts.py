"""Counts: how many of something there are, where a line of a role says so; years of experience.

"How many courses does an instructor lead" sounds like the education, which may say nothing of
courses, while the duties say "Lead four courses a week".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from faqbot.matching.facts.cues import QuestionCues
from faqbot.matching.facts.evidence import EvidenceIndex
from faqbot.matching.role_links import link_confidence
from faqbot.matching.text import normalise
from faqbot.matching.thresholds import CONFIDENCES, THRESHOLDS
from faqbot.model import (
    Answer,
    Audience,
    Candidate,
    Choices,
    Decline,
    EntryKind,
    Outcome,
    Reason,
    RoleLink,
)


class Counts:
    """Offers the part of a role that names a number of what is counted.

    Args:
        lines: the lines of all roles.
    """

    def __init__(self, lines: EvidenceIndex) -> None:
        self._lines = lines

    def find(
        self, asked: QuestionCues, link: RoleLink, outcome: Outcome, audience: Audience
    ) -> Choices | None:
        """Return the choice with that part first; None where nothing says more than the outcome.

        The number of a thing may be another one than is meant, so that nothing is answered.

        Args:
            asked: the cues of the question.
            link: the role.
            outcome: what was decided without the numbers.
            audience: who asks.
        """
        decided = _entries(outcome)
        if not asked.counted or decided is None:
            return None
        naming = [
            one
            for one in self._lines.lines_of(link.role, audience)
            if all(one.contains(thing, whole=True) for thing in asked.counted)
        ]
        counting = [one for one in naming if _NUMBER.search(normalise(one.line.text))]
        if not counting:
            return None
        found = counting[0].line.entry
        if isinstance(outcome, Answer):
            told = {one.id for one in decided}
            is_faq = any(one.kind is EntryKind.FAQ for one in decided)
            # An author's own question is about just this, and a part with the thing may say it.
            if is_faq or any(one.line.entry in told for one in naming):
                return None
        kind = EntryKind.SECTION if counting[0].section else EntryKind.FAQ
        others = [one for one in decided if one.id != found]
        sure = round(CONFIDENCES.fact_of_conversation * link_confidence(link), 4)
        sure = max(sure, *(one.confidence for one in others), 0.0)
        options = (Candidate(found, kind, link.role, sure), *others)
        return Choices(options[: THRESHOLDS.max_options], Reason.CLOSE)


def _entries(outcome: Outcome) -> Sequence[Candidate] | None:
    """Return the entries of an outcome that a number may stand beside, else None."""
    match outcome:
        case Answer(entries=entries, fact=None) | Choices(options=entries, reason=Reason.CLOSE):
            return entries
        case Decline(reason=Reason.NOT_UNDERSTOOD | Reason.NOT_WRITTEN):
            return ()
        case _:
            return None


_NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"no": 0, "a": 1, "single": 1, "couple": 2}
_NUMBER: Final = re.compile(
    r"\d|\b(?:" + "|".join(word for word, number in _NUMBERS.items() if number > 1) + r")\b"
)
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
