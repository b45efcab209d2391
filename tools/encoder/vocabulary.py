"""The student's vocabulary: the teacher's word pieces without those of other scripts.

A tokenizer is handled here as the dictionary that its `tokenizer.json` holds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Spec = dict[str, Any]

_SPECIAL = ("[PAD]", "[UNK]")
_KEPT_SYMBOLS = frozenset("¢£§©®°±µ€™•…₹")


def trim(spec: Spec, vectors: Vectors) -> tuple[Spec, Vectors]:
    """Drop the tokens of other scripts; the tokenizer strips the accents of Latin letters."""
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    kept = [token for token in sorted(vocabulary, key=vocabulary.__getitem__) if _useful(token)]
    rows = [vocabulary[token] for token in kept]
    return _with_vocabulary(spec, kept), vectors[rows]


def _useful(token: str) -> bool:
    return token in _SPECIAL or token.isascii() or token in _KEPT_SYMBOLS


def _with_vocabulary(spec: Spec, tokens: list[str]) -> Spec:
    ids = {token: number for number, token in enumerate(tokens)}
    added = [{**entry, "id": ids[entry["content"]]} for entry in spec["added_tokens"]]
    return {**spec, "added_tokens": added, "model": {**spec["model"], "vocab": ids}}
