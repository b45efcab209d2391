"""all-MiniLM-L6-v2 as it was published: the forward pass in float64, slow and plain."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from faqbot.matching.minilm import HEADS, HIDDEN, LAYERS

Values = npt.NDArray[np.float64]
Moments = dict[str, Values]
Observe = Callable[[str, Values], None]

_EPSILON = 1e-12
_FOLDED = 100
_erf = np.vectorize(math.erf)


def moments(weights: Mapping[str, npt.NDArray[np.float32]], texts: list[list[int]]) -> Moments:
    """Return the second moments of what each matrix is multiplied by, summed over texts."""
    found: Moments = {}
    waiting: dict[str, list[Values]] = {}

    def fold(name: str) -> None:
        rows = np.concatenate(waiting.pop(name))
        found[name] = found.get(name, 0) + rows.T @ rows

    def add(name: str, x: Values) -> None:
        # Together, as each product is as large as the matrix, however few rows it has.
        waiting.setdefault(name, []).append(x)
        if len(waiting[name]) == _FOLDED:
            fold(name)

    exact = {name: array.astype(np.float64) for name, array in weights.items()}
    for ids in texts:
        encode(exact, ids, add)
    for name in list(waiting):
        fold(name)
    return found


def encode(
    weights: Mapping[str, npt.NDArray[np.floating]],
    ids: list[int],
    observe: Observe | None = None,
) -> Values:
    """Return the unit vector of one text; `observe` sees the inputs of each matrix by its name."""

    def linear(x: Values, name: str) -> Values:
        if observe:
            observe(name, x)
        matrix = weights[f"{name}.weight"].T.astype(np.float64, copy=False)
        found: Values = x @ matrix + weights[f"{name}.bias"]
        return found

    tokens = len(ids)
    x: Values = weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    x += weights["embeddings.position_embeddings.weight"][:tokens]
    x += weights["embeddings.token_type_embeddings.weight"][0]
    x = _normalised(x, weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        bert = f"encoder.layer.{layer}"
        query, key, value = (
            linear(x, f"{bert}.attention.self.{part}").reshape(tokens, HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(HIDDEN / HEADS)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        context = (shares @ value).transpose(1, 0, 2).reshape(tokens, HIDDEN)
        x = x + linear(context, f"{bert}.attention.output.dense")
        x = _normalised(x, weights, f"{bert}.attention.output.LayerNorm")
        inner = linear(x, f"{bert}.intermediate.dense")
        inner *= 0.5 * (1 + _erf(inner / math.sqrt(2)))
        x = x + linear(inner, f"{bert}.output.dense")
        x = _normalised(x, weights, f"{bert}.output.LayerNorm")
    mean: Values = x.mean(axis=0)
    return mean / np.linalg.norm(mean)


def _normalised(x: Values, weights: Mapping[str, npt.NDArray[np.floating]], name: str) -> Values:
    x = x - x.mean(axis=-1, keepdims=True)
    x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + _EPSILON)
    found: Values = x * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return found
