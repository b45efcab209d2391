"""The development measures, on training splits alone: no benchmark's test file is read here."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from faqbot.matching.text import normalise
from tools.encoder.noise import mistype

Vectors = npt.NDArray[np.float32]
Texts = Sequence[str]
Encode = Callable[[Texts], Vectors]

FILES = (
    "hint3/sofmattress_train.csv",
    "hint3/sofmattress_subset_train.csv",
    "hint3/curekart_train.csv",
    "hint3/curekart_subset_train.csv",
    "banking77/train_10shot.csv",
)

_FOLDS = 5
_RIDGE = 0.3


@dataclass(frozen=True)
class Labelled:
    """The training questions of one data set, as they are, mistyped, and whose they are."""

    name: str
    texts: list[str]
    mistyped: list[str]
    labels: npt.NDArray[np.int64]
    folds: npt.NDArray[np.int64]


def labelled(data: Path, seed: int) -> list[Labelled]:
    """The data sets of FILES; raises FileNotFoundError when one is missing."""
    return [_read(data / name, seed) for name in FILES]


def _read(path: Path, seed: int) -> Labelled:
    rng = random.Random(seed)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(normalise(row[0]), row[1]) for row in list(csv.reader(file))[1:]]
    names = sorted({label for _, label in rows})
    texts = [text for text, _ in rows]
    folds = [at % _FOLDS for at in range(len(rows))]
    rng.shuffle(folds)
    return Labelled(
        path.stem,
        texts,
        [mistype(text, rng) for text in texts],
        np.array([names.index(label) for _, label in rows]),
        np.array(folds),
    )


def accuracies(sets: Sequence[Labelled], encode: Encode) -> dict[str, dict[str, float]]:
    """Cross-validated accuracy of each data set: nearest phrasing, the same mistyped, and ridge."""
    found = {}
    for one in sets:
        vectors = encode(one.texts)
        mistyped = encode(one.mistyped)
        found[one.name] = {
            "nearest": _folded(one, vectors, vectors, _nearest),
            "nearest, mistyped": _folded(one, vectors, mistyped, _nearest),
            "ridge": _folded(one, vectors, vectors, _ridge),
        }
    return found


@dataclass(frozen=True)
class Unseen:
    """Held-out lines, as the matcher normalises them and mistyped, with the teacher's vectors."""

    texts: list[str]
    mistyped: list[str]
    wanted: Vectors

    @classmethod
    def of(cls, lines: Texts, wanted: Vectors, seed: int) -> Unseen:
        """Normalise lines, and mistype each once."""
        rng = random.Random(seed)
        texts = [normalise(line) for line in lines]
        return cls(texts, [mistype(text, rng) for text in texts], wanted)

    def cosines(self, encode: Encode) -> dict[str, float]:
        """Mean cosine to the teacher, whose vectors stand rotated and are not lengthened again."""
        return {
            "cosine": float((encode(self.texts) * self.wanted).sum(1).mean()),
            "cosine, mistyped": float((encode(self.mistyped) * self.wanted).sum(1).mean()),
        }


def mean(found: dict[str, dict[str, float]]) -> dict[str, float]:
    """Each measure's mean over the data sets."""
    kinds = next(iter(found.values()))
    return {kind: float(np.mean([row[kind] for row in found.values()])) for kind in kinds}


Predict = Callable[[Vectors, npt.NDArray[np.int64], Vectors], npt.NDArray[np.int64]]


def _folded(one: Labelled, known: Vectors, asked: Vectors, predict: Predict) -> float:
    right = 0
    for fold in range(_FOLDS):
        out = one.folds == fold
        right += int((predict(known[~out], one.labels[~out], asked[out]) == one.labels[out]).sum())
    return right / len(one.labels)


def _nearest(
    known: Vectors, labels: npt.NDArray[np.int64], asked: Vectors
) -> npt.NDArray[np.int64]:
    nearest: npt.NDArray[np.int64] = labels[(asked @ known.T).argmax(axis=1)]
    return nearest


def _ridge(known: Vectors, labels: npt.NDArray[np.int64], asked: Vectors) -> npt.NDArray[np.int64]:
    wanted = np.eye(labels.max() + 1, dtype=np.float32)[labels]
    kernel = known @ known.T + _RIDGE * np.eye(len(known), dtype=np.float32)
    scores = asked @ known.T @ np.linalg.solve(kernel, wanted)
    return np.asarray(scores.argmax(axis=1))
