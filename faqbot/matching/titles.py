"""The titles of all roles as an inverted index, and how well each explains the words of a question.

Titles and aliases are indexed by word with inverse document frequencies (Sparck Jones 1972). The
words of a question reach the index exactly, by their singular, or through a typing error; a title
is then judged by the share of its weight that they cover, and by how close together they stand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from faqbot.matching.lexicon import OCCUPATIONS
from faqbot.matching.spelling import ALMOST_SHORT, Vocabulary
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.matching.thresholds import LINK_THRESHOLDS, LinkThresholds
from faqbot.model import Role

_BRACKETS = re.compile(r"\(([^()]+)\)")


def spellings(title: str) -> list[str]:
    """A title, and where a part of it stands in brackets, the title without it and that part."""
    match = _BRACKETS.search(title)
    if match is None:
        return [title]
    return [_BRACKETS.sub(" ", title), match[1], title]


def title_key(title: str, compounds: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """The words of a title as the index holds them: normalised, compounds apart, singular."""
    found: list[str] = []
    for word in words(normalise(title)):
        found.extend(singular(part) for part in compounds.get(word, (word,)))
    return tuple(found)


SHORT = 4
"""Words of a question in which little is enough to name a role."""

FIELDS = MappingProxyType(
    {
        "administration": "administrator",
        "analysis": "analyst",
        "analytic": "analyst",
        "analytics": "analyst",
        "consulting": "consultant",
        "design": "designer",
        "development": "developer",
        "engineering": "engineer",
        "management": "manager",
        "recruiting": "recruiter",
        "recruitment": "recruiter",
        "testing": "tester",
    }
)
"""Fields of work with the person who works in them: "data engineering" names data engineers."""

FIELD_WEIGHT = 0.9
"""How surely a field stands for the person."""

SHORTEST = 3
"""Letters of the shortest word that is recognised with a typing error, in a title."""

PATIENCE = 0.45
"""The cost of a wrong first letter: the other words of a title tell whether it was one."""

LONGEST = 8
"""Words of the longest title that is looked for."""


@dataclass(frozen=True, slots=True)
class Match:
    """A word of a question that stands for a word of titles, with how surely (0..1)."""

    position: int
    word: str
    weight: float
    exact: bool


@dataclass(frozen=True, slots=True)
class TitleReading:
    """How well a title explains words of a question: those from `start` to `end` (exclusive)."""

    title: int
    score: float
    strength: float
    covered: float
    is_full: bool
    start: int
    end: int
    exact: bool


class TitleIndex:
    """Titles and aliases by their words.

    Args:
        roles: the roles whose titles to index.
        asking: words in which people ask about any role; they are poor evidence for one.
        language: words of the language, which are not typing errors by themselves.
        everyday: the most frequent of them, which name no role by themselves.
        compounds: joined words of titles with the pair that they stand for.
        thresholds: which titles are judged.
    """

    def __init__(
        self,
        roles: Iterable[Role],
        asking: frozenset[str],
        language: frozenset[str],
        everyday: frozenset[str],
        compounds: Mapping[str, tuple[str, str]],
        *,
        thresholds: LinkThresholds = LINK_THRESHOLDS,
    ) -> None:
        self._thresholds = thresholds
        self.titles: list[tuple[str, ...]] = []
        self.roles: list[str] = []
        self.is_alias: list[bool] = []
        for role in roles:
            seen: set[tuple[str, ...]] = set()
            named = [part for title in (role.title, *role.aliases) for part in spellings(title)]
            for number, title in enumerate(named):
                title_words = title_key(title, compounds)
                if title_words and title_words not in seen:
                    seen.add(title_words)
                    self.titles.append(title_words)
                    self.roles.append(role.id)
                    self.is_alias.append(number > 0)
        self._asking = asking
        self._asking_stems = frozenset(singular(word) for word in asking)
        self._language = language
        self._everyday = everyday
        self._postings, self._idf = self._index()
        self._weights = np.array(
            [sum(self._idf[word] for word in dict.fromkeys(title)) for title in self.titles],
            dtype=np.float32,
        )
        self._vocabulary = Vocabulary(
            {word: len(rows) for word, rows in self._postings.items()},
            shortest=SHORTEST,
            patience=PATIENCE,
        )

    def __contains__(self, word: str) -> bool:
        return word in self._postings

    def names(self, role: str, word: str) -> bool:
        """Whether a word stands in a title of a role."""
        rows = self._postings.get(word)
        return rows is not None and any(self.roles[row] == role for row in rows)

    def is_near(self, word: str) -> bool:
        """Whether a word of a title may have been meant."""
        return word in self._postings or bool(self._vocabulary.nearest(word))

    def readings(self, asked: Sequence[str], written: Sequence[str]) -> list[TitleReading]:
        """The titles that explain words of a question, the one that explains most first.

        Args:
            asked: the words, normalised and repaired.
            written: the same before they were repaired.
        """
        return self._readings(asked, self._matches(asked, written))

    def _index(self) -> tuple[Mapping[str, npt.NDArray[np.int32]], Mapping[str, float]]:
        rows: dict[str, list[int]] = {}
        roles: dict[str, set[str]] = {}
        for row, title in enumerate(self.titles):
            for word in dict.fromkeys(title):
                rows.setdefault(word, []).append(row)
                roles.setdefault(word, set()).add(self.roles[row])
        count = len(set(self.roles))
        idf = {word: math.log1p(count / len(named)) for word, named in roles.items()}
        return {word: np.array(found, dtype=np.int32) for word, found in rows.items()}, idf

    def _matches(self, asked: Sequence[str], written: Sequence[str]) -> list[Match]:
        found: list[Match] = []
        for position, (word, typed) in enumerate(zip(asked, written, strict=True)):
            stem = singular(word)
            field = FIELDS.get(stem, FIELDS.get(word, ""))
            if field in self._postings:
                found.append(Match(position, field, FIELD_WEIGHT, exact=True))
            known = stem in self._postings
            if known and word == typed:
                if word not in STOP_WORDS or len(asked) <= 3:  # noqa: PLR2004
                    found.append(Match(position, stem, 1.0, exact=True))
                continue
            if known:
                found.append(Match(position, stem, 0.9, exact=False))
            if typed in STOP_WORDS or typed in self._asking:
                continue
            strange = 0.25 if typed in self._language else 0.0
            if strange and len(typed) <= ALMOST_SHORT:
                continue  # a short word that is right is one slip away from too many others
            for meant, cost in self._vocabulary.nearest(singular(typed)):
                if meant != stem:
                    weight = 0.98 - 0.2 * max(cost, 0.3) - strange
                    found.append(Match(position, meant, weight, exact=False))
        return found

    def _readings(self, asked: Sequence[str], matches: Sequence[Match]) -> list[TitleReading]:
        if not matches:
            return []
        best: dict[str, Match] = {}
        for match in matches:
            if match.word not in best or match.weight > best[match.word].weight:
                best[match.word] = match
        rows = np.concatenate([self._postings[word] for word in best])
        weights = np.concatenate(
            [
                np.full(len(self._postings[word]), self._idf[word] * match.weight, np.float32)
                for word, match in best.items()
            ]
        )
        touched, inverse = np.unique(rows, return_inverse=True)
        covered = np.bincount(inverse, weights)
        coverage = covered / self._weights[touched]
        rank = coverage * np.sqrt(covered)
        order = np.lexsort((touched, -rank))[: self._thresholds.max_judged_titles]
        readings: list[TitleReading] = []
        strongest = 0.0
        for row, most in zip(touched[order].tolist(), rank[order].tolist(), strict=True):
            if most < self._thresholds.min_title_score * strongest:
                break
            reading = self._reading(row, asked, matches)
            if reading is not None:
                readings.append(reading)
                strongest = max(strongest, reading.strength)
        readings.sort(key=lambda reading: (-reading.strength, reading.start, reading.title))
        return readings

    def _reading(
        self, row: int, asked: Sequence[str], matches: Sequence[Match]
    ) -> TitleReading | None:
        title = self.titles[row]
        fitting = [match for match in matches if match.word in title]
        readings = (self._judge(row, asked, window) for window in _windows(fitting))
        return max(readings, key=lambda reading: (reading.strength, -reading.start), default=None)

    def _judge(self, row: int, asked: Sequence[str], used: Sequence[Match]) -> TitleReading:
        title = self.titles[row]
        covered = sum(self._idf[match.word] * match.weight for match in used)
        coverage = covered / float(self._weights[row])
        start, end = used[0].position, used[-1].position + 1
        positions = {match.position for match in used}
        gaps = sum(
            0.25 if asked[position] in STOP_WORDS else 0.6
            for position in range(start, end)
            if position not in positions
        )
        in_order = [title.index(match.word) for match in used]
        score = coverage / (1.0 + gaps)
        if in_order != sorted(in_order):
            asking = any(match.word in self._asking_stems for match in used)
            score *= 0.6 if asking else 0.97  # "technician certifications" asks, and names less
        is_full = len({match.word for match in used}) == len(set(title))
        if not is_full:
            alone = len(used) == 1
            told = sum(
                self._idf[m.word] * m.weight
                for m in used
                if self._is_telling(m, asked, alone=alone)
            )
            score *= 0.25 + 0.75 * told / max(covered, 1e-9)
        exact = all(match.exact for match in used)
        return TitleReading(
            row, score, score * math.sqrt(covered), covered, is_full, start, end, exact
        )

    def _is_telling(self, match: Match, asked: Sequence[str], *, alone: bool) -> bool:
        if alone and asked[match.position] in FIELDS:
            return False  # "the recruiting team" is no recruiter
        everyday = match.word in self._everyday and match.word not in OCCUPATIONS
        if alone and everyday and len(asked) > SHORT:
            return False  # "a bad back" names no back end developer
        return match.word not in self._asking and (
            match.exact or match.word not in self._language or match.weight > 0.6  # noqa: PLR2004
        )


def _windows(matches: Sequence[Match]) -> Iterator[tuple[Match, ...]]:
    """The runs of matches, in reading order, that could be one mention of a title."""
    by_position: dict[int, list[Match]] = {}
    for match in matches:
        by_position.setdefault(match.position, []).append(match)
    places = [max(at, key=lambda match: match.weight) for _, at in sorted(by_position.items())]
    last = len(places) - 1
    if places[last].position - places[0].position == last and len({m.word for m in places}) > last:
        yield tuple(places)
        return
    for first in range(len(places)):
        for end in range(first + 1, min(len(places), first + LONGEST) + 1):
            window = places[first:end]
            if len({match.word for match in window}) == len(window):
                yield tuple(window)
