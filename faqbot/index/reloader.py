"""Live reload: content that changes is built aside and swapped in, or kept out when it is bad."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import json
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from platformdirs import user_state_path

from faqbot.content.files import content_files
from faqbot.engine import Index
from faqbot.errors import ContentError, FaqbotError
from faqbot.model import KnowledgeBase

AGAIN: Final = 5.0
"""Seconds until a folder that can't be watched is looked at again."""

SHOWN: Final = 20
"""Problems that are kept to be shown."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReloadState:
    """What is answered from, and what became of the last change.

    `version` since `since` (UTC); `tried` is when content was last looked at, `problems` what was
    wrong with it then (empty: it is what is answered from), `count` how many problems in all;
    `reloads` and `failures` count since the start.
    """

    version: str
    since: dt.datetime
    tried: dt.datetime
    problems: tuple[str, ...] = ()
    count: int = 0
    reloads: int = 0
    failures: int = 0


class ReloadTarget(Protocol):
    """What answers from content: an engine, or all engines that share a folder."""

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """What is answered from."""
        ...

    def swap(self, knowledge: Index) -> Index:
        """Answer from other content, from the next question on; returns what it was."""
        ...


class Reloader:
    """Keeps what is answered from as it is in a folder.

    Args:
        engine: answers from the new content afterwards.
        folder: the content folder.
        build: loads and understands a folder; runs in a thread.
        note: is told what became of each change.
        digest: what the folder was like when its content was read; None: as it is now.
    """

    def __init__(
        self,
        engine: ReloadTarget,
        folder: Path,
        build: Callable[[Path], Index],
        note: Callable[[ReloadState], None] = lambda _: None,
        digest: str | None = None,
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._build = build
        self._note = note
        self._turn = asyncio.Lock()
        self._digest = digest_of(folder) if digest is None else digest
        now = dt.datetime.now(dt.UTC)
        self._state = ReloadState(engine.knowledge_base.version, now, now)
        note(self._state)

    @property
    def state(self) -> ReloadState:
        """What is answered from now, and what became of the last change."""
        return self._state

    async def reload(self) -> bool:
        """Answer from the folder as it is now; false when it is as it was.

        Raises:
            FaqbotError: its content is bad; then the content stays that was good.
        """
        async with self._turn:
            # Taken before the build, so that a change during the build is found by the next look.
            digest = await asyncio.to_thread(digest_of, self._folder)
            now = dt.datetime.now(dt.UTC)
            if digest == self._digest:
                if self._state.problems:  # what was bad was taken back
                    self._tell(replace(self._state, tried=now, problems=(), count=0))
                return False
            try:
                knowledge = await asyncio.to_thread(self._build, self._folder)
            except FaqbotError as error:
                self._failed(error, now)
                raise
            old = self._engine.swap(knowledge)
            self._digest = digest
            version = knowledge.knowledge_base.version
            self._tell(ReloadState(version, now, now, (), 0, *self._counts(reloads=1)))
            _log.info("content reloaded: version %s", version)
            await asyncio.to_thread(_let_go, [old])
            return True

    async def watch(self) -> None:
        """Reload whenever a file of the folder changes, as long as this runs."""
        from watchfiles import awatch

        while True:
            try:
                async for _ in awatch(self._folder):
                    await self.reload_or_log()
            except (OSError, RuntimeError) as error:
                _log.warning("the content folder can't be watched: %s", type(error).__name__)
            await asyncio.sleep(AGAIN)
            await self.reload_or_log()

    async def reload_or_log(self) -> None:
        """Reload, and leave what is bad to the log and the state."""
        with contextlib.suppress(FaqbotError):
            await self.reload()

    def _failed(self, error: FaqbotError, now: dt.datetime) -> None:
        lines = (
            [str(p) for p in error.problems] if isinstance(error, ContentError) else [str(error)]
        )
        _log.warning(
            "the changed content has %d problem(s) and is not used; the first: %s",
            len(lines),
            lines[0],
        )
        reloads, failures = self._counts(failures=1)
        self._tell(
            replace(
                self._state,
                tried=now,
                problems=tuple(lines[:SHOWN]),
                count=len(lines),
                reloads=reloads,
                failures=failures,
            )
        )

    def _counts(self, reloads: int = 0, failures: int = 0) -> tuple[int, int]:
        return self._state.reloads + reloads, self._state.failures + failures

    def _tell(self, state: ReloadState) -> None:
        self._state = state
        self._note(state)


async def run_periodically(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again, as long as this runs."""
    while True:
        await asyncio.sleep(seconds)
        await work()


def digest_of(folder: Path) -> str:
    """What tells whether any content file changed; a folder without content has a digest too."""
    digest = hashlib.sha256()
    with contextlib.suppress(FaqbotError, OSError):
        for path in content_files(folder):
            raw = path.read_bytes()
            for part in (os.fsencode(path), raw):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _let_go(held: list[Index]) -> None:
    """Free old content where nobody waits for it."""
    held.clear()


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A faqbot that was started on some content: its process, and what it has loaded."""

    process: int
    mode: str
    started: str
    loaded: dict[str, Any]

    @property
    def is_alive(self) -> bool:
        """Whether the process is still there."""
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True


def status_file(knowledge: str) -> Path:
    """Where a faqbot on this content tells of itself."""
    name = hashlib.sha256(knowledge.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return user_state_path("faqbot", appauthor=False) / f"{name}.json"


def write_status_file(knowledge: str, mode: str) -> Callable[[ReloadState], None]:
    """What writes the file whenever content changes; a disk that is full stops nothing."""
    target = status_file(knowledge)
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")

    def note(loaded: ReloadState) -> None:
        said = ServiceStatus(os.getpid(), mode, started, asdict(loaded))
        with contextlib.suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps(asdict(said), default=str), encoding="utf-8")
            # Replaced as a whole, since another process may read the file at any moment.
            unfinished.replace(target)

    return note


def read_status(knowledge: str) -> ServiceStatus | None:
    """What the last faqbot that was started on this content said; None where there was none."""
    try:
        return ServiceStatus(**json.loads(status_file(knowledge).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
