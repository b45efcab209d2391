"""The ranker for very much content: a shortlist first, then the nearest phrasing among it.

Kernel ridge would have to solve a system as large as the content, so the nearest phrasing decides
alone here, seen through the same three views with the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from faqbot.matching.ranking import EVERY, OWN_FAQ, Mix, Phrasing, Scored
from faqbot.matching.shortlist import Shortlist
from faqbot.matching.similarity import Encoder, sharpened
from faqbot.matching.tfidf import LETTERS, WORDS, Floats, Rows, weigh


@dataclass(frozen=True, slots=True)
class Looked:
    """The phrasings that were looked at: their rows, views (views, rows) and weighted sum."""

    rows: Rows
    by_view: Floats
    mixed: Floats


class ShortlistRanker:
    """Scores texts against phrasings; entries that the shortlist lacks have no score.

    Args:
        phrasings: all of them; those of the scope "" take part in every scope.
        encoder: the sentence encoder.
        mix: how much each view counts.
    """

    view_names = ("words", "letters", "meaning")

    def __init__(self, phrasings: Sequence[Phrasing], encoder: Encoder, mix: Mix) -> None:
        texts = [phrasing.text for phrasing in phrasings]
        self.texts = tuple(texts)
        self._encoder = encoder
        self._weights = np.array(mix.views, dtype=np.float32)
        self._words, self._letters = weigh(texts, WORDS), weigh(texts, LETTERS)
        self._shortlist = Shortlist(self._words, encoder.encode(texts))
        numbers = {key: at for at, key in enumerate(dict.fromkeys(p.key for p in phrasings))}
        self._keys = tuple(numbers)
        self.labels = np.array([numbers[p.key] for p in phrasings], dtype=np.int64)
        self.none = numbers.get("", -1)
        scopes = {scope: at for at, scope in enumerate(dict.fromkeys(["", *_scopes(phrasings)]))}
        self._scopes = scopes
        self.scope_of = np.array([scopes[p.scope] for p in phrasings], dtype=np.int64)

    def key_of(self, row: int) -> str:
        """The key of a phrasing's entry."""
        return self._keys[int(self.labels[row])]

    def warm(self, most: int) -> None:
        """Nothing to prepare: no scope has a classifier of its own."""

    def settle(self) -> None:
        """Nothing to prepare, and nothing to let go."""

    def look(self, text: str, scope: str = "") -> Looked:
        """The shortlisted phrasings of a scope with their similarities to a normalised text."""
        vector: Floats = self._encoder.encode([text])[0]
        rows = self._shortlist.of(text, vector)
        if scope != EVERY:
            owners = self.scope_of[rows]
            rows = rows[(owners == 0) | (owners == self._scopes.get(scope, 0))]
        by_view: Floats = np.stack(
            [
                self._words.similarities_at(text, rows),
                self._letters.similarities_at(text, rows),
                sharpened(self._shortlist.cosines_at(vector, rows)),
            ]
        )
        return Looked(rows, by_view, self._weights @ by_view)

    def score(self, text: str, scope: str = "") -> Scored:
        """The scores of a normalised text for each shortlisted class of a scope."""
        looked = self.look(text, scope)
        labels = self.labels[looked.rows]
        order = np.argsort(labels, kind="stable")
        order = order[labels[order] != self.none]
        turned_away = looked.mixed[labels == self.none]
        none = float(turned_away.max()) if len(turned_away) else 0.0
        if not len(order):
            empty: Floats = np.zeros(0, dtype=np.float32)
            return Scored((), empty, empty, empty, none, empty, looked.by_view[:, order])
        classes, starts = np.unique(labels[order], return_index=True)
        nearest: Floats = np.maximum.reduceat(looked.mixed[order], starts)
        by_view = np.maximum.reduceat(looked.by_view[:, order], starts, axis=1)
        keys = tuple(self._keys[number] for number in classes.tolist())
        own: Floats = np.array([key.startswith(OWN_FAQ) for key in keys], dtype=np.float32)
        return Scored(keys, nearest, nearest, nearest, none, own, by_view)


def _scopes(phrasings: Sequence[Phrasing]) -> list[str]:
    return [phrasing.scope for phrasing in phrasings]
