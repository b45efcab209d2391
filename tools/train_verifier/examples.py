"""Examples for the verifier: features of candidates, and whether each is the right one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from faqbot.matching.matcher import Matcher
from faqbot.matching.training_data import SharedResources
from faqbot.model import KnowledgeBase
from tools.train_verifier.collection import Collection

OFFERED = 4
"""Candidates of a question that are examples."""


class Kind(StrEnum):
    """What a question stands for: answered, with its right entries taken away, or out of scope."""

    IN_SCOPE = "in scope"
    REMOVED = "removed"
    OUT = "out"


SHARES = {Kind.IN_SCOPE: 0.55, Kind.REMOVED: 0.20, Kind.OUT: 0.25}
"""The weight of each kind of question in a collection."""


@dataclass(frozen=True, eq=False)
class Example:
    """One question: features of its candidates, best first, and which of them are right."""

    collection: str
    kind: Kind
    text: str
    keys: tuple[str, ...]
    features: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]
    is_folder: bool


def examples(collection: Collection, resources: SharedResources) -> Iterator[Example]:
    """Yield the examples of a collection."""
    matcher = Matcher(collection.knowledge_base, resources)
    for asked in collection.questions:
        keys = {_key(name, collection.knowledge_base) for name in asked.right}
        kinds = [(Kind.IN_SCOPE, set[str]()), (Kind.REMOVED, keys)]
        for kind, without in kinds if keys else [(Kind.OUT, set[str]())]:
            found, features = matcher.judge(asked.text, asked.role, without)
            right = np.array([key in keys and kind is Kind.IN_SCOPE for key in found], dtype=bool)
            yield Example(
                collection.name,
                kind,
                asked.text,
                found[:OFFERED],
                features[:OFFERED],
                right[:OFFERED],
                collection.is_folder,
            )


def _key(entry_id: str, knowledge_base: KnowledgeBase) -> str:
    """Return the key of the class of an entry, as the ranker knows it."""
    if entry_id.startswith("faq/"):
        return f":{entry_id}"
    entry = knowledge_base.entry(entry_id)
    assert entry is not None
    assert entry.role
    return entry_id.removeprefix(f"{entry.role}/")
