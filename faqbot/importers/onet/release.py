"""Read an O*NET release: the tables of its zip file, and the occupations in them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
    """Tables of a release.

    Args:
        archive: The open zip file; its tables may be in a folder.
        path: The path of the zip file, for error messages.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive = archive
        self._path = path
        self._names = {PurePosixPath(name).name: name for name in archive.namelist()}
        if OCCUPATIONS_TABLE not in self._names:
            raise UsageError(
                f"{path} contains no {OCCUPATIONS_TABLE!r}: give the database as text files "
                f"({DOWNLOAD_PAGE})."
            )

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @property
    def release(self) -> str:
        """Number of the release, from its "Read Me.txt" or the name of the zip file."""
        if "Read Me.txt" in self:
            text = self._archive.read(self._names["Read Me.txt"]).decode("utf-8", "replace")
            if found := _RELEASE_NUMBER.search(text):
                return found[1]
        numbers = re.search(r"([0-9]+)_([0-9]+)", self._path.name)
        return f"{numbers[1]}.{numbers[2]}" if numbers else ""

    def rows(self, name: str, *columns: str) -> Iterator[Row]:
        """Yield the rows of a table; none if the release has no such table.

        Raises:
            UsageError: The table has no such column.
        """
        if name not in self:
            return
        with self._archive.open(self._names[name]) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig")
            # These tables quote nothing: a quotation mark would swallow rows up to the next one.
            reader = csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{name} in {self._path} has no column {missing[0]!r}: "
                    f"give the database as text files ({DOWNLOAD_PAGE})."
                )
            yield from reader

    def grouped(self, name: str, column: str) -> Mapping[str, list[str]]:
        """Return the values of a column by the code of the occupation, each once."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for row in self.rows(name, CODE_COLUMN, column):
            found[row[CODE_COLUMN]][row[column]] = None
        return defaultdict(list, {code: list(values) for code, values in found.items()})


@contextmanager
def open_tables(path: Path) -> Iterator[ReleaseTables]:
    """Open the zip file of a release for as long as the block runs.

    Raises:
        UsageError: The file is missing, damaged, or contains no O*NET tables.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield ReleaseTables(archive, path)
    # zipfile raises NotImplementedError for unknown compression, RuntimeError for a password.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise UsageError(
            f"{path} isn't a valid zip file: download it again ({DOWNLOAD_PAGE})."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path} contains a table that can't be read ({error}): download it again "
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
"""Names of the families by the first two digits of a code."""


def family_of(code: str) -> str:
    """Return the family of an occupation; empty if its code belongs to none."""
    return FAMILY_NAMES.get(code[:2], "")


_ELEMENT: Final = "Element Name"
_EXPERIENCE: Final = "Education, Training, and Experience.txt"
_CATEGORIES: Final = "Education, Training, and Experience Categories.txt"
_PRIMARY_TIER: Final = "Primary-Short"
"""Tier of the ten occupations that are most similar to one."""


@dataclass(frozen=True, slots=True)
class ElementRating:
    """A skill or an area of knowledge, and its importance from 1 to 5."""

    name: str
    importance: float


@dataclass(frozen=True, slots=True)
class Technology:
    """A technology, its kind, and whether job postings ask for it often.

    `hot`: in the postings of many occupations; `in_demand`: in those of this one.
    """

    name: str
    kind: str
    hot: bool
    in_demand: bool


@dataclass(frozen=True, slots=True)
class AnswerShare:
    """An answer of a survey, and the percentage of people who gave it."""

    answer: str
    percent: float


@dataclass(frozen=True, slots=True)
class JobZone:
    """Preparation that an occupation needs, in O*NET's words; `svp` is a range."""

    number: int
    name: str
    experience: str
    education: str
    training: str
    svp: str


@dataclass(frozen=True, slots=True)
class Occupation:
    """An occupation; fields that the tables don't have are empty."""

    code: str
    title: str
    description: str
    titles: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    ratings: tuple[ElementRating, ...] = ()
    technologies: tuple[Technology, ...] = ()
    education: tuple[AnswerShare, ...] = ()
    experience: tuple[AnswerShare, ...] = ()
    zone: JobZone | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A release: its number, and its occupations in the order of their codes."""

    number: str
    occupations: tuple[Occupation, ...]
    has_related: bool

    def by_code(self) -> Mapping[str, Occupation]:
        return {occupation.code: occupation for occupation in self.occupations}


def read_release(path: Path) -> Release:
    """All occupations of the release in a zip file.

    Raises:
        UsageError: the file isn't there or isn't such a release.
    """
    with open_tables(path) as tables:
        parts = _OccupationReader(tables)
        occupations = tuple(
            parts.occupation(row)
            for row in tables.rows(OCCUPATIONS_TABLE, CODE_COLUMN, "Title", "Description")
        )
        if not occupations:
            raise UsageError(f"{path} contains no occupations: download it again.")
        return Release(tables.release, occupations, _RELATED in tables)


_RELATED: Final = "Related Occupations.txt"


class _OccupationReader:
    """Reads the tables once and returns what they say about an occupation."""

    def __init__(self, tables: ReleaseTables) -> None:
        self._titles = tables.grouped("Alternate Titles.txt", "Alternate Title")
        self._tasks = tables.grouped("Task Statements.txt", "Task")
        self._ratings = _ratings(tables)
        self._technologies = _technologies(tables)
        self._education = _shares(tables, "RL")
        self._experience = _shares(tables, "RW")
        self._zones = _zones(tables)
        self._related = _related(tables)

    def occupation(self, row: Row) -> Occupation:
        code = row[CODE_COLUMN]
        return Occupation(
            code,
            row["Title"],
            row["Description"],
            titles=tuple(self._titles[code]),
            tasks=tuple(self._tasks[code]),
            ratings=tuple(self._ratings[code]),
            technologies=tuple(self._technologies[code]),
            education=tuple(self._education[code]),
            experience=tuple(self._experience[code]),
            zone=self._zones.get(code),
            related=tuple(self._related[code]),
        )


def _ratings(tables: ReleaseTables) -> Mapping[str, list[ElementRating]]:
    """Return skills and knowledge by falling importance; a name in both tables counts once."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for name in ("Skills.txt", "Knowledge.txt"):
        for row in tables.rows(name, CODE_COLUMN, _ELEMENT, "Scale ID", "Data Value"):
            if row["Scale ID"] == "IM" and row.get("Recommend Suppress") != "Y":
                of = found[row[CODE_COLUMN]]
                of[row[_ELEMENT]] = max(of.get(row[_ELEMENT], 0), _parse_number(row["Data Value"]))
    return defaultdict(
        list,
        {
            code: [
                ElementRating(name, value)
                for name, value in sorted(of.items(), key=_by_falling_value)
            ]
            for code, of in found.items()
        },
    )


def _by_falling_value(named: tuple[str, float]) -> float:
    return -named[1]


def _technologies(tables: ReleaseTables) -> Mapping[str, list[Technology]]:
    found: defaultdict[str, list[Technology]] = defaultdict(list)
    columns = (CODE_COLUMN, "Example", "Commodity Title", "Hot Technology")
    for row in tables.rows("Technology Skills.txt", *columns):
        found[row[CODE_COLUMN]].append(
            Technology(
                row["Example"],
                row["Commodity Title"],
                hot=row["Hot Technology"] == "Y",
                in_demand=row.get("In Demand") == "Y",
            )
        )
    return found


def _shares(tables: ReleaseTables, scale: str) -> Mapping[str, list[AnswerShare]]:
    """Return the answers of a scale by falling share, without those that O*NET suppresses."""
    answers = {
        row["Category"]: row["Category Description"]
        for row in tables.rows(_CATEGORIES, "Scale ID", "Category", "Category Description")
        if row["Scale ID"] == scale
    }
    found: defaultdict[str, list[AnswerShare]] = defaultdict(list)
    for row in tables.rows(_EXPERIENCE, CODE_COLUMN, "Scale ID", "Category", "Data Value"):
        if row["Scale ID"] == scale and row.get("Recommend Suppress") != "Y":
            percent = _parse_number(row["Data Value"])
            if percent > 0 and row["Category"] in answers:
                found[row[CODE_COLUMN]].append(AnswerShare(answers[row["Category"]], percent))
    for shares in found.values():
        shares.sort(key=lambda share: -share.percent)
    return found


def _zones(tables: ReleaseTables) -> Mapping[str, JobZone]:
    columns = ("Job Zone", "Name", "Experience", "Education", "Job Training", "SVP Range")
    known = {
        row["Job Zone"]: JobZone(
            int(_parse_number(row["Job Zone"])),
            row["Name"],
            row["Experience"],
            row["Education"],
            row["Job Training"],
            row["SVP Range"],
        )
        for row in tables.rows("Job Zone Reference.txt", *columns)
    }
    return {
        row[CODE_COLUMN]: known[row["Job Zone"]]
        for row in tables.rows("Job Zones.txt", CODE_COLUMN, "Job Zone")
        if row["Job Zone"] in known
    }


def _related(tables: ReleaseTables) -> Mapping[str, list[str]]:
    """Return the codes of the most similar occupations, the nearest first."""
    other = "Related O*NET-SOC Code"
    rows = list(tables.rows(_RELATED, CODE_COLUMN, other, "Relatedness Tier", "Index"))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in sorted(_primary_relations(rows), key=lambda row: _parse_number(row["Index"])):
        found[row[CODE_COLUMN]].append(row[other])
    return found


def _primary_relations(rows: list[Row]) -> Iterator[Row]:
    return (row for row in rows if row["Relatedness Tier"] == _PRIMARY_TIER)


def _parse_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0  # "n/a": nobody was asked
