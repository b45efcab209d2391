"""The ways to ask for each entry of a library, as the matcher learns them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from itertools import pairwise

from faqbot.content.defaults import Shipped
from faqbot.matching.ranking import NONE, Phrasing
from faqbot.matching.text import ROLE_SLOT, ROLE_WORD, clauses, normalise, words
from faqbot.model import Library, Role

GENERAL = ":"
"""What the key of a general FAQ begins with, before its id."""

_SLOT = re.compile(re.escape(ROLE_SLOT) + r"(?:'s|s'|s)?")


def shared_phrasings(library: Library, shipped: Shipped) -> Iterator[Phrasing]:
    """What can be asked of every role, general FAQs, and what must not be answered."""
    asked: dict[str, Iterable[str]] = dict(shipped.phrasings) if library.roles else {}
    asked |= {GENERAL + faq.id: (faq.question, *faq.phrasings) for faq in library.faqs}
    for key, texts in asked.items():
        for text in texts:
            yield Phrasing(plain_words(text), key)
    for texts in shipped.negatives.values():
        for text in texts:
            yield Phrasing(plain_words(text), NONE)


def own_phrasings(role: Role, standard: Container[str]) -> Iterator[tuple[str, str]]:
    """(key, text) of what can be asked of one role only."""
    for section in role.sections:
        if section.key not in standard:
            yield section.key, section.title
        for text in section.phrasings:
            yield section.key, text
    for faq in role.faqs:
        for text in (faq.question, *faq.phrasings):
            yield f"faq/{faq.key}", text


def named_things(library: Library) -> Iterator[str]:
    """What roles list by name: skills, degrees, certificates, spelt as their authors spell them."""
    for role in library.roles:
        for section in role.sections:
            yield from (*section.required, *section.preferred)


def plain_words(text: str) -> str:
    return " ".join(word for _, clause in clauses(normalise(slot_masked(text))) for word in clause)


def compounds_of(titles: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Neighbouring words of titles by their joined form, so that "backend" reads "back end"."""
    return {
        left + right: (left, right)
        for title in titles
        for left, right in pairwise(words(title))
        if len(left) + len(right) <= 12  # noqa: PLR2004 - longer ones aren't joined by people
    }


def slot_masked(text: str) -> str:
    return _SLOT.sub(f" {ROLE_WORD} ", text)
