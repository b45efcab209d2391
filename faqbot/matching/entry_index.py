"""Entries of a scope as the verifier sees them: vectors of their phrasings and of their answers.

The ranker compares a question with phrasings one by one. Where an author wrote a single phrasing,
the mean of the phrasings, the answer's own text and the words of both are evidence as well.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

import numpy as np

from faqbot.matching.encoders import StaticEncoder, weak_lru_cache
from faqbot.matching.ranking import ALL_SCOPES, Phrasing
from faqbot.matching.text import ROLE_WORD, STOP_WORDS, normalise, singular, words
from faqbot.matching.tfidf import Floats, Rows
from faqbot.matching.vector_cache import CachedEncoder

ANSWER_CHARACTERS: Final = 400
"""Characters of an answer that are embedded together with its question: where it says what it is
about. With 120 the right one is first for 67 % of the questions, with 500 for 72 %."""

SENTENCE_CHARACTERS: Final = 600
"""Characters of an answer whose sentences are embedded one by one: a long answer's vector says what
it is about as a whole, and a question is often about one sentence of it."""

MIN_SENTENCE_WORDS: Final = 3
"""Words of a sentence that says something by itself."""

MAX_WORDS: Final = 400
"""Words of an entry that are compared with the words of a question."""

PREPARED_ENTRIES: Final = 1_024
"""Entries whose words are read ahead."""

WORD_CACHE_SIZE: Final = 20_000
"""Words whose vectors are cached."""

SCOPE_CACHE_SIZE: Final = 128
"""Scopes whose matrices are cached."""

_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？])|\n+")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class EntryText:
    """What an entry says.

    Attributes:
        key: the key of its class.
        scope: its scope.
        answer: its answer as plain text.
        sentences: sentences of the answer that may be what is asked for, as plain text.
    """

    key: str
    scope: str
    answer: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EntryVectors:
    """The vectors of the classes of a scope.

    Attributes:
        means: of the mean of a class's phrasings, shape (classes, dimensions).
        answers: of its question together with its answer, shape (classes, dimensions).
        has_answer: whether there is an answer's text, shape (classes).
        sentences: of the sentences of all answers, shape (sentences, dimensions). Scopes share
            them, as copies of them would take more memory than all else.
        rows: the sentences of the classes, class by class.
        starts: where in `rows` those of a class begin, for each class that has some.
        with_sentences: the numbers of these classes.
    """

    means: Floats
    answers: Floats
    has_answer: Floats
    sentences: Floats
    rows: Rows
    starts: Rows
    with_sentences: Rows


@dataclass(frozen=True, slots=True, eq=False)
class EntryWords:
    """The words of an entry: those of its phrasings, and those of its answer.

    Attributes:
        words: the different content words of the phrasings.
        vectors: their static vectors, shape (words, dimensions).
        numbers: those of each phrasing by their number among `words`, one phrasing after the other.
        starts: where each phrasing begins in `numbers`.
        spoken: all words of the phrasings, stop words too.
        answer: how rare the content words of the answer are among all answers, 0 to 1: a word
            that stands in each of them tells nothing.
    """

    words: frozenset[str]
    vectors: Floats
    numbers: Rows
    starts: Rows
    spoken: frozenset[str]
    answer: Mapping[str, float]


def answer_sentences(markdown: str) -> tuple[str, ...]:
    """Return the sentences at the beginning of an answer, as plain text."""
    found, length = [], 0
    for sentence in _SENTENCE_END.split(markdown):
        spoken = words(normalise(sentence))
        if length < SENTENCE_CHARACTERS and len(spoken) >= MIN_SENTENCE_WORDS:
            found.append(" ".join(spoken))
        length += len(sentence) + 1
    return tuple(found)


def content_words(text: Sequence[str]) -> tuple[str, ...]:
    """Return the different words that carry meaning, in the singular."""
    return tuple(
        dict.fromkeys(
            singular(word) for word in text if word not in STOP_WORDS and word != ROLE_WORD
        )
    )


class WordVectors:
    """The static vectors of single words."""

    def __init__(self, encoder: StaticEncoder) -> None:
        self._encoder = encoder
        self._of = lru_cache(WORD_CACHE_SIZE)(self._encode)

    def _encode(self, word: str) -> Floats:
        vector: Floats = self._encoder.encode([word])[0]
        return vector

    def of(self, words: Sequence[str]) -> Floats:
        """Return unit vectors of shape (words, dimensions)."""
        if not words:
            return self._encoder.encode([])
        return np.stack([self._of(word) for word in words])


class EntryIndex:
    """Vectors and words of all entries.

    Args:
        phrasings: all phrasings, as the ranker has them.
        entries: the entries that have an answer's text.
        encoder: embeds texts.
        word_vectors: embeds single words.
    """

    def __init__(
        self,
        phrasings: Sequence[Phrasing],
        entries: Iterable[EntryText],
        encoder: CachedEncoder,
        word_vectors: WordVectors,
    ) -> None:
        self._word_vectors = word_vectors
        written: dict[tuple[str, str], list[str]] = defaultdict(list)
        for phrasing in phrasings:
            if phrasing.key:
                written[phrasing.scope, phrasing.key].append(phrasing.text)
        texts_of = {(entry.scope, entry.key): entry for entry in entries}
        self._answers = {place: entry.answer for place, entry in texts_of.items()}
        self._answer_counts = Counter(
            word for answer in self._answers.values() for word in _words_of_answer(answer)
        )
        # Of a single answer every word stands in all answers: 0 is divided by something.
        self._log_answers = math.log(max(2, len(self._answers)))
        self._rows = {place: row for row, place in enumerate(written)}
        self._phrasings = tuple(tuple(texts) for texts in written.values())
        # Among all scopes a key may stand for entries of many roles: the first is as good as any.
        self._first_places = {key: (scope, key) for scope, key in reversed(written)}
        texts = list(dict.fromkeys(text for texts in self._phrasings for text in texts))
        number = {text: at for at, text in enumerate(texts)}
        vectors = encoder.encode(texts)
        joined = [
            f"{texts[0]} {self._answers[place][:ANSWER_CHARACTERS]}"
            for place, texts in written.items()
            if place in self._answers
        ]
        with_answer = iter(encoder.encode(joined))
        sentences = [
            (row, text)
            for place, row in self._rows.items()
            if place in texts_of
            for text in texts_of[place].sentences
        ]
        self._sentences = encoder.encode([text for _, text in sentences])
        # The rows of `sentences` that each entry has: from the first of them to the next entry's.
        self._sentence_starts: Rows = np.searchsorted(
            [row for row, _ in sentences], np.arange(len(written) + 1)
        )
        size = vectors.shape[1] if texts else 1
        self._means: Floats = np.zeros((len(written), size), dtype=np.float32)
        self._answer_vectors: Floats = np.zeros((len(written), size), dtype=np.float32)
        for row, (place, own) in enumerate(written.items()):
            mean = vectors[[number[text] for text in own]].mean(axis=0)
            self._means[row] = mean / max(float(np.linalg.norm(mean)), 1e-9)
            if place in self._answers:
                self._answer_vectors[row] = next(with_answer)
        self.vectors = weak_lru_cache(self._vectors, SCOPE_CACHE_SIZE)
        self.words = weak_lru_cache(self._words, WORD_CACHE_SIZE)

    def prepare(self) -> Iterator[None]:
        """Read the words of the entries ahead; yields after each, for pauses."""
        for place in islice(self._rows, PREPARED_ENTRIES):
            self.words(place)
            yield

    def place(self, scope: str, key: str) -> tuple[str, str]:
        """Return the scope whose phrasings a class has, and its key: that of all, or its own."""
        if ("", key) in self._rows:
            return "", key
        if (scope, key) in self._rows or scope != ALL_SCOPES:
            return scope, key
        return self._first_places.get(key, ("", key))

    def _vectors(self, scope: str, keys: tuple[str, ...]) -> EntryVectors:
        """Return the vectors of classes of a scope."""
        places = [self.place(scope, key) for key in keys]
        rows = [self._rows[place] for place in places]
        own = [np.arange(*self._sentence_starts[row : row + 2]) for row in rows]
        counts = np.array([len(each) for each in own], dtype=np.int64)
        with_sentences = np.flatnonzero(counts)
        return EntryVectors(
            self._means[rows],
            self._answer_vectors[rows],
            np.array([place in self._answers for place in places], dtype=np.float32),
            self._sentences,
            np.concatenate([*own, np.zeros(0, dtype=np.int64)]),
            np.cumsum(counts[with_sentences]) - counts[with_sentences],
            with_sentences,
        )

    def _words(self, place: tuple[str, str]) -> EntryWords:
        spoken = [text.split() for text in self._phrasings[self._rows[place]]]
        phrasings = [found for words in spoken if (found := content_words(words))]
        different = tuple(dict.fromkeys(word for words in phrasings for word in words))
        number = {word: at for at, word in enumerate(different)}
        lengths = [len(words) for words in phrasings]
        return EntryWords(
            frozenset(different),
            self._word_vectors.of(different),
            np.array([number[word] for words in phrasings for word in words], dtype=np.int64),
            np.cumsum([0, *lengths[:-1]]) if lengths else np.zeros(0, dtype=np.int64),
            frozenset(word for words in spoken for word in words),
            {
                word: math.log(len(self._answers) / self._answer_counts[word]) / self._log_answers
                for word in _words_of_answer(self._answers.get(place, ""))
            },
        )


def _words_of_answer(answer: str) -> tuple[str, ...]:
    return content_words(answer.split()[:MAX_WORDS])
