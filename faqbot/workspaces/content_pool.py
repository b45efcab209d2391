"""Content of many workspaces: loaded when first asked for, let go when memory is short.

A folder is loaded once, however many workspaces answer from it. What was built of it is kept on
disk, so that what was let go is back in some milliseconds.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from faqbot.content.git import PREFIX, git_source
from faqbot.content.publisher import ContentPublisher
from faqbot.engine import ConversationMemory, Engine, Index
from faqbot.errors import FaqbotError, ServiceError
from faqbot.index.cache import SizedIndex
from faqbot.index.reloader import Reloader, content_digest
from faqbot.model import KnowledgeBase

CACHED_QUESTIONS = 16
"""Readings of questions that an engine keeps: of a thousand engines each keeps few."""

_log = logging.getLogger(__name__)
ReadIndex = Callable[[Path], tuple[Index, int]]


class ContentUser(Protocol):
    """Who answers from loaded content."""

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that needs the content."""
        ...

    def release(self) -> None:
        """Answer from it no more."""
        ...


@dataclass(frozen=True, slots=True)
class ContentSource:
    """Where content stands, and what brings it there from elsewhere, if something does."""

    folder: Path
    fetch: Callable[[], None] | None = None


class LoadedContent:
    """Loaded content. What shares it is swapped together when it changes.

    Args:
        address: what it is asked for by.
        source: where it stands.
        read: loads and weighs it.
    """

    def __init__(self, address: str, source: ContentSource, read: ReadIndex) -> None:
        self.address = address
        self.source = source
        self._read = read
        # Before reading: a change made while the folder is read must look like a change later.
        self._stamp = _stamp(source.folder)
        digest = content_digest(source.folder)
        self._index_or_none: Index | None
        self._index_or_none, self.size = read(source.folder)
        self._engines: dict[int, tuple[Engine, ContentUser]] = {}
        self.reloader = Reloader(self, source.folder, self._rebuild, digest=digest)
        self.publisher = ContentPublisher(self, source.folder, self.reloader.reload)

    @classmethod
    def read(cls, address: str, source: ContentSource, read: ReadIndex) -> LoadedContent:
        """Load content; takes its time, so call it in a thread.

        Raises:
            FaqbotError: it can't be loaded.
        """
        return cls(address, source, read)

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """What is answered from."""
        return self._index.knowledge_base

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that needs it."""
        return any(holder.is_busy for _, holder in self._engines.values())

    def swap(self, index: Index) -> Index:
        """Let all engines answer from newer content."""
        if self._index_or_none is None:  # let go while it was read anew
            return index
        old, self._index_or_none = self._index_or_none, index
        for engine, _ in self._engines.values():
            engine.swap(index)
        return old

    def engine(self, user: ContentUser, conversations: ConversationMemory) -> Engine:
        """An engine that answers from it until `leave`."""
        engine = Engine(self._index, conversations, cache_size=CACHED_QUESTIONS)
        self._engines[id(engine)] = (engine, user)
        return engine

    def detach(self, engine: Engine) -> None:
        """An engine answers no more."""
        if self._engines.pop(id(engine), None):
            engine.close()

    def release(self) -> None:
        """Let all who answer from it go."""
        for _, holder in list(self._engines.values()):
            holder.release()
        self._index_or_none = None  # gone at once: no circle of ours holds it

    async def check_for_changes(self) -> None:
        """Reload it where its folder changed; what is bad is told to the log."""
        stamp = await asyncio.to_thread(_stamp, self.source.folder)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        await self.reloader.reload_or_log()

    async def fetch(self) -> None:
        """Bring it from elsewhere; what fails is tried again the next time."""
        if self.source.fetch is None:
            return
        try:
            await asyncio.to_thread(self.source.fetch)
        except FaqbotError as error:
            _log.warning("newer content could not be fetched: %s", error)
            return
        await self.check_for_changes()

    @property
    def _index(self) -> Index:
        assert self._index_or_none is not None, "it was let go"
        return self._index_or_none

    def _rebuild(self, folder: Path) -> Index:
        knowledge, self.size = self._read(folder)
        return knowledge


def _stamp(folder: Path) -> frozenset[tuple[str, int, int]]:
    """What tells at a glance whether a file of a folder changed."""
    found: set[tuple[str, int, int]] = set()
    for place, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118 - many files, often
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:
                continue
            found.add((path, status.st_mtime_ns, status.st_size))
        if len(found) > _MAX_FILES:
            break
    return frozenset(found)


_MAX_FILES = 20_000
"""Files above which a folder is not looked at wholly: links can lead anywhere."""

RETRY_INTERVAL: Final = 60.0
"""Seconds after which content that could not be loaded is tried again."""

LOADS_PER_COLLECTION: Final = 2_000
"""Loads after which the garbage collector looks through everything once."""

CHANGE_CHECK_INTERVAL: Final = 10.0
"""Seconds after which loaded folders are looked at for changes."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: FaqbotError
    until: float


Load = Callable[[Path], SizedIndex]
"""Loads a folder; runs in a thread. Raises FaqbotError where it can't."""


class GcFreezer:
    """Keeps the garbage collector away from loaded content.

    A hundred loaded folders are half a million objects, through which it would look for half a
    second, again and again. None of them is garbage before it is let go, and then it is freed at
    once, for there is no circle in it. What else happens to live when content is loaded is looked
    at again from time to time.
    """

    def __init__(self) -> None:
        self._loads = 0

    def freeze(self) -> None:
        """Content was loaded."""
        self._loads += 1
        if self._loads % LOADS_PER_COLLECTION == 0:
            gc.unfreeze()
            gc.collect()
        gc.freeze()


class ContentPool:
    """The content that is loaded, by address.

    Args:
        load: loads a folder.
        memory: bytes that content may take; one that is in use is never let go, so a shelf on
            which everything is in use at one moment takes more until that moment is over.
        cache: where clones of git repositories stand.
    """

    def __init__(self, load: Load, memory: int, cache: Path) -> None:
        self._load = load
        self._memory = memory
        self._cache = cache
        self._contents: OrderedDict[str, LoadedContent] = OrderedDict()
        self._freezer = GcFreezer()
        self._pinned: dict[str, LoadedContent] = {}
        self._loading: dict[str, asyncio.Task[LoadedContent]] = {}
        self._failed: dict[str, _Failed] = {}
        # One folder after the other: those that answer keep the other processors.
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="content")

    @property
    def size(self) -> int:
        """The bytes that what is loaded takes, without what is pinned."""
        loose = (book for book in self._contents.values() if book.address not in self._pinned)
        return sum(book.size for book in loose)

    @property
    def count(self) -> int:
        """How many folders are loaded."""
        return len(self._contents)

    async def acquire(self, address: str) -> LoadedContent:
        """The content at an address: a folder, or a git address; loaded if it isn't.

        Raises:
            FaqbotError: it can't be loaded; for a while the same is said without another try.
        """
        while (book := self._contents.get(address)) is None:
            await self._wait_for(address)
        self.touch(book)
        return book

    async def pin(self, address: str) -> LoadedContent:
        """The same, and it stays, whatever it takes; it counts for nothing."""
        book = await self.acquire(address)
        self._pinned[address] = book
        return book

    async def _wait_for(self, address: str) -> None:
        failed, now = self._failed.get(address), asyncio.get_running_loop().time()
        if failed and failed.until > now:
            raise failed.error
        task = self._loading.get(address)
        if task is None:
            task = asyncio.create_task(self._load_content(address))
            self._loading[address] = task
            task.add_done_callback(lambda _: self._loading.pop(address, None))
        await asyncio.shield(task)  # who stops waiting doesn't stop the others

    def touch(self, content: LoadedContent) -> None:
        """Somebody asked for this content."""
        if content.address in self._contents:
            self._contents.move_to_end(content.address)

    def evict(self) -> None:
        """Let the least recently used go until the rest fits."""
        weight = self.size
        for book in list(self._contents.values())[:-1]:  # the newest is about to be used
            if weight <= self._memory:
                return
            if not book.is_busy and book.address not in self._pinned:
                weight -= book.size
                self._unload(book)

    async def check_for_changes(self) -> None:
        """Bring loaded content that has changed in its folder up to date."""
        for book in list(self._contents.values()):
            await book.check_for_changes()
        self.evict()

    async def fetch(self) -> None:
        """Bring loaded content from git up to date."""
        for book in list(self._contents.values()):
            await book.fetch()
        self.evict()

    async def close(self) -> None:
        """Let everything go."""
        for task in list(self._loading.values()):
            task.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        for book in list(self._contents.values()):
            self._unload(book)
        self._loader.shutdown(wait=False, cancel_futures=True)

    async def _load_content(self, address: str) -> LoadedContent:
        loop = asyncio.get_running_loop()
        source = self._source(address)
        try:
            book = await loop.run_in_executor(self._loader, self._read, address, source)
        except FaqbotError as error:
            self._fail(address, source, error)
            raise
        except Exception as error:  # a folder that can't be read, or whatever only it has
            reason = getattr(error, "strerror", None) or type(error).__name__
            told = ServiceError(f"{source.folder} can't be loaded: {reason}.")
            self._fail(address, source, told)
            raise told from error
        self._failed.pop(address, None)
        self._contents[address] = book
        self.evict()
        return book

    def _fail(self, address: str, source: ContentSource, error: FaqbotError) -> None:
        """Tell whoever runs faqbot, and don't try again for a while."""
        lines = str(error).splitlines()
        _log.error(
            "the content of %s can't be loaded (%d problems); the first: %s",
            source.folder,
            len(lines),
            lines[0],
        )
        self._failed[address] = _Failed(error, asyncio.get_running_loop().time() + RETRY_INTERVAL)

    def _read(self, address: str, source: ContentSource) -> LoadedContent:
        if source.fetch and not source.folder.is_dir():
            source.fetch()
        book = LoadedContent.read(address, source, self._load_index)
        self._freezer.freeze()
        return book

    def _load_index(self, folder: Path) -> tuple[Index, int]:
        found = self._load(folder)
        return found.index, found.size

    def _source(self, address: str) -> ContentSource:
        if address.startswith(PREFIX):
            clone = git_source(address, self._cache)
            return ContentSource(clone.content, clone.update)
        return ContentSource(Path(address))

    def _unload(self, content: LoadedContent) -> None:
        del self._contents[content.address]
        content.release()


async def keep_up_to_date(pool: ContentPool, fetch_interval: float) -> None:
    """Keep loaded content as it is elsewhere, as long as this runs.

    Args:
        pool: the loaded content.
        fetch_interval: seconds between two fetches from git; 0 for none.
    """
    works: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (CHANGE_CHECK_INTERVAL, pool.check_for_changes)
    ]
    if fetch_interval:
        works.append((fetch_interval, pool.fetch))

    async def again(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the next time it is tried again
                _log.error("content could not be followed: %s", type(error).__name__)

    async with asyncio.TaskGroup() as group:
        for seconds, work in works:
            group.create_task(again(seconds, work))
