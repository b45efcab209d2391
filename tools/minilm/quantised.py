"""Quantises the weights of all-MiniLM-L6-v2, and writes them as one safetensors file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from faqbot.matching.minilm import HIDDEN, LAYERS, LEVELS, MAX_TOKENS
from tools.minilm.reference import Moments, Values

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[Any]]

_ALIGNED = 64
_EXACT = 2**24
_DAMPING = 0.1
_KINDS = {"float32": "F32", "int32": "I32", "int8": "I8", "uint8": "U8"}


def quantise(vocabulary: list[str], weights: Mapping[str, Floats], moments: Moments) -> Arrays:
    """Return the arrays of the artefact.

    Args:
        vocabulary: the tokens by rank.
        weights: the arrays of the published model.
        moments: the second moments of what each of its matrices is multiplied by.

    Raises:
        ValueError: a matrix is too heavy for exact sums in float32.
    """
    arrays = dict(_quantised(weights, moments))
    for name, array in arrays.items():
        if array.dtype == np.int8 and name != "words.weight":
            _check(name, array)
    arrays["vocabulary"] = np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8)
    return arrays


def write(path: Path, arrays: Arrays) -> str:
    """Write a safetensors file, the widest numbers first; return the hash of its arrays."""
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0]))
    data = b"".join(array.tobytes() for _, array in ordered)
    digest = hashlib.sha256(data).hexdigest()[:16]
    header: dict[str, Any] = {
        "__metadata__": {
            "digest": digest,
            "license": "Apache-2.0",
            "model": "sentence-transformers/all-MiniLM-L6-v2, int8",
        }
    }
    start = 0
    for name, array in ordered:
        end = start + array.nbytes
        kind = _KINDS[array.dtype.name]
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNED)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return digest


def _quantised(
    weights: Mapping[str, Floats], moments: Moments
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The arrays of TENSORS, out of those of BERT."""
    words, scale = _rows(weights["embeddings.word_embeddings.weight"])
    yield "words.weight", words
    yield "words.scale", scale
    positions = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    yield "positions", positions + weights["embeddings.token_type_embeddings.weight"][0]
    yield from _norm("norm", weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        bert = f"encoder.layer.{layer}"
        own = [f"{bert}.attention.self.{part}" for part in ("query", "key", "value")]
        yield from _linear(f"{layer}.attention", weights, moments, *own)
        yield from _linear(f"{layer}.output", weights, moments, f"{bert}.attention.output.dense")
        yield from _norm(f"{layer}.attention_norm", weights, f"{bert}.attention.output.LayerNorm")
        yield from _linear(f"{layer}.up", weights, moments, f"{bert}.intermediate.dense")
        yield from _linear(f"{layer}.down", weights, moments, f"{bert}.output.dense")
        yield from _norm(f"{layer}.norm", weights, f"{bert}.output.LayerNorm")


def _linear(
    name: str, weights: Mapping[str, Floats], moments: Moments, *bert: str
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    matrix = np.concatenate([weights[f"{each}.weight"] for each in bert])
    rows, scale = _compensated(matrix, moments[bert[0]])
    yield f"{name}.weight", rows
    yield f"{name}.scale", scale
    yield f"{name}.bias", np.concatenate([weights[f"{each}.bias"] for each in bert])


def _norm(
    name: str, weights: Mapping[str, Floats], bert: str
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    yield f"{name}.weight", weights[f"{bert}.weight"]
    yield f"{name}.bias", weights[f"{bert}.bias"]


def _scales(matrix: Floats) -> Floats:
    """What the whole numbers of each row must be multiplied by."""
    scale: Floats = (np.abs(matrix).max(axis=1) / np.float32(127)).astype(np.float32)
    scale[scale == 0] = 1
    return scale


def _rows(matrix: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Rows of whole numbers from -127 to 127, and their scales."""
    scale = _scales(matrix)
    return np.clip(np.rint(matrix / scale[:, None]), -127, 127).astype(np.int8), scale


def _compensated(matrix: Floats, moments: Values) -> tuple[npt.NDArray[np.int8], Floats]:
    """The same, one column after the other: what rounding took, later columns give back.

    This is GPTQ (Frantar et al. 2023): with the inputs' second moments, the error of the products
    is half of what plain rounding leaves.
    """
    scale = _scales(matrix)
    left = matrix.astype(np.float64)
    whole = np.zeros(matrix.shape, dtype=np.int8)
    damped = moments + _DAMPING * np.diag(moments).mean() * np.eye(len(moments))
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T
    for column in range(matrix.shape[1]):
        rounded = np.clip(np.rint(left[:, column] / scale), -127, 127)
        whole[:, column] = rounded
        error = (left[:, column] - rounded * scale) / spread[column, column]
        left[:, column + 1 :] -= error[:, None] * spread[column, column + 1 :]
    return whole, scale


def _check(name: str, matrix: npt.NDArray[np.int8]) -> None:
    """Sums over HIDDEN inputs must stay below 2**24, whatever the activations are."""
    for at in range(0, matrix.shape[1], HIDDEN):
        part = np.abs(matrix[:, at : at + HIDDEN].astype(np.int64))
        if part.sum(axis=1).max() * LEVELS >= _EXACT:
            raise ValueError(f"{name} has a row that is too heavy for {LEVELS} levels: lower them.")
