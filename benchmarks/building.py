"""Built content of generated companies, cached between runs."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

from benchmarks.companies import write_company
from faqbot.content.loader import load_knowledge_base
from faqbot.index.builder import build_index
from faqbot.index.cache import Snapshots, snapshot_key
from faqbot.matching.training_data import SharedResources


def word(number: int) -> str:
    return f"Acme{number:04}"


def team(number: int) -> str:
    return f"T{number:08}"


def build(work: tuple[Path, int, int]) -> float:
    """Write and build one company where it isn't kept; seconds that building took, or 0."""
    folder, number, roles = work
    place = folder / "content" / f"{number:04}"
    write_company(place, number, roles, word(number))
    key = snapshot_key(place, None)
    if (folder / "cache" / key).is_dir():
        return 0.0
    resources = _resources()
    began = time.perf_counter()
    index = build_index(load_knowledge_base(place), resources)
    index.matcher.ranker.freeze()
    Snapshots(folder / "cache", 10**6).save(key, index, resources)
    return time.perf_counter() - began


@cache
def _resources() -> SharedResources:
    return SharedResources()
