"""Candidates for a question: scores of the ranker, words of the sections, confidences.

The ranker compares the question with phrasings only. To each score the overlap of the question's
words with the section itself is added, before the calibration turns it into a probability.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from faqbot.matching.calibration import Calibration
from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.ranking import ALL_SCOPES, Scorer
from faqbot.matching.text import ROLE_WORD, STOP_WORDS, normalise, singular, words
from faqbot.matching.tfidf import Floats
from faqbot.matching.thresholds import SCORE_WEIGHTS
from faqbot.matching.training_data import GENERAL_FAQ_PREFIX
from faqbot.model import Candidate, EntryKind, KnowledgeBase

MIN_STEM_LENGTH = 4
"""Letters from which a word may stand for a longer one: "mongo" for MongoDB."""

OVERLAP_CACHE_SIZE = 512
"""Roles whose words are cached."""


class SectionOverlap:
    """The words of each section of each role.

    Args:
        knowledge_base: the content.
        asking: words in which people ask about any role.
        everyday: the most frequent words of the language.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        asking: frozenset[str],
        everyday: frozenset[str] = frozenset(),
    ) -> None:
        self._knowledge_base = knowledge_base
        self._asking = asking
        self._everyday = everyday
        self._section_words = weak_lru_cache(self._words_by_section, OVERLAP_CACHE_SIZE)

    def overlaps(self, asked: Sequence[str], role: str, keys: Sequence[str]) -> Floats:
        """Return the share of the asked words that each section contains, shape (keys), 0 to 1.

        A word that stands in many sections of the role counts for little in each.
        """
        overlaps: Floats = np.zeros(len(keys), dtype=np.float32)
        content = {singular(word) for word in asked if word not in STOP_WORDS and word != ROLE_WORD}
        # Sorted, so that equal sums of floats are added in the same order in every process.
        weights = {word: self._weight(word) for word in sorted(content)}
        total = sum(weights.values())
        sections = self._section_words(role)
        if not total or not sections:
            return overlaps
        for word, weight in weights.items():
            containing = {key for key, inside in sections.items() if _contains(inside, word)}
            share = weight * (1 - len(containing) / (len(sections) + 1)) / total
            for number, key in enumerate(keys):
                if key in containing:
                    overlaps[number] += share
        return overlaps

    def _weight(self, word: str) -> float:
        if word in self._asking:
            return SCORE_WEIGHTS.asking_word
        return SCORE_WEIGHTS.everyday_word if word in self._everyday else 1.0

    def _words_by_section(self, role_id: str) -> Mapping[str, tuple[str, ...]]:
        role = self._knowledge_base.role(role_id)
        return {
            section.key: tuple(
                sorted(
                    {
                        singular(word)
                        for text in chain(
                            (section.text,), section.items, section.required, section.preferred
                        )
                        for word in words(normalise(text))
                    }
                )
            )
            for section in (role.sections if role else ())
        }


def _contains(inside: Sequence[str], word: str) -> bool:
    """Return whether sorted words contain a word, or one that begins with it."""
    at = bisect_left(inside, word)
    if at == len(inside):
        return False
    return inside[at] == word or (len(word) >= MIN_STEM_LENGTH and inside[at].startswith(word))


WHOLE_ROLE = "role"
"""The key of the class that asks for a role as a whole."""

CANDIDATE_CACHE_SIZE = 1024
"""Texts whose candidates are cached: people ask the same again."""

MAX_CANDIDATES = 8
"""Candidates of a question."""


class CandidateFinder:
    """Finds the entries that may answer a text.

    Args:
        ranker: scores texts.
        calibration: turns scores into confidences.
        overlap: the words of the sections.
    """

    def __init__(self, ranker: Scorer, calibration: Calibration, overlap: SectionOverlap) -> None:
        self._ranker = ranker
        self._calibration = calibration
        self._overlap = overlap
        self._score_names = (*ranker.view_names, "nearest", "ridge", "content")
        self.find = weak_lru_cache(self._find, CANDIDATE_CACHE_SIZE)

    def _find(self, asked: tuple[str, ...], scope: str) -> tuple[Candidate, ...]:
        scored = self._ranker.score(" ".join(asked), scope)
        if not scored.keys:
            return ()
        overlaps = self._overlap.overlaps(asked, scope, scored.keys)
        scores = (
            scored.scores
            + SCORE_WEIGHTS.section_overlap * overlaps
            + SCORE_WEIGHTS.role_faq * scored.is_role_faq
        )
        scored = replace(scored, scores=scores)
        confidences = self._calibration.confidences(scored)
        # Only the best are sorted: content may have thousands of classes.
        best = np.argpartition(-scores, min(MAX_CANDIDATES, len(scores)) - 1)[:MAX_CANDIDATES]
        # Equal scores go to the class that comes first, so that the order never changes.
        order = best[np.lexsort((best, -scores[best]))]
        role = None if scope == ALL_SCOPES else scope
        shown = np.vstack([scored.by_view, scored.nearest, scored.ridge, overlaps, confidences])
        columns: list[list[float]] = shown[:, order].T.astype(np.float64).round(4).tolist()
        return tuple(
            self._candidate(scored.keys[at], column, role)
            for at, column in zip(order.tolist(), columns, strict=True)
        )

    def _candidate(self, key: str, column: Sequence[float], role: str | None) -> Candidate:
        *seen, confidence = column
        opinions = tuple(zip(self._score_names, seen, strict=True))
        if key.startswith(GENERAL_FAQ_PREFIX):
            return Candidate(
                key.removeprefix(GENERAL_FAQ_PREFIX), EntryKind.FAQ, None, confidence, opinions
            )
        if key == WHOLE_ROLE:
            return Candidate(role or "", EntryKind.ROLE, role, confidence, opinions)
        kind = EntryKind.FAQ if key.startswith("faq/") else EntryKind.SECTION
        return Candidate(f"{role}/{key}" if role else key, kind, role, confidence, opinions)
