"""Which entry a text asks for: two classifiers over the views, averaged.

The nearest phrasing says how like the question is to something that an author wrote; kernel ridge
regression, one class against the rest (Saunders, Gammerman and Vovk 1998), learns which words tell
entries apart. Both see the weighted sum of the views' cosines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.similarity import SimilarityView
from faqbot.matching.tfidf import Floats, Rows

NEGATIVE = ""
"""The key of a phrasing that belongs to no entry: a question that must not be answered."""

MAX_RIDGE_PHRASINGS = 12_000
"""Phrasings up to which the ridge is solved: its time grows with their cube."""

ROLE_FAQ_PREFIX = "faq/"
"""What the key of a role's own FAQ begins with."""

ALL_SCOPES = "*"
"""The scope that holds the phrasings of every other one."""

SCOPE_CACHE_SIZE = 512
"""Scopes whose solution is kept."""

MAX_OWN_PHRASINGS = 1_500
"""Phrasings of a scope's own up to which they join the ridge."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A normalised way to ask for the entry `key`, of one role's own (`scope`) or for all ("")."""

    text: str
    key: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class RankerWeights:
    """How much each view and each classifier counts; the views' weights sum to 1.

    The values were chosen by cross-validation on training data: `docs/matching.md`.
    """

    views: tuple[float, ...]
    ridge: float
    penalty: float


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The scores of a text: one for each class, with what each classifier thought of it."""

    keys: tuple[str, ...]
    scores: Floats
    nearest: Floats
    ridge: Floats
    best_negative: float
    is_role_faq: Floats
    """1 for an FAQ of a role's own, 0 for the other classes."""

    by_view: Floats
    """The highest cosine of each view with a phrasing of each class, shape (views, classes)."""


@dataclass(frozen=True)
class _Scope:
    keys: tuple[str, ...]
    rows: Rows
    labels: Rows
    dual_coef: Floats | None
    starts: Rows
    is_role_faq: Floats


class Scorer(Protocol):
    """Scores texts for the classes of a scope."""

    @property
    def view_names(self) -> tuple[str, ...]:
        """The rows of `Scored.by_view`."""
        ...

    def score(self, text: str, scope: str = "") -> ClassScores:
        """The scores of a normalised text for classes of a scope."""
        ...

    def prepare(self, most: int) -> None:
        """Prepare at most that many scopes ahead."""
        ...

    def freeze(self) -> None:
        """Prepare all scopes, and let go of what only preparing needs."""
        ...


class Ranker:
    """Scores texts against phrasings; those of the scope "" take part in every scope."""

    def __init__(
        self, phrasings: Sequence[Phrasing], views: Sequence[SimilarityView], weights: RankerWeights
    ) -> None:
        self.phrasings = tuple(phrasings)
        self.weights = weights
        self.views = tuple(views)
        self.view_names = tuple(view.name for view in views)
        self._own_rows: dict[str, list[int]] = {}
        for row, phrasing in enumerate(self.phrasings):
            self._own_rows.setdefault(phrasing.scope, []).append(row)
        self._shared_rows = np.array(self._own_rows.pop("", []), dtype=np.int64)
        self._view_weights = np.array(weights.views, dtype=np.float32)
        self.penalties = self._balanced_penalties()
        self._has_ridge = weights.ridge > 0 and 0 < len(self._shared_rows) <= MAX_RIDGE_PHRASINGS
        self.shared_keys = tuple(
            dict.fromkeys(self.phrasings[row].key for row in self._shared_rows)
        )
        self.inverse: Doubles | None = None
        if self._has_ridge:
            kernel = self.kernel(self._shared_rows, self._shared_rows).astype(np.float64)
            kernel[np.diag_indices_from(kernel)] += self.penalties[self._shared_rows]
            self.inverse = np.asarray(np.linalg.inv(kernel), dtype=np.float64)
        self._frozen: dict[str, _Scope] = {}
        self.scope = weak_lru_cache(self._scope, SCOPE_CACHE_SIZE)

    def prepare(self, most: int) -> None:
        """Solve at most that many scopes ahead, so that the first question to each is as quick."""
        for scope in ["", ALL_SCOPES, *self._own_rows][:most]:
            self.scope(scope)

    def freeze(self) -> None:
        """Solve every scope now, and keep nothing that only solving needs: most of the memory."""
        self._frozen = {scope: self._scope(scope) for scope in ("", ALL_SCOPES, *self._own_rows)}
        self.scope = weak_lru_cache(self._scope, SCOPE_CACHE_SIZE)
        self.inverse, self.phrasings = None, ()
        self._own_rows = {scope: [] for scope in self._own_rows}

    def _balanced_penalties(self) -> Doubles:
        """The ridge's penalty of each phrasing: the more its entry has, the less each one counts.

        Every entry then weighs the same in the fit, however many phrasings an author wrote.
        """
        counts = Counter((phrasing.scope, phrasing.key) for phrasing in self.phrasings)
        rarity = np.array([1 / counts[p.scope, p.key] for p in self.phrasings])
        written = np.array([bool(p.key) for p in self.phrasings], dtype=bool)
        mean = rarity[written].mean() if written.any() else 1.0
        return np.where(written, self.weights.penalty * mean / rarity, self.weights.penalty)

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """The weighted cosines between phrasings, shape (rows, columns)."""
        parts = [view.kernel(rows, columns) for view in self.views]
        mixed: Floats = np.einsum("v,vrc->rc", self._view_weights, np.stack(parts))
        return mixed

    def _scope(self, name: str) -> _Scope:
        """The classes of a scope: the shared ones, then its own."""
        if name in self._frozen:
            return self._frozen[name]
        if name == ALL_SCOPES:
            own = np.array(
                sorted(row for rows in self._own_rows.values() for row in rows), np.int64
            )
        else:
            own = np.array(self._own_rows.get(name, []), dtype=np.int64)
        rows = np.concatenate([self._shared_rows, own])
        keys = [key for key in dict.fromkeys(self.phrasings[row].key for row in rows) if key]
        column = {key: number for number, key in enumerate(keys)}
        unsorted = np.array(
            [column.get(self.phrasings[row].key, len(keys)) for row in rows], dtype=np.int64
        )
        order = np.argsort(unsorted, kind="stable")
        labels = unsorted[order]
        starts = np.searchsorted(labels, np.arange(len(keys) + 1))
        alpha = self._dual_coef(own, unsorted, len(keys))
        if alpha is not None:
            alpha = alpha[order]
        faqs: Floats = np.array([key.startswith(ROLE_FAQ_PREFIX) for key in keys], dtype=np.float32)
        return _Scope(tuple(keys), rows[order], labels, alpha, starts, faqs)

    def _dual_coef(self, own: Rows, labels: Rows, count: int) -> Floats | None:
        """The ridge's weights, own phrasings joined to the shared solution by Schur complement."""
        if self.inverse is None or len(own) > MAX_OWN_PHRASINGS:
            return None
        targets = np.zeros((len(labels), count + 1))
        targets[np.arange(len(labels)), labels] = 1.0
        targets = targets[:, :count]
        shared = self.inverse @ targets[: len(self._shared_rows)]
        if not len(own):
            return shared.astype(np.float32)
        cross = self.kernel(self._shared_rows, own).astype(np.float64)
        joined = self.inverse @ cross
        block = self.kernel(own, own).astype(np.float64)
        block[np.diag_indices_from(block)] += self.penalties[own]
        complement = block - cross.T @ joined
        own_alpha = np.linalg.solve(
            complement, targets[len(self._shared_rows) :] - cross.T @ shared
        )
        return np.concatenate([shared - joined @ own_alpha, own_alpha]).astype(np.float32)

    def score(self, text: str, scope: str = "") -> ClassScores:
        """The scores of a normalised text for each class of a scope."""
        return self.score_all(np.stack([view.similarities(text) for view in self.views]), scope)

    def score_all(self, similarities: Floats, scope: str = "") -> ClassScores:
        """The same from the views' cosines with all phrasings, shape (views, phrasings)."""
        chosen = self.scope(scope if scope in self._own_rows or scope == ALL_SCOPES else "")
        by_row = similarities[:, chosen.rows]
        mixed: Floats = self._view_weights @ by_row
        count = len(chosen.keys)
        if not count:
            empty: Floats = np.zeros(0, dtype=np.float32)
            nothing = np.zeros((len(self.views), 0), dtype=np.float32)
            return ClassScores((), empty, empty, empty, 0.0, empty, nothing)
        starts = chosen.starts[:-1]
        end = chosen.starts[-1]
        nearest = np.maximum.reduceat(mixed[:end], starts)
        by_view = np.maximum.reduceat(by_row[:, :end], starts, axis=1)
        none = float(mixed[end:].max()) if end < len(mixed) else 0.0
        if chosen.dual_coef is None:
            return ClassScores(
                chosen.keys, nearest, nearest, nearest, none, chosen.is_role_faq, by_view
            )
        ridge: Floats = (mixed @ chosen.dual_coef).astype(np.float32)
        scores: Floats = (self.weights.ridge * ridge + (1 - self.weights.ridge) * nearest).astype(
            np.float32
        )
        return ClassScores(chosen.keys, scores, nearest, ridge, none, chosen.is_role_faq, by_view)
