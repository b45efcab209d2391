"""Ranking of entries for a text: two classifiers over the views, averaged.

The nearest phrasing tells how similar the question is to something that an author wrote; kernel
ridge regression, one class against the rest (Saunders, Gammerman and Vovk 1998), learns which words
tell entries apart. Both see the weighted sum of the views' cosines. A class is an entry; a scope is
the classes that are ranked together: those of all roles, and the own ones of one role.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from faqbot.matching.encoders import weak_lru_cache
from faqbot.matching.inverse import Inverse
from faqbot.matching.similarity import SimilarityView
from faqbot.matching.tfidf import Doubles, Floats, Rows

NEGATIVE = ""
"""The key of phrasings that belong to no entry: questions that must not be answered."""

MAX_RIDGE_PHRASINGS = 12_000
"""Phrasings up to which the ridge is solved: its time grows with their cube."""

ROLE_FAQ_PREFIX = "faq/"
"""The beginning of the key of a role's own FAQ."""

ALL_SCOPES = "*"
"""The scope that has the phrasings of all others."""

SCOPE_CACHE_SIZE = 512
"""Scopes whose solution is cached."""

MAX_OWN_PHRASINGS = 1_500
"""Own phrasings of a scope up to which the ridge is solved for them."""

MAX_KEPT_KERNEL = 2_500
"""Phrasings up to which the similarities between them are kept for the calibration, 25 MB."""


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A normalised way to ask for the entry `key`, of the role `scope` or of all ("")."""

    text: str
    key: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class RankerWeights:
    """What each view and each classifier counts.

    Attributes:
        views: the weights of the views, which sum to 1.
        ridge: the weight of kernel ridge regression; the nearest phrasing has the rest.
        penalty: the ridge's penalty for an average phrasing.
    """

    views: tuple[float, ...]
    ridge: float
    penalty: float


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The scores of a text for each class of a scope.

    Attributes:
        keys: the classes.
        scores: the weighted mean of both classifiers, shape (classes).
        nearest: the similarity of the nearest phrasing, shape (classes).
        ridge: the value of the ridge regression, shape (classes).
        best_negative: the similarity of the nearest negative.
        is_role_faq: 1 for a role's own FAQ, 0 for other classes, shape (classes).
        by_view: the highest similarity of each view, shape (views, classes).
        counts: the number of phrasings, shape (classes).
    """

    keys: tuple[str, ...]
    scores: Floats
    nearest: Floats
    ridge: Floats
    best_negative: float
    is_role_faq: Floats
    by_view: Floats
    counts: Floats


@dataclass(frozen=True)
class _Scope:
    """The phrasings of a scope, sorted by class; negatives come last.

    Attributes:
        keys: the classes.
        rows: the numbers of the phrasings, shape (phrasings of the scope).
        labels: their classes by number; negatives have the number after the last class.
        dual_coef: the ridge's coefficients, shape (phrasings of the scope, classes).
        starts: where the phrasings of each class begin, and the negatives, shape (classes + 1).
        is_role_faq: as in ClassScores.
    """

    keys: tuple[str, ...]
    rows: Rows
    labels: Rows
    dual_coef: Floats | None
    starts: Rows
    is_role_faq: Floats


class PhrasingKeys(Protocol):
    """Tells under which key a phrasing counts in a scope."""

    def key(self, phrasing: Phrasing, scope: str) -> str:
        """Return the key of a class of that scope."""
        ...


class Scorer(Protocol):
    """Scores texts for the classes of a scope."""

    @property
    def view_names(self) -> tuple[str, ...]:
        """The names of the rows of `ClassScores.by_view`."""
        ...

    def score(self, text: str, scope: str = "") -> ClassScores:
        """Return the scores of a normalised text for classes of a scope."""
        ...

    def prepare(self, limit: int) -> None:
        """Prepare at most that many scopes ahead."""
        ...

    def freeze(self) -> None:
        """Prepare all scopes, then free what only preparing needs."""
        ...


class Ranker:
    """Scores texts against phrasings.

    Args:
        phrasings: all phrasings; those of the scope "" belong to every scope.
        views: compare texts with the phrasings, in their order.
        weights: what each view and each classifier counts.
        keys: under which key a phrasing counts in a scope; None takes its own.
    """

    def __init__(
        self,
        phrasings: Sequence[Phrasing],
        views: Sequence[SimilarityView],
        weights: RankerWeights,
        keys: PhrasingKeys | None = None,
    ) -> None:
        self.phrasings = tuple(phrasings)
        self._keys = keys
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
        self.inverse: Inverse | None = None
        self._shared_kernel: Floats | None = None
        if self._has_ridge:
            kernel = self.kernel(self._shared_rows, self._shared_rows)
            matrix = kernel.astype(np.float64)
            self._shared_kernel = kernel if len(kernel) <= MAX_KEPT_KERNEL else None
            del kernel
            matrix[np.diag_indices_from(matrix)] += self.penalties[self._shared_rows]
            self.inverse = Inverse.of(matrix)
            self._solve_shared(self.inverse)
        self._frozen: dict[str, _Scope] = {}
        self.scope = weak_lru_cache(self._scope, SCOPE_CACHE_SIZE)

    def prepare(self, limit: int) -> None:
        """Solve at most that many scopes ahead: the first question to each is then as quick."""
        for scope in ["", ALL_SCOPES, *self._own_rows][:limit]:
            self.scope(scope)

    def freeze(self) -> None:
        """Solve every scope now, then free what only solving needs: most of the memory."""
        self._frozen = {scope: self._scope(scope) for scope in ("", ALL_SCOPES, *self._own_rows)}
        # A new cache, as the old one would hold the same scopes a second time.
        self.scope = weak_lru_cache(self._scope, SCOPE_CACHE_SIZE)
        self.inverse, self.phrasings = None, ()
        self._shared_coef = np.zeros((0, 0))
        # The names stay, because scores are looked up by them.
        self._own_rows = {scope: [] for scope in self._own_rows}

    def _solve_shared(self, inverse: Inverse) -> None:
        """Solve for the keys of the shared phrasings once: a scope adds up those of each class.

        Negatives pull every class towards 0 and have no class of their own to win.
        """
        keys = [self.phrasings[row].key for row in self._shared_rows]
        firsts = {key: at for at, key in reversed([*enumerate(keys)]) if key != NEGATIVE}
        column = {key: number for number, key in enumerate(firsts)}
        targets = np.zeros((len(keys), len(firsts)))
        for at, key in enumerate(keys):
            if key != NEGATIVE:
                targets[at, column[key]] = 1.0
        self._first_rows = np.fromiter(firsts.values(), dtype=np.int64, count=len(firsts))
        self._shared_coef = inverse.times(targets)

    def positions(self, rows: Rows) -> Rows:
        """Return where some shared phrasings stand among the shared ones, as in the inverse."""
        return np.searchsorted(self._shared_rows, rows)

    def take_shared_kernel(self, rows: Rows, columns: Rows) -> Floats:
        """Return the similarities between shared phrasings, and free those kept for this call."""
        kept, self._shared_kernel = self._shared_kernel, None
        if kept is None:
            return self.kernel(rows, columns)
        return kept[np.ix_(self.positions(rows), self.positions(columns))]

    def _balanced_penalties(self) -> Doubles:
        """Return the ridge's penalty for each phrasing, shape (phrasings).

        The more phrasings an entry has, the less each one counts: every entry then weighs the same
        in the fit, however many phrasings an author wrote.
        """
        counts = Counter((phrasing.scope, phrasing.key) for phrasing in self.phrasings)
        rarity = np.array([1 / counts[p.scope, p.key] for p in self.phrasings])
        written = np.array([bool(p.key) for p in self.phrasings], dtype=bool)
        mean = rarity[written].mean() if written.any() else 1.0
        # The negatives have one key, so balancing would leave each of them almost without effect.
        return np.where(written, self.weights.penalty * mean / rarity, self.weights.penalty)

    def kernel(self, rows: Rows, columns: Rows) -> Floats:
        """Return the weighted similarities between phrasings, shape (rows, columns)."""
        mixed: Floats = np.zeros((len(rows), len(columns)), dtype=np.float32)
        # One view after the other: all of them at once would be three more matrices in memory.
        for view, weight in zip(self.views, self._view_weights, strict=True):
            part = view.kernel(rows, columns)
            part *= weight
            mixed += part
        return mixed

    def _scope(self, name: str) -> _Scope:
        """Return a scope: the shared classes, then its own, solved."""
        if name in self._frozen:
            return self._frozen[name]
        if name == ALL_SCOPES:
            own = np.array(
                sorted(row for rows in self._own_rows.values() for row in rows), np.int64
            )
        else:
            own = np.array(self._own_rows.get(name, []), dtype=np.int64)
        rows = np.concatenate([self._shared_rows, own])
        key_of_row = [self._key(self.phrasings[row], name) for row in rows]
        keys = [key for key in dict.fromkeys(key_of_row) if key]
        column = {key: number for number, key in enumerate(keys)}
        # Negatives get the number after the last class, so that one slice leaves them all out.
        unsorted = np.array([column.get(key, len(keys)) for key in key_of_row], dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        labels = unsorted[order]
        starts = np.searchsorted(labels, np.arange(len(keys) + 1))
        dual_coef = self._dual_coef(own, unsorted, len(keys))
        if dual_coef is not None:
            dual_coef = dual_coef[order]
        is_role_faq: Floats = np.array(
            [key.startswith(ROLE_FAQ_PREFIX) for key in keys], dtype=np.float32
        )
        return _Scope(tuple(keys), rows[order], labels, dual_coef, starts, is_role_faq)

    def _key(self, phrasing: Phrasing, scope: str) -> str:
        return phrasing.key if self._keys is None else self._keys.key(phrasing, scope)

    def _dual_coef(self, own: Rows, labels: Rows, count: int) -> Floats | None:
        """Return the coefficients of a scope, shape (phrasings of the scope, classes).

        The own phrasings join the shared solution by a Schur complement: no matrix larger than
        theirs is solved for a role.
        """
        if self.inverse is None or len(own) > MAX_OWN_PHRASINGS:
            return None
        classes = np.eye(count + 1)[:, :count]
        shared = self._shared_coef @ classes[labels[self._first_rows]]
        if not len(own):
            return shared.astype(np.float32)
        cross = self.kernel(self._shared_rows, own).astype(np.float64)
        joined = self.inverse.times(cross)
        block = self.kernel(own, own).astype(np.float64)
        block[np.diag_indices_from(block)] += self.penalties[own]
        complement = block - cross.T @ joined
        own_coef = np.linalg.solve(
            complement, classes[labels[len(self._shared_rows) :]] - cross.T @ shared
        )
        return np.concatenate([shared - joined @ own_coef, own_coef]).astype(np.float32)

    def score(self, text: str, scope: str = "") -> ClassScores:
        """Return the scores of a normalised text for each class of a scope."""
        return self.score_all(np.stack([view.similarities(text) for view in self.views]), scope)

    def score_all(self, similarities: Floats, scope: str = "") -> ClassScores:
        """Return the scores from the views' similarities, shape (views, phrasings)."""
        # Roles without phrasings of their own share one scope, and so one solution.
        chosen = self.scope(scope if scope in self._own_rows or scope == ALL_SCOPES else "")
        by_row = similarities[:, chosen.rows]
        mixed: Floats = self._view_weights @ by_row
        count = len(chosen.keys)
        if not count:
            empty: Floats = np.zeros(0, dtype=np.float32)
            no_views: Floats = np.zeros((len(self.views), 0), dtype=np.float32)
            return ClassScores((), empty, empty, empty, 0.0, empty, no_views, empty)
        starts = chosen.starts[:-1]
        counts = np.diff(chosen.starts).astype(np.float32)
        end = chosen.starts[-1]
        nearest = np.maximum.reduceat(mixed[:end], starts)
        by_view = np.maximum.reduceat(by_row[:, :end], starts, axis=1)
        best_negative = float(mixed[end:].max()) if end < len(mixed) else 0.0
        if chosen.dual_coef is None:
            return ClassScores(
                chosen.keys,
                nearest,
                nearest,
                nearest,
                best_negative,
                chosen.is_role_faq,
                by_view,
                counts,
            )
        ridge: Floats = (mixed @ chosen.dual_coef).astype(np.float32)
        scores: Floats = (self.weights.ridge * ridge + (1 - self.weights.ridge) * nearest).astype(
            np.float32
        )
        return ClassScores(
            chosen.keys, scores, nearest, ridge, best_negative, chosen.is_role_faq, by_view, counts
        )
