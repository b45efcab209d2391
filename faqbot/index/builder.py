"""Content folders and libraries -> what answers questions about them."""

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
from faqbot.engine import ConversationMemory, Engine, Index
from faqbot.errors import ContentError, FaqbotError, Problem, ServiceError, UsageError
from faqbot.index import cache
from faqbot.index.cache import SizedIndex, Snapshots, key_of
from faqbot.matching.decision import Decider
from faqbot.matching.encoders import Encoder, StaticEncoder, TransformerEncoder
from faqbot.matching.facts.finder import FactFinder
from faqbot.matching.matcher import Matcher
from faqbot.matching.training_data import SharedResources
from faqbot.model import Audience, KnowledgeBase

LONG: Final = 4.0
"""Seconds of building from which its result is kept: below, reading it gains nothing."""


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
    index = load_index(knowledge, encoder, cache)
    return Engine(index, ConversationMemory(time.monotonic), audience=audience)


def load_index(folder: Path, encoder: Path | None, cache: Path | None) -> Index:
    """What answers questions about a folder, from the cache where it was kept there."""
    encoders = Encoders.of(encoder)
    if cache is None:
        return build_with(load_knowledge_base(folder), encoders)
    snapshots = Snapshots(cache)
    key = key_of(folder, encoder)
    kept = snapshots.find(key, encoders.common)
    if kept is not None:
        threadpool_limits(limits=1, user_api="blas")
        return kept
    began = time.monotonic()
    made = build_with(load_knowledge_base(folder), encoders)
    # Content that changed meanwhile would be kept under the key of what it was before.
    if time.monotonic() - began > LONG and key_of(folder, encoder) == key:
        snapshots.keep(key, made, encoders.common)
    return made


def build_index(knowledge_base: KnowledgeBase, encoder: Path | None = None) -> Index:
    """Build what answers questions about a library; `encoder` is as for `open_desk`."""
    return build_with(knowledge_base, Encoders.of(encoder))


@dataclass(frozen=True)
class Encoders:
    """The bundled encoder, which also knows the words of the language, and the chosen one."""

    bundled: StaticEncoder
    chosen: Encoder
    common: SharedResources

    @classmethod
    def of(cls, folder: Path | None) -> Encoders:
        bundled = StaticEncoder()
        chosen = TransformerEncoder(folder) if folder else bundled
        return cls(bundled, chosen, SharedResources(bundled, chosen))


def build_with(knowledge_base: KnowledgeBase, encoders: Encoders) -> Index:
    """Build with all processors, then answer on one thread.

    A question is too small to share; threads that wait for each other made it nine times slower on
    a busy machine.
    """
    common = encoders.common
    matcher = Matcher(knowledge_base, common)
    threadpool_limits(limits=1, user_api="blas")
    decider = Decider(knowledge_base)
    facts = FactFinder(knowledge_base, matcher.link_roles, common.everyday)
    return Index(knowledge_base, matcher, decider, facts)


NICE: Final = 19
"""How much the building process steps back for those that answer."""

SETTLED: Final = 200
"""Roles up to which each role's own questions are prepared: 10 ms and 100 KB for each."""

_BAD_CONTENT, _UNUSABLE = 3, 4


def build_in_subprocess(folder: Path, encoder: Path | None, encoders: Encoders) -> Index:
    """Load and understand a folder in another process, and read the result in small steps.

    Args:
        folder: the content folder.
        encoder: the folder of the chosen encoder; None is the bundled one.
        encoders: what this process has loaded of it.

    Raises:
        ContentError: the content has problems.
        UsageError: there is no content in the folder.
        ServiceError: the other process did not finish.
    """
    with snapshot_from_subprocess(folder, encoder) as place:
        return cache.read(place, encoders.common, gently=True)


@contextmanager
def snapshot_from_subprocess(folder: Path, encoder: Path | None) -> Iterator[Path]:
    """A snapshot of a folder that another process wrote, as long as the block runs.

    Errors are those of `build_aside`.
    """
    with tempfile.TemporaryDirectory(prefix="faqbot-") as place:
        # A process, no thread: building holds the interpreter, and answers would wait for it.
        command = [sys.executable, "-m", __name__, str(folder), str(encoder or ""), place]
        done = subprocess.run(  # noqa: S603 - ourselves
            command, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            raise _told(done.returncode, done.stdout)
        yield Path(place)


def _told(code: int, said: bytes) -> FaqbotError:
    """The error that the building process met."""
    try:
        if code == _BAD_CONTENT:
            return ContentError([Problem(*fields) for fields in json.loads(said)])
        if code == _UNUSABLE:
            return UsageError(json.loads(said))
    except (ValueError, TypeError):
        pass
    return ServiceError(
        f"Building the content ended with exit code {code}: try it by faqbot check."
    )


def main(arguments: Sequence[str]) -> int:
    """Build what the arguments say into a folder; the exit code."""
    folder, encoder, place = arguments
    os.nice(NICE)
    encoders = Encoders.of(Path(encoder) if encoder else None)
    try:
        # One thread: the other processors belong to those that answer.
        with threadpool_limits(limits=1, user_api="blas"):
            knowledge = build_with(load_knowledge_base(Path(folder)), encoders)
            if len(knowledge.knowledge_base.roles) <= SETTLED:
                knowledge.matcher.ranker.freeze()
    except ContentError as error:
        print(json.dumps([astuple(problem) for problem in error.problems]))  # noqa: T201
        return _BAD_CONTENT
    except FaqbotError as error:
        print(json.dumps(str(error)))  # noqa: T201
        return _UNUSABLE
    cache.write(Path(place), knowledge, encoders.common)
    return 0


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads folders beside those that answer.

    Args:
        encoder: the folder of the chosen encoder; None is the bundled one.
        encoders: what this process has loaded of it.
        kept: where built content is kept; None keeps nothing, and builds each time.
    """

    encoder: Path | None
    encoders: Encoders
    kept: Snapshots | None

    def __post_init__(self) -> None:
        """One thread for each question, as `built` says."""
        threadpool_limits(limits=1, user_api="blas")

    def __call__(self, folder: Path) -> SizedIndex:
        """Load a folder.

        Raises:
            ContentError: the content has problems.
            UsageError: there is no content in the folder.
            ServiceError: the process that builds did not finish.
        """
        key = key_of(folder, self.encoder)
        found = self._found(key)
        if found is not None:
            return found
        with snapshot_from_subprocess(folder, self.encoder) as place:
            if self.kept is not None and key_of(folder, self.encoder) == key:
                self.kept.adopt(key, place)
                found = self._found(key)
            if found is not None:
                return found
            knowledge = cache.read(place, self.encoders.common, gently=True)
            return SizedIndex(knowledge, cache.weight_of(place))

    def _found(self, key: str) -> SizedIndex | None:
        if self.kept is None:
            return None
        knowledge = self.kept.find(key, self.encoders.common, gently=True)
        return SizedIndex(knowledge, self.kept.weight(key)) if knowledge else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
