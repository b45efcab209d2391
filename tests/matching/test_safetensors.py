"""Safetensors files: what is read is what was written, and damage is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faqbot.errors import ServiceError
from faqbot.matching.safetensors import Tensors

HEADER: dict[str, Any] = {
    "__metadata__": {"made": "by hand"},
    "table": {"dtype": "I8", "shape": [2, 3], "data_offsets": [8, 14]},
    "scales": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
}
DATA = np.array([0.5, -2], dtype="<f4").tobytes() + np.array([1, -2, 3, 4, 5, -6], "i1").tobytes()


def file_of(header: object, data: bytes = DATA) -> bytes:
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + data


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(content)
    return path


def changed(**fields: object) -> dict[str, Any]:
    return {**HEADER, "table": {**HEADER["table"], **fields}}


def test_arrays_and_metadata_are_those_of_the_file(tmp_path: Path) -> None:
    tensors = Tensors.read(written(tmp_path, file_of(HEADER)))
    assert tensors.get("table", "I8", 2, None).tolist() == [[1, -2, 3], [4, 5, -6]]
    assert tensors.get("scales", "F32", 2).tolist() == [0.5, -2]
    assert tensors.metadata == {"made": "by hand"}
    with pytest.raises(ValueError, match="read-only"):
        tensors.get("scales", "F32", 2)[0] = 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x05",
        b"\xff" * 100,
        file_of([]),
        file_of({**HEADER, "table": None}),
        file_of(changed(dtype="F64")),
        file_of(changed(shape=[2, 4])),
        file_of(changed(shape=[-2, -3])),
        file_of(changed(shape=["two", 3])),
        file_of(changed(data_offsets=[8])),
        file_of(changed(data_offsets=[9, 15])),
        file_of(changed(data_offsets=[-6, 0])),
        file_of(HEADER, DATA[:-1]),
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ServiceError, match=r"model\.safetensors: .*install faqbot again"):
        Tensors.read(written(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="model"):
        Tensors.read(tmp_path / "model")


@pytest.mark.parametrize(
    ("name", "kind", "shape"),
    [
        ("scale", "F32", (2,)),
        ("scales", "I8", (2,)),
        ("scales", "F32", (3,)),
        ("scales", "F32", (2, None)),
    ],
)
def test_an_array_that_is_not_as_expected_is_named(
    tmp_path: Path, name: str, kind: str, shape: tuple[int | None, ...]
) -> None:
    tensors = Tensors.read(written(tmp_path, file_of(HEADER)))
    with pytest.raises(ServiceError, match=name):
        tensors.get(name, kind, *shape)


@given(cut=st.integers(0, 300), at=st.integers(0, 300), byte=st.integers(0, 255))
def test_any_damage_gives_arrays_or_advice(
    tmp_path_factory: pytest.TempPathFactory, cut: int, at: int, byte: int
) -> None:
    content = bytearray(file_of(HEADER))
    content[at % len(content)] = byte
    path = written(tmp_path_factory.mktemp("damaged"), bytes(content[: max(1, cut)]))
    try:
        arrays = Tensors.read(path).arrays
    except ServiceError:
        return
    assert all(array.nbytes <= len(DATA) for array in arrays.values())
