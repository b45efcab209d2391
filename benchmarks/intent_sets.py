"""The public intent sets, and splits of their training files."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faqbot.evaluation.datasets import Sentence, read_sentences

NONE = "NO_NODES_DETECTED"
"""HINT3's label of sentences that must not be answered; here it serves for all sets."""

HELD_OUT = 0.2
"""The share of a training file, and of its labels, that a split holds out."""


@dataclass(frozen=True, slots=True)
class IntentSet:
    """Where a set is, inside the data folder, and what its columns are called."""

    name: str
    train: str
    test: str
    text: str = "sentence"
    label: str = "label"


def _hint3(name: str, subset: str = "") -> IntentSet:
    told = f"HINT3 {name}{subset.replace('_', ' ')}"
    return IntentSet(told, f"hint3/{name}{subset}_train.csv", f"hint3/{name}_test.csv")


def _banking(told: str, train: str) -> IntentSet:
    return IntentSet(
        f"BANKING77 {told}", f"banking77/{train}.csv", "banking77/test.csv", "text", "category"
    )


SETS = (
    _hint3("sofmattress"),
    _hint3("sofmattress", "_subset"),
    _hint3("curekart"),
    _hint3("curekart", "_subset"),
    _banking("ten phrasings an entry", "train_10shot"),
)
FULL = _banking("all phrasings", "train")


@dataclass(frozen=True, slots=True)
class Split:
    """Sentences to learn from and sentences to ask."""

    train: Sequence[Sentence]
    test: Sequence[Sentence]

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both as CSV with the columns `text` and `label`."""
        return _write(folder / "train.csv", self.train), _write(folder / "test.csv", self.test)


def _write(path: Path, sentences: Sequence[Sentence]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("text", "label"))
        rows.writerows((one.text, one.label) for one in sentences)
    return path


def published_split(chosen: IntentSet, data: Path) -> Split:
    """The training and the test file as published."""
    return Split(
        read_sentences(data / chosen.train, chosen.text, chosen.label),
        read_sentences(data / chosen.test, chosen.text, chosen.label),
    )


def training_split(chosen: IntentSet, data: Path, seed: int) -> Split:
    """A split of the training file alone: some labels become out of scope, others are thinned."""
    sentences = read_sentences(data / chosen.train, chosen.text, chosen.label)
    chance = random.Random(seed)
    labels = sorted({one.label for one in sentences})
    unknown = frozenset(chance.sample(labels, round(HELD_OUT * len(labels) / 2)))
    train: list[Sentence] = []
    test: list[Sentence] = []
    for label in labels:
        own = [one for one in sentences if one.label == label]
        chance.shuffle(own)
        held = max(1, round(HELD_OUT * len(own))) if len(own) > 1 else 0
        asked_as = NONE if label in unknown else label
        test += [Sentence(one.text, asked_as) for one in own[:held]]
        train += [] if label in unknown else own[held:]
    return Split(train, test)
