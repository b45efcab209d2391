"""The split of the lines: those that measure the student, and all that contain one."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]

_LONGEST_SPAN = 6


def split(lines: Sequence[str], held_out: int, seed: int) -> tuple[Rows, Rows]:
    """The rows to train on and the held-out rows."""
    out = random.Random(seed).sample(range(len(lines)), held_out)
    known = {span for row in out for span in _spans(lines[row])}
    outside = set(out)
    rows = [
        row for row, line in enumerate(lines) if row not in outside and line.lower() not in known
    ]
    return np.array(rows), np.array(sorted(out))


def _spans(line: str) -> list[str]:
    words = line.lower().split()
    sizes = range(2, _LONGEST_SPAN + 1)
    return [
        line.lower(),
        *(" ".join(words[at : at + size]) for size in sizes for at in range(len(words) - size + 1)),
    ]
