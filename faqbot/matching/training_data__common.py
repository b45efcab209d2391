"""What is equal for all libraries: made once for a process, and shared by what is built of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from faqbot.content.defaults import Shipped, load_shipped
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.similarity import Encoder, Known
from faqbot.matching.spelling import count_words
from faqbot.matching.text import STOP_WORDS
from faqbot.matching.tfidf import LETTERS, WORDS, Base, Features
from faqbot.matching.training_data import plain_words

EVERYDAY: Final = 9_000
"""The rank up to which a word is an everyday one."""

COMMON: Final = 4
"""Shipped phrasings in which a word must stand to be a word for asking, and not for a role."""

PARTS: Final = (
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


class Common:
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
        return ((name, getattr(self, name)) for name in PARTS)

    @cached_property
    def shipped(self) -> Shipped:
        """The shipped sentences."""
        return load_shipped()

    @cached_property
    def language(self) -> frozenset[str]:
        """Correctly spelt words of the language."""
        return self._bundled.language()

    @cached_property
    def everyday(self) -> frozenset[str]:
        """The most frequent of them."""
        return self._bundled.language(EVERYDAY)

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        texts = (text for each in self.shipped.phrasings.values() for text in each)
        return count_words(map(plain_words, texts))

    @cached_property
    def sections(self) -> frozenset[str]:
        """The words of the shipped phrasings."""
        return frozenset(self._counts)

    @cached_property
    def asking(self) -> frozenset[str]:
        """Words in which people ask about any role."""
        often = {word for word, count in self._counts.items() if count >= COMMON}
        return frozenset(often - STOP_WORDS)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        shipped = (*self.shipped.phrasings.values(), *self.shipped.negatives.values())
        return tuple(plain_words(text) for texts in shipped for text in texts)

    @cached_property
    def words(self) -> Base:
        """The words and pairs of words of the shipped sentences, numbered."""
        return _numbered(self._texts, WORDS)

    @cached_property
    def letters(self) -> Base:
        """The runs of letters of the shipped sentences, numbered."""
        return _numbered(self._texts, LETTERS)

    @cached_property
    def vectors(self) -> Known:
        """The shipped sentences' embeddings."""
        vectors = self.encoder.encode(self._texts)
        vectors.flags.writeable = False
        return Known(self._texts, vectors)


def _numbered(texts: Sequence[str], features: Features) -> Base:
    found = dict.fromkeys(feature for text in texts for feature in features.of(text))
    return {feature: number for number, feature in enumerate(found)}
