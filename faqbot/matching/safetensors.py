"""Safetensors files: named arrays, mapped from disk.

The format (https://huggingface.co/docs/safetensors): eight bytes with the length of the header,
the header as JSON, and the bytes of the arrays one after the other.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from faqbot.errors import damaged_file

_TYPES: Final[dict[str, np.dtype[Any]]] = {
    "F32": np.dtype("<f4"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
}
"""The types of numbers in the files that ship with faqbot, and in those they are made from."""


@dataclass(frozen=True)
class Tensors:
    """The arrays of a file; none of them can be written to.

    Pages of a mapped file are read when they are first used, and processes share them.
    """

    path: Path
    arrays: dict[str, npt.NDArray[Any]]
    metadata: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Tensors:
        """Map a file into memory.

        Raises:
            ServiceError: the file is missing, or it isn't what its header says.
        """
        try:
            with path.open("rb") as stream:
                content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            length = int.from_bytes(content[:8], "little")
            header: dict[str, Any] = json.loads(content[8 : 8 + length])
            metadata = dict(header.pop("__metadata__", {}))
            data = memoryview(content)[8 + length :]
            arrays = {name: _array(data, described) for name, described in header.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged_file(path, f"{type(error).__name__}: {error}") from error
        return cls(path, arrays, metadata)

    def digest(self) -> str:
        """Return the hash of names, shapes and bytes of all arrays: 10 ms for the 8 MB shipped."""
        digest = hashlib.sha256()
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()[:16]

    def get(self, name: str, kind: str, *shape: int | None) -> npt.NDArray[Any]:
        """Return an array by name.

        Args:
            name: the name of the array.
            kind: the type of its numbers, as the format writes it: "F32", "I8".
            shape: the length of each dimension; None stands for any.

        Raises:
            ServiceError: there is no such array, or it has another type or shape.
        """
        found = self.arrays.get(name)
        if found is None:
            raise damaged_file(self.path, f"it holds no {name}")
        fits = len(found.shape) == len(shape) and all(
            wanted in (None, actual) for wanted, actual in zip(shape, found.shape, strict=True)
        )
        if found.dtype != _TYPES[kind] or not fits:
            raise damaged_file(self.path, f"{name} is {found.dtype} of shape {found.shape}")
        return found


def _array(data: memoryview, described: dict[str, Any]) -> npt.NDArray[Any]:
    kind, shape = _TYPES[described["dtype"]], [int(size) for size in described["shape"]]
    start, end = described["data_offsets"]
    size = math.prod(shape) * kind.itemsize
    if min([start, *shape]) < 0 or end > len(data) or end - start != size:
        raise ValueError("it is shorter or longer than its header says")
    array: npt.NDArray[Any] = np.frombuffer(data[start:end], dtype=kind).reshape(shape)
    return array


def write_tensors(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]
) -> None:
    """Write arrays to a file, the widest numbers first, so that each stands at its own multiple.

    Raises:
        OSError: the file can't be written.
    """
    kinds = {kind: name for name, kind in _TYPES.items()}
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)
    start = 0
    for name, array in ordered:
        end = start + array.nbytes
        header[name] = {
            "dtype": kinds[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
        start = end
    encoded = json.dumps(header).encode()
    # The format asks for a header that ends at a multiple of eight bytes.
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as stream:
        stream.write(len(encoded).to_bytes(8, "little") + encoded)
        for _, array in ordered:
            stream.write(np.ascontiguousarray(array).tobytes())
