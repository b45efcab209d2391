"""MiniLM: the sentence encoder all-MiniLM-L6-v2 with int8 weights, in numpy or in C.

Both forward passes give the same bytes, on every processor and whatever else is in the batch:

- Matrix products are sums of whole numbers. Weights are int8; a row of activations is rounded to
  whole numbers up to LEVELS with a scale of its own. Sums stay below 2**24, so float32 holds each
  of them exactly, and neither their order nor a fused multiply-add matters.
- All else is float32 with + - * / and the square root, which IEEE 754 defines to the last bit, in
  an order that is written down here and in `minilm_kernel.c`. Sums of floats fold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from faqbot.errors import damaged_file
from faqbot.matching.minilm_kernel import load_kernel
from faqbot.matching.safetensors import Tensors
from faqbot.matching.tfidf import Floats
from faqbot.matching.wordpiece import WordPiece

Ids: TypeAlias = npt.NDArray[np.int32]

HIDDEN: Final = 384
INNER: Final = 1536
HEADS: Final = 12
LAYERS: Final = 6

MAX_TOKENS: Final = 128
"""Tokens of a text that are read, the two that mark its ends among them."""

PACK: Final = 256
"""Tokens that numpy encodes at a time: more gain nothing and take memory."""

LEVELS: Final = 960
"""Steps from 0 to the largest activation of a row. The weights of no output add up to more than
2**24 / LEVELS over HIDDEN inputs, which `tools.minilm` checks."""

SCORE_LEVELS: Final = 720
"""Steps of queries and keys: 32 products of two of them stay below 2**24."""

SHARE_LEVELS: Final = 16_383
"""Steps of attention shares: times LEVELS, and all together a little more than one share."""

_ONE = np.float32(1)
_SMALLEST = np.float32(1e-20)


class Forward(Protocol):
    """A forward pass: token ids of texts, one after the other, and their lengths -> vectors."""

    def __call__(self, ids: Ids, lengths: Ids) -> Floats: ...


def _tensors() -> Iterator[tuple[str, str, tuple[int | None, ...]]]:
    yield "words.weight", "I8", (None, HIDDEN)
    yield "words.scale", "F32", (None,)
    yield "positions", "F32", (MAX_TOKENS, HIDDEN)
    yield from _norm("norm")
    for layer in range(LAYERS):
        yield from _linear(f"{layer}.attention", HIDDEN, 3 * HIDDEN)
        yield from _linear(f"{layer}.output", HIDDEN, HIDDEN)
        yield from _norm(f"{layer}.attention_norm")
        yield from _linear(f"{layer}.up", HIDDEN, INNER)
        yield from _linear(f"{layer}.down", INNER, HIDDEN)
        yield from _norm(f"{layer}.norm")


def _linear(name: str, inputs: int, outputs: int) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    yield f"{name}.weight", "I8", (outputs, inputs)
    yield f"{name}.scale", "F32", (outputs,)
    yield f"{name}.bias", "F32", (outputs,)


def _norm(name: str) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    yield f"{name}.weight", "F32", (HIDDEN,)
    yield f"{name}.bias", "F32", (HIDDEN,)


TENSORS: Final = tuple(_tensors())
"""Names, types and shapes of the weights, in the order of the structure `Model` of the kernel."""


@dataclass(frozen=True)
class MiniLMWeights:
    """The artefact: vocabulary and weights, mapped into memory.

    Attributes:
        path: the file.
        vocabulary: the tokens by rank.
        arrays: the arrays of TENSORS by name.
        digest: the hash of all arrays, as the file itself states it.
    """

    path: Path
    vocabulary: tuple[str, ...]
    arrays: dict[str, npt.NDArray[Any]]
    digest: str

    @classmethod
    def read(cls, path: Path) -> MiniLMWeights:
        """Map an artefact into memory.

        Raises:
            ServiceError: the file is missing or damaged.
        """
        tensors = Tensors.read(path)
        arrays = {name: tensors.get(name, kind, *shape) for name, kind, shape in TENSORS}
        try:
            vocabulary = tuple(bytes(tensors.get("vocabulary", "U8", None)).decode().split("\n"))
            digest = tensors.metadata["digest"]
        except (UnicodeDecodeError, KeyError) as error:
            raise damaged_file(path, f"{type(error).__name__}: {error}") from error
        tokens = len(vocabulary)
        if not (
            len(set(vocabulary)) == tokens
            and {"[UNK]", "[CLS]", "[SEP]"} < set(vocabulary)
            and len(arrays["words.weight"]) == len(arrays["words.scale"]) == tokens
            and all(np.isfinite(a).all() for a in arrays.values() if a.dtype == np.float32)
        ):
            raise damaged_file(path, "its parts don't fit together")
        return cls(path, vocabulary, arrays, digest)


@dataclass(frozen=True)
class Probe:
    """A text whose vector shows that weights and code are whole.

    Attributes:
        ids: its token ids.
        digest: the hash of the vector that they must give, to the last bit.
    """

    ids: Ids
    digest: str

    @classmethod
    def read(cls, path: Path, tokens: int) -> Probe:
        """Read a probe from JSON.

        Raises:
            ServiceError: the file is missing or damaged.
        """
        try:
            content = json.loads(path.read_bytes())
            ids, digest = np.array(content["ids"], dtype=np.int32), content["digest"]
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise damaged_file(path, f"{type(error).__name__}: {error}") from error
        if (
            ids.ndim != 1
            or not 0 < len(ids) <= MAX_TOKENS
            or not 0 <= min(ids) <= max(ids) < tokens
        ):
            raise damaged_file(path, "its ids are out of bounds")
        return cls(ids, digest)

    def found_by(self, forward: Forward) -> bool:
        """Whether a forward pass gives the vector that it must."""
        return probe_digest(forward, self.ids) == self.digest


def probe_digest(forward: Forward, ids: Ids) -> str:
    """Return the hash of the vector that a forward pass gives for one text."""
    vector = forward(ids, np.array([len(ids)], dtype=np.int32))
    return hashlib.sha256(vector.tobytes()).hexdigest()[:32]


class MiniLMEncoder:
    """The bundled sentence encoder all-MiniLM-L6-v2; texts become unit vectors.

    Args:
        folder: holds the artefact `model.safetensors` and `probe.json`; None takes the bundled one.
        kernel: whether to compute in C where the kernel was compiled.

    Attributes:
        backend: "c" or "numpy". The vectors are the same; C is faster and takes 42 MB less.
        fingerprint: names the model and its weights, for caches of vectors.

    Raises:
        ServiceError: a file is missing or damaged.
    """

    def __init__(self, folder: Path | None = None, *, kernel: bool = True) -> None:
        with as_file(files("faqbot.matching") / "minilm") as bundled:
            weights = MiniLMWeights.read((folder or bundled) / "model.safetensors")
            probe = Probe.read((folder or bundled) / "probe.json", len(weights.vocabulary))
        ranks = {token: rank for rank, token in enumerate(weights.vocabulary)}
        self._tokenizer = WordPiece(ranks, ranks["[UNK]"])
        self._first, self._last = ranks["[CLS]"], ranks["[SEP]"]
        self.fingerprint: Final = f"all-MiniLM-L6-v2-int8:{weights.digest}"
        compiled = load_kernel([weights.arrays[name] for name, *_ in TENSORS]) if kernel else None
        self._forward: Forward
        if compiled is not None and probe.found_by(compiled):
            self.backend, self._forward = "c", compiled
            return
        self.backend, self._forward = "numpy", NumpyForward(weights.arrays)
        if not probe.found_by(self._forward):
            raise damaged_file(weights.path, "its weights don't give the vector that they should")

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors of shape (texts, 384), float32.

        A text is read up to MAX_TOKENS. Its vector doesn't depend on the other texts.
        """
        rows = [self.tokenize(text) for text in texts]
        lengths = np.array([len(row) for row in rows], dtype=np.int32)
        ids = np.array([token for row in rows for token in row], dtype=np.int32)
        return self._forward(ids, lengths)

    def tokenize(self, text: str) -> list[int]:
        """Return the token ids of a text, with those that mark its ends."""
        return [self._first, *self._tokenizer.tokenize(text, MAX_TOKENS - 2), self._last]


class NumpyForward:
    """The forward pass in numpy: the reference, which runs wherever numpy does.

    Args:
        weights: the arrays of TENSORS.
    """

    def __init__(self, weights: dict[str, npt.NDArray[Any]]) -> None:
        self._weights = weights
        self._matrices: dict[str, Floats] = {
            name: np.ascontiguousarray(array.T).astype(np.float32)
            for name, array in weights.items()
            if array.dtype == np.int8 and name != "words.weight"
        }

    def __call__(self, ids: Ids, lengths: Ids) -> Floats:
        """Return unit vectors of shape (texts, HIDDEN)."""
        vectors: Floats = np.empty((len(lengths), HIDDEN), dtype=np.float32)
        ends = np.cumsum(lengths)
        first = 0
        while first < len(lengths):
            start = ends[first] - lengths[first]
            last = max(first + 1, int(np.searchsorted(ends, start + PACK, side="right")))
            pack = ids[start : ends[last - 1]]
            vectors[first:last] = self._encode(pack, [int(n) for n in lengths[first:last]])
            first = last
        return vectors

    def _encode(self, ids: Ids, lengths: list[int]) -> Floats:
        weights = self._weights
        ends = np.cumsum(lengths)
        texts = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        x: Floats = weights["words.weight"][ids].astype(np.float32)
        x *= weights["words.scale"][ids][:, None]
        x += np.concatenate([weights["positions"][:length] for length in lengths])
        x = self._normalise(x, "norm")
        for layer in range(LAYERS):
            rows = self._linear(x, f"{layer}.attention")
            context = np.concatenate([_attend(rows[text]) for text in texts])
            x += self._linear(context, f"{layer}.output")
            x = self._normalise(x, f"{layer}.attention_norm")
            inner = _gelu(self._linear(x, f"{layer}.up"))
            x += self._linear(inner, f"{layer}.down")
            x = self._normalise(x, f"{layer}.norm")
        return np.stack([_pool(x[text]) for text in texts])

    def _linear(self, x: Floats, name: str) -> Floats:
        """The rows, rounded to whole numbers, times a matrix, plus its bias.

        Whole sums over HIDDEN inputs are exact in float32; longer ones are added as integers.
        """
        matrix = self._matrices[f"{name}.weight"]
        most = _largest(x, axis=1)
        whole = _rounded(x, most, LEVELS)
        if len(matrix) == HIDDEN:
            y: Floats = whole @ matrix
        else:
            total = np.zeros((len(x), matrix.shape[1]), dtype=np.int32)
            for at in range(0, len(matrix), HIDDEN):
                part = slice(at, at + HIDDEN)
                total += (whole[:, part] @ matrix[part]).astype(np.int32)
            y = total.astype(np.float32)
        y *= most * (_ONE / np.float32(LEVELS)) * self._weights[f"{name}.scale"]
        y += self._weights[f"{name}.bias"]
        return y

    def _normalise(self, x: Floats, name: str) -> Floats:
        x = x - (_fold(x) * (_ONE / np.float32(HIDDEN)))[:, None]
        variance = _fold(x * x) * (_ONE / np.float32(HIDDEN))
        x *= (_ONE / np.sqrt(variance + np.float32(1e-12)))[:, None]
        x *= self._weights[f"{name}.weight"]
        x += self._weights[f"{name}.bias"]
        return x


def _fold(x: Floats) -> Floats:
    """The sums of the rows, in one order: the upper half onto the lower until three are left."""
    while x.shape[-1] > 3:  # noqa: PLR2004
        half = x.shape[-1] // 2
        x = x[..., :half] + x[..., half:]
    total: Floats = x[..., 0] + x[..., 1] + x[..., 2]
    return total


def _largest(x: Floats, axis: int | None = None) -> Floats:
    """The largest absolute value of all, or of each row; never zero."""
    most: Floats = np.maximum(np.abs(x).max(axis=axis, keepdims=True), _SMALLEST)
    return most


def _rounded(x: Floats, most: Floats, levels: int) -> Floats:
    """Whole numbers from -levels to levels, which stands for the largest value."""
    whole: Floats = x * (np.float32(levels) / most)
    return np.rint(whole, out=whole)


def _gelu(x: Floats) -> Floats:
    """X * Phi(x), with Phi as a rational function that is off by 3e-6 at most."""
    c = np.maximum(np.minimum(x, np.float32(5)), np.float32(-5))
    z = c * c
    p = _polynomial(z, 6.253605e-05, 0.0043204296, 0.029378952, 0.39896613)
    p *= c
    p /= _polynomial(z, 3.816878e-06, 0.001505843, 0.025722025, 0.24049175, 1)
    p += np.float32(0.5)
    p *= x
    return p


def _polynomial(z: Floats, *factors: float) -> Floats:
    """Horner's scheme, from the highest power on."""
    y: Floats = z * np.float32(factors[0])
    for factor in factors[1:-1]:
        y += np.float32(factor)
        y *= z
    y += np.float32(factors[-1])
    return y


def _exponential(x: Floats) -> Floats:
    """e**x for x <= 0: the series for x / 64, squared six times."""
    t = np.maximum(x, np.float32(-12)) * np.float32(1 / 64)
    p: Floats = t * (_ONE / np.float32(5)) + _ONE
    for divisor in (4, 3, 2, 1):
        p = t * (_ONE / np.float32(divisor)) * p + _ONE
    for _ in range(6):
        p *= p
    return p


def _attend(rows: Floats) -> Floats:
    """The context of one text: softmax attention over queries, keys and values in its rows."""
    tokens = len(rows)
    queries, keys, values = rows.reshape(tokens, 3, HEADS, HIDDEN // HEADS).transpose(1, 2, 0, 3)
    query_most, key_most, value_most = (_largest(part) for part in (queries, keys, values))
    scores = _rounded(queries, query_most, SCORE_LEVELS) @ _rounded(
        keys, key_most, SCORE_LEVELS
    ).transpose(0, 2, 1)
    step = _ONE / np.float32(SCORE_LEVELS)
    scores *= query_most * step * (key_most * step) * np.float32(0.17677669)
    scores -= scores.max(axis=-1, keepdims=True)
    shares = np.rint(_exponential(scores) * np.float32(SHARE_LEVELS))
    shares *= np.float32(SHARE_LEVELS) / shares.sum(axis=-1, keepdims=True)
    context = np.rint(shares) @ _rounded(values, value_most, LEVELS)
    context *= value_most * (_ONE / np.float32(LEVELS)) * (_ONE / np.float32(SHARE_LEVELS))
    found: Floats = context.transpose(1, 0, 2).reshape(tokens, HIDDEN)
    return found


def _pool(rows: Floats) -> Floats:
    """The sum of a text's rows, brought to length 1."""
    total = rows[0].copy()
    for row in rows[1:]:
        total += row
    vector: Floats = total / np.sqrt(_fold(total * total))
    return vector
