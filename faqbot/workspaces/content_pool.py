"""Pool of loaded content: loaded when first asked for, unloaded when memory is short.

A folder is loaded once, however many workspaces answer from it. Its built index is kept on disk, so
that content that was unloaded is loaded again within milliseconds.
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
from faqbot.engine import Engine, Index
from faqbot.errors import FaqbotError, ServiceError
from faqbot.index.cache import SizedIndex
from faqbot.index.reloader import Reloader, content_digest
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import KnowledgeBase
from faqbot.runtime.tasks import SingleFlight

CACHED_QUESTIONS: Final = 16
"""Parsed questions that an engine caches: few, since there are a thousand engines."""

_log = logging.getLogger(__name__)

Load = Callable[[Path], SizedIndex]
"""Loads a folder, in a thread. Raises a FaqbotError if it can't."""


class ContentUser(Protocol):
    """The app that answers from loaded content."""

    @property
    def is_busy(self) -> bool:
        """Whether the app needs the content now."""
        ...

    def release(self) -> None:
        """Stop using the content."""
        ...


@dataclass(frozen=True, slots=True)
class ContentSource:
    """A content folder, and what fetches newer content into it, if something does."""

    folder: Path
    fetch: Callable[[], None] | None = None


class LoadedContent:
    """Loaded content, and the engines that answer from it; a change reaches all of them.

    Creating one takes as long as loading does: do it in a thread.

    Args:
        address: the folder or git address by which it is asked for.
        source: the folder that holds it.
        load: loads the folder.

    Raises:
        FaqbotError: it can't be loaded.
    """

    def __init__(self, address: str, source: ContentSource, load: Load) -> None:
        self.address = address
        self.source = source
        self._load = load
        # Before loading: a change made while the folder is read must look like a change later.
        self._stamp = _stamp(source.folder)
        digest = content_digest(source.folder)
        loaded = load(source.folder)
        self.size = loaded.size
        self._index_or_none: Index | None = loaded.index
        self._engines: dict[int, tuple[Engine, ContentUser]] = {}
        self.reloader = Reloader(self, source.folder, self._rebuild, digest=digest)
        self.publisher = ContentPublisher(self, source.folder, self.reloader.reload)

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """The content."""
        return self._index.knowledge_base

    @property
    def is_busy(self) -> bool:
        """Whether an app needs it now."""
        return any(user.is_busy for _, user in self._engines.values())

    def swap(self, index: Index) -> list[object]:
        """Swap the index of all engines. Returns what is used no more."""
        if self._index_or_none is None:  # it was unloaded while the new one was built
            return [index]
        former: list[object] = [self._index_or_none]
        self._index_or_none = index
        for engine, _ in self._engines.values():
            former += engine.swap(index)
        return former

    def engine(self, user: ContentUser, conversations: ConversationMemory) -> Engine:
        """Return an engine that answers from it until `detach`."""
        engine = Engine(self._index, conversations, cache_size=CACHED_QUESTIONS)
        self._engines[id(engine)] = (engine, user)
        return engine

    def detach(self, engine: Engine) -> None:
        """Close an engine."""
        if self._engines.pop(id(engine), None):
            engine.close()

    def release(self) -> None:
        """Release all apps that answer from it, and free its memory."""
        for _, user in list(self._engines.values()):
            user.release()
        self._index_or_none = None  # freed at once: nothing that it refers to refers back

    async def check_for_changes(self) -> None:
        """Reload it if a file of its folder changed; problems are logged."""
        stamp = await asyncio.to_thread(_stamp, self.source.folder)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        await self.reloader.reload_or_log()

    async def fetch(self) -> None:
        """Fetch newer content and reload it. A failure is logged, and the next call retries."""
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
        assert self._index_or_none is not None, "it was unloaded"
        return self._index_or_none

    def _rebuild(self, folder: Path) -> Index:
        loaded = self._load(folder)
        self.size = loaded.size
        return loaded.index


def _stamp(folder: Path) -> frozenset[tuple[str, int, int, int]]:
    """Return the times, sizes and numbers of a folder's files, which differ after a change.

    The number (inode) tells of a link that leads to another folder, where all else may be equal.
    """
    found: set[tuple[str, int, int, int]] = set()
    for parent, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118 - many files, often
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError:
                continue
            found.add((path, status.st_mtime_ns, status.st_size, status.st_ino))
        if len(found) > _MAX_FILES:
            break
    return frozenset(found)


_MAX_FILES: Final = 20_000
"""Files of a folder that are compared; symbolic links may make it endless."""

RETRY_INTERVAL: Final = 60.0
"""Seconds after which content that could not be loaded is tried again."""

LOADS_PER_COLLECTION: Final = 2_000
"""Loads after which the garbage collector looks through all objects once."""

CHANGE_CHECK_INTERVAL: Final = 10.0
"""Seconds between two looks for changes of loaded folders."""


@dataclass(frozen=True, slots=True)
class _Failure:
    error: FaqbotError
    until: float


class GcFreezer:
    """Keeps the garbage collector away from loaded content.

    A hundred loaded folders are half a million objects, through which the collector would look for
    half a second, again and again. None of them is garbage before it is unloaded, and then it is
    freed at once, for it has no reference cycles. Freezing takes in whatever else lives at that
    moment, so everything is unfrozen and collected once in a while.
    """

    def __init__(self) -> None:
        self._loads = 0

    def freeze(self) -> None:
        """Freeze newly loaded objects; unfreeze and collect every LOADS_PER_COLLECTION loads."""
        self._loads += 1
        if self._loads % LOADS_PER_COLLECTION == 0:
            gc.unfreeze()
            gc.collect()
        gc.freeze()


class ContentPool:
    """Loaded content, by address.

    Args:
        load: loads a folder.
        memory: how many bytes content may use. Content in use is never unloaded, so it may use
            more for a while.
        clones: the folder for clones of git repositories.
    """

    def __init__(self, load: Load, memory: int, clones: Path) -> None:
        self._load = load
        self._memory = memory
        self._clones = clones
        # Not an LRUCache: content that is in use or pinned stays, however long ago it was used.
        self._contents: OrderedDict[str, LoadedContent] = OrderedDict()
        self._freezer = GcFreezer()
        self._pinned: dict[str, LoadedContent] = {}
        self._loads: SingleFlight[str, LoadedContent] = SingleFlight()
        self._failures: dict[str, _Failure] = {}
        # One folder at a time, so that the other processors answer questions meanwhile.
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="content")

    @property
    def size(self) -> int:
        """The bytes of loaded content that isn't pinned."""
        contents = self._contents.values()
        return sum(content.size for content in contents if content.address not in self._pinned)

    @property
    def count(self) -> int:
        """How many folders are loaded."""
        return len(self._contents)

    async def acquire(self, address: str) -> LoadedContent:
        """Return the content at an address, a folder or a git address; load it if necessary.

        Raises:
            FaqbotError: it can't be loaded. The same error is raised for a while without a retry.
        """
        while (content := self._contents.get(address)) is None:
            await self._loaded(address)
        self.touch(content)
        return content

    async def pin(self, address: str) -> LoadedContent:
        """Return the content at an address as `acquire` does, and never unload it."""
        content = await self.acquire(address)
        self._pinned[address] = content
        return content

    async def _loaded(self, address: str) -> None:
        failure, now = self._failures.get(address), asyncio.get_running_loop().time()
        if failure and failure.until > now:
            raise failure.error
        await self._loads.run(address, lambda: self._load_content(address))

    def touch(self, content: LoadedContent) -> None:
        """Mark content as used."""
        if content.address in self._contents:
            self._contents.move_to_end(content.address)

    def evict(self) -> None:
        """Unload the least recently used content until the rest fits into the memory."""
        size = self.size
        for content in list(self._contents.values())[:-1]:  # the newest is about to be used
            if size <= self._memory:
                return
            if not content.is_busy and content.address not in self._pinned:
                size -= content.size
                self._unload(content)

    async def check_for_changes(self) -> None:
        """Reload content whose folder changed."""
        for content in list(self._contents.values()):
            await content.check_for_changes()
        self.evict()

    async def fetch(self) -> None:
        """Fetch newer content from git."""
        for content in list(self._contents.values()):
            await content.fetch()
        self.evict()

    async def close(self) -> None:
        """Unload everything."""
        await self._loads.close()
        for content in list(self._contents.values()):
            self._unload(content)
        self._loader.shutdown(wait=False, cancel_futures=True)

    async def _load_content(self, address: str) -> LoadedContent:
        loop = asyncio.get_running_loop()
        source = self._source(address)
        try:
            content = await loop.run_in_executor(self._loader, self._read, address, source)
        except FaqbotError as error:
            self._fail(address, source, error)
            raise
        except Exception as error:  # one folder's error must not reach the others
            reason = getattr(error, "strerror", None) or type(error).__name__
            advice = ServiceError(f"{source.folder} can't be loaded: {reason}.")
            self._fail(address, source, advice)
            raise advice from error
        self._failures.pop(address, None)
        self._contents[address] = content
        self.evict()
        return content

    def _fail(self, address: str, source: ContentSource, error: FaqbotError) -> None:
        """Log an error, and remember it so that the folder isn't tried again for a while."""
        lines = str(error).splitlines()
        _log.error(
            "the content of %s can't be loaded (%d problems); the first: %s",
            source.folder,
            len(lines),
            lines[0],
        )
        until = asyncio.get_running_loop().time() + RETRY_INTERVAL
        self._failures[address] = _Failure(error, until)

    def _read(self, address: str, source: ContentSource) -> LoadedContent:
        if source.fetch and not source.folder.is_dir():
            source.fetch()
        content = LoadedContent(address, source, self._load)
        self._freezer.freeze()
        return content

    def _source(self, address: str) -> ContentSource:
        if address.startswith(PREFIX):
            clone = git_source(address, self._clones)
            return ContentSource(clone.content, clone.update)
        return ContentSource(Path(address))

    def _unload(self, content: LoadedContent) -> None:
        del self._contents[content.address]
        content.release()


async def keep_up_to_date(pool: ContentPool, fetch_interval: float) -> None:
    """Follow changes of loaded content until cancelled.

    Args:
        pool: the loaded content.
        fetch_interval: seconds between two fetches from git; 0 for none.
    """

    async def repeat(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the next time it is tried again
                _log.error("content could not be followed: %s", type(error).__name__)

    checks = [repeat(CHANGE_CHECK_INTERVAL, pool.check_for_changes)]
    if fetch_interval:
        checks.append(repeat(fetch_interval, pool.fetch))
    async with asyncio.TaskGroup() as group:
        for check in checks:
            group.create_task(check)
