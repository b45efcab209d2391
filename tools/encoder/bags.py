"""Lines as bags of tokens in flat arrays, with variants of each line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from faqbot.matching.text import normalise
from tools.encoder.noise import mistype

Ids = npt.NDArray[np.int64]

_MISTYPED = 3
"""How many mistyped versions of each line are made."""


@dataclass(frozen=True)
class Bags:
    """The token ids of many texts one after the other, and where each text starts."""

    ids: Ids
    starts: Ids

    def take(self, rows: Ids) -> tuple[Ids, Ids]:
        """The ids of some texts, and the offset of each, as torch's embedding_bag wants them."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        places = (
            np.arange(sizes.sum()) - np.repeat(offsets, sizes) + np.repeat(self.starts[rows], sizes)
        )
        return self.ids[places], offsets

    @property
    def filled(self) -> npt.NDArray[np.bool_]:
        """Which texts have a known token."""
        return np.diff(self.starts) > 0


def tokenise(tokenizer: Tokenizer, texts: Sequence[str]) -> Bags:
    """The bags of texts, without unknown tokens, as StaticModel counts them."""
    unknown = tokenizer.token_to_id("[UNK]")
    found = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    bags = [[token for token in encoding.ids if token != unknown] for encoding in found]
    starts = np.concatenate([[0], np.cumsum([len(bag) for bag in bags])])
    return Bags(np.fromiter((token for bag in bags for token in bag), dtype=np.int64), starts)


@dataclass(frozen=True)
class Typed:
    """The versions of the same lines: as the matcher normalises them, as they are, and mistyped."""

    normalised: Bags
    raw: Bags
    mistyped: tuple[Bags, ...]

    @property
    def filled(self) -> npt.NDArray[np.bool_]:
        """Which lines have a known token in every version."""
        every = [bags.filled for bags in (self.normalised, self.raw, *self.mistyped)]
        filled: npt.NDArray[np.bool_] = np.logical_and.reduce(every)
        return filled

    def draw(self, rows: Ids, rng: np.random.Generator) -> tuple[Ids, Ids]:
        """Bags of a batch's rows: 65 % of them normalised, 15 % raw, 20 % mistyped."""
        cuts = [int(0.65 * len(rows)), int(0.8 * len(rows))]
        clean, raw, wrong = np.split(rows, cuts)
        versions = [self.normalised, self.raw, self.mistyped[rng.integers(len(self.mistyped))]]
        taken = [bags.take(part) for bags, part in zip(versions, (clean, raw, wrong), strict=True)]
        lengths = np.cumsum([0, *(len(ids) for ids, _ in taken)])
        offsets = [part + length for (_, part), length in zip(taken, lengths, strict=False)]
        return np.concatenate([ids for ids, _ in taken]), np.concatenate(offsets)


def typed(tokenizer: Tokenizer, lines: Sequence[str], seed: int) -> Typed:
    """The versions of all lines; the same seed gives the same typing errors."""
    rng = random.Random(seed)
    clean = [normalise(line) for line in lines]
    normalised = tokenise(tokenizer, clean)
    mistyped = tuple(
        tokenise(tokenizer, [mistype(line, rng) for line in clean]) for _ in range(_MISTYPED)
    )
    return Typed(normalised, tokenise(tokenizer, lines), mistyped)
