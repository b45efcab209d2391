"""From words to candidates: scores, what the content adds to them, and confidences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from faqbot.matching.calibration import Calibration
from faqbot.matching.candidates__contents import Contents
from faqbot.matching.encoders__caching import cached
from faqbot.matching.ranking import EVERY, Scorer
from faqbot.matching.training_data import GENERAL
from faqbot.model import Candidate, Kind

WHOLE = "role"
"""The key of the class that asks for a role as a whole."""

CONTENT = 0.3
"""What it adds to a part's score when all that a question says besides asking stands in it."""

OWN = 0.02
"""What it adds to the score of a role's own FAQ: an author wrote it for just this question."""

CACHED = 1024
"""Texts whose candidates are kept: people ask the same again."""

SHOWN = 8
"""Candidates that a reading keeps."""


class Candidates:
    """Finds the entries that may answer a text.

    Args:
        ranker: scores texts.
        calibration: turns scores into confidences.
        contents: what the parts of each role say.
    """

    def __init__(self, ranker: Scorer, calibration: Calibration, contents: Contents) -> None:
        self._ranker = ranker
        self._calibration = calibration
        self._contents = contents
        self._opinions = (*ranker.view_names, "nearest", "ridge", "content")
        self.of = cached(self._ranked, CACHED)

    def _ranked(self, asked: tuple[str, ...], scope: str) -> tuple[Candidate, ...]:
        scored = self._ranker.score(" ".join(asked), scope)
        if not scored.keys:
            return ()
        overlaps = self._contents.overlaps(asked, scope, scored.keys)
        scores = scored.scores + CONTENT * overlaps + OWN * scored.own
        scored = replace(scored, scores=scores)
        confidences = self._calibration.confidences(scored)
        best = np.argpartition(-scores, min(SHOWN, len(scores)) - 1)[:SHOWN]
        order = best[np.lexsort((best, -scores[best]))]
        role = None if scope == EVERY else scope
        shown = np.vstack([scored.by_view, scored.nearest, scored.ridge, overlaps, confidences])
        columns: list[list[float]] = shown[:, order].T.astype(np.float64).round(4).tolist()
        return tuple(
            self._candidate(scored.keys[at], column, role)
            for at, column in zip(order.tolist(), columns, strict=True)
        )

    def _candidate(self, key: str, column: Sequence[float], role: str | None) -> Candidate:
        *seen, confidence = column
        opinions = tuple(zip(self._opinions, seen, strict=True))
        if key.startswith(GENERAL):
            return Candidate(key.removeprefix(GENERAL), Kind.FAQ, None, confidence, opinions)
        if key == WHOLE:
            return Candidate(role or "", Kind.ROLE, role, confidence, opinions)
        kind = Kind.FAQ if key.startswith("faq/") else Kind.SECTION
        return Candidate(f"{role}/{key}" if role else key, kind, role, confidence, opinions)
