"""Writes and reads the encoder's files: int8 rows, each with a scale, as model2vec loads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from model2vec import StaticModel
from safetensors.numpy import save_file

from tools.encoder.vocabulary import Spec

Vectors = npt.NDArray[np.float32]

LARGEST = 8_000_000
"""Bytes that tokenizer.json, config.json and model.safetensors may take together."""

_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def quantise(vectors: Vectors) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Rows of whole numbers from -127 to 127, and what each row must be multiplied by."""
    scales = np.abs(vectors).max(axis=1) / 127
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def write(folder: Path, spec: Spec, vectors: Vectors) -> int:
    """Write the three files and return their size in bytes.

    Raises ValueError when they would take more than LARGEST.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, scales = quantise(vectors)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "tokenizer_name": "all-MiniLM-L6-v2",
        "hidden_dim": int(vectors.shape[1]),
        "normalize": True,
        "max_length": 512,
        "embedding_dtype": "int8",
    }
    save_file({"embeddings": rows, "weights": scales}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(
        json.dumps(spec, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    size = sum((folder / name).stat().st_size for name in _FILES)
    if size > LARGEST:
        raise ValueError(
            f"{folder} takes {size:,} bytes and may take {LARGEST:,}: "
            "lower --dimensions and run again."
        )
    return size


def load(folder: Path) -> StaticModel:
    """The artefact as model2vec loads it; faqbot reads the same files itself."""
    return StaticModel.from_pretrained(folder)
