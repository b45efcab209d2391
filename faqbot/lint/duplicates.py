"""Phrasings of two entries that mean the same, and answers that say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from faqbot.lint.findings import Finding, finding_at
from faqbot.model import Faq, KnowledgeBase, Role, Section

MIN_COMPETING_SIMILARITY: Final = 0.85
"""The cosine from which two phrasings compete where one of them isn't answered by its entry."""

MIN_EQUAL_SIMILARITY: Final = 0.93
"""The cosine from which they mean the same, whatever becomes of them now."""

MIN_ANSWER_SIMILARITY: Final = 92.0
"""The likeness (rapidfuzz token_sort_ratio, 0 to 100) of two answers that say the same."""

_BATCH_ROWS: Final = 2_000
OutcomeDescriber = Callable[[str, str | None], str]
"""Says how a question is answered now, in a conversation about a role (or none)."""


class TextEncoder(Protocol):
    """Texts -> vectors of length 1."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class _MaskedPhrasing:
    entry: Section | Faq
    text: str
    masked: str
    """Without the role's title, which would make all phrasings of a role alike."""


def competing_phrasings(
    knowledge_base: KnowledgeBase, encoder: TextEncoder, describe_outcome: OutcomeDescriber
) -> Iterator[Finding]:
    """Phrasings of different entries that compete: within a role, and among general FAQs."""
    for role in knowledge_base.roles:
        yield from _competing_pairs(
            list(_masked_phrasings((*role.sections, *role.faqs), role)), encoder, describe_outcome
        )
    yield from _competing_pairs(
        list(_masked_phrasings(knowledge_base.faqs, None)), encoder, describe_outcome
    )


def similar_answers(knowledge_base: KnowledgeBase, encoder: TextEncoder) -> Iterator[Finding]:
    """FAQs of one role, or general ones, that answer with nearly the same words."""
    for faqs in (*(role.faqs for role in knowledge_base.roles), knowledge_base.faqs):
        for first, second, _ in _similar_pairs(
            [faq.answer for faq in faqs], encoder, MIN_COMPETING_SIMILARITY
        ):
            one, other = faqs[first], faqs[second]
            if fuzz.token_sort_ratio(one.answer, other.answer) >= MIN_ANSWER_SIMILARITY:
                yield finding_at(other, "answers-alike", f"answers as {one.id} does")


def _competing_pairs(
    said: list[_MaskedPhrasing], encoder: TextEncoder, describe_outcome: OutcomeDescriber
) -> Iterator[Finding]:
    shown: set[frozenset[str]] = set()
    for first, second, likeness in _similar_pairs(
        [one.masked for one in said], encoder, MIN_COMPETING_SIMILARITY
    ):
        one, other = said[first], said[second]
        pair = frozenset((one.entry.id, other.entry.id))
        if len(pair) == 1 or pair in shown:
            continue
        became = [describe_outcome(each.text, each.entry.role) for each in (one, other)]
        well = [f"is answered by {each.entry.id}" for each in (one, other)]
        if likeness < MIN_EQUAL_SIMILARITY and became == well:
            continue
        shown.add(pair)
        now = [f"“{e.text}” {said}" for e, said in zip((one, other), became, strict=True)]
        yield finding_at(
            other.entry,
            "phrasings-too-close",
            f"has a phrasing close to one of {one.entry.id}: {now[0]}; {now[1]}",
        )


def _masked_phrasings(
    entries: Sequence[Section | Faq], role: Role | None
) -> Iterator[_MaskedPhrasing]:
    for entry in entries:
        texts = list(entry.phrasings)
        if isinstance(entry, Faq):
            texts.insert(0, entry.question)
        for text in dict.fromkeys(texts):
            masked = text
            for name in ("{role}", role.title) if role else ():
                masked = masked.replace(name, " ")
            yield _MaskedPhrasing(
                entry, text.replace("{role}", role.title) if role else text, masked
            )


def _similar_pairs(
    texts: Sequence[str], encoder: TextEncoder, min_similarity: float
) -> Iterator[tuple[int, int, float]]:
    """The pairs of texts with at least that cosine, the first before the second, with it."""
    if len(texts) < 2:  # noqa: PLR2004 - a pair
        return
    vectors = encoder.encode(list(texts))
    for start in range(0, len(texts), _BATCH_ROWS):
        likeness = vectors[start : start + _BATCH_ROWS] @ vectors.T
        for row, column in np.argwhere(likeness >= min_similarity):
            first = start + int(row)
            if first < column:
                yield first, int(column), float(likeness[row, column])
