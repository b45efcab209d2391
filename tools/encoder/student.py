"""The student: token vectors whose mean over a line points where the teacher's vector does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by

from tools.encoder.bags import Bags, Ids, Typed

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """What a training run does; the defaults measured best on the development measures.

    `similarity` weighs the batch's own similarities against the direction; `dropout` is the share
    of a line's tokens that a step leaves out.
    """

    dimensions: int = 256
    epochs: int = 8
    batch: int = 2048
    rate: float = 3e-3
    similarity: float = 20.0
    dropout: float = 0.2
    seed: int = 0


def rotation(teacher: Vectors, dimensions: int) -> Vectors:
    """The directions that keep most of the teacher's vectors: PCA without centring."""
    _, directions = np.linalg.eigh(teacher.T @ teacher)
    return np.ascontiguousarray(directions[:, ::-1][:, :dimensions])


def sentence_vectors(vectors: Vectors, bags: Bags) -> Vectors:
    """The normalised mean of each bag's token vectors; zero for an empty bag."""
    rows = np.arange(len(bags.starts) - 1)
    ids, offsets = bags.take(rows)
    with torch.inference_mode():
        summed = F.embedding_bag(
            torch.from_numpy(ids), torch.from_numpy(vectors), torch.from_numpy(offsets), mode="sum"
        )
        result: Vectors = F.normalize(summed, dim=1).numpy()
    return result


def mapped(vectors: Vectors, bags: Bags, target: Vectors) -> Vectors:
    """Token vectors after the linear map that takes their sentence vectors nearest the target."""
    sentences = sentence_vectors(vectors, bags)
    solution, *_ = np.linalg.lstsq(sentences, target, rcond=None)
    return (vectors @ solution).astype(np.float32)


def train(
    start: Vectors,
    lines: Typed,
    teacher: Vectors,
    directions: Vectors,
    *,
    recipe: Recipe,
    report: Callable[[Vectors], str],
) -> Vectors:
    """Trained token vectors; `report` turns those of each epoch into a line of progress."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    weights = torch.nn.Parameter(torch.from_numpy(start.copy()))
    rows = np.flatnonzero(lines.filled)
    steps = recipe.epochs * (len(rows) // recipe.batch)
    optimiser = torch.optim.Adam([weights], lr=recipe.rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, steps))
    aims = torch.from_numpy(teacher @ directions)
    full = torch.from_numpy(teacher)
    started = time.monotonic()
    for epoch in range(recipe.epochs):
        order = rng.permutation(rows)
        for at in range(0, len(order) - recipe.batch + 1, recipe.batch):
            chosen = order[at : at + recipe.batch]
            found = _forward(weights, lines, chosen, recipe, rng)
            loss = _loss(found, aims[chosen], full[chosen], recipe)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        seconds = time.monotonic() - started
        line = report(weights.detach().numpy())
        print(f"  epoch {epoch + 1} of {recipe.epochs}, {seconds:.0f} s: {line}", flush=True)
    trained: Vectors = weights.detach().numpy()
    return trained


def _forward(
    weights: torch.Tensor, lines: Typed, chosen: Ids, recipe: Recipe, rng: np.random.Generator
) -> torch.Tensor:
    ids, offsets = lines.draw(chosen, rng)
    counts = None
    if recipe.dropout:
        kept = rng.random(len(ids)) >= recipe.dropout
        kept[offsets] = True  # a line never loses all its tokens
        counts = torch.from_numpy(kept.astype(np.float32))
    summed = F.embedding_bag(
        torch.from_numpy(ids),
        weights,
        torch.from_numpy(offsets),
        mode="sum",
        per_sample_weights=counts,
    )
    return F.normalize(summed, dim=1)


def _loss(
    found: torch.Tensor, aims: torch.Tensor, full: torch.Tensor, recipe: Recipe
) -> torch.Tensor:
    """How far from the teacher: in direction and in the batch's own similarities."""
    direction = 1 - (found * aims).sum(1).mean()
    similarities = (found @ found.T - full @ full.T).square().mean()
    return direction + recipe.similarity * similarities


def _pace(step: int, steps: int) -> float:
    """The learning rate's factor: a short rise, then a straight fall to nothing."""
    rise = max(1, steps // 20)
    return min(1.0, (step + 1) / rise) * max(0.0, 1 - step / max(1, steps))
