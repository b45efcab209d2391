"""Sensitive matters: what may hurt goes to a person, and to no FAQ that merely sounds near.

A line is about a matter when it has one of the matter's words, or when its meaning is nearer to a
line about the matter than all but few of the shipped sentences that are about none. An entry
answers all the same when it says the word itself, or when the line is nearer to its phrasings: an
author's own FAQ about the matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from faqbot.matching.encoders import MAX_SHORT, weak_lru_cache
from faqbot.matching.similarity import sharpen
from faqbot.matching.text import ROLE_WORD, STOP_WORDS, clauses, normalise
from faqbot.matching.tfidf import Floats
from faqbot.matching.vector_cache import CachedEncoder
from faqbot.model import (
    Answer,
    ConversationContent,
    Decline,
    Entry,
    EntryKind,
    Faq,
    KnowledgeBase,
    Outcome,
    ParsedQuestion,
    Reason,
    Role,
    Section,
    SensitiveMatter,
)

MAX_OTHERS_ABOVE: Final = 0.13
"""The share of shipped sentences about no matter that may lie as near to one as a line must.

Most of them are in other languages than the encoder's, and near by chance. Of 1,474 questions of
others, 2.2 % lie as near and share a word; half of these are about such a matter.
"""

MIN_LEAD: Final = 0.1
"""How much nearer than to a matter a line must be to the phrasings of an FAQ that answers it."""

MIN_BEGINNING: Final = 4
"""Letters from which a matter's word stands for all words that begin with it."""

MIN_LINE_WORDS: Final = 3
"""Words of the shortest line whose meaning is compared: "phone number" tells of nobody's."""

MAX_LINE_WORDS: Final = 40
"""Words of the longest sentence whose meaning is compared."""

CACHE_SIZE: Final = 2_048
"""Lines whose nearest matter is kept: people ask the same questions."""

_FUNCTION_WORDS: Final = STOP_WORDS | frozenset(
    """
    tengo tiene tienen tenemos quiero puedo puede estoy esta estan como para pero cuando cuanto
    cuantas donde porque habe haben hatte kann kannst will wird werde wurde sind nicht mich mein
    meine meinem meiner eine einen einem auch oder aber suis veux peux peut avoir etre avec dans
    pour mais quand cette sont elle nous vous
    """.split()
)
"""Words of grammar in the languages of the examples: two lines that share one share no matter."""


@dataclass(frozen=True, slots=True)
class _Near:
    """A matter that a line is about: how near, and through which word of its own."""

    matter: SensitiveMatter
    contact: str
    similarity: float
    word: str = ""


class MatterExamples:
    """Lines about sensitive matters, and the words that are about one wherever they stand.

    Args:
        contents: what the matters come from.
        encoder: embeds the lines.
        others: the vectors of sentences about no matter, which set the bar; None for none.
        bar: the similarity from which a line is about a matter, without others.
    """

    def __init__(
        self,
        contents: Sequence[ConversationContent],
        encoder: CachedEncoder,
        others: Floats | None = None,
        bar: float = 1.0,
    ) -> None:
        self._matters = [(m, m.contact or c.contact) for c in contents for m in c.matters]
        texts = [(row, text) for row, (m, _) in enumerate(self._matters) for text in m.phrasings]
        lines = [(row, plain_line(text)) for row, text in texts]
        self._rows = [row for row, _ in lines]
        self._vectors = encoder.encode([text for _, text in lines])
        self._texts = [text for _, text in lines]
        # Most lines have none of the words: one pattern for all of them is soon done.
        self._any_word = _pattern(word for matter, _ in self._matters for word in matter.words)
        self.bar = bar
        if others is not None and texts:
            nearest = sharpen((others @ self._vectors.T).max(axis=1))
            self.bar = float(np.quantile(nearest, 1 - MAX_OTHERS_ABOVE))

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str] | None, ...]:
        return tuple(_pattern(matter.words) for matter, _ in self._matters)

    def by_word(self, normalised: str, *, phrases: bool = False) -> _Near | None:
        """Return the matter whose word a line has; `phrases` looks for several words only."""
        if self._any_word is None or not self._any_word.search(normalised):
            return None
        for (matter, contact), pattern in zip(self._matters, self._patterns, strict=True):
            found = pattern.search(normalised) if pattern else None
            if found and (not phrases or " " in found["word"]):
                return _Near(matter, contact, 1.0, found["word"])
        return None

    def by_meaning(self, line: str, vector: Floats) -> _Near | None:
        """Return the matter that a line is near to, if near enough and in a word of its own."""
        if not self._rows or line.count(" ") + 1 < MIN_LINE_WORDS:
            return None
        similarities = sharpen(self._vectors @ vector)
        # Vectors of another language than the encoder's are near to each other by chance.
        near = (
            row
            for row in np.argsort(-similarities).tolist()
            if similarities[row] >= self.bar and _share_word(line, self._texts[row])
        )
        best = next(near, None)
        if best is None:
            return None
        matter, contact = self._matters[self._rows[best]]
        return _Near(matter, contact, float(similarities[best]))


def _share_word(first: str, second: str) -> bool:
    """Return whether two lines have a word in common, by its beginning; stop words don't count."""
    beginnings = [
        {
            w[:MIN_BEGINNING]
            for w in line.split()
            if len(w) >= MIN_BEGINNING and w not in _FUNCTION_WORDS
        }
        for line in (first, second)
    ]
    return not beginnings[0].isdisjoint(beginnings[1])


def plain_line(text: str) -> str:
    """Return the words of a line, normalised, without courtesies."""
    return " ".join(word for _, clause in clauses(normalise(text)) for word in clause)


def _pattern(words_of_matter: Iterable[str]) -> re.Pattern[str] | None:
    forms = [
        re.escape(form) + (r"\w*" if len(form) >= MIN_BEGINNING else "")
        for form in sorted({normalise(word) for word in words_of_matter})
    ]
    # "\w" before and after, as \b knows no beginning after a hyphen.
    return re.compile(rf"(?<!\w)(?P<word>{'|'.join(forms)})(?!\w)") if forms else None


class SensitiveFinder:
    """Finds sensitive matters, and lets nothing else answer them.

    Args:
        shipped: the examples that ship.
        knowledge_base: the content, which may have matters and contacts of its own.
        encoder: embeds questions.
    """

    def __init__(
        self, shipped: MatterExamples, knowledge_base: KnowledgeBase, encoder: CachedEncoder
    ) -> None:
        self._shipped = shipped
        self._knowledge_base = knowledge_base
        self._encoder = encoder
        self._changes = {m.kind: m for m in knowledge_base.conversation.matters}
        self._own = MatterExamples((knowledge_base.conversation,), encoder, bar=shipped.bar)
        self._near = weak_lru_cache(self._nearest, CACHE_SIZE)

    def refine(self, parsed: ParsedQuestion, outcome: Outcome) -> Outcome:
        """Return the outcome, or the decline that leads to a person."""
        # "Fraud analyst" is no fraud, whether the content has that role or not.
        line = _without(parsed.normalised, [*_titles(parsed), parsed.unknown_role])
        for examples in (self._own, self._shipped):
            # "My lawyer" says more than an occupation does.
            near = examples.by_word(line)
            if near is None and parsed.unknown_role:
                near = examples.by_word(parsed.normalised, phrases=True)
            if near is not None and not self._is_about(near, outcome):
                return self._decline(near)
        if _is_sure_of_role(outcome):
            return outcome
        near = self._near(line) if len(line) <= MAX_SHORT else self._nearest(line)
        if near is None or _similarity(outcome) >= near.similarity + MIN_LEAD:
            return outcome
        return outcome if self._is_about(near, outcome) else self._decline(near)

    def _nearest(self, line: str) -> _Near | None:
        """Return the matter that a line, or a sentence of it, is near to."""
        found: list[_Near] = []
        for sentence in _sentences(line):
            vector = self._encoder.encode_question(sentence)
            for examples in (self._own, self._shipped):
                found += filter(None, (examples.by_meaning(sentence, vector),))
        return max(found, key=lambda near: near.similarity, default=None)

    def _is_about(self, near: _Near, outcome: Outcome) -> bool:
        """Return whether an author wrote the entries of an answer about just this matter."""
        if not isinstance(outcome, Answer):
            return False
        entries = [self._knowledge_base.entry(entry.id) for entry in outcome.entries]
        return all(entry is not None and self._has(entry, near) for entry in entries)

    def _has(self, entry: Entry, near: _Near) -> bool:
        """Return whether an entry says a matter's word, or asks about the matter."""
        if near.word:
            # "Harassed" is explained by "harassment".
            stem = near.word[: max(MIN_BEGINNING, len(near.word) - 3)]
            return any(stem in normalise(text) for text in _texts(entry))
        if not isinstance(entry, Faq):
            return False
        # By its question alone: among many phrasings one sounds near to something else.
        line = normalise(entry.question)
        about = self._own.by_word(line) or self._shipped.by_word(line) or self._near(line)
        # At least as near as the line: an FAQ about rejections isn't one about discrimination.
        return (
            about is not None
            and about.matter.kind == near.matter.kind
            and about.similarity >= near.similarity
        )

    def _decline(self, near: _Near) -> Decline:
        changed = self._changes.get(near.matter.kind)
        own = self._knowledge_base.conversation.contact
        contact = (changed.contact if changed else "") or own or near.contact
        reply = (changed.reply if changed else "") or near.matter.reply
        return Decline(Reason.SENSITIVE, message=reply.replace("{contact}", contact))


def _texts(entry: Entry) -> Iterator[str]:
    match entry:
        case Faq():
            yield from (entry.question, *entry.phrasings, entry.answer)
        case Section():
            yield from (entry.title, entry.text, *entry.items, *entry.required, *entry.preferred)
        case Role():
            yield entry.title
            for section in entry.sections:
                yield from _texts(section)


def _titles(parsed: ParsedQuestion) -> list[str]:
    return [link.words for mention in parsed.mentions for link in mention.links]


def _without(line: str, titles: Iterable[str]) -> str:
    """Return a line with titles of roles masked."""
    for title in sorted(filter(None, titles), key=len, reverse=True):
        line = line.replace(title, ROLE_WORD)
    return line


def _sentences(line: str) -> Iterator[str]:
    """Yield the sentences of a line, and what all of it says."""
    by_sentence: dict[int, list[str]] = {}
    for number, clause in clauses(line):
        by_sentence.setdefault(number, []).extend(clause)
    told = [" ".join(said[:MAX_LINE_WORDS]) for said in by_sentence.values()]
    yield from dict.fromkeys(told)


def _is_sure_of_role(outcome: Outcome) -> bool:
    """Return whether parts of roles or facts answer: no FAQ that merely sounds near."""
    if not isinstance(outcome, Answer):
        return False
    return outcome.fact is not None or all(
        entry.kind is not EntryKind.FAQ for entry in outcome.entries
    )


def _similarity(outcome: Outcome) -> float:
    """Return how near the meaning of the phrasings is that answer; 0 where nothing does."""
    best = outcome.entries[0] if isinstance(outcome, Answer) and outcome.entries else None
    return dict(best.scores).get("meaning", 0.0) if best else 0.0
