"""The student's start: model2vec's plain distillation of the teacher, kept in the cache folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from model2vec.distill import distill

from tools.encoder.teacher import teacher_folder
from tools.encoder.vocabulary import Spec

Vectors = npt.NDArray[np.float32]

_DIMENSIONS = 256
"""Of the distilled vectors; a linear map takes them to the student's dimensions."""


def plain(cache: Path) -> tuple[Spec, Vectors]:
    """The tokenizer as its JSON holds it, and a vector for each token."""
    spec_path, vectors_path = cache / "distilled.json", cache / "distilled.npy"
    if not (spec_path.exists() and vectors_path.exists()):
        print("  distilling the teacher", flush=True)
        model = distill(teacher_folder(), pca_dims=_DIMENSIONS)
        np.save(vectors_path, model.embedding.astype(np.float32))
        spec_path.write_text(model.tokenizer.to_str(), encoding="utf-8")
    spec = json.loads(spec_path.read_text(encoding="utf-8"))
    return {**spec, "padding": None, "truncation": None}, np.load(vectors_path)
