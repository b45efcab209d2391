"""Zip archives and XML from outside: unpacked within limits, or refused with advice."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from faqbot.errors import UsageError

MAX_MEMBERS: Final = 2_000
"""Files that an archive may contain; a Word file with 500 pictures has some 600."""

MAX_UNPACKED_BYTES: Final = 200_000_000
"""Size of all files of an archive together; a release of O*NET has 30 MB."""

MAX_RATIO: Final = 200
"""Unpacked size through packed size; the XML of long tables reaches 50."""

MIN_RATIO_BYTES: Final = 1_000_000
"""Size from which the ratio of a file counts: small ones do no harm."""

MAX_XML_BYTES: Final = 20_000_000
"""Size of an XML part; the text of a book has less than 10 MB."""

MAX_XML_DEPTH: Final = 200
"""Elements within each other; a table in a text box in a table has some 40."""

MAX_XML_ELEMENTS: Final = 500_000
MAX_SECONDS: Final = 20.0
"""Time that reading one file may take."""

_CHECK_INTERVAL: Final = 4096


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Time until which a file must be read."""

    path: Path
    seconds: float
    end: float

    @classmethod
    def of(cls, path: Path, seconds: float = MAX_SECONDS) -> TimeLimit:
        """Return a limit that starts now."""
        return cls(path, seconds, time.monotonic() + seconds)

    def check(self) -> None:
        """Stop reading when the time is over.

        Raises:
            UsageError: It is over.
        """
        if time.monotonic() > self.end:
            raise UsageError(
                f"{self.path} takes more than {self.seconds:g} seconds to read: split it, or copy "
                "its text into a new file."
            )


class Archive:
    """A zip archive whose directory was checked before anything is unpacked.

    Args:
        path: Names the archive in messages.
        source: Its bytes, or None to read them from the path.
        limit: The time that reading may take.

    Raises:
        UsageError: The archive is beyond a limit.
        BadZipFile: It isn't a zip archive.
    """

    def __init__(self, path: Path, source: bytes | None, limit: TimeLimit) -> None:
        self._path = path
        self._limit = limit
        self.zip = zipfile.ZipFile(path if source is None else io.BytesIO(source))
        self._check()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its files."""
        return tuple(self.zip.namelist())

    def read(self, name: str, most: int = MAX_UNPACKED_BYTES) -> bytes:
        """Return the bytes of a file.

        Raises:
            UsageError: It has more than `most` bytes, whatever the directory says.
        """
        with self.zip.open(name) as stream:
            raw = stream.read(most + 1)
        if len(raw) > most:
            raise UsageError(
                f"{self._path} contains {name} with more than {most // 1_000_000} MB: split the "
                "document, or copy its text into a new file."
            )
        return raw

    def xml(self, name: str) -> Element:
        """Return an XML part, with the names of elements and attributes without namespaces.

        Raises:
            UsageError: It is beyond a limit, or contains a DTD.
            ExpatError: It isn't XML.
        """
        return parse_xml(self.read(name, MAX_XML_BYTES), self._limit)

    def check_xml(self, name: str) -> None:
        """Check an XML part that a library reads.

        Raises:
            UsageError: It is beyond a limit, or contains a DTD.
            ExpatError: It isn't XML.
        """
        _parse(self.read(name, MAX_XML_BYTES), self._limit, None)

    def _check(self) -> None:
        members = self.zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise self._refused(f"contains {len(members):,} files, more than {MAX_MEMBERS:,}")
        total = sum(one.file_size for one in members)
        if total > MAX_UNPACKED_BYTES:
            megabytes = f"{total // 1_000_000:,} MB, more than {MAX_UNPACKED_BYTES // 1_000_000}"
            raise self._refused(f"unpacks to {megabytes}")
        for one in members:
            if one.file_size > max(MIN_RATIO_BYTES, MAX_RATIO * one.compress_size):
                raise self._refused(
                    f"contains {one.filename}, which unpacks to over {MAX_RATIO} times its size"
                )

    def _refused(self, what: str) -> UsageError:
        return UsageError(f"{self._path} {what}: copy what you need of it into a new file.")


BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)
"""What a damaged archive raises: NotImplementedError for an unknown compression, RuntimeError for
a password."""


def parse_xml(raw: bytes, limit: TimeLimit) -> Element:
    """Return XML as elements, with the names of elements and attributes without namespaces.

    Raises:
        UsageError: It is too deep or too large, takes too long, or contains a DTD.
        ExpatError: It isn't XML.
    """
    builder = TreeBuilder()
    _parse(raw, limit, builder)
    return builder.close()


def _parse(raw: bytes, limit: TimeLimit, builder: TreeBuilder | None) -> None:
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > MAX_XML_DEPTH:
            raise UsageError(
                f"{limit.path} has more than {MAX_XML_DEPTH} parts within each other: copy its "
                "text into a new file."
            )
        if count > MAX_XML_ELEMENTS:
            raise UsageError(f"{limit.path} has more than {MAX_XML_ELEMENTS:,} parts: split it.")
        if count % _CHECK_INTERVAL == 0:
            limit.check()
        if builder is not None:
            local = {key.rpartition("}")[2]: value for key, value in attributes.items()}
            builder.start(name.rpartition("}")[2], local)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if builder is not None:
            builder.end(name.rpartition("}")[2])

    # Entities can't be declared without one, so none can grow or name other files.
    def doctype(*_: object) -> None:
        raise UsageError(f"{limit.path} contains a DTD, which no Office file has: save it again.")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    if builder is not None:
        parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(raw, True)
