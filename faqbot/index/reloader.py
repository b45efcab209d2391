"""Live reload: changed content is built and swapped in, or kept out when it has problems."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import hashlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from faqbot.content.files import content_files
from faqbot.engine import Index
from faqbot.errors import ContentError, FaqbotError, UsageError
from faqbot.index.cache import YIELD_SECONDS
from faqbot.model import KnowledgeBase

WATCH_RETRY_INTERVAL: Final = 5.0
"""Seconds until a folder that can't be watched is tried again."""

LOOK_INTERVAL: Final = 60.0
"""Seconds between two looks at the files themselves: some file systems tell of no change."""

_WATCH_TIMEOUT: Final = 1000
"""Milliseconds for which a watch without changes waits in its thread."""

_MAX_LINKS: Final = 40
"""Links on the way to a folder that are followed; Linux follows as many."""

FREED_AT_ONCE: Final = 20
"""Things of former content that are freed between two pauses."""

RELOADS_PER_COLLECTION: Final = 100
"""Reloads after which the garbage collector looks through all objects once, for some 0.1 seconds.

Reading an index keeps it away from whatever else lives at that moment (`read_snapshot`).
"""

MAX_SHOWN_PROBLEMS: Final = 20
"""Problems of a failed reload that are kept to be shown."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReloadState:
    """The content in use, and the result of the last reload.

    Attributes:
        version: the version of the content in use.
        since: when it was loaded (UTC).
        tried: when content was last loaded, with success or not (UTC).
        problems: the first problems of that content; none when it is in use.
        count: how many problems it has in all.
        reloads: successful reloads since the start.
        failures: failed reloads since the start.
    """

    version: str
    since: dt.datetime
    tried: dt.datetime
    problems: tuple[str, ...] = ()
    count: int = 0
    reloads: int = 0
    failures: int = 0


class ReloadTarget(Protocol):
    """An engine, or all engines that share a folder."""

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """The content that questions are answered from."""
        ...

    def swap(self, index: Index) -> list[object]:
        """Answer from another index, from the next question on. Returns what is used no more."""
        ...


class Reloader:
    """Keeps the index of an engine in sync with a content folder.

    Args:
        engine: gets the new index.
        folder: the content folder.
        build: builds the index of a folder; called in a thread.
        on_change: called with each new state.
        digest: the digest of the folder when its content was read; None takes the present one.
        look_interval: seconds between two looks at the folder's files, beside the watch.
    """

    def __init__(
        self,
        engine: ReloadTarget,
        folder: Path,
        build: Callable[[Path], Index],
        on_change: Callable[[ReloadState], None] = lambda _: None,
        *,
        digest: str | None = None,
        look_interval: float = LOOK_INTERVAL,
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._build = build
        self._on_change = on_change
        self._look_interval = look_interval
        self._lock = asyncio.Lock()
        self._replaced = asyncio.Event()
        self._watched: tuple[int, int] | None = None
        self._is_watched = True
        self._refused = ""
        self._digest = content_digest(folder) if digest is None else digest
        now = dt.datetime.now(dt.UTC)
        self._state = ReloadState(engine.knowledge_base.version, now, now)
        on_change(self._state)

    @property
    def state(self) -> ReloadState:
        """The content in use now, and the result of the last reload."""
        return self._state

    async def reload(self) -> bool:
        """Build the folder's index and swap it in. Returns False when the folder is unchanged.

        Raises:
            FaqbotError: the content has problems; the former index stays in use.
        """
        return await self._reload(again=True)

    async def _reload(self, *, again: bool) -> bool:
        """Reload; content that was refused before is only built if `again`."""
        async with self._lock:
            # Taken before the build, so that a change during the build is found by the next look.
            digest = await asyncio.to_thread(content_digest, self._folder)
            now = dt.datetime.now(dt.UTC)
            if digest == self._digest:
                if self._state.problems:  # a change with problems was undone
                    self._set_state(replace(self._state, tried=now, problems=(), count=0))
                return False
            if digest == self._refused and not again:
                return False
            try:
                index = await asyncio.to_thread(self._build, self._folder)
            except FaqbotError as error:
                self._refused = digest if isinstance(error, (ContentError, UsageError)) else ""
                self._record_failure(error, now)
                raise
            former = self._engine.swap(index)
            self._digest = digest
            version = index.knowledge_base.version
            self._set_state(ReloadState(version, now, now, (), 0, *self._counts(reloads=1)))
            _log.info("content reloaded: version %s", version)
            await asyncio.to_thread(_free, former)
            if self._state.reloads % RELOADS_PER_COLLECTION == 0:
                gc.unfreeze()
                gc.collect()
                gc.freeze()
            return True

    async def watch(self) -> None:
        """Reload whenever a file of the folder changes, until cancelled.

        The folder may be replaced while it is watched: removed and made anew, or reached by a link
        that then leads elsewhere (`current -> releases/7`). What is watched is a folder on the
        disk, not a name, so the places of these names are watched too.
        """
        while True:
            self._replaced.clear()
            self._watched = folder_identity(self._folder)
            await asyncio.gather(self._watch_files(), self._watch_names())
            await self.look()

    async def look(self) -> None:
        """Reload if the files differ from what was last loaded; problems are logged once."""
        if folder_identity(self._folder) != self._watched:
            self._replaced.set()
        with contextlib.suppress(FaqbotError):
            await self._reload(again=False)

    async def look_periodically(self) -> None:
        """Look at the files once in a while, until cancelled: a watch may miss a change."""
        await run_periodically(self._look_interval, self.look)

    async def _watch_files(self) -> None:
        from watchfiles import awatch

        try:
            watch = awatch(
                self._folder,
                stop_event=self._replaced,
                rust_timeout=_WATCH_TIMEOUT,
                yield_on_timeout=True,
            )
            is_first = True
            async for changes in watch:
                if changes:
                    await self.reload_or_log()
                elif is_first:  # what changed before the watch began
                    await self.look()
                is_first, self._is_watched = False, True
        except (OSError, RuntimeError) as error:
            if self._is_watched:
                _log.warning(
                    "the content folder can't be watched (%s): changes are found within %.0f "
                    "seconds",
                    type(error).__name__,
                    self._look_interval,
                )
            self._is_watched = False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._replaced.wait(), WATCH_RETRY_INTERVAL)
        self._replaced.set()

    async def _watch_names(self) -> None:
        from watchfiles import awatch

        places = await asyncio.to_thread(_names_on_the_way, self._folder)
        names = {path.name for path in places}
        try:
            async for _ in awatch(
                *{path.parent for path in places},
                watch_filter=lambda _, path: Path(path).name in names,
                stop_event=self._replaced,
                recursive=False,
            ):
                self._replaced.set()
        except (OSError, RuntimeError):
            await self._replaced.wait()  # a look at the files finds it

    async def reload_or_log(self) -> None:
        """Reload; problems of the content are logged and kept in the state."""
        with contextlib.suppress(FaqbotError):
            await self.reload()

    def _record_failure(self, error: FaqbotError, now: dt.datetime) -> None:
        lines = (
            [str(p) for p in error.problems] if isinstance(error, ContentError) else [str(error)]
        )
        _log.warning(
            "the changed content has %d problem(s) and is not used; the first: %s",
            len(lines),
            lines[0],
        )
        reloads, failures = self._counts(failures=1)
        self._set_state(
            replace(
                self._state,
                tried=now,
                problems=tuple(lines[:MAX_SHOWN_PROBLEMS]),
                count=len(lines),
                reloads=reloads,
                failures=failures,
            )
        )

    def _counts(self, reloads: int = 0, failures: int = 0) -> tuple[int, int]:
        return self._state.reloads + reloads, self._state.failures + failures

    def _set_state(self, state: ReloadState) -> None:
        self._state = state
        self._on_change(state)


@dataclass(frozen=True, slots=True)
class ContentUpdates:
    """Keeps a content folder in sync with its git repository, and an engine with the folder.

    Args:
        reloader: reloads the folder.
        fetch: fetches newer content into the folder; None if nothing does.
        interval: seconds between two fetches; 0 for none.
    """

    reloader: Reloader
    fetch: Callable[[], None] | None = None
    interval: float = 0.0

    async def fetch_and_reload(self) -> None:
        """Fetch newer content and reload it. A failure is logged, and the next call retries."""
        if self.fetch is None:
            return
        try:
            await asyncio.to_thread(self.fetch)
        except FaqbotError as error:
            _log.warning("newer content could not be fetched: %s", error)
            return
        await self.reloader.look()

    def tasks(self) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        """Return the functions that follow changes until they are cancelled."""
        follow = (self.reloader.watch, self.reloader.look_periodically)
        if self.fetch is None or not self.interval:
            return follow
        return (*follow, partial(run_periodically, self.interval, self.fetch_and_reload))


async def run_periodically(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Call a function after each interval, until cancelled."""
    while True:
        await asyncio.sleep(seconds)
        await work()


def _free(things: list[object]) -> None:
    """Free things a few at a time, in a thread: meanwhile the event loop goes on.

    Python lets no other thread run while it frees an object and all that belongs to it.
    """
    while things:
        del things[-FREED_AT_ONCE:]
        time.sleep(YIELD_SECONDS)


def folder_identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder on the disk from another one of its name."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _names_on_the_way(folder: Path) -> frozenset[Path]:
    """Return the path of a folder, and of each link on the way to it, also of links to links."""
    found: set[Path] = set()
    waiting = [Path(os.path.abspath(folder))]  # noqa: PTH100 - links have to stay
    while waiting and len(found) < _MAX_LINKS:
        path = waiting.pop()
        found.add(path)
        for link in (path, *path.parents):
            if link not in found - {path} and link.is_symlink():
                found.add(link)
                target = Path(os.path.realpath(link.parent)) / link.readlink()
                waiting.append(Path(os.path.normpath(target / path.relative_to(link))))
    return frozenset(found)


def content_digest(folder: Path) -> str:
    """Return a digest of all content files; a folder without content has one too."""
    digest = hashlib.sha256()
    with contextlib.suppress(FaqbotError, OSError):
        for path in content_files(folder):
            raw = path.read_bytes()
            for part in (os.fsencode(path), raw):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
