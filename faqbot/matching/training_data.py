"""Phrasings for each entry, as the ranker learns them; and the resources that all indexes share."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

from faqbot.content.defaults import (
    DefaultNames,
    Defaults,
    load_common_sections,
    load_defaults,
    load_names,
)
from faqbot.matching.encoders import OtherScripts, StaticEncoder, TransformerEncoder
from faqbot.matching.entry_index import EntryText, WordVectors, answer_sentences
from faqbot.matching.lexicon import OccupationTitles
from faqbot.matching.minilm import MiniLMEncoder
from faqbot.matching.ranking import ALL_SCOPES, NEGATIVE, Phrasing
from faqbot.matching.sensitive import MatterExamples
from faqbot.matching.similarity import KnownEmbeddings
from faqbot.matching.small_talk import SmallTalkPhrasings
from faqbot.matching.spelling import count_words
from faqbot.matching.text import ROLE_SLOT, ROLE_WORD, STOP_WORDS, clauses, normalise, words
from faqbot.matching.tfidf import LETTERS, WORDS, FeatureNumbers, Features
from faqbot.matching.vector_cache import CachedEncoder, vectors_folder
from faqbot.matching.vetoes import ShippedExplanations
from faqbot.model import Faq, KnowledgeBase, Role

GENERAL_FAQ_PREFIX = ":"
"""The beginning of the key of a general FAQ, before its id."""

COMMON_PREFIX = "common/"
"""The beginning of the key of a common section, such as the salary, before its topic."""

_SLOT = re.compile(re.escape(ROLE_SLOT) + r"(?:'s|s'|s)?")


def shared_phrasings(knowledge_base: KnowledgeBase, shipped: Defaults) -> Iterator[Phrasing]:
    """Yield the phrasings that all roles share, then the negatives.

    They are those of the standard sections, the common ones and the general FAQs.
    """
    # Without roles no standard section can answer, so its phrasings would only draw questions off.
    asked: dict[str, Iterable[str]] = {}
    if knowledge_base.roles:
        asked |= shipped.phrasings
        asked |= _common_phrasings(written_topics(knowledge_base))
    asked |= {
        GENERAL_FAQ_PREFIX + faq.id: (faq.question, *faq.phrasings) for faq in knowledge_base.faqs
    }
    for key, texts in asked.items():
        for text in texts:
            yield Phrasing(plain_text(text), key)
    written = written_topics(knowledge_base)
    for kind, texts in shipped.negatives.items():
        # What no entry answers elsewhere is answered where a role has that common section.
        for text in texts if kind not in written else ():
            yield Phrasing(plain_text(text), NEGATIVE)


def written_topics(knowledge_base: KnowledgeBase) -> frozenset[str]:
    """Return the topics of the common sections that some role has."""
    return frozenset(
        topic for role in knowledge_base.roles for part in role.sections for topic in part.topics
    )


def _common_phrasings(topics: Container[str]) -> Mapping[str, Sequence[str]]:
    """Return the shipped phrasings of some common sections by key."""
    # One that no role has is no part of this content: its phrasings would only draw questions
    # off, such as those on languages from the skills.
    phrasings = load_common_sections().phrasings
    return {COMMON_PREFIX + topic: phrasings[topic] for topic in phrasings if topic in topics}


def own_phrasings(role: Role, standard: Container[str]) -> Iterator[tuple[str, str]]:
    """Yield (key, text) for the sections and FAQs that only one role has."""
    for section in role.sections:
        # A standard section is known by its shipped phrasings, any other one by its title alone.
        if section.key not in standard:
            yield section.key, section.title
        for text in section.phrasings:
            yield section.key, text
    for faq in role.faqs:
        for text in (faq.question, *faq.phrasings):
            yield f"faq/{faq.key}", text


def authored_questions(knowledge_base: KnowledgeBase) -> Iterator[str]:
    """Yield the questions and phrasings of all FAQs."""
    for faq in (*knowledge_base.faqs, *(faq for role in knowledge_base.roles for faq in role.faqs)):
        yield from (faq.question, *faq.phrasings)


def entry_texts(knowledge_base: KnowledgeBase, standard: Container[str]) -> Iterator[EntryText]:
    """Yield the answers of FAQs, and the texts of sections that only their title names."""
    for faq in knowledge_base.faqs:
        yield from _faq_text(GENERAL_FAQ_PREFIX + faq.id, "", faq)
    for role in knowledge_base.roles:
        for faq in role.faqs:
            yield from _faq_text(f"faq/{faq.key}", role.id, faq)
        for section in role.sections:
            if section.key not in standard:
                parts = (section.text, *section.items, *section.required, *section.preferred)
                yield from _entry_text(section.key, role.id, " ".join(parts))


def _faq_text(key: str, scope: str, faq: Faq) -> Iterator[EntryText]:
    return _entry_text(key, scope, faq.answer, answer_sentences(faq.answer))


def _entry_text(
    key: str, scope: str, markdown: str, sentences: tuple[str, ...] = ()
) -> Iterator[EntryText]:
    if text := " ".join(words(normalise(markdown))):
        yield EntryText(key, scope, text, sentences)


def listed_items(knowledge_base: KnowledgeBase) -> Iterator[str]:
    """Yield the items that roles list: skills, degrees, certificates, as authors spell them."""
    for role in knowledge_base.roles:
        for section in role.sections:
            yield from (*section.required, *section.preferred)


def things_listed(knowledge_base: KnowledgeBase) -> Iterator[str]:
    """Yield all points of all sections, required or not, as authors spell them."""
    for role in knowledge_base.roles:
        for section in role.sections:
            yield from (*section.items, *section.required, *section.preferred)


def own_name_words(knowledge_base: KnowledgeBase) -> frozenset[str]:
    """Return the words of the other names that authors give to things."""
    names = (name for each in knowledge_base.other_names for name in each)
    return frozenset(word for name in names for word in words(normalise(name)))


# The shipped phrasings are read for the resources, for each index, and with each reload.
@lru_cache(maxsize=4_096)
def plain_text(text: str) -> str:
    """Return the words of a phrasing, normalised, with its role masked."""
    return " ".join(word for _, clause in clauses(normalise(mask_slots(text))) for word in clause)


def compounds_in(titles: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return neighbouring words of titles by their joined form: "backend" for "back", "end"."""
    return {
        left + right: (left, right)
        for title in titles
        for left, right in pairwise(words(title))
        if len(left) + len(right) <= 12  # noqa: PLR2004 - longer ones aren't joined by people
    }


def mask_slots(text: str) -> str:
    """Return a phrasing with its slots for the role masked."""
    return _SLOT.sub(f" {ROLE_WORD} ", text)


EVERYDAY_RANK: Final = 9_000
"""The rank of frequency up to which a word is an everyday one."""

MIN_ASKING_PHRASINGS: Final = 4
"""Shipped phrasings in which a word must stand to be a word for asking."""

SHARED_PARTS: Final = (
    "encoder",
    "static_encoder",
    "static_vectors",
    "word_vectors",
    "language",
    "everyday",
    "familiar",
    "occupations",
    "asking",
    "sections",
    "words",
    "letters",
    "vectors",
    "small_talk",
    "matters",
    "explanations",
)
"""Attributes that indexes refer to and that snapshots leave out."""


SHIPPED_VECTORS: Final = Path(__file__).parent / "minilm" / "vectors.safetensors"
"""The vectors of the shipped sentences; `tools/generate.py` makes them."""


class SharedResources:
    """Resources shared by all indexes of a process; each is built when it is first used.

    Args:
        encoder_folder: the folder of a sentence-transformers model that compares sentences; None
            takes MiniLM, which is bundled.
        cache: the folder in which to keep the vectors of content; None keeps nothing.
        shipped_vectors: the file of the vectors of the shipped sentences.

    Raises:
        UsageError: the encoder can't be loaded.
    """

    def __init__(
        self,
        encoder_folder: Path | None = None,
        cache: Path | None = None,
        shipped_vectors: Path | None = SHIPPED_VECTORS,
    ) -> None:
        self.encoder_folder = encoder_folder
        self.cache = cache
        self.static_encoder = StaticEncoder()
        chosen = TransformerEncoder(encoder_folder) if encoder_folder else MiniLMEncoder()
        self.encoder = CachedEncoder(OtherScripts(chosen), shipped_vectors, vectors_folder(cache))
        self.static_vectors = CachedEncoder(OtherScripts(self.static_encoder))
        self.word_vectors = WordVectors(self.static_encoder)

    def parts(self) -> Iterator[tuple[str, object]]:
        """Yield the shared parts by name."""
        return ((name, getattr(self, name)) for name in SHARED_PARTS)

    @cached_property
    def shipped(self) -> Defaults:
        """The phrasings and negatives that ship with faqbot."""
        return load_defaults()

    @cached_property
    def names(self) -> DefaultNames:
        """The other names of things that ship with faqbot."""
        return load_names()

    @cached_property
    def name_words(self) -> frozenset[str]:
        """The words of these names, which are spelt correctly."""
        return frozenset(
            word
            for names in (*self.names.names, *self.names.qualifications)
            for name in names
            for word in words(normalise(name))
        )

    @cached_property
    def language(self) -> frozenset[str]:
        """The correctly spelt words of the language."""
        return self.static_encoder.language()

    @cached_property
    def everyday(self) -> frozenset[str]:
        """The most frequent words of the language."""
        return self.static_encoder.language(EVERYDAY_RANK)

    @cached_property
    def familiar(self) -> frozenset[str]:
        """The most frequent words, and names of what roles ask for: "k8s" is no unknown code."""
        groups = (*self.names.names, *self.names.qualifications)
        joined = ("".join(words(normalise(name))) for names in groups for name in names)
        return self.everyday | frozenset(joined)

    @cached_property
    def occupations(self) -> OccupationTitles:
        """The titles of occupations in the world at large."""
        return OccupationTitles.load()

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
        """The words in which people ask about any role."""
        frequent = {word for word, count in self._counts.items() if count >= MIN_ASKING_PHRASINGS}
        return frozenset(frequent - STOP_WORDS)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        shipped = (
            *self.shipped.phrasings.values(),
            *load_common_sections().phrasings.values(),
            *self.shipped.negatives.values(),
        )
        return tuple(plain_text(text) for texts in shipped for text in texts)

    @cached_property
    def words(self) -> FeatureNumbers:
        """The words and pairs of words of the shipped phrasings, numbered."""
        return _numbered(self._texts, WORDS)

    @cached_property
    def letters(self) -> FeatureNumbers:
        """The runs of letters of the shipped phrasings, numbered."""
        return _numbered(self._texts, LETTERS)

    @cached_property
    def vectors(self) -> KnownEmbeddings:
        """The embeddings of the shipped phrasings."""
        vectors = self.encoder.encode(self._texts)
        # All indexes read this array: a write by one would change the answers of the others.
        vectors.flags.writeable = False
        return KnownEmbeddings(self._texts, vectors)

    @cached_property
    def small_talk(self) -> SmallTalkPhrasings:
        """The phrasings of small talk that ship."""
        return SmallTalkPhrasings(self.shipped.conversations)

    @cached_property
    def matters(self) -> MatterExamples:
        """The lines about sensitive matters that ship."""
        return MatterExamples(self.shipped.conversations, self.encoder, self.vectors.vectors)

    @cached_property
    def explanations(self) -> ShippedExplanations:
        """What the shipped phrasings explain."""
        return ShippedExplanations(self.shipped.phrasings, self.familiar)


@lru_cache(maxsize=2)
def shared_resources(
    encoder_folder: Path | None = None, cache: Path | None = None
) -> SharedResources:
    """Return the resources of this process; one process seldom needs two kinds of them.

    Args:
        encoder_folder: as in SharedResources.
        cache: as in SharedResources.

    Raises:
        UsageError: the encoder can't be loaded.
    """
    return SharedResources(encoder_folder, cache)


def _numbered(texts: Sequence[str], features: Features) -> FeatureNumbers:
    # By unit: most words stand in many texts.
    units = dict.fromkeys(unit for text in texts for unit in features.units(text))
    found = dict.fromkeys(feature for unit in units for feature in features.of_unit(unit))
    return {feature: number for number, feature in enumerate(found)}


@dataclass(frozen=True)
class ScopeKeys:
    """The keys under which the phrasings of common sections count in each scope.

    Each role may call its section on the salary otherwise, and have an FAQ instead. In its scope
    the shipped phrasings belong to that entry; where all roles are ranked together, their entries
    belong to the common section.

    Attributes:
        own: the key of a role's own entry, by the role's id and the key of the common section.
        general: the key of a general FAQ, by the key of the common section.
        common: the key of the common section, by the role's id and the key of its own entry.
    """

    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    general: Mapping[str, str] = field(default_factory=dict)
    common: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def key(self, phrasing: Phrasing, scope: str) -> str:
        """Return the key under which a phrasing counts in a scope."""
        key = phrasing.key
        if phrasing.scope:
            return self.common.get((phrasing.scope, key), key) if scope == ALL_SCOPES else key
        if not key.startswith(COMMON_PREFIX):
            return key
        return self.own.get(scope, {}).get(key) or self.general.get(key, key)


def scope_keys(knowledge_base: KnowledgeBase) -> ScopeKeys:
    """Return the keys of the entries that are about common sections."""
    written = written_topics(knowledge_base)
    general: dict[str, str] = {}
    for faq in knowledge_base.faqs:
        for topic in written.intersection(faq.topics):
            general.setdefault(COMMON_PREFIX + topic, GENERAL_FAQ_PREFIX + faq.id)
    own: dict[str, dict[str, str]] = {}
    common: dict[tuple[str, str], str] = {}
    for role in knowledge_base.roles:
        topics = [*(part.topics for part in role.sections), *(faq.topics for faq in role.faqs)]
        for topic in filter(written.__contains__, dict.fromkeys(chain.from_iterable(topics))):
            entry = role.entry_about(topic)
            assert entry is not None
            key = entry.id.removeprefix(f"{role.id}/")
            own.setdefault(role.id, {})[COMMON_PREFIX + topic] = key
            # Without a role the general FAQ answers, and a role's own entry is another matter.
            if COMMON_PREFIX + topic not in general:
                common.setdefault((role.id, key), COMMON_PREFIX + topic)
    return ScopeKeys(own, general, common)
