"""Snapshots of built indexes on disk, so that the next start needn't build large content again.

A snapshot is a folder with two files: the objects, pickled, and their arrays, mapped into memory
when read. Reading a pickle can run code, so a snapshot is only read where nobody but the user can
have written it: the same trust that Python has in its own `__pycache__`.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
import logging
import mmap
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

import faqbot
from faqbot.content.files import content_files
from faqbot.engine import Index
from faqbot.matching.encoders import WeakMethodProxy, weak_lru_cache
from faqbot.matching.training_data import SHARED_PARTS, SharedResources


@dataclass(frozen=True, slots=True)
class SizedIndex:
    """An index with its size in memory, in bytes."""

    index: Index
    size: int


MAX_SNAPSHOTS = 3
"""Snapshots that are kept, of one content and its next versions."""

ALIGNMENT = 64
"""Bytes to a multiple of which the start of each array is rounded."""

MEMORY_PER_PICKLED_BYTE = 4
"""Bytes in memory for each byte of a pickle, measured."""

YIELD_SECONDS = 0.0005
"""Seconds in which other threads run after each frame of a pickle."""

_OBJECTS, _ARRAYS, _SIZES = "objects.pickle", "arrays.bin", "sizes.json"
_CACHED = type(lru_cache(lambda: None))

_log = logging.getLogger(__name__)


class Snapshots:
    """Snapshots below one folder, by key.

    No failure here prevents a start: an unreadable snapshot is deleted, an unwritable one is not
    kept, and a warning is logged.

    Args:
        folder: where to keep them; it is created with the first one.
        limit: how many are kept; the least recently used ones are deleted.
    """

    def __init__(self, folder: Path, limit: int = MAX_SNAPSHOTS) -> None:
        self._folder = folder
        self._limit = limit
        self._is_failure_told = False

    def load(self, key: str, resources: SharedResources, *, yielding: bool = False) -> Index | None:
        """Return the index of a key, joined to the shared resources; None if there is none.

        Args:
            key: what snapshot_key returned.
            resources: what all indexes share.
            yielding: whether to let other threads run on the way.
        """
        folder = self._folder / key
        if not folder.is_dir():
            return None
        if not (_is_private(self._folder) and _is_private(folder)):
            _log.warning("%s is not used: others may write there. Remove it.", folder)
            return None
        try:
            index = read_snapshot(folder, resources, yielding=yielding)
            # Marks the use, since the least recently used snapshots are removed first.
            os.utime(folder)
        except Exception as error:  # noqa: BLE001 - a damaged pickle fails in any way
            _log.warning("%s can't be read and is built anew: %r", folder, error)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return index

    def save(self, key: str, index: Index, resources: SharedResources) -> None:
        """Keep an index under a key, without the shared resources."""
        self._add(key, lambda folder: write_snapshot(folder, index, resources))

    def size(self, key: str) -> int:
        """Return the size in memory of the index of a key, in bytes; see snapshot_size."""
        return snapshot_size(self._folder / key)

    def adopt(self, key: str, snapshot: Path) -> None:
        """Keep a copy of a snapshot under a key."""
        self._add(key, lambda folder: shutil.copytree(snapshot, folder, dirs_exist_ok=True))

    def _add(self, key: str, write: Callable[[Path], object]) -> None:
        """Keep the snapshot that `write` puts into an empty folder."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Beside its final place, because a rename is atomic within one file system only.
            unfinished = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
            try:
                write(unfinished)
                unfinished.chmod(0o700)  # a copied folder has the mode of its original
                unfinished.rename(self._folder / key)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
            self._prune()
        except Exception as error:  # noqa: BLE001 - a full disk, a rival's snapshot, no permission
            # It is no failure when another process has kept the same content first.
            if not ((self._folder / key).is_dir() or self._is_failure_told):
                _log.warning(
                    "Built content isn't kept in %s (%s), so each start takes longer: let faqbot "
                    "write there, or set FAQBOT_CACHE.",
                    self._folder,
                    getattr(error, "strerror", None) or error,
                )
                self._is_failure_told = True

    def _prune(self) -> None:
        by_use = sorted(
            (path for path in self._folder.iterdir() if not path.name.startswith(".")),
            key=lambda path: path.stat().st_mtime,
            reverse=True,
        )
        for path in by_use[self._limit :]:
            shutil.rmtree(path, ignore_errors=True)


def snapshot_size(folder: Path) -> int:
    """Return how many bytes the index of a snapshot takes in memory once all of it was used.

    Its arrays are mapped, and take what they take on disk; an object takes four times what it takes
    pickled. Measured with 50 roles: 11.2 MB by this, 8.7 MB resident after a question to each role
    and 10.2 MB after five to each.
    """
    arrays, objects = (folder / _ARRAYS).stat().st_size, (folder / _OBJECTS).stat().st_size
    return arrays + MEMORY_PER_PICKLED_BYTE * objects


def snapshot_key(knowledge: Path, encoder: Path | None) -> str:
    """Return a digest of all that an index depends on: content, code, encoder, versions.

    Raises:
        UsageError: there is no content in the folder.
    """
    digest = hashlib.sha256()
    for path in content_files(knowledge):
        _update(digest, os.fsencode(path), path)
    # A pickle holds objects and arrays whose form changes with faqbot, Python and numpy.
    about = [
        code_digest(Path(faqbot.__file__).parent),
        *sys.version_info[:3],
        np.__version__,
        str(knowledge),
    ]
    if encoder is not None:
        files = sorted(path for path in encoder.rglob("*") if path.is_file())
        # By size and time, as reading the hundreds of megabytes of a model would delay each start.
        about += [str(encoder), *((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files)]
    digest.update(json.dumps(about).encode())
    return digest.hexdigest()[:32]


@lru_cache(maxsize=1)
def code_digest(package: Path) -> str:
    """Return a digest of the code that builds indexes, and of all that ships beside it.

    Args:
        package: the folder of faqbot's package.
    """
    digest = hashlib.sha256()
    for part in ("content", "matching", "model"):
        for path in sorted((package / part).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                _update(digest, os.fsencode(path.relative_to(package)), path)
    return digest.hexdigest()


def _update(digest: Any, name: bytes, path: Path) -> None:
    content = _header_with_digest(path) or path.read_bytes()
    for part in (name, content):
        # With the lengths, "ab" and "c" differ from "a" and "bc".
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)


def _header_with_digest(path: Path) -> bytes | None:
    """Return the header of a safetensors file that states the digest of its arrays, else None.

    The weights of a model are most of what ships: reading them would delay each start.
    """
    if path.suffix != ".safetensors":
        return None
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = stream.read(min(length, path.stat().st_size))
    try:
        stated = json.loads(header).get("__metadata__", {}).get("digest")
    except (ValueError, AttributeError):
        return None  # damaged: whoever loads it says so
    return header if stated else None


def _is_private(folder: Path) -> bool:
    status = folder.stat()
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


class _Pickler(pickle.Pickler):
    """Pickler that leaves out the shared resources, and what caches hold."""

    def __init__(
        self, stream: io.BufferedWriter, resources: SharedResources, arrays: io.BufferedWriter
    ) -> None:
        self.sizes: list[tuple[int, int]] = []
        # While the resources are referred to, no other object gets one of their ids.
        self._resources = resources
        self._names = {id(part): name for name, part in resources.parts()}
        self._arrays = arrays
        super().__init__(stream, protocol=5, buffer_callback=self._take)

    def _take(self, buffer: pickle.PickleBuffer) -> None:
        self._arrays.write(bytes(-self._arrays.tell() % ALIGNMENT))
        raw = buffer.raw()
        self.sizes.append((self._arrays.tell(), raw.nbytes))
        self._arrays.write(raw)

    def persistent_id(self, value: Any) -> str | None:
        return self._names.get(id(value))

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, _CACHED) and isinstance(value.__wrapped__, WeakMethodProxy):
            return weak_lru_cache, (value.__wrapped__.method, value.cache_parameters()["maxsize"])
        if isinstance(value, MappingProxyType):
            return _proxy, (dict(value),)
        return NotImplemented


def _proxy(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


class _Unpickler(pickle.Unpickler):
    """Unpickler that puts the shared resources back."""

    def __init__(self, stream: Any, buffers: Iterable[Any], resources: SharedResources) -> None:
        super().__init__(stream, buffers=buffers)
        self._resources = resources

    def persistent_load(self, name: Any) -> Any:
        # A damaged or forged file must not reach other attributes by their names.
        if name not in SHARED_PARTS:
            raise pickle.UnpicklingError(f"{name!r} is no shared resource")
        return getattr(self._resources, name)


def write_snapshot(folder: Path, index: Index, resources: SharedResources) -> None:
    """Write an index into an empty folder, without the shared resources."""
    with (folder / _OBJECTS).open("wb") as objects, (folder / _ARRAYS).open("wb") as arrays:
        arrays.write(bytes(ALIGNMENT))  # an empty file can't be mapped
        pickler = _Pickler(objects, resources, arrays)
        pickler.dump(index)
        sizes = {"objects": objects.tell(), "arrays": arrays.tell(), "buffers": pickler.sizes}
    (folder / _SIZES).write_text(json.dumps(sizes), encoding="utf-8")


class _YieldingStream:
    """Stream that lets other threads run between the frames of a pickle (64 KB each).

    Unpickling holds the GIL from start to end otherwise, and nothing is answered meanwhile.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        time.sleep(YIELD_SECONDS)
        return self._stream.read(size)

    def readinto(self, buffer: Any) -> int:
        time.sleep(YIELD_SECONDS)
        return self._stream.readinto(buffer)

    def readline(self) -> bytes:
        return self._stream.readline()


def read_snapshot(folder: Path, resources: SharedResources, *, yielding: bool = False) -> Index:
    """Read an index from a snapshot.

    Args:
        folder: the snapshot.
        resources: what all indexes share.
        yielding: whether to let other threads run on the way, and to keep the garbage collector
            away from what was read. It is freed all the same, since no reference leads back in it.

    Raises:
        Exception: the snapshot is damaged; unpickling raises errors of any type.
    """
    sizes = json.loads((folder / _SIZES).read_text(encoding="utf-8"))
    with (folder / _OBJECTS).open("rb") as objects, (folder / _ARRAYS).open("rb") as arrays:
        lengths = [os.fstat(stream.fileno()).st_size for stream in (objects, arrays)]
        if lengths != [sizes["objects"], sizes["arrays"]]:
            raise ValueError("its files are not as long as they were")
        mapped = memoryview(mmap.mmap(arrays.fileno(), 0, access=mmap.ACCESS_READ))
        buffers = [mapped[start : start + size] for start, size in sizes["buffers"]]
        with _without_collection():
            stream = _YieldingStream(objects) if yielding else objects
            index = _Unpickler(stream, buffers, resources).load()
            if yielding:
                # Else the next collection, of new objects only, would look through all of these
                # while nothing else runs.
                gc.freeze()
    if not isinstance(index, Index):
        raise TypeError("it holds something else")
    return index


@contextmanager
def _without_collection() -> Iterator[None]:
    """Pause garbage collection: among millions of new objects it would take longer than reading."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
