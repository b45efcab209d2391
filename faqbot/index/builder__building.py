"""Build knowledge in a process of its own, so that answers go on at their pace meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from faqbot.content.loader import load_library
from faqbot.engine import Knowledge
from faqbot.errors import ContentError, FaqbotError, Problem, ServiceError, UsageError
from faqbot.index import cache
from faqbot.index.builder import Encoders, built

NICE: Final = 19
"""How much the building process steps back for those that answer."""

SETTLED: Final = 200
"""Roles up to which each role's own questions are prepared: 10 ms and 100 KB for each."""

_BAD_CONTENT, _UNUSABLE = 3, 4


def build_aside(folder: Path, encoder: Path | None, encoders: Encoders) -> Knowledge:
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
    with written_aside(folder, encoder) as place:
        return cache.read(place, encoders.common, gently=True)


@contextmanager
def written_aside(folder: Path, encoder: Path | None) -> Iterator[Path]:
    """A snapshot of a folder that another process wrote, as long as the block runs.

    Errors are those of `build_aside`.
    """
    with tempfile.TemporaryDirectory(prefix="faqbot-") as place:
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
            knowledge = built(load_library(Path(folder)), encoders)
            if len(knowledge.library.roles) <= SETTLED:
                knowledge.matcher.ranker.settle()
    except ContentError as error:
        print(json.dumps([astuple(problem) for problem in error.problems]))  # noqa: T201
        return _BAD_CONTENT
    except FaqbotError as error:
        print(json.dumps(str(error)))  # noqa: T201
        return _UNUSABLE
    cache.write(Path(place), knowledge, encoders.common)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
