"""Content of many workspaces: loaded once, evicted above a limit, reloaded after a change."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import threading
import time
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine
from faqbot.errors import ContentError, ServiceError
from faqbot.index import builder
from faqbot.index.builder import IndexLoader, build_index
from faqbot.index.cache import SizedIndex, Snapshots, read_snapshot, write_snapshot
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import Answer, Question
from faqbot.workspaces import content_pool as module
from faqbot.workspaces.content_pool import ContentPool, LoadedContent, keep_up_to_date
from tests.slack.many import resources, write_content
from tests.support.waiting import DEADLINE

WEIGHT = 10
"""What each folder weighs here."""


@dataclass
class Loads:
    """Loads folders, records which, and waits at a gate."""

    kept: Path
    folders: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, folder: Path) -> SizedIndex:
        self.folders.append(folder.name)
        self.gate.wait(10)
        if folder.name == "odd":
            raise RuntimeError
        knowledge_base = load_knowledge_base(folder)
        kept = self.kept / knowledge_base.version
        if not kept.is_dir():  # the same content needn't be built twice
            index = build_index(knowledge_base, resources())
            kept.mkdir()
            write_snapshot(kept, index, resources())
        return SizedIndex(read_snapshot(kept, resources()), WEIGHT)


@dataclass
class Holder:
    """Who answers from content."""

    is_busy: bool = False
    gone: int = 0

    def release(self) -> None:
        self.gone += 1


@dataclass
class Room:
    """A shelf with folders for it."""

    shelf: ContentPool
    loads: Loads
    folder: Path

    def write(self, name: str, word: str = "amaranth") -> str:
        place = self.folder / name
        if not place.exists():
            write_content(place, word)
        role = place / "pilot.yaml"
        text = role.read_text()
        role.write_text(text.replace("amaranth", word))
        return str(place)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
async def two(tmp_path: Path, kept: Path) -> AsyncIterator[Room]:
    """Room for two folders."""
    loads = Loads(kept)
    made = Room(ContentPool(loads, 2 * WEIGHT, tmp_path / "clones"), loads, tmp_path)
    yield made
    made.loads.gate.set()
    await made.shelf.close()


def desk_of(book: LoadedContent, holder: Holder | None = None) -> Engine:
    return book.engine(holder or Holder(), ConversationMemory(time.monotonic))


def said(engine: Engine) -> str:
    result = engine.ask(Question("what skills does a pilot need"))
    assert isinstance(result.outcome, Answer)
    return str(result.reply)


async def test_simultaneous_requests_load_a_folder_once(two: Room) -> None:
    address = two.write("one")
    two.loads.gate.clear()
    takers = [asyncio.create_task(two.shelf.acquire(address)) for _ in range(5)]
    await asyncio.sleep(0.05)
    takers[0].cancel()  # who stops waiting doesn't stop the others
    two.loads.gate.set()
    books = await asyncio.gather(*takers[1:])
    assert all(book is books[0] for book in books)
    assert two.loads.folders == ["one"]
    assert takers[0].cancelled()
    assert await two.shelf.acquire(address) is books[0]


async def test_least_recently_used_content_is_evicted(two: Room) -> None:
    one, other, third = (two.write(name) for name in ("one", "other", "third"))
    first = await two.shelf.acquire(one)
    await two.shelf.acquire(other)
    two.shelf.touch(first)
    await two.shelf.acquire(third)
    assert two.shelf.size == 2 * WEIGHT
    await two.shelf.acquire(one)
    assert two.loads.folders == ["one", "other", "third"]  # one is still there
    await two.shelf.acquire(other)
    assert two.loads.folders == ["one", "other", "third", "other"]
    assert two.shelf.count == 2


async def test_content_in_use_is_not_evicted(two: Room) -> None:
    holder = Holder(is_busy=True)
    book = await two.shelf.acquire(two.write("one"))
    engine = desk_of(book, holder)
    for name in ("other", "third"):
        desk_of(await two.shelf.acquire(two.write(name)), Holder(is_busy=True))
    assert two.shelf.size == 3 * WEIGHT  # all of them are in use
    assert "amaranth" in said(engine)
    holder.is_busy = False
    two.shelf.evict()
    assert holder.gone == 1
    assert two.shelf.size == 2 * WEIGHT


async def test_evicted_content_is_freed_at_once(two: Room) -> None:
    book = await two.shelf.acquire(two.write("one"))
    engine = desk_of(book)
    known = weakref.ref(engine._index.matcher)
    assert known() is not None
    book.detach(engine)
    for name in ("other", "third"):
        await two.shelf.acquire(two.write(name))
    del book, engine
    gc.collect()
    assert known() is None


async def test_pinned_content_is_neither_evicted_nor_counted(two: Room) -> None:
    pinned = await two.shelf.pin(two.write("default"))
    for name in ("one", "other", "third"):
        await two.shelf.acquire(two.write(name))
    assert await two.shelf.acquire(pinned.address) is pinned
    assert two.shelf.count == 3
    assert two.shelf.size == 2 * WEIGHT


async def test_invalid_content_raises_its_error_and_is_retried_later(
    two: Room, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = two.write("one")
    role = Path(address) / "pilot.yaml"
    good = role.read_text()
    role.write_text(good.replace("sections:", "sectoins:"))
    monkeypatch.setattr(module, "RETRY_INTERVAL", 0.2)
    for _ in range(2):
        with pytest.raises(ContentError, match="sectoins"):
            await two.shelf.acquire(address)
    assert two.loads.folders == ["one"]
    assert caplog.text.count("can't be loaded") == 1
    role.write_text(good)
    await asyncio.sleep(0.25)
    assert "amaranth" in said(desk_of(await two.shelf.acquire(address)))


async def test_unexpected_error_affects_only_that_folder(two: Room) -> None:
    odd = two.write("odd")
    for _ in range(2):
        with pytest.raises(ServiceError, match="odd can't be loaded: RuntimeError"):
            await two.shelf.acquire(odd)
    assert two.loads.folders == ["odd"]
    assert "amaranth" in said(desk_of(await two.shelf.acquire(two.write("one"))))


async def test_valid_change_reaches_all_engines_and_an_invalid_one_none(two: Room) -> None:
    address = two.write("one")
    book = await two.shelf.acquire(address)
    engines = [desk_of(book), desk_of(await two.shelf.acquire(address))]
    await two.shelf.check_for_changes()
    assert two.loads.folders == ["one"]  # nothing has changed
    two.write("one", "borage")
    await two.shelf.check_for_changes()
    assert two.loads.folders == ["one", "one"]
    assert all("borage" in said(engine) for engine in engines)
    role = Path(address) / "pilot.yaml"
    good = role.read_text()
    role.write_text("role: [")
    await two.shelf.check_for_changes()
    assert all("borage" in said(engine) for engine in engines)
    assert book.reloader.state.problems
    role.write_text(good)
    await two.shelf.check_for_changes()
    assert not book.reloader.state.problems


async def test_watch_for_changes_survives_an_error(
    two: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHANGE_CHECK_INTERVAL", 0.01)
    address = two.write("one")
    engine = desk_of(await two.shelf.acquire(address))
    looks, look, looked = [0], two.shelf.check_for_changes, asyncio.Event()

    async def failing() -> None:
        looks[0] += 1
        if looks[0] == 1:
            raise OSError
        await look()
        looked.set()

    monkeypatch.setattr(two.shelf, "check_for_changes", failing)
    two.write("one", "chicory")
    task = asyncio.create_task(keep_up_to_date(two.shelf, 0.0))
    async with asyncio.timeout(DEADLINE):
        await looked.wait()
    assert "chicory" in said(engine)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_content_from_git_is_cloned_once_and_fetched_when_it_is_newer(two: Room) -> None:
    origin = two.write("origin")

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *who, *arguments], cwd=origin, check=True, capture_output=True)

    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        git(*arguments)
    book = await two.shelf.acquire(f"git+file://{origin}")
    engine = desk_of(book)
    assert "amaranth" in said(engine)
    two.write("origin", "borage")
    git("commit", "-qam", "two")
    await two.shelf.fetch()
    assert "borage" in said(engine)


async def test_built_indexes_are_kept_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_content(tmp_path / "one", "amaranth")
    load = IndexLoader(resources(), Snapshots(tmp_path / "cache"))
    made = await asyncio.to_thread(load, tmp_path / "one")
    monkeypatch.setattr(builder, "snapshot_from_subprocess", None)  # it may not be built again
    found = await asyncio.to_thread(load, tmp_path / "one")
    assert found.size == made.size > 0
    assert found.index.knowledge_base.version == made.index.knowledge_base.version
    engine = Engine(found.index, ConversationMemory(time.monotonic))
    assert "amaranth" in said(engine)
