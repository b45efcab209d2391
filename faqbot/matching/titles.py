"""Inverted index of role titles, and the scores of titles for the words of a question.

Titles and aliases are indexed by word with inverse document frequencies (Sparck Jones 1972). The
words of a question match exactly, by their singular, or through a typing error. A title's score is
the share of its weight that they cover, less for gaps between them; its strength also grows with
how much it explains altogether.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from faqbot.matching.lexicon import OCCUPATIONS
from faqbot.matching.text import STOP_WORDS, normalise, singular, words
from faqbot.matching.thresholds import LINK_THRESHOLDS, LinkThresholds
from faqbot.matching.title_phrases import LEVELS, TitlePhrase, TitlePhrases, telling_words
from faqbot.matching.title_words import CORRECTED_WEIGHT, MisspeltTitles, TitleWords, WordMatch
from faqbot.model import Role

MAX_SHORT_QUESTION = 4
"""Words of a question in which little is enough to name a role."""

MAX_TITLE_WORDS = 8
"""Words of the longest title that is found."""

ERROR_WEIGHT = 0.1
"""What each error in a title costs that is recognised as a whole only."""

CORE_WEIGHT = 0.9
"""Score of a title of which only the grade isn't said, where several roles have that title."""

MIN_TELLING_WEIGHT = 0.6
"""Weight from which a correct English word, taken for a misspelt one, is evidence for a title."""

STOP_WORD_GAP, WORD_GAP = 0.25, 0.6
"""What a stop word and another word between the words of a title cost."""

ORDER_FACTOR, ASKING_ORDER_FACTOR = 0.97, 0.6
"""What a score keeps when the words stand in another order; less where one of them asks."""

MIN_PARTIAL_FACTOR = 0.25
"""What the score of an incomplete title keeps when none of its words is evidence for it."""

_BRACKETS = re.compile(r"\(([^()]+)\)")


def title_key(title: str, compounds: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """Return the words of a title as the index has them: normalised, compounds split, singular."""
    found: list[str] = []
    for word in words(normalise(title)):
        found.extend(singular(part) for part in compounds.get(word, (word,)))
    if len(found) > 1:
        found[-1] = LEVELS.get(found[-1], found[-1])
    return tuple(found)


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """A title for the words of a question from `start` to `end` (exclusive).

    Attributes:
        title: the number of the title.
        score: the share of the title's weight that the words cover, less for gaps.
        strength: the score times the root of `covered`: more for what explains more.
        covered: the weight of the words, in inverse document frequencies.
        is_full: whether each word of the title is there.
        start: the position of the first word.
        end: the position after the last word.
        exact: whether no word is misspelt.
        as_whole: whether the title is recognised by its letters, not by its words.
    """

    title: int
    score: float
    strength: float
    covered: float
    is_full: bool
    start: int
    end: int
    exact: bool
    as_whole: bool = False


class TitleIndex:
    """Titles, aliases and ids by their words.

    Args:
        roles: the roles whose titles to index.
        asking: words in which people ask about any role; they are poor evidence for one.
        language: correct words of the language.
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
        self._rows_of: dict[str, slice] = {}
        without_brackets: dict[int, tuple[str, ...]] = {}
        for role in roles:
            first = len(self.titles)
            seen: set[tuple[str, ...]] = set()
            for number, title in enumerate(role.names):
                for said, cut in self._variants(title, compounds, STOP_WORDS | everyday | asking):
                    if not said or said in seen:
                        continue
                    seen.add(said)
                    if cut:
                        without_brackets[len(self.titles)] = cut
                    self.titles.append(said)
                    self.roles.append(role.id)
                    self.is_alias.append(number > 0)
            self._rows_of[role.id] = slice(first, len(self.titles))
        self._last_words = frozenset(title[-1] for title in self.titles)
        self._phrases = TitlePhrases(self.titles, self.roles, without_brackets)
        self._asking = asking
        self._asking_stems = frozenset(singular(word) for word in asking)
        self._language = language
        self._everyday = everyday
        outside = {row for row, said in without_brackets.items() if said == self.titles[row]}
        self._postings, self._idf = self._index(outside)
        self._weights = np.array(
            [
                sum(self._idf[word] for word in dict.fromkeys(telling_words(title)))
                for title in self.titles
            ],
            dtype=np.float32,
        )
        counts = {word: len(rows) for word, rows in self._postings.items()}
        self._words = TitleWords(counts, asking, language)
        self._spelling = MisspeltTitles(self.titles, asking, language)

    @staticmethod
    def _variants(
        title: str, compounds: Mapping[str, tuple[str, str]], ordinary: frozenset[str]
    ) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Yield the words of each variant of a title, and those that stand outside its brackets.

        The latter are empty where the variant has no brackets, or is nothing but what is in them.
        """
        brackets = _BRACKETS.search(title)
        if brackets is None:
            yield title_key(title, compounds), ()
            return
        outside = title_key(_BRACKETS.sub(" ", title), compounds)
        yield title_key(title, compounds), outside
        yield outside, outside
        # What stands in brackets is a place or a contract as often as a name: "(remote)", "(QA)".
        if not ordinary.issuperset(inside := title_key(brackets[1], compounds)):
            yield inside, ()

    def __contains__(self, word: str) -> bool:
        return word in self._postings

    def has_word(self, role: str, word: str) -> bool:
        """Return whether a word stands in a title of a role."""
        return any(word in title for title in self.titles_of(role))

    def titles_of(self, role: str) -> Sequence[tuple[str, ...]]:
        """Return the titles of a role."""
        return self.titles[self._rows_of[role]]

    def in_title(self, word: str, title: Container[str]) -> str:
        """Return a word as it stands in a title, where it is inflected there; else its singular."""
        stem = singular(word)
        if stem in title:
            return stem
        return next((w for w in sorted(self._words.inflections(word)) if w in title), stem)

    def is_of_one_role(self, word: str) -> bool:
        """Return whether the titles of one role alone have a word."""
        rows = self._postings.get(word, ())
        return len({self.roles[row] for row in rows}) == 1

    def last_words(self) -> frozenset[str]:
        """Return the words that titles end with."""
        return self._last_words

    def resembles_word(self, word: str) -> bool:
        """Return whether a word of a title may have been meant."""
        return self._words.resembles(word)

    def match(
        self, asked: Sequence[str], written: Sequence[str], codes: Container[str] = ()
    ) -> list[TitleMatch]:
        """Return the titles that words of a question match, the strongest first.

        Args:
            asked: the words, normalised and corrected.
            written: the same before correction.
            codes: those of them that are codes, which are no misspelt words.
        """
        found = [
            match
            for phrase in self._phrases.find(asked, codes)
            for match in self._phrase_matches(phrase, asked, written)
        ]
        said = {match.title for match in found}
        found += self._title_matches(asked, self._words.match(asked, written, codes), said)
        found += self._misspelt_matches(found, written, codes)
        found.sort(key=lambda match: (-match.strength, match.start, match.title))
        return found

    def _misspelt_matches(
        self, found: Sequence[TitleMatch], written: Sequence[str], codes: Container[str]
    ) -> list[TitleMatch]:
        """Return the matches of titles that words resemble which no whole title explains."""
        # A misspelt word alone may as well be part of a longer title.
        whole = [m for m in found if m.is_full and (m.exact or m.end - m.start > 1)]
        explained = {at for match in whole for at in range(match.start, match.end)}
        matches = []
        for meant in self._spelling.find(written, explained, codes):
            score = CORRECTED_WEIGHT - ERROR_WEIGHT * meant.errors
            for row in meant.titles:
                covered = sum(self._idf[word] for word in dict.fromkeys(self.titles[row]))
                matches.append(
                    TitleMatch(
                        row,
                        score,
                        score * math.sqrt(covered),
                        covered,
                        is_full=True,
                        start=meant.start,
                        end=meant.end,
                        exact=False,
                        as_whole=True,
                    )
                )
        return matches

    def _phrase_matches(
        self, phrase: TitlePhrase, asked: Sequence[str], written: Sequence[str]
    ) -> Iterator[TitleMatch]:
        """Yield the matches of titles that are said in full."""
        window = slice(phrase.start, phrase.end)
        exact = asked[window] == written[window]
        for row in phrase.titles:
            covered = sum(self._idf[word] for word in dict.fromkeys(self.titles[row]))
            score = 1.0 if exact else CORRECTED_WEIGHT
            if not phrase.is_full:
                score *= CORE_WEIGHT
                covered = min(
                    covered, sum(self._idf.get(singular(word), 0.0) for word in asked[window])
                )
            yield TitleMatch(
                row,
                score,
                score * math.sqrt(covered),
                covered,
                phrase.is_full,
                phrase.start,
                phrase.end,
                exact,
            )

    def _index(
        self, outside: Container[int]
    ) -> tuple[Mapping[str, npt.NDArray[np.int32]], Mapping[str, float]]:
        rows: dict[str, list[int]] = {}
        roles: dict[str, set[str]] = {}
        for row, title in enumerate(self.titles):
            for word in dict.fromkeys(title):
                # What stands outside of brackets is no title of one role where another has it too.
                if not (row in outside and self._phrases.says_more(title)):
                    rows.setdefault(word, []).append(row)
                roles.setdefault(word, set()).add(self.roles[row])
        count = len(set(self.roles))
        idf = {word: math.log1p(count / len(named)) for word, named in roles.items()}
        return {word: np.array(found, dtype=np.int32) for word, found in rows.items()}, idf

    def _title_matches(
        self, asked: Sequence[str], matches: Sequence[WordMatch], said: Container[int]
    ) -> list[TitleMatch]:
        """Return the matches of titles by their words, without those that are said in full."""
        if not matches:
            return []
        best: dict[str, WordMatch] = {}
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
        titles: list[TitleMatch] = []
        strongest = 0.0
        for row, bound in zip(touched[order].tolist(), rank[order].tolist(), strict=True):
            # The rank is what a title's strength would be without any gap: an upper bound.
            if bound < self._thresholds.min_title_score * strongest:
                break
            title = None if row in said else self._best_match(row, asked, matches)
            if title is not None:
                titles.append(title)
                strongest = max(strongest, title.strength)
        return titles

    def _best_match(
        self, row: int, asked: Sequence[str], matches: Sequence[WordMatch]
    ) -> TitleMatch | None:
        title = self.titles[row]
        fitting = [match for match in matches if match.word in title]
        found = (self._score_title(row, asked, window) for window in _windows(fitting))
        return max(found, key=lambda match: (match.strength, -match.start), default=None)

    def _score_title(self, row: int, asked: Sequence[str], used: Sequence[WordMatch]) -> TitleMatch:
        title = self.titles[row]
        covered = sum(self._idf[match.word] * match.weight for match in used)
        coverage = covered / float(self._weights[row])
        start, end = used[0].position, used[-1].position + 1
        positions = {match.position for match in used}
        gaps = sum(
            STOP_WORD_GAP if asked[position] in STOP_WORDS else WORD_GAP
            for position in range(start, end)
            if position not in positions
        )
        in_order = [title.index(match.word) for match in used]
        score = coverage / (1.0 + gaps)
        if in_order != sorted(in_order):
            asking = any(match.word in self._asking_stems for match in used)
            # "technician certifications" asks for certifications rather than names a technician.
            score *= ASKING_ORDER_FACTOR if asking else ORDER_FACTOR
        is_full = {match.word for match in used}.issuperset(telling_words(title))
        if len(used) == 1 and self._is_inflected(used[0], asked):
            is_full = False  # "education" is no educator
        if not is_full:
            alone = len(used) == 1
            telling = sum(
                self._idf[m.word] * m.weight
                for m in used
                if self._is_telling(m, asked, alone=alone)
            )
            score *= MIN_PARTIAL_FACTOR + (1 - MIN_PARTIAL_FACTOR) * telling / max(covered, 1e-9)
        exact = all(match.exact for match in used)
        return TitleMatch(
            row, score, score * math.sqrt(covered), covered, is_full, start, end, exact
        )

    @staticmethod
    def _is_inflected(match: WordMatch, asked: Sequence[str]) -> bool:
        return match.exact and match.word != singular(asked[match.position])

    def _is_telling(self, match: WordMatch, asked: Sequence[str], *, alone: bool) -> bool:
        """Return whether a word is evidence for an incomplete title."""
        if alone and self._is_inflected(match, asked):
            # "The recruiting team" is no recruiter; "bookbinding" is nothing but a bookbinder's.
            said = asked[match.position]
            ordinary = said in self._language or said in self._asking
            return match.as_typed and not ordinary
        everyday = match.word in self._everyday and match.word not in OCCUPATIONS
        if alone and everyday and len(asked) > MAX_SHORT_QUESTION:
            return False  # "a bad back" names no back end developer
        return match.word not in self._asking and (
            match.exact or match.word not in self._language or match.weight > MIN_TELLING_WEIGHT
        )


def _windows(matches: Sequence[WordMatch]) -> Iterator[tuple[WordMatch, ...]]:
    """Yield the runs of matches, in order, that could be one mention of a title."""
    by_position: dict[int, list[WordMatch]] = {}
    for match in matches:
        by_position.setdefault(match.position, []).append(match)
    best = [max(at, key=lambda match: match.weight) for _, at in sorted(by_position.items())]
    last = len(best) - 1
    # Matches side by side, all of different words, are one mention: no part covers as much.
    if best[last].position - best[0].position == last and len({m.word for m in best}) > last:
        yield tuple(best)
        return
    for first in range(len(best)):
        for end in range(first + 1, min(len(best), first + MAX_TITLE_WORDS) + 1):
            window = best[first:end]
            if len({match.word for match in window}) == len(window):
                yield tuple(window)
