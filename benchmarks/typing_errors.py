"""Questions as people type them: titles with typing errors in carrier sentences, by seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CARRIERS = (
    "what does a {} do all day",
    "which skills does a {} need?",
    "what skills do i need to become a {}",
    "education for a {}",
    "what degree does a {} have",
    "do i need a certificate to work as {}",
    "what are the responsibilities of a {}?",
    "main duties of the {}",
    "{} requirements",
    "{} job description please",
    "how many years of experience for a {}",
    "Can you tell me what a {} is responsible for?",
    "tell me about the {} role",
    "what is a typical day like for a {}",
    "i want to apply as a {}, what do you expect",
    "hi, which qualifications should a {} bring",
    "what certifications help a {}",
    "is a degree needed for {}?",
    "experience required of a {}",
    "what would I do as a {} here",
)

SHORTEST = 4
"""Letters of the words that errors fall in; shorter ones only where a title has none."""

NEIGHBOURS = {
    key: (row[at - 1] if at else "") + (row[at + 1 : at + 2])
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for at, key in enumerate(row)
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the title that it was made from."""

    text: str
    title: str


def questions(titles: Sequence[str], count: int, errors: int, chance: random.Random) -> list[Asked]:
    """Questions about titles drawn at random, with so many typing errors in each title.

    No two have the same title; a title that errors turn into another one is drawn again.
    """
    known = {title.casefold() for title in titles}
    drawn = []
    for title in chance.sample(titles, min(count, len(titles))):
        written = title.lower() if chance.random() < 0.7 else title
        spoilt = with_errors(written, errors, chance)
        while errors and spoilt.casefold() in known:
            spoilt = with_errors(written, errors, chance)
        drawn.append(Asked(chance.choice(CARRIERS).format(spoilt), title))
    return drawn


def with_errors(text: str, errors: int, chance: random.Random) -> str:
    """The text with so many typing errors, each in another place where there is one."""
    changed = text
    for _ in range(errors):
        changed = _with_error(changed, chance)
    return changed if changed != text or not errors else with_errors(text, errors, chance)


def _with_error(text: str, chance: random.Random) -> str:
    places = _places(text)
    if not places:
        return f"{text} "
    at = chance.choice(places)
    return chance.choice(KINDS)(text, at, chance)


def _places(text: str) -> list[int]:
    """Where an error may fall: at the letters of words that are long enough."""
    letters: list[list[int]] = [[]]
    for at, letter in enumerate(text):
        if letter.isascii() and letter.isalpha():
            letters[-1].append(at)
        elif letters[-1]:
            letters.append([])
    long = [at for word in letters if len(word) >= SHORTEST for at in word]
    return long or max(letters, key=len)


def _swap(text: str, at: int, _: random.Random) -> str:
    if at + 1 >= len(text) or not text[at + 1].isalpha():
        at -= 1
    if at < 0 or not text[at].isalpha():
        return text
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _drop(text: str, at: int, _: random.Random) -> str:
    return text[:at] + text[at + 1 :]


def _double(text: str, at: int, _: random.Random) -> str:
    return text[: at + 1] + text[at:]


def _neighbour(text: str, at: int, chance: random.Random) -> str:
    key = chance.choice(NEIGHBOURS[text[at].lower()])
    return text[:at] + (key.upper() if text[at].isupper() else key) + text[at + 1 :]


KINDS: tuple[Callable[[str, int, random.Random], str], ...] = (_swap, _drop, _double, _neighbour)
