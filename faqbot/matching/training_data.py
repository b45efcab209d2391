"""The ways to ask for each entry of a library, as the matcher learns them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final

from faqbot.content.defaults import Defaults, load_defaults
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.ranking import NEGATIVE, Phrasing
from faqbot.matching.similarity import Encoder, KnownEmbeddings
from faqbot.matching.spelling import count_words
from faqbot.matching.text import ROLE_SLOT, ROLE_WORD, STOP_WORDS, clauses, normalise, words
from faqbot.matching.tfidf import LETTERS, WORDS, FeatureNumbers, Features
from faqbot.model import KnowledgeBase, Role

GENERAL_FAQ_PREFIX = ":"
"""What the key of a general FAQ begins with, before its id."""

_SLOT = re.compile(re.escape(ROLE_SLOT) + r"(?:'s|s'|s)?")


def shared_phrasings(knowledge_base: KnowledgeBase, shipped: Defaults) -> Iterator[Phrasing]:
    """What can be asked of every role, general FAQs, and what must not be answered."""
    asked: dict[str, Iterable[str]] = dict(shipped.phrasings) if knowledge_base.roles else {}
    asked |= {
        GENERAL_FAQ_PREFIX + faq.id: (faq.question, *faq.phrasings) for faq in knowledge_base.faqs
    }
    for key, texts in asked.items():
        for text in texts:
            yield Phrasing(plain_text(text), key)
    for texts in shipped.negatives.values():
        for text in texts:
            yield Phrasing(plain_text(text), NEGATIVE)


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


def listed_items(knowledge_base: KnowledgeBase) -> Iterator[str]:
    """What roles list by name: skills, degrees, certificates, spelt as their authors spell them."""
    for role in knowledge_base.roles:
        for section in role.sections:
            yield from (*section.required, *section.preferred)


def plain_text(text: str) -> str:
    return " ".join(word for _, clause in clauses(normalise(mask_slots(text))) for word in clause)


def compounds_in(titles: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Neighbouring words of titles by their joined form, so that "backend" reads "back end"."""
    return {
        left + right: (left, right)
        for title in titles
        for left, right in pairwise(words(title))
        if len(left) + len(right) <= 12  # noqa: PLR2004 - longer ones aren't joined by people
    }


def mask_slots(text: str) -> str:
    return _SLOT.sub(f" {ROLE_WORD} ", text)


EVERYDAY_RANK: Final = 9_000
"""The rank up to which a word is an everyday one."""

MIN_ASKING_PHRASINGS: Final = 4
"""Shipped phrasings in which a word must stand to be a word for asking, and not for a role."""

SHARED_PARTS: Final = (
    "encoder",
    "language",
    "everyday",
    "asking",
    "sections",
    "words",
    "letters",
    "vectors",
)
"""What is shared by reference, also by what was kept on disk."""


class SharedResources:
    """The encoders, the language, and what ships with faqbot; each part is made when first used.

    Args:
        bundled: the bundled encoder, which also knows the words of the language.
        chosen: the encoder that compares sentences.
    """

    def __init__(self, bundled: StaticEncoder, chosen: Encoder) -> None:
        self._bundled = bundled
        self.encoder = chosen

    def parts(self) -> Iterator[tuple[str, object]]:
        """The shared parts by name."""
        return ((name, getattr(self, name)) for name in SHARED_PARTS)

    @cached_property
    def shipped(self) -> Defaults:
        """The shipped sentences."""
        return load_defaults()

    @cached_property
    def language(self) -> frozenset[str]:
        """Correctly spelt words of the language."""
        return self._bundled.language()

    @cached_property
    def everyday(self) -> frozenset[str]:
        """The most frequent of them."""
        return self._bundled.language(EVERYDAY_RANK)

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        texts = (text for each in self.shipped.phrasings.values() for text in each)
        return count_words(map(plain_text, texts))

    @cached_property
    def sections(self) -> frozenset[str]:
        """The words of the shipped phrasings."""
        return frozenset(self._counts)

    @cached_property
    def asking(self) -> frozenset[str]:
        """Words in which people ask about any role."""
        often = {word for word, count in self._counts.items() if count >= MIN_ASKING_PHRASINGS}
        return frozenset(often - STOP_WORDS)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        shipped = (*self.shipped.phrasings.values(), *self.shipped.negatives.values())
        return tuple(plain_text(text) for texts in shipped for text in texts)

    @cached_property
    def words(self) -> FeatureNumbers:
        """The words and pairs of words of the shipped sentences, numbered."""
        return _numbered(self._texts, WORDS)

    @cached_property
    def letters(self) -> FeatureNumbers:
        """The runs of letters of the shipped sentences, numbered."""
        return _numbered(self._texts, LETTERS)

    @cached_property
    def vectors(self) -> KnownEmbeddings:
        """The shipped sentences' embeddings."""
        vectors = self.encoder.encode(self._texts)
        vectors.flags.writeable = False
        return KnownEmbeddings(self._texts, vectors)


def _numbered(texts: Sequence[str], features: Features) -> FeatureNumbers:
    found = dict.fromkeys(feature for text in texts for feature in features.of(text))
    return {feature: number for number, feature in enumerate(found)}
