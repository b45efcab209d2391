"""Build the index of a content folder: in this process, in a subprocess, or from the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine, Index
from faqbot.errors import ContentError, FaqbotError, Problem, ServiceError, UsageError
from faqbot.index.cache import (
    SizedIndex,
    Snapshots,
    read_snapshot,
    snapshot_key,
    snapshot_size,
    write_snapshot,
)
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.decision import Decider
from faqbot.matching.facts.finder import FactFinder
from faqbot.matching.matcher import Matcher
from faqbot.matching.sensitive import SensitiveFinder
from faqbot.matching.small_talk import SmallTalkFinder
from faqbot.matching.training_data import (
    SharedResources,
    authored_questions,
    shared_resources,
)
from faqbot.model import Audience, KnowledgeBase

MIN_CACHED_SECONDS: Final = 1.0
"""Seconds of building from which an index is cached: to read one takes half a second at least."""

MIN_THREADED_QUESTIONS: Final = 2_000
"""Questions and phrasings of FAQs from which an index is built with all processors.

Below, threads wait for each other longer than they calculate: where others use the processors too,
that made a start three times as expensive and six times as long.
"""

NICENESS: Final = 19
"""The niceness of the process that builds, so that it gives way to the one that answers."""

MAX_FROZEN_ROLES: Final = 200
"""Roles up to which a subprocess solves the scope of each: 10 ms and 100 KB a role."""

MAX_SOLVED_ROLES: Final = 20
"""Roles up to which the scope of each is solved before an index is cached, for a quick start."""

WARM_UP_QUESTIONS: Final = (
    "what skills does a {} need",
    "is a degree required for a {}",
    "compare {} and {}",
    "which roles need experience",
    "how do I apply",
)
"""One question of each kind, about the first roles."""

WARM_UP_PAUSE: Final = 0.005
"""Seconds between two of them, for the thread that answers."""

ENTRY_PAUSE: Final = 0.001
"""Seconds between two entries that are read ahead: one takes less than a millisecond."""

_BAD_CONTENT, _UNUSABLE = 3, 4
"""Exit codes of the subprocess: the content has problems; another error of faqbot."""


def load_engine(
    knowledge: Path,
    encoder: Path | None = None,
    cache: Path | None = None,
    audience: Audience = Audience.EVERYONE,
) -> Engine:
    """Return an engine that answers from a content folder.

    Args:
        knowledge: the content folder.
        encoder: the folder of a sentence-transformers model; None takes the bundled encoder.
        cache: the folder in which to keep what took long to build; None keeps nothing.
        audience: who asks the questions that are given as a text.

    Raises:
        ContentError: the content has problems.
        UsageError: there is no content in the folder, or the encoder can't be loaded.
    """
    index = load_index(knowledge, shared_resources(encoder, cache), cache)
    return Engine(index, ConversationMemory(time.monotonic), audience=audience)


def load_index(folder: Path, resources: SharedResources, cache: Path | None = None) -> Index:
    """Return the index of a content folder, from the cache if possible.

    Args:
        folder: the content folder.
        resources: what all indexes share.
        cache: the folder in which to keep what took long to build; None keeps nothing.

    Raises:
        ContentError: the content has problems.
        UsageError: there is no content in the folder.
    """
    if cache is None:
        return build_index(load_knowledge_base(folder), resources)
    snapshots = Snapshots(cache)
    key = snapshot_key(folder, resources.encoder_folder)
    cached = snapshots.load(key, resources)
    if cached is not None:
        threadpool_limits(limits=1, user_api="blas")
        return cached
    began = time.monotonic()
    index = build_index(load_knowledge_base(folder), resources)
    took = time.monotonic() - began
    # Content that changed while it was loaded must not be kept under the key of what it was.
    if took > MIN_CACHED_SECONDS and snapshot_key(folder, resources.encoder_folder) == key:
        if len(index.knowledge_base.roles) <= MAX_SOLVED_ROLES:
            index.matcher.ranker.freeze()
        snapshots.save(key, index, resources)
    return index


def build_index(knowledge_base: KnowledgeBase, resources: SharedResources | None = None) -> Index:
    """Build the index of a knowledge base.

    That of large content is built with all processors. It answers on one thread: a question is too
    small to share, and threads that wait for each other made it nine times slower on a machine
    where others work too.

    Args:
        knowledge_base: the content.
        resources: what all indexes share; None takes those of the process.
    """
    shared = resources or shared_resources()
    if sum(1 for _ in authored_questions(knowledge_base)) < MIN_THREADED_QUESTIONS:
        threadpool_limits(limits=1, user_api="blas")
    matcher = Matcher(knowledge_base, shared)
    threadpool_limits(limits=1, user_api="blas")
    facts = FactFinder(knowledge_base, matcher.link_roles, shared.everyday, shared.names)
    return Index(
        knowledge_base,
        matcher,
        Decider(knowledge_base),
        facts,
        SmallTalkFinder(shared.small_talk, knowledge_base, shared.language),
        SensitiveFinder(shared.matters, knowledge_base, shared.encoder),
    )


def build_in_subprocess(folder: Path, resources: SharedResources) -> Index:
    """Build the index of a folder in a subprocess, so that serving isn't slowed down.

    The result is read in small steps, between which other threads run.

    Args:
        folder: the content folder.
        resources: what all indexes share.

    Raises:
        ContentError: the content has problems.
        UsageError: there is no content in the folder.
        ServiceError: the subprocess failed.
    """
    with snapshot_from_subprocess(folder, resources) as snapshot:
        index = read_snapshot(snapshot, resources, yielding=True)
    warm_up(index)
    return index


def warm_up(index: Index) -> None:
    """Ask an index some questions, so that it has made what it makes at a first question.

    Otherwise the first askers would wait for it, and with them all others, since it is made on the
    thread that answers: a question to a new index took up to six times as long.
    """
    for _ in index.matcher.prepare_entries():
        time.sleep(ENTRY_PAUSE)
    engine = Engine(index, ConversationMemory(time.monotonic), audience=Audience.EMPLOYEES)
    titles = [role.title for role in index.knowledge_base.roles[:2]]
    for question in WARM_UP_QUESTIONS:
        if question.count("{}") <= len(titles):
            engine.ask(question.format(*titles))
            time.sleep(WARM_UP_PAUSE)


@contextmanager
def snapshot_from_subprocess(folder: Path, resources: SharedResources) -> Iterator[Path]:
    """Yield a snapshot of a folder that a subprocess wrote; it is deleted after the block.

    Raises:
        FaqbotError: as build_in_subprocess.
    """
    with tempfile.TemporaryDirectory(prefix="faqbot-") as snapshot:
        paths = [str(path or "") for path in (resources.encoder_folder, resources.cache)]
        command = [sys.executable, "-m", __name__, str(folder), *paths, snapshot]
        done = subprocess.run(  # noqa: S603 - ourselves
            command, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            raise _error_of(done.returncode, done.stdout)
        yield Path(snapshot)


def _error_of(code: int, output: bytes) -> FaqbotError:
    """Return the error that the subprocess ended with."""
    try:
        if code == _BAD_CONTENT:
            return ContentError([Problem(*fields) for fields in json.loads(output)])
        if code == _UNUSABLE:
            return UsageError(json.loads(output))
    except (ValueError, TypeError):
        pass
    return ServiceError(
        f"Building the content ended with exit code {code}: try it by faqbot check."
    )


def main(arguments: Sequence[str]) -> int:
    """Build a folder's index into a snapshot; the subprocess. Returns its exit code."""
    folder, encoder, cache, snapshot = arguments
    os.nice(NICENESS)
    resources = SharedResources(Path(encoder) if encoder else None, Path(cache) if cache else None)
    try:
        # On one thread: the other processors belong to the process that answers.
        with threadpool_limits(limits=1, user_api="blas"):
            index = build_index(load_knowledge_base(Path(folder)), resources)
            if len(index.knowledge_base.roles) <= MAX_FROZEN_ROLES:
                index.matcher.ranker.freeze()
    except ContentError as error:
        print(json.dumps([astuple(problem) for problem in error.problems]))  # noqa: T201
        return _BAD_CONTENT
    except FaqbotError as error:
        print(json.dumps(str(error)))  # noqa: T201
        return _UNUSABLE
    write_snapshot(Path(snapshot), index, resources)
    return 0


@dataclass(frozen=True, slots=True)
class IndexLoader:
    """Loads the indexes of folders in subprocesses, from snapshots if possible.

    Args:
        resources: what all indexes share.
        snapshots: where indexes are kept; None builds each time.
    """

    resources: SharedResources
    snapshots: Snapshots | None

    def __post_init__(self) -> None:
        """Answer on one thread, as build_index says."""
        threadpool_limits(limits=1, user_api="blas")

    def __call__(self, folder: Path) -> SizedIndex:
        """Load the index of a folder.

        Raises:
            ContentError: the content has problems.
            UsageError: there is no content in the folder.
            ServiceError: the subprocess failed.
        """
        encoder = self.resources.encoder_folder
        key = snapshot_key(folder, encoder)
        cached = self._from_cache(key)
        if cached is not None:
            return cached
        with snapshot_from_subprocess(folder, self.resources) as snapshot:
            if self.snapshots is not None and snapshot_key(folder, encoder) == key:
                self.snapshots.adopt(key, snapshot)
                cached = self._from_cache(key)
            if cached is not None:
                return cached
            index = read_snapshot(snapshot, self.resources, yielding=True)
            warm_up(index)
            return SizedIndex(index, snapshot_size(snapshot))

    def _from_cache(self, key: str) -> SizedIndex | None:
        if self.snapshots is None:
            return None
        index = self.snapshots.load(key, self.resources, yielding=True)
        if index is None:
            return None
        warm_up(index)
        return SizedIndex(index, self.snapshots.size(key))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
