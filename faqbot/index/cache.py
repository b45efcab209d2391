"""What was built from large content, kept on disk so that the next start needn't build it again.

A snapshot is a folder with two files: the objects, pickled, and their arrays, mapped into memory
when read. Reading a pickle can run code, so a snapshot is believed only where nobody but the user
can have written it: the same trust that Python has in its own `__pycache__`.
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
from collections.abc import Iterable, Iterator
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
    """Knowledge with what it weighs, in bytes."""

    knowledge: Index
    weight: int


KEPT = 3
"""Snapshots that stay, of one content and its next versions."""

ALIGNED = 64
"""Bytes to a multiple of which each array is placed."""

OBJECTS = 4
"""Bytes in memory for each byte of a pickle."""

PAUSE = 0.0005
"""Seconds in which others run, for each frame of a snapshot that is read gently."""

_OBJECTS, _ARRAYS, _SIZES = "objects.pickle", "arrays.bin", "sizes.json"
_CACHED = type(lru_cache(lambda: None))

_log = logging.getLogger(__name__)


class Snapshots:
    """Snapshots below one folder, by key.

    Nothing here fails a start: a snapshot that can't be read is built anew, one that can't be
    written is not kept, and a line in the log says why.

    Args:
        folder: where to keep them; made when the first one is.
        kept: how many stay; the least recently used ones go.
    """

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        self._folder = folder
        self._kept = kept

    def find(self, key: str, common: SharedResources, *, gently: bool = False) -> Index | None:
        """The knowledge kept under a key, joined to what all share; None where there is none.

        `gently` is as for `read`.
        """
        folder = self._folder / key
        if not folder.is_dir():
            return None
        if not (_is_private(self._folder) and _is_private(folder)):
            _log.warning("%s is not used: others may write there. Remove it.", folder)
            return None
        try:
            knowledge = read(folder, common, gently=gently)
            # Marks the use, since the least recently used snapshots are removed first.
            os.utime(folder)
        except Exception as error:  # noqa: BLE001 - a damaged pickle fails in any way
            _log.warning("%s can't be read and is built anew: %r", folder, error)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return knowledge

    def keep(self, key: str, knowledge: Index, common: SharedResources) -> None:
        """Keep knowledge under a key, without what all have in common."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Beside its final place, because a rename is atomic within one file system only.
            unfinished = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
            try:
                write(unfinished, knowledge, common)
                unfinished.rename(self._folder / key)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
            self._prune()
        except Exception as error:  # noqa: BLE001 - a full disk, a rival's snapshot, no permission
            # It is no failure when another process has kept the same content first.
            if not (self._folder / key).is_dir():
                _log.warning("The built content isn't kept in %s: %s", self._folder, error)

    def weight(self, key: str) -> int:
        """What the knowledge kept under a key weighs in memory, as `weight_of` says."""
        return weight_of(self._folder / key)

    def adopt(self, key: str, written: Path) -> None:
        """Keep a snapshot that was written elsewhere."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
            try:
                shutil.copytree(written, unfinished, dirs_exist_ok=True)
                unfinished.chmod(0o700)
                unfinished.rename(self._folder / key)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
            self._prune()
        except OSError as error:  # a full disk, a rival's snapshot, no permission
            if not (self._folder / key).is_dir():
                _log.warning("The built content isn't kept in %s: %s", self._folder, error)

    def _prune(self) -> None:
        kept = sorted(
            (path for path in self._folder.iterdir() if not path.name.startswith(".")),
            key=lambda path: path.stat().st_mtime,
            reverse=True,
        )
        for path in kept[self._kept :]:
            shutil.rmtree(path, ignore_errors=True)


def weight_of(folder: Path) -> int:
    """How many bytes the knowledge of a snapshot takes in memory once all of it was used.

    Its arrays are mapped, and take what they have on disk; an object takes four times what it
    takes pickled. Measured with 50 roles: 11.2 MB by this, 8.7 MB resident after a question to each
    role and 10.2 MB after five to each.
    """
    arrays, objects = (folder / _ARRAYS).stat().st_size, (folder / _OBJECTS).stat().st_size
    return arrays + OBJECTS * objects


def key_of(knowledge: Path, encoder: Path | None) -> str:
    """What a snapshot depends on, as a name: content, code, encoder, versions.

    Raises:
        UsageError: there is no content in the folder.
    """
    digest = hashlib.sha256()
    for path in content_files(knowledge):
        _add(digest, os.fsencode(path), path)
    # A pickle holds objects and arrays whose form changes with faqbot, Python and numpy.
    about = [_code(), *sys.version_info[:3], np.__version__, str(knowledge)]
    if encoder is not None:
        files = sorted(path for path in encoder.rglob("*") if path.is_file())
        # By size and time, as reading the hundreds of megabytes of a model would delay each start.
        about += [str(encoder), *((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files)]
    digest.update(json.dumps(about).encode())
    return digest.hexdigest()[:32]


@lru_cache(maxsize=1)
def _code() -> str:
    """What the code that builds is like, with all that ships beside it."""
    digest = hashlib.sha256()
    package = Path(faqbot.__file__).parent
    for part in ("content", "matching", "model"):
        for path in sorted((package / part).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                _add(digest, os.fsencode(path.relative_to(package)), path)
    return digest.hexdigest()


def _add(digest: Any, name: bytes, path: Path) -> None:
    content = path.read_bytes()
    for part in (name, content):
        # With the lengths, "ab" and "c" differ from "a" and "bc".
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)


def _is_private(folder: Path) -> bool:
    status = folder.stat()
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


class _Pickler(pickle.Pickler):
    """Leaves out what all have in common, and caches empty."""

    def __init__(
        self, stream: io.BufferedWriter, common: SharedResources, arrays: io.BufferedWriter
    ) -> None:
        self.sizes: list[tuple[int, int]] = []
        self._common = common  # as long as it lives, so do the ids
        self._names = {id(part): name for name, part in common.parts()}
        self._arrays = arrays
        super().__init__(stream, protocol=5, buffer_callback=self._take)

    def _take(self, buffer: pickle.PickleBuffer) -> None:
        self._arrays.write(bytes(-self._arrays.tell() % ALIGNED))
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
    def __init__(self, stream: Any, buffers: Iterable[Any], common: SharedResources) -> None:
        super().__init__(stream, buffers=buffers)
        self._common = common

    def persistent_load(self, name: Any) -> Any:
        # A damaged or forged file must not reach other attributes by their names.
        if name not in SHARED_PARTS:
            raise pickle.UnpicklingError(f"nothing has {name!r} in common")
        return getattr(self._common, name)


def write(folder: Path, knowledge: Index, common: SharedResources) -> None:
    """Write a snapshot into an empty folder, without what all have in common."""
    with (folder / _OBJECTS).open("wb") as objects, (folder / _ARRAYS).open("wb") as arrays:
        arrays.write(bytes(ALIGNED))  # an empty file can't be mapped
        pickler = _Pickler(objects, common, arrays)
        pickler.dump(knowledge)
        sizes = {"objects": objects.tell(), "arrays": arrays.tell(), "buffers": pickler.sizes}
    (folder / _SIZES).write_text(json.dumps(sizes), encoding="utf-8")


class _Gentle:
    """A stream that lets other threads run between the frames of a pickle (64 KB each).

    Unpickling holds the interpreter from start to end otherwise, and nothing is answered meanwhile.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        time.sleep(PAUSE)
        return self._stream.read(size)

    def readinto(self, buffer: Any) -> int:
        time.sleep(PAUSE)
        return self._stream.readinto(buffer)

    def readline(self) -> bytes:
        return self._stream.readline()


def read(folder: Path, common: SharedResources, *, gently: bool = False) -> Index:
    """Read a snapshot; `gently` gives way to other threads on the way.

    Raises:
        Exception: it is damaged; a pickle fails in any way.
    """
    sizes = json.loads((folder / _SIZES).read_text(encoding="utf-8"))
    with (folder / _OBJECTS).open("rb") as objects, (folder / _ARRAYS).open("rb") as arrays:
        found = [os.fstat(stream.fileno()).st_size for stream in (objects, arrays)]
        if found != [sizes["objects"], sizes["arrays"]]:
            raise ValueError("its files are not as long as they were")
        whole = memoryview(mmap.mmap(arrays.fileno(), 0, access=mmap.ACCESS_READ))
        buffers = [whole[start : start + size] for start, size in sizes["buffers"]]
        with _without_collection():
            stream = _Gentle(objects) if gently else objects
            knowledge = _Unpickler(stream, buffers, common).load()
    if not isinstance(knowledge, Index):
        raise TypeError("it holds something else")
    return knowledge


@contextmanager
def _without_collection() -> Iterator[None]:
    """Millions of new objects, none of them garbage: looking for it takes longer than reading."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
