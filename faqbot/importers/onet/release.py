"""The tables of an O*NET release, as they stand in its zip file of text files."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from faqbot.errors import UsageError

CODE_COLUMN: Final = "O*NET-SOC Code"
OCCUPATIONS_TABLE: Final = "Occupation Data.txt"
DOWNLOAD_PAGE: Final = "https://www.onetcenter.org/database.html#all-files"
_RELEASE_NUMBER: Final = re.compile(r"O\*NET\W? ([0-9]+\.[0-9]+) Database")

Row = Mapping[str, str]


class ReleaseTables:
    """The tables of one release.

    Args:
        archive: the opened zip file, whose tables may stand in a folder of their own.
        path: what to call it in advice.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive = archive
        self._path = path
        self._names = {PurePosixPath(name).name: name for name in archive.namelist()}
        if OCCUPATIONS_TABLE not in self._names:
            raise UsageError(
                f"{path} holds no {OCCUPATIONS_TABLE!r}: give the database as text files "
                f"({DOWNLOAD_PAGE})."
            )

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @property
    def release(self) -> str:
        """The number of the release, as its "Read Me.txt" or else the zip file's name says it."""
        if "Read Me.txt" in self:
            text = self._archive.read(self._names["Read Me.txt"]).decode("utf-8", "replace")
            if found := _RELEASE_NUMBER.search(text):
                return found[1]
        numbers = re.search(r"([0-9]+)_([0-9]+)", self._path.name)
        return f"{numbers[1]}.{numbers[2]}" if numbers else ""

    def rows(self, name: str, *columns: str) -> Iterator[Row]:
        """The rows of a table; none where the release has no such table.

        Raises:
            UsageError: it can't be read, or has other columns.
        """
        if name not in self:
            return
        with self._archive.open(self._names[name]) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig")
            reader = csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{name} in {self._path} has no column {missing[0]!r}: "
                    f"give the database as text files ({DOWNLOAD_PAGE})."
                )
            yield from reader

    def grouped(self, name: str, column: str) -> Mapping[str, list[str]]:
        """The values of a column by occupation, each once."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for row in self.rows(name, CODE_COLUMN, column):
            found[row[CODE_COLUMN]][row[column]] = None
        return defaultdict(list, {code: list(values) for code, values in found.items()})


@contextmanager
def open_tables(path: Path) -> Iterator[ReleaseTables]:
    """The tables of a release's zip file, which is open meanwhile.

    Raises:
        UsageError: it isn't there, isn't a zip file of O*NET tables, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield ReleaseTables(archive, path)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise UsageError(
            f"{path} is no zip file that can be read: download it again ({DOWNLOAD_PAGE})."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path} holds a table that can't be read ({error}): download it again "
            f"({DOWNLOAD_PAGE})."
        ) from error
    except OSError as error:
        raise UsageError(
            f"Can't read {path}: {error.strerror or error}. Give the zip file of the database "
            f"as text files ({DOWNLOAD_PAGE})."
        ) from error


FAMILY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "11": "Management",
        "13": "Business and Financial Operations",
        "15": "Computer and Mathematical",
        "17": "Architecture and Engineering",
        "19": "Life, Physical, and Social Science",
        "21": "Community and Social Service",
        "23": "Legal",
        "25": "Educational Instruction and Library",
        "27": "Arts, Design, Entertainment, Sports, and Media",
        "29": "Healthcare Practitioners and Technical",
        "31": "Healthcare Support",
        "33": "Protective Service",
        "35": "Food Preparation and Serving Related",
        "37": "Building and Grounds Cleaning and Maintenance",
        "39": "Personal Care and Service",
        "41": "Sales and Related",
        "43": "Office and Administrative Support",
        "45": "Farming, Fishing, and Forestry",
        "47": "Construction and Extraction",
        "49": "Installation, Maintenance, and Repair",
        "51": "Production",
        "53": "Transportation and Material Moving",
        "55": "Military Specific",
    }
)
"""The first two digits of a code -> the name."""


def family_of(code: str) -> str:
    """The family of an occupation; empty when its code begins like none."""
    return FAMILY_NAMES.get(code[:2], "")
