"""Candidates for a question: scores of the ranker, words of the sections, confidences.

The ranker compares the question with phrasings only. To each score the overlap of the question's
words with the section itself is added, before the calibration turns it into a probability.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from faqbot.matching.calibration import Calibration
from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.ranking import ALL_SCOPES, ClassScores, Scorer
from faqbot.matching.text import ROLE_WORD, STOP_WORDS, normalise, singular, words
from faqbot.matching.tfidf import Floats, Rows
from faqbot.matching.thresholds import SCORE_WEIGHTS, THRESHOLDS
from faqbot.matching.training_data import GENERAL_FAQ_PREFIX
from faqbot.matching.vector_cache import CachedEncoder
from faqbot.matching.verifier import FEATURES, Verifier
from faqbot.matching.vetoes import NO_DEMANDS, Demands, Veto, Vetoes
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

JUDGED = 5
"""Candidates that are judged: the best by what the content teaches, and the best ranked."""

PRIOR_PHRASINGS = 4.0
"""Phrasings of an entry at which what the content teaches counts as much as the verifier."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a candidate has its confidence.

    Attributes:
        entry: the id of the candidate.
        contributions: what each feature, and the constant, adds to the log odds of `verified`.
        verified: the probability by the verifier.
        learnt: the probability as the content's own phrasings teach.
        verifier_share: how much `verified` counts in the confidence, the rest is for `learnt`.
        veto: what the entry leaves unexplained, so that it is offered at most.
    """

    entry: str
    contributions: tuple[tuple[str, float], ...]
    verified: float
    learnt: float
    verifier_share: float
    veto: Veto | None

    @property
    def log_odds(self) -> float:
        """The sum of the contributions."""
        return sum(value for _, value in self.contributions)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """The classes of a scope, and those `chosen` among them with all that speaks for each.

    Attributes:
        scored: what the ranker says of all classes.
        chosen: the numbers of the classes that were judged.
        overlaps: the overlap of each chosen one.
        features: the verifier's features of each.
        verified: the probability of each by the verifier.
        learnt: the probability of each as the content's own phrasings teach.
        shares: how much `verified` counts in the confidence of each.
    """

    scored: ClassScores
    chosen: Rows
    overlaps: Floats
    features: Floats
    verified: Floats
    learnt: Floats
    shares: Floats

    @property
    def confidences(self) -> Floats:
        blended: Floats = self.shares * self.verified + (1 - self.shares) * self.learnt
        return blended


class CandidateFinder:
    """Finds the entries that may answer a text.

    Args:
        ranker: scores texts.
        calibration: turns scores into confidences, as the content's own phrasings teach.
        overlap: the words of the sections.
        verifier: judges entries by features, as the content of others taught.
        vetoes: tell what an entry leaves unexplained.
        encoder: embeds texts.
    """

    def __init__(
        self,
        ranker: Scorer,
        calibration: Calibration,
        *,
        overlap: SectionOverlap,
        verifier: Verifier,
        vetoes: Vetoes,
        encoder: CachedEncoder,
    ) -> None:
        self._ranker = ranker
        self._calibration = calibration
        self._overlap = overlap
        self._verifier = verifier
        self._vetoes = vetoes
        self._encoder = encoder
        self._score_names = (*ranker.view_names, "nearest", "ridge", "content", "verified")
        self.find = weak_lru_cache(self._find, CANDIDATE_CACHE_SIZE)

    def prepare(self, asked: Iterable[Iterable[str]]) -> None:
        """Encode the words of questions together, before each is searched for."""
        self._encoder.encode_questions([" ".join(words) for words in asked])

    def prepare_entries(self) -> Iterator[None]:
        """Read the entries before they are judged; yields after each, for pauses."""
        yield from self._vetoes.prepare()
        yield from self._verifier.prepare()

    def judge(
        self, asked: tuple[str, ...], scope: str, without: Container[str] = ()
    ) -> tuple[tuple[str, ...], Floats]:
        """Return the keys of the best classes, best first, and their features.

        Args:
            asked: the words of a text, roles masked.
            scope: the classes to judge.
            without: keys of classes that are left out, as if they hadn't been written.
        """
        text = " ".join(asked)
        scored = without_classes(self._ranker.score(text, scope), without)
        if not scored.keys:
            return (), np.zeros((0, len(FEATURES)), dtype=np.float32)
        question = self._encoder.encode_question(text)
        _, ranked = self._verifier.ranked(scored, scope, question)
        chosen = best_first(ranked.scores, MAX_CANDIDATES)
        features = self._verifier.features(asked, scored, scope, question, chosen)
        return tuple(scored.keys[at] for at in chosen.tolist()), features

    def explain(
        self, asked: tuple[str, ...], scope: str, demands: Demands = NO_DEMANDS
    ) -> tuple[Explanation, ...]:
        """Return why the candidates of a text have their confidences, the best first."""
        judged = self._judged(asked, scope)
        if judged is None:
            return ()
        role = None if scope == ALL_SCOPES else scope
        keys = [judged.scored.keys[at] for at in judged.chosen.tolist()]
        rows = {_entry_of(key, role)[0]: row for row, key in enumerate(keys)}
        return tuple(
            Explanation(
                candidate.id,
                self._verifier.contributions(judged.features[row]),
                float(judged.verified[row]),
                float(judged.learnt[row]),
                float(judged.shares[row]),
                self._vetoes.find(candidate, demands),
            )
            for candidate in self.find(asked, scope, demands)
            for row in (rows[candidate.id],)
        )

    def _judged(self, asked: tuple[str, ...], scope: str) -> _Judged | None:
        """Return the best classes of a scope with what speaks for each; None without classes."""
        text = " ".join(asked)
        scored = self._ranker.score(text, scope)
        if not scored.keys:
            return None
        overlaps = self._overlap.overlaps(asked, scope, scored.keys)
        scores = (
            scored.scores
            + SCORE_WEIGHTS.section_overlap * overlaps
            + SCORE_WEIGHTS.role_faq * scored.is_role_faq
        )
        learnt = self._calibration.confidences(replace(scored, scores=scores))
        question = self._encoder.encode_question(text)
        _, ranked = self._verifier.ranked(scored, scope, question)
        # Only the best are judged: content may have thousands of classes.
        chosen = np.union1d(best_first(scores, JUDGED), best_first(ranked.scores, JUDGED))
        features = self._verifier.features(asked, scored, scope, question, chosen)
        return _Judged(
            scored,
            chosen,
            overlaps[chosen],
            features,
            self._verifier.probabilities(features),
            learnt[chosen],
            PRIOR_PHRASINGS / (PRIOR_PHRASINGS + scored.counts[chosen] - 1),
        )

    def _find(
        self, asked: tuple[str, ...], scope: str, demands: Demands = NO_DEMANDS
    ) -> tuple[Candidate, ...]:
        judged = self._judged(asked, scope)
        if judged is None:
            return ()
        scored, chosen, confidences = judged.scored, judged.chosen, judged.confidences
        # Equal confidences go to the class that comes first, so that the order never changes.
        order = np.lexsort((chosen, -confidences))[:MAX_CANDIDATES]
        role = None if scope == ALL_SCOPES else scope
        shown = np.vstack(
            [
                scored.by_view[:, chosen],
                scored.nearest[chosen],
                scored.ridge[chosen],
                judged.overlaps,
                judged.verified,
                confidences,
            ]
        )
        columns: list[list[float]] = shown[:, order].T.astype(np.float64).round(4).tolist()
        found = [
            self._candidate(scored.keys[at], column, role)
            for at, column in zip(chosen[order].tolist(), columns, strict=True)
        ]
        allowed = [
            replace(c, confidence=min(c.confidence, THRESHOLDS.max_vetoed))
            if self._vetoes.find(c, demands)
            else c
            for c in found
        ]
        # The sort is stable: candidates of equal confidence stay in their order.
        return tuple(sorted(allowed, key=lambda candidate: -candidate.confidence))

    def _candidate(self, key: str, column: Sequence[float], role: str | None) -> Candidate:
        *seen, confidence = column
        opinions = tuple(zip(self._score_names, seen, strict=True))
        return Candidate(*_entry_of(key, role), confidence, opinions)


def _entry_of(key: str, role: str | None) -> tuple[str, EntryKind, str | None]:
    """Return the id, the kind and the role of the entry that a class of a role's scope is."""
    if key.startswith(GENERAL_FAQ_PREFIX):
        return key.removeprefix(GENERAL_FAQ_PREFIX), EntryKind.FAQ, None
    if key == WHOLE_ROLE:
        return role or "", EntryKind.ROLE, role
    kind = EntryKind.FAQ if key.startswith("faq/") else EntryKind.SECTION
    return f"{role}/{key}" if role else key, kind, role


def best_first(scores: Floats, count: int) -> Rows:
    """Return the numbers of the highest scores, highest first; equal ones in their order."""
    best = np.argpartition(-scores, min(count, len(scores)) - 1)[:count]
    return np.asarray(best[np.lexsort((best, -scores[best]))])


def without_classes(scored: ClassScores, left_out: Container[str]) -> ClassScores:
    """Return the scores without some classes."""
    kept = np.array([key not in left_out for key in scored.keys], dtype=bool)
    if kept.all():
        return scored
    return ClassScores(
        tuple(key for key in scored.keys if key not in left_out),
        scored.scores[kept],
        scored.nearest[kept],
        scored.ridge[kept],
        scored.best_negative,
        scored.is_role_faq[kept],
        scored.by_view[:, kept],
        scored.counts[kept],
    )
