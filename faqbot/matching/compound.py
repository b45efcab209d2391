"""Several questions in one text: where they are cut, and what their outcomes are together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from faqbot.matching.text import normalise
from faqbot.matching.unprompted import BEGINNING, asks
from faqbot.model import (
    Answer,
    Candidate,
    Decline,
    LinkMethod,
    Outcome,
    ParsedQuestion,
    Reason,
    Requirement,
)

MAX_QUESTIONS: Final = 4
"""Questions in one text that are answered one by one."""

_SENTENCE_END: Final = re.compile(r"(?<=[?!.;])\s+")
_JOINING: Final = (
    r"\s*,?\s+(?:and|und|y|et|plus|&)\s+(?:(?:also|then|auch|tambien|también|aussi)\s+)?"
)
_BEFORE_QUESTION: Final = re.compile(_JOINING + rf"(?={BEGINNING})", re.IGNORECASE)
_BETWEEN: Final = re.compile(_JOINING, re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")
_MIN_WORDS: Final = 2
_REFERS_BACK: Final = re.compile(
    r"\b(?:it|its|that|this|these|those|there|one|they|them|their|else)\b"
)


def questions_in(text: str) -> tuple[str, ...]:
    """Return the questions of a text that asks several; none of a text that asks one.

    A sentence that asks nothing belongs to the question after it: "I have no degree. Can I apply?"
    """
    pieces = [
        piece.strip()
        for sentence in _SENTENCE_END.split(text)
        for piece in _BEFORE_QUESTION.split(sentence)
    ]
    questions: list[str] = []
    told = ""
    for piece in filter(None, pieces):
        whole = f"{told} {piece}".strip()
        if asks(normalise(piece)) and len(_WORD.findall(piece)) >= _MIN_WORDS:
            questions.append(whole)
            told = ""
        else:
            told = whole
    if told and questions:
        questions[-1] = f"{questions[-1]} {told}"
    return tuple(questions) if 1 < len(questions) <= MAX_QUESTIONS else ()


def parts_by_role(text: str, parse: Callable[[str], ParsedQuestion]) -> tuple[str, ...]:
    """Return the two parts of a text that each name another role and what is asked of it."""
    for match in _BETWEEN.finditer(text):
        sides = (text[: match.start()], text[match.end() :])
        first, second = map(parse, sides)
        if _asks_of_role(first) and _asks_of_role(second) and _roles(first) != _roles(second):
            return sides
    return ()


def _asks_of_role(parsed: ParsedQuestion) -> bool:
    return len(_roles(parsed)) == 1 and bool(parsed.content_words) and not parsed.unknown_role


def _roles(parsed: ParsedQuestion) -> set[str]:
    return {link.role for link in parsed.links if link.method is not LinkMethod.CONVERSATION}


def joined(outcomes: Sequence[tuple[str, Outcome]]) -> Answer | None:
    """Return one answer to several questions, which names those that have none.

    None when nothing is answered, or when one answer shows something that others can't stand
    beside, such as a comparison.

    Args:
        outcomes: the questions with their outcomes; small talk among them is left out.
    """
    asked = [(text, outcome) for text, outcome in outcomes if not _is_beside(text, outcome)]
    answers = [outcome for _, outcome in asked if isinstance(outcome, Answer)]
    facts = [answer.fact for answer in answers if answer.fact is not None]
    if len(asked) < 2 or not answers:  # noqa: PLR2004 - two questions
        return None
    if len(facts) > 1 or any(not isinstance(fact, Requirement) for fact in facts):
        return None
    entries = {entry.id: entry for entry in _entries(answers)}
    left = tuple(text for text, outcome in asked if not isinstance(outcome, Answer))
    if len(entries) < 2 and not left:  # noqa: PLR2004 - one entry answers all
        return None
    # Where the data answers, its entry leads: the verdict is about that.
    return Answer(tuple(entries.values()), fact=facts[0] if facts else None, unanswered=left)


def _entries(answers: Sequence[Answer]) -> Iterator[Candidate]:
    for answer in sorted(answers, key=lambda answer: answer.fact is None):
        yield from answer.entries


def _is_beside(text: str, outcome: Outcome) -> bool:
    """Return whether a question says nothing by itself: small talk, or "is that possible?"."""
    if isinstance(outcome, Decline) and outcome.reason is Reason.SMALL_TALK:
        return True
    return not isinstance(outcome, Answer) and bool(_REFERS_BACK.search(normalise(text)))
