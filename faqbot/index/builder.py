"""Content folders and libraries -> what answers questions about them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from faqbot.content.loader import load_library
from faqbot.engine import Desk, Knowledge
from faqbot.engine__conversations import Conversations
from faqbot.index.cache import Snapshots, key_of
from faqbot.matching.decision import Decider, Thresholds
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.encoders__transformer import TransformerEncoder
from faqbot.matching.facts.finder import FactFinder
from faqbot.matching.matcher import Matcher
from faqbot.matching.similarity import Encoder
from faqbot.matching.training_data__common import Common
from faqbot.model import Library

LONG: Final = 4.0
"""Seconds of building from which its result is kept: below, reading it gains nothing."""


def open_desk(knowledge: Path, encoder: Path | None = None, cache: Path | None = None) -> Desk:
    """A desk that answers from a content folder.

    Args:
        knowledge: the content folder.
        encoder: the folder of a sentence-transformers model; None takes the bundled encoder.
        cache: the folder in which to keep what took long to build; None keeps nothing.

    Raises:
        ContentError: the content has problems.
        UsageError: there is no content in the folder, or the encoder can't be loaded.
    """
    return Desk(knowledge_of(knowledge, encoder, cache), Conversations(time.monotonic))


def knowledge_of(folder: Path, encoder: Path | None, cache: Path | None) -> Knowledge:
    """What answers questions about a folder, from the cache where it was kept there."""
    encoders = Encoders.of(encoder)
    if cache is None:
        return built(load_library(folder), encoders)
    snapshots = Snapshots(cache)
    key = key_of(folder, encoder)
    kept = snapshots.find(key, encoders.common)
    if kept is not None:
        threadpool_limits(limits=1, user_api="blas")
        return kept
    began = time.monotonic()
    made = built(load_library(folder), encoders)
    if time.monotonic() - began > LONG and key_of(folder, encoder) == key:
        snapshots.keep(key, made, encoders.common)
    return made


def understand(library: Library, encoder: Path | None = None) -> Knowledge:
    """Build what answers questions about a library; `encoder` is as for `open_desk`."""
    return built(library, Encoders.of(encoder))


@dataclass(frozen=True)
class Encoders:
    """The bundled encoder, which also knows the words of the language, and the chosen one."""

    bundled: StaticEncoder
    chosen: Encoder
    common: Common

    @classmethod
    def of(cls, folder: Path | None) -> Encoders:
        bundled = StaticEncoder()
        chosen = TransformerEncoder(folder) if folder else bundled
        return cls(bundled, chosen, Common(bundled, chosen))


def built(library: Library, encoders: Encoders) -> Knowledge:
    """Build with all processors, then answer on one thread.

    A question is too small to share; threads that wait for each other made it nine times slower on
    a busy machine.
    """
    common = encoders.common
    matcher = Matcher(library, common)
    threadpool_limits(limits=1, user_api="blas")
    decider = Decider(library, Thresholds())
    facts = FactFinder(library, matcher.roles_in, common.everyday)
    return Knowledge(library, matcher, decider, facts)
