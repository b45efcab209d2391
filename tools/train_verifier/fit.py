"""Logistic regression whose weights keep their signs, by projected gradient steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from faqbot.matching.verifier import FEATURES
from tools.train_verifier.examples import SHARES, Example

Doubles = npt.NDArray[np.float64]

FOLDER_WEIGHT = 2.0
"""What a folder of FAQs counts beside a set of intents with a number of phrasings."""

LATER_WEIGHT = 0.25
"""What each candidate behind the first counts: it is offered, never answered."""

PENALTY = 2e-3
STEPS = 4_000


def fit(observed: Sequence[Example]) -> tuple[Doubles, float]:
    """Return the weights in the order of FEATURES, and the constant."""
    features, right, weights = _table(observed)
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    scaled = (features - mean) / spread
    design = np.concatenate([scaled, np.ones((len(scaled), 1))], axis=1)
    signs = np.array([feature.sign for feature in FEATURES] + [0])
    lowest = np.where(signs > 0, 0.0, -np.inf)
    highest = np.where(signs < 0, 0.0, np.inf)
    # The largest curvature of the loss bounds the step that never overshoots.
    curvature = np.linalg.eigvalsh((design * weights[:, None]).T @ design)[-1] / 4 + PENALTY
    penalty = np.full(design.shape[1], PENALTY)
    penalty[-1] = 0
    beta = np.zeros(design.shape[1])
    ahead, inertia = beta.copy(), 1.0
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-(design @ ahead)))
        gradient = design.T @ (weights * (probability - right)) + penalty * ahead
        step = ahead - gradient / curvature
        step = np.clip(step, lowest, highest)
        following = (1 + np.sqrt(1 + 4 * inertia**2)) / 2
        ahead = step + (inertia - 1) / following * (step - beta)
        beta, inertia = step, following
    raw = beta[:-1] / spread
    return raw, float(beta[-1] - raw @ mean)


def _table(observed: Sequence[Example]) -> tuple[Doubles, Doubles, Doubles]:
    """Return features, outcomes and weights; each collection weighs the same."""
    counts = Counter((one.collection, one.kind) for one in observed)
    features, right, weights = [], [], []
    for one in observed:
        share = SHARES[one.kind] / counts[one.collection, one.kind]
        share *= FOLDER_WEIGHT if one.is_folder else 1.0
        for place in range(len(one.keys)):
            features.append(one.features[place])
            right.append(float(one.right[place]))
            weights.append(share if place == 0 else share * LATER_WEIGHT)
    total = np.array(weights)
    return np.array(features, dtype=np.float64), np.array(right), total / total.sum()
