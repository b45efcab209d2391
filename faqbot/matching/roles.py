"""Role linking: which role a question names, through which of its words, and how surely.

Titles and aliases are indexed by word with inverse document frequencies (Sparck Jones 1972). The
words of a question reach the index exactly, by their singular, or through a typing error; a title
is then judged by the share of its weight that the question covers, by how close together the
covering words stand, and by the words beside them that belong to another role ("java developer").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from faqbot.matching.occupations import COLOURS, OCCUPATIONS, SENIORITY
from faqbot.matching.spelling import ALMOST_SHORT, Vocabulary
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.model import LinkedBy, Role, RoleLink

EXAMINED = 48
"""How many titles the index hands on to the closer look."""

NAMED = 0.34
"""Score from which words count as naming a role."""

CLOSE = 0.8
"""A role whose score is above this share of the best one's is a rival reading of the same words."""

SHORT = 4
"""Words of a question in which initials are taken for a role."""

COMPARING = frozenset("or vs versus than between differ difference different compare".split())
"""Words beside which even part of a title names a second role."""

RIVAL = 0.6
"""A second mention counts when its score reaches this share of the best one's."""

SHORTEST = 3
"""Letters of the shortest word that is recognised with a typing error, in a title."""

LONGEST = 8
"""Words of the longest title that is looked for."""

PARTLY_CLOSE = 0.6
"""The same where no title is named in full: part of a title is part of others too."""

FOREIGN_PENALTY = 0.45
"""What a score keeps when a word beside the title makes it another role."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a question that name roles: `start` to `end` (exclusive), rivals best first."""

    start: int
    end: int
    links: tuple[RoleLink, ...]
    foreign: str = ""

    @property
    def score(self) -> float:
        return self.links[0].score


@dataclass(frozen=True, slots=True)
class Linking:
    """The mentions of a question in reading order, and the words of a role that is unknown."""

    mentions: tuple[Mention, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class _Match:
    position: int
    word: str
    weight: float
    exact: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    title: int
    score: float
    strength: float
    covered: float
    is_full: bool
    start: int
    end: int
    exact: bool


class RoleLinker:
    """Finds the roles of a library in the words of a question.

    Args:
        roles: the roles to find.
        phrasing_words: words in which people ask about any role; they are poor evidence for one.
        language: words of the language, which are not typing errors by themselves.
        known: words of the content, which make no other role of a title that they stand beside.
        compounds: joined words of titles with the pair that they stand for.
    """

    def __init__(
        self,
        roles: Iterable[Role],
        phrasing_words: frozenset[str],
        language: frozenset[str] = frozenset(),
        known: frozenset[str] = frozenset(),
        compounds: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self._titles: list[tuple[str, ...]] = []
        self._roles: list[str] = []
        self._is_alias: list[bool] = []
        for role in roles:
            seen: set[tuple[str, ...]] = set()
            for number, title in enumerate((role.title, *role.aliases)):
                title_words = title_key(title, compounds or {})
                if title_words and title_words not in seen:
                    seen.add(title_words)
                    self._titles.append(title_words)
                    self._roles.append(role.id)
                    self._is_alias.append(number > 0)
        self._phrasing_words = phrasing_words
        self._asking_stems = frozenset(singular(word) for word in phrasing_words)
        self._language = language
        self._known = known | phrasing_words
        self._postings, self._idf = self._index()
        self._initials = self._unique_initials()
        self._weights = np.array(
            [sum(self._idf[word] for word in dict.fromkeys(title)) for title in self._titles],
            dtype=np.float32,
        )
        self._vocabulary = Vocabulary(
            {word: len(rows) for word, rows in self._postings.items()}, shortest=SHORTEST
        )

    def _index(self) -> tuple[Mapping[str, npt.NDArray[np.int32]], Mapping[str, float]]:
        rows: dict[str, list[int]] = {}
        roles: dict[str, set[str]] = {}
        for row, title in enumerate(self._titles):
            for word in dict.fromkeys(title):
                rows.setdefault(word, []).append(row)
                roles.setdefault(word, set()).add(self._roles[row])
        count = len(set(self._roles))
        idf = {word: math.log1p(count / len(named)) for word, named in roles.items()}
        return {word: np.array(found, dtype=np.int32) for word, found in rows.items()}, idf

    def _unique_initials(self) -> Mapping[str, str]:
        roles: dict[str, set[str]] = {}
        for title, role, is_alias in zip(self._titles, self._roles, self._is_alias, strict=True):
            if not is_alias and len(title) > 1:
                roles.setdefault("".join(word[0] for word in title), set()).add(role)
        return {
            initials: next(iter(named))
            for initials, named in roles.items()
            if len(named) == 1 and initials not in self._postings
        }

    def link(self, asked: Sequence[str], written: Sequence[str] | None = None) -> Linking:
        """The roles that the words name.

        Args:
            asked: the words, normalised and repaired.
            written: the same before they were repaired, so that another repair can win where
                the words beside it say so.
        """
        matches = self._matches(asked, written or asked)
        readings = self._readings(asked, matches)
        mentions: list[Mention] = []
        taken: set[int] = set()
        for reading in readings:
            if taken.intersection(range(reading.start, reading.end)):
                continue
            mention = self._mention(asked, reading, readings)
            if mention is None:
                continue
            mentions.append(mention)
            taken.update(range(mention.start, mention.end))
        mentions = _settled(mentions, asked)
        mentions = mentions or self._acronym(asked)
        mentions.sort(key=lambda mention: mention.start)
        unknown = next((m.foreign for m in mentions if m.foreign), "")
        if not mentions:
            unknown = self._unknown(asked)
        return Linking(tuple(mentions), unknown)

    def near(self, asked: Sequence[str]) -> tuple[str, ...]:
        """At most three roles that share a word with the text, or look like it; best first."""
        readings = self._readings(asked, self._matches(asked, asked))
        roles = dict.fromkeys(self._roles[reading.title] for reading in readings)
        if not roles and asked:
            found = process.extract(
                " ".join(asked),
                [" ".join(title) for title in self._titles],
                scorer=fuzz.WRatio,
                score_cutoff=70,
                limit=8,
            )
            roles = dict.fromkeys(self._roles[row] for _, _, row in found)
        return tuple(roles)[:3]

    # -- evidence

    def _matches(self, asked: Sequence[str], written: Sequence[str]) -> list[_Match]:
        found: list[_Match] = []
        for position, (word, typed) in enumerate(zip(asked, written, strict=True)):
            stem = singular(word)
            known = stem in self._postings
            if known and word == typed:
                if word not in STOP_WORDS or len(asked) <= 3:  # noqa: PLR2004
                    found.append(_Match(position, stem, 1.0, exact=True))
                continue
            if known:
                found.append(_Match(position, stem, 0.9, exact=False))
            if typed in STOP_WORDS or typed in self._phrasing_words:
                continue
            strange = 0.25 if typed in self._language else 0.0
            if strange and len(typed) <= ALMOST_SHORT:
                continue  # a short word that is right is one slip away from too many others
            for meant, cost in self._vocabulary.nearest(singular(typed)):
                if meant != stem:
                    weight = 0.98 - 0.2 * max(cost, 0.3) - strange
                    found.append(_Match(position, meant, weight, exact=False))
        return found

    def _readings(self, asked: Sequence[str], matches: Sequence[_Match]) -> list[_Reading]:
        if not matches:
            return []
        best: dict[str, _Match] = {}
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
        order = np.lexsort((touched, -rank))[:EXAMINED]
        readings = [
            reading
            for row in touched[order]
            if (reading := self._reading(int(row), asked, matches)) is not None
        ]
        readings.sort(key=lambda reading: (-reading.strength, reading.start, reading.title))
        return readings

    def _reading(
        self, row: int, asked: Sequence[str], matches: Sequence[_Match]
    ) -> _Reading | None:
        title = self._titles[row]
        fitting = [match for match in matches if match.word in title]
        readings = (self._judge(row, asked, window) for window in _windows(fitting))
        return max(readings, key=lambda reading: (reading.strength, -reading.start), default=None)

    def _judge(self, row: int, asked: Sequence[str], used: Sequence[_Match]) -> _Reading:
        title = self._titles[row]
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
            told = sum(self._idf[m.word] * m.weight for m in used if self._is_telling(m))
            score *= 0.25 + 0.75 * told / max(covered, 1e-9)
        exact = all(match.exact for match in used)
        return _Reading(row, score, score * math.sqrt(covered), covered, is_full, start, end, exact)

    def _is_telling(self, match: _Match) -> bool:
        return match.word not in self._phrasing_words and (
            match.exact or match.word not in self._language or match.weight > 0.6  # noqa: PLR2004
        )

    # -- judgement

    def _mention(
        self, asked: Sequence[str], reading: _Reading, readings: Sequence[_Reading]
    ) -> Mention | None:
        """The rivals for the words of a reading, or None when they don't name a role."""
        foreign = self._foreign(asked, reading)
        best: dict[str, _Reading] = {}
        start, end = reading.start, reading.end
        for rival in readings:
            if rival.start >= end or rival.end <= start:
                continue
            if not _rivals(reading, rival):
                continue
            best.setdefault(self._roles[rival.title], rival)
        full = reading.is_full
        if full:
            exact = {
                role: r for role, r in best.items() if r.is_full and r.strength == reading.strength
            }
            best = exact or {self._roles[reading.title]: reading}
        factor = FOREIGN_PENALTY if foreign else 1.0
        if reading.score * factor < NAMED * (0.5 if foreign else 1.0):
            return None
        words_read = " ".join(asked[start:end])
        links = tuple(
            RoleLink(role, words_read, self._how(rival), round(min(rival.score, 1.0) * factor, 4))
            for role, rival in best.items()
        )
        while start > 0 and asked[start - 1] in SENIORITY:
            start -= 1
        return Mention(start, end, links, foreign)

    def _how(self, reading: _Reading) -> LinkedBy:
        if not reading.exact:
            return LinkedBy.TYPO
        if not reading.is_full:
            return LinkedBy.PARTIAL
        return LinkedBy.ALIAS if self._is_alias[reading.title] else LinkedBy.TITLE

    def _foreign(self, asked: Sequence[str], reading: _Reading) -> str:
        """The words of the noun phrase when a word in it makes it another role than the title's."""
        title = self._titles[reading.title]
        start, end = reading.start, reading.end
        is_full = reading.is_full
        inside = [w for w in asked[start:end] if self._is_foreign(w, title, is_full=is_full)]
        left = start
        while left > 0 and self._is_foreign(asked[left - 1], title, is_full=is_full):
            if reading.is_full and singular(asked[left - 1]) != asked[left - 1]:
                break  # "problems data analysts face": a plural does not modify what follows
            left -= 1
        right = end
        while right < len(asked) and self._closes_title(asked[right], title):
            right += 1
        if inside or left < start or right > end:
            return " ".join(asked[left:right])
        return ""

    def _is_foreign(self, word: str, title: Sequence[str], *, is_full: bool = False) -> bool:
        stem = singular(word)
        return not (
            word in STOP_WORDS
            or word in COLOURS
            or stem in COLOURS
            or word in (self._known if is_full else self._phrasing_words)
            or stem in title
            or stem in self._postings
            or self._vocabulary.nearest(stem)
            or word.isdigit()
        )

    def _closes_title(self, word: str, title: Sequence[str]) -> bool:
        stem = singular(word)
        return stem in OCCUPATIONS and stem not in title and stem not in COLOURS

    def _acronym(self, asked: Sequence[str]) -> list[Mention]:
        """In a short question, the initials of one role's title ("da certs")."""
        if len(asked) > SHORT:
            return []
        for position, word in enumerate(asked):
            role = self._initials.get(word)
            if role is not None and word not in STOP_WORDS:
                link = RoleLink(role, word, LinkedBy.PARTIAL, 0.6)
                return [Mention(position, position + 1, (link,))]
        return []

    def _unknown(self, asked: Sequence[str]) -> str:
        """The words of a role that no title of the library shares enough with."""
        for position, word in enumerate(asked):
            stem = singular(word)
            if stem not in OCCUPATIONS or word in COLOURS or word in STOP_WORDS:
                continue
            left = position
            while left > 0 and (
                self._is_foreign(asked[left - 1], ()) or singular(asked[left - 1]) in self._postings
            ):
                left -= 1
            return " ".join(asked[left : position + 1])
        return ""


def _rivals(best: _Reading, other: _Reading) -> bool:
    """Whether another reading of the same words is as good, or as little, as the best one."""
    if best.is_full:
        return other.strength >= CLOSE * best.strength
    share = PARTLY_CLOSE if other.covered < best.covered else PARTLY_CLOSE * PARTLY_CLOSE
    return other.strength >= share * best.strength


def _windows(matches: Sequence[_Match]) -> Iterator[tuple[_Match, ...]]:
    """The runs of matches, in reading order, that could be one mention of a title."""
    by_position: dict[int, list[_Match]] = {}
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


def _settled(mentions: Sequence[Mention], asked: Sequence[str]) -> list[Mention]:
    """Only the mentions that stand beside the best one: a full title silences stray words."""
    best = max(mentions, key=lambda mention: mention.score, default=None)
    if best is None:
        return []
    full = best.links[0].by in (LinkedBy.TITLE, LinkedBy.ALIAS)
    said = set(best.links[0].words.split())
    compared = not COMPARING.isdisjoint(asked)
    return [
        mention
        for mention in mentions
        if mention is best
        or (
            mention.score >= RIVAL * best.score
            and not (full and said.issuperset(mention.links[0].words.split()))
            and (not full or compared or _has_noun(mention))
        )
    ]


def _has_noun(mention: Mention) -> bool:
    return any(singular(word) in OCCUPATIONS for word in mention.links[0].words.split())


def title_key(title: str, compounds: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """The words of a title as the index holds them: normalised, compounds apart, singular."""
    found: list[str] = []
    for word in words(normalise(title)):
        found.extend(singular(part) for part in compounds.get(word, (word,)))
    return tuple(found)
