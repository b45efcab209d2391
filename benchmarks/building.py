"""Built content of generated companies, cached between runs."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

from benchmarks.companies import write_company
from faqbot.content.loader import load_knowledge_base
from faqbot.index.builder import Encoders, build_with
from faqbot.index.cache import Snapshots, key_of


def word(number: int) -> str:
    return f"Acme{number:04}"


def team(number: int) -> str:
    return f"T{number:08}"


def build(work: tuple[Path, int, int]) -> float:
    """Write and build one company where it isn't kept; seconds that building took, or 0."""
    folder, number, roles = work
    place = folder / "content" / f"{number:04}"
    write_company(place, number, roles, word(number))
    key = key_of(place, None)
    if (folder / "cache" / key).is_dir():
        return 0.0
    encoders = _encoders()
    began = time.perf_counter()
    knowledge = build_with(load_knowledge_base(place), encoders)
    knowledge.matcher.ranker.freeze()
    Snapshots(folder / "cache", 10**6).keep(key, knowledge, encoders.common)
    return time.perf_counter() - began


@cache
def _encoders() -> Encoders:
    return Encoders.of(None)
