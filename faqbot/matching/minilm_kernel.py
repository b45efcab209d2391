"""The compiled forward pass of MiniLM, if there is one: `minilm_kernel.c` through ctypes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from faqbot.matching.minilm_compiler import LIBRARY, SOURCE, digest_of

_Ids: TypeAlias = npt.NDArray[np.int32]
_Floats: TypeAlias = npt.NDArray[np.float32]

_REASONS: Final = {
    1: "a token id isn't in the vocabulary",
    2: "a text has no tokens, or too many",
    3: "there is no memory left",
}


class Kernel:
    """The forward pass in C. It lets other threads run meanwhile, and may be called by several.

    Args:
        library: the compiled kernel.
        weights: the arrays of the model, in the order of the structure `Model` of the kernel.
    """

    def __init__(self, library: ctypes.CDLL, weights: Sequence[npt.NDArray[Any]]) -> None:
        # C may not read floats from any address; what is in the right place isn't copied.
        self._weights = [np.require(array, requirements=["C", "A"]) for array in weights]
        self._model = (ctypes.c_void_p * len(weights))(*[w.ctypes.data for w in self._weights])
        self._vocabulary = len(weights[0])
        self._dimensions = weights[0].shape[1]
        self._encode: Callable[..., int] = library.faqbot_minilm_encode

    def __call__(self, ids: _Ids, lengths: _Ids) -> _Floats:
        """Return unit vectors of shape (texts, dimensions).

        Args:
            ids: the token ids of all texts, one after the other.
            lengths: how many of them each text has.

        Raises:
            ValueError: an id or a length is out of bounds.
            MemoryError: there is no memory left.
        """
        ids = np.ascontiguousarray(ids, dtype=np.int32)
        lengths = np.ascontiguousarray(lengths, dtype=np.int32)
        if len(lengths) and int(lengths.sum(dtype=np.int64)) != len(ids):
            raise ValueError("the lengths don't add up to the number of ids")
        vectors: _Floats = np.empty((len(lengths), self._dimensions), dtype=np.float32)
        failed = self._encode(
            self._model,
            ctypes.c_int32(self._vocabulary),
            ids.ctypes.data_as(ctypes.c_void_p),
            lengths.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int32(len(lengths)),
            vectors.ctypes.data_as(ctypes.c_void_p),
        )
        if failed:
            raise (MemoryError if failed == 3 else ValueError)(_REASONS[failed])  # noqa: PLR2004
        return vectors


def load_kernel(weights: Sequence[npt.NDArray[Any]], library: Path = LIBRARY) -> Kernel | None:
    """Return the compiled kernel; None where there is none, or one of another source.

    Args:
        weights: as for `Kernel`.
        library: the shared library.
    """
    if sys.byteorder != "little" or not library.is_file():
        return None
    try:
        loaded = ctypes.CDLL(str(library))
        loaded.faqbot_minilm_source.restype = ctypes.c_char_p
        source = loaded.faqbot_minilm_source()
        if source != digest_of(SOURCE).encode():
            return None
        return Kernel(loaded, weights)
    except (OSError, AttributeError):  # of another machine, or not ours
        return None
