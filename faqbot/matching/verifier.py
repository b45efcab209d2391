"""The verifier: the probability that an entry is what a question asks for.

A logistic regression over named features, fitted by `tools/train_verifier` on collections of
others, each weight bounded to the sign that its meaning has. It is the prior for content with few
phrasings; what the content's own phrasings teach (`calibration`) corrects it as they grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from faqbot.matching.entry_index import (
    EntryIndex,
    EntryVectors,
    EntryWords,
    WordVectors,
    content_words,
)
from faqbot.matching.ranking import ClassScores
from faqbot.matching.tfidf import Floats

RANK_WEIGHTS: Final = (1.5, 1.5, 14.0, 8.0)
"""Weights by which entries are ranked: nearest phrasing, mean of the phrasings, question with
answer, nearest sentence of the answer. On folders of others with one phrasing an entry, the right
entry is first for 74 % of the questions and among four for 94; by (4, 4, 14, 0) for 67 and 91."""

ANSWER_DISCOUNT: Final = 0.85
"""The share of the cosine with the phrasings that stands in for that with a missing answer."""

SHARE_TEMPERATURE: Final = 1.5
"""The temperature of the softmax over ranking scores, of which the features are shares."""

BACKGROUND: Final = 0.3
"""The cosine of sentences that have nothing to do with each other but their form: where content is
small, nothing else stands beside an entry to tell it from."""

MIN_RIVALS: Final = 2
"""Entries that share the softmax at least; missing ones count as the background."""

SOFT_MATCH: Final = 0.35
"""The cosine of two words from which one explains the other, in part."""

MIN_SPREAD: Final = 0.02
"""The standard deviation of cosines at least: in content of one entry there is none."""

FEW_WORDS: Final = 2
"""Content words up to which a question is a short one."""

CAUTION: Final = 0.2
"""What is taken off the log odds: one threshold then serves what others taught, which is answered
from 0.5 on, and what the content itself teaches."""

CONSTANT: Final = "constant"
"""The name of what is added to the log odds whatever is asked."""

QUESTION_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: kind
        for kind, words in {
            "who": "who whom whose wer wem quien qui",
            "when": "when wann cuando quand",
            "where": "where wo wohin woher donde ou",
            "why": "why warum wieso weshalb porque pourquoi",
            "much": "much many wieviel cuanto cuantos combien",
            "how": "how wie como comment",
            "which": "which what was welche welcher welches que cual quel quelle",
        }.items()
        for word in words.split()
    }
)
"""Words that open a question, by what they ask for."""

NEGATIONS: Final = frozenset(
    "not no without never none nicht kein keine ohne nie sin nunca pas sans jamais".split()
)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, by name, with the sign that its meaning gives to its weight; 0 leaves it open."""

    name: str
    sign: int


FEATURES: Final = (
    Feature("answer", 1),
    Feature("nearest_z", 1),
    Feature("share", 1),
    Feature("lead", 1),
    Feature("answer_lead", 1),
    Feature("agreement", 1),
    Feature("words_lead", 1),
    Feature("coverage", 1),
    Feature("coverage_lead", 1),
    Feature("answer_words", 1),
    Feature("same_question_word", 1),
    Feature("other_question_word", -1),
    Feature("negation", -1),
    Feature("negative_lead", 1),
    Feature("few_words", -1),
    Feature("log_entries", -1),
)


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of the features by name, and the constant, as they were fitted."""

    by_name: Mapping[str, float]
    constant: float

    @property
    def vector(self) -> npt.NDArray[np.float64]:
        """The weights in the order of FEATURES."""
        return np.array([self.by_name.get(feature.name, 0.0) for feature in FEATURES])


@lru_cache(maxsize=4)
def load_weights(name: str) -> Weights:
    """Return the shipped weights for an encoder: "minilm" or "static"."""
    text = (files("faqbot.matching") / "verifier.json").read_text("utf-8")
    shipped = json.loads(text)[name]
    return Weights(MappingProxyType(shipped["weights"]), float(shipped["constant"]))


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """How near the classes of a scope are to a question, each of shape (classes).

    Attributes:
        scores: the ranking scores.
        answers: the cosines with the questions together with their answers.
    """

    scores: Floats
    answers: Floats


def rank(nearest: Floats, vectors: EntryVectors, question: Floats) -> Ranked:
    """Rank the classes of a scope.

    Args:
        nearest: the cosine of each class's nearest phrasing.
        vectors: the vectors of the classes.
        question: the vector of the question.
    """
    means = vectors.means @ question
    phrased = (nearest + means) / 2
    answers = np.where(
        vectors.has_answer > 0, vectors.answers @ question, ANSWER_DISCOUNT * phrased
    )
    sentences = answers.copy()
    if len(vectors.starts):
        cosines = vectors.sentences[vectors.rows] @ question
        sentences[vectors.with_sentences] = np.maximum.reduceat(cosines, vectors.starts)
    parts = zip(RANK_WEIGHTS, (nearest, means, answers, sentences), strict=True)
    scores = sum(weight * part for weight, part in parts)
    return Ranked(np.asarray(scores, dtype=np.float32), answers.astype(np.float32))


class Verifier:
    """Judges the classes of a scope for a question.

    Args:
        entries: vectors and words of the entries.
        word_vectors: vectors of single words.
        weights: the weights of the features.
    """

    def __init__(self, entries: EntryIndex, word_vectors: WordVectors, weights: Weights) -> None:
        self._entries = entries
        self._word_vectors = word_vectors
        self._weights = weights
        self._constant = weights.constant - CAUTION

    def prepare(self) -> Iterator[None]:
        """Read the words of the entries ahead; yields after each, for pauses."""
        return self._entries.prepare()

    def ranked(
        self, scored: ClassScores, scope: str, question: Floats
    ) -> tuple[EntryVectors, Ranked]:
        """Return the vectors of all classes, and how near each is to the question."""
        vectors = self._entries.vectors(scope, scored.keys)
        nearest = np.sqrt(np.maximum(scored.by_view[-1], 0)).astype(np.float32)
        return vectors, rank(nearest, vectors, question)

    def probabilities(self, features: Floats) -> Floats:
        """Return the probability of each row of features, shape (rows)."""
        values = features @ self._weights.vector + self._constant
        probabilities: Floats = (1 / (1 + np.exp(-np.clip(values, -30, 30)))).astype(np.float32)
        return probabilities

    def contributions(self, row: Floats) -> tuple[tuple[str, float], ...]:
        """Return what the constant and each feature add to the log odds, the largest first."""
        parts = row * self._weights.vector
        named = zip((feature.name for feature in FEATURES), parts.tolist(), strict=True)
        added = [(CONSTANT, self._constant), *(part for part in named if part[1])]
        return tuple(sorted(added, key=lambda part: -abs(part[1])))

    def features(
        self,
        asked: Sequence[str],
        scored: ClassScores,
        scope: str,
        question: Floats,
        chosen: npt.NDArray[np.int64],
    ) -> Floats:
        """Return the features of some classes, shape (chosen, FEATURES).

        Args:
            asked: the words of the question, roles masked.
            scored: what the ranker says of all classes.
            scope: the scope of the classes.
            question: the vector of the question.
            chosen: the numbers of the classes to judge.
        """
        vectors, ranked = self.ranked(scored, scope, question)
        scores, answers = ranked.scores, ranked.answers
        nearest = np.sqrt(np.maximum(scored.by_view[-1], 0))
        middle, spread = nearest.mean(), max(float(nearest.std()), MIN_SPREAD)
        background = BACKGROUND * sum(RANK_WEIGHTS)
        missing = [background] * max(0, MIN_RIVALS - len(scores))
        exponents = np.exp((np.append(scores, missing) - scores.max()) / SHARE_TEMPERATURE)
        shares = exponents / exponents.sum()
        views = (*scored.by_view, answers, vectors.means @ question)
        bests = [int(view.argmax()) for view in views]
        content = content_words(asked)
        content_vectors = self._word_vectors.of(content)
        overlaps = [
            _overlap(asked, content, content_vectors, self._entries.words(place))
            for place in (self._entries.place(scope, scored.keys[at]) for at in chosen.tolist())
        ]
        coverages = np.array([overlap["coverage"] for overlap in overlaps])
        rows = []
        for place, at in enumerate(chosen.tolist()):
            found = overlaps[place] | {
                "answer": answers[at],
                "nearest_z": (nearest[at] - middle) / spread if len(nearest) > 1 else 0.0,
                "share": shares[at],
                # Divided, so that it is of the size of the other features.
                "lead": _lead(scores, at, background) / 10,
                "answer_lead": _lead(answers, at, BACKGROUND),
                "agreement": sum(best == at for best in bests) / len(bests),
                "words_lead": _lead(scored.by_view[0], at, 0.0),
                "coverage_lead": _lead(coverages, place, 0.0),
                "negative_lead": scored.nearest[at] - scored.best_negative,
                "few_words": float(len(content) <= FEW_WORDS),
                "log_entries": np.log(len(scored.keys)) / 5,
            }
            rows.append([found[feature.name] for feature in FEATURES])
        return np.array(rows, dtype=np.float32).reshape(-1, len(FEATURES))


def _overlap(
    asked: Sequence[str], content: Sequence[str], vectors: Floats, entry: EntryWords
) -> dict[str, float]:
    """Return the features that compare the words of a question with those of an entry.

    Args:
        asked: the words of the question.
        content: those that carry meaning.
        vectors: their vectors.
        entry: the words of the entry.
    """
    rarities = [entry.answer.get(word, 0.0) for word in content if word not in entry.words]
    mine = {QUESTION_WORDS[word] for word in asked if word in QUESTION_WORDS}
    theirs = {QUESTION_WORDS[word] for word in entry.spoken if word in QUESTION_WORDS}
    negated = any(word in NEGATIONS for word in asked)
    return {
        "coverage": _coverage(vectors, entry),
        "answer_words": sum(rarities) / len(content) if content else 0.0,
        "same_question_word": float(bool(mine & theirs)),
        "other_question_word": float(bool(mine and theirs and not mine & theirs)),
        "negation": float(negated != any(word in NEGATIONS for word in entry.spoken)),
    }


def _coverage(vectors: Floats, entry: EntryWords) -> float:
    """Return how much of a question's words the best phrasing explains.

    Args:
        vectors: those of the question's words.
        entry: has the words of the phrasings.
    """
    if not len(vectors) or not len(entry.starts):
        return 0.0
    explained = np.maximum(vectors @ entry.vectors.T - SOFT_MATCH, 0) / (1 - SOFT_MATCH)
    by_phrasing = np.maximum.reduceat(explained[:, entry.numbers], entry.starts, axis=1)
    return float(by_phrasing.mean(axis=0).max())


def _lead(scores: Floats, at: int, background: float) -> float:
    """Return how far a class lies before the best of the others and the background, or behind."""
    rival = max(scores[:at].max(initial=background), scores[at + 1 :].max(initial=background))
    return float(scores[at] - rival)
