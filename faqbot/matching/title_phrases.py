"""Titles that a text says in full, word for word.

Stop words ("IT", "US", "of", "A") name a title only here: alone each is an ordinary word.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from faqbot.matching.lexicon import NEVER_IN_TITLES, SENIORITY
from faqbot.matching.text import STOP_WORDS, singular

LEVELS = MappingProxyType({"i": "1", "iv": "4", "v": "5"})
"""Roman numbers that end titles; II and III are read as numbers everywhere."""

LEVEL_WORDS = frozenset("level lvl grade".split())
"""Words between a title and its number that say nothing more."""

_CONJUNCTIONS = frozenset(("or", "and"))
_OBJECT_PRONOUNS = frozenset(("us", "it"))
_ARTICLE = "a"


GLUE = frozenset("a an and at by for from in of on the to with".split())
"""Words inside a title that people leave out or put in: "head people", "clerk in Oslo"."""


def telling_words(title: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a title that must be said: all but the short ones between others."""
    inner = (word for word in title[1:-1] if word not in GLUE)
    return (*title[:1], *inner, *title[1:][-1:])


def title_core(title: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a title without its grade, in words or numbers."""
    return tuple(word for word in title if word not in SENIORITY and not word.isdigit())


@dataclass(frozen=True, slots=True)
class TitlePhrase:
    """Titles whose words stand in a text from `start` to `end` (exclusive), one after the other.

    Attributes:
        titles: the numbers of the titles.
        start: the position of the first word.
        end: the position after the last word.
        is_full: whether these are the whole titles, and not what titles of several grades share.
    """

    titles: tuple[int, ...]
    start: int
    end: int
    is_full: bool = True


class TitlePhrases:
    """Titles by all of their words.

    Args:
        titles: the words of each title, in the singular.
        roles: the role of each title.
        without_brackets: by the number of a title with brackets, the words outside of them; a title
            that is no more than that shares it with those of other places.
    """

    def __init__(
        self,
        titles: Sequence[tuple[str, ...]],
        roles: Sequence[str],
        without_brackets: Mapping[int, tuple[str, ...]],
    ) -> None:
        full: dict[tuple[str, ...], list[int]] = {}
        cores: dict[tuple[str, ...], list[int]] = {}
        for row, title in enumerate(titles):
            core = without_brackets.get(row) or title_core(title)
            if core and core != title:
                cores.setdefault(core, []).append(row)
            if core != title or row not in without_brackets:
                for said in {title, telling_words(title)}:
                    full.setdefault(said, []).append(row)
        self._full = {title: tuple(rows) for title, rows in full.items()}
        # What the titles of one role share is no choice, and a title of its own needs none.
        self._cores = {
            core: tuple({roles[row]: row for row in rows}.values())
            for core, rows in cores.items()
            if core not in full and len({roles[row] for row in rows}) > 1
        }
        self._longest: dict[str, int] = {}
        for words in (*self._full, *self._cores):
            self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def says_more(self, words: tuple[str, ...]) -> bool:
        """Return whether words are a whole title, or what titles of several roles share."""
        return words in self._full or words in self._cores

    def find(self, asked: Sequence[str], codes: Container[str] = ()) -> list[TitlePhrase]:
        """Return the titles that a text says in full.

        Args:
            asked: its words.
            codes: those that are written in capitals.
        """
        kept = [
            position
            for position, (word, after) in enumerate(zip(asked, (*asked[1:], ""), strict=False))
            if not (word in LEVEL_WORDS and _is_number(after))
        ]
        telling = [position for position in kept if asked[position] not in GLUE]
        found: dict[tuple[int, int], TitlePhrase] = {}
        # Without the words between others too: "payroll clerk in Oslo", "head people".
        for positions in (kept, telling) if len(telling) < len(kept) else (kept,):
            for phrase in self._find(asked, positions, codes):
                found.setdefault((phrase.start, phrase.end), phrase)
        return list(found.values())

    def _find(
        self, asked: Sequence[str], positions: Sequence[int], codes: Container[str]
    ) -> Iterator[TitlePhrase]:
        read = [singular(asked[position]) for position in positions]
        for first, word in enumerate(read):
            for end in range(first + 1, min(first + self._longest.get(word, 0), len(read)) + 1):
                words = tuple(read[first:end])
                for said in dict.fromkeys((words, (*words[:-1], LEVELS.get(words[-1], words[-1])))):
                    rows = self._full.get(said) or self._cores.get(said)
                    start, last = positions[first], positions[end - 1]
                    if rows and not self._is_ordinary(asked, start, last, codes):
                        yield TitlePhrase(rows, start, last + 1, said in self._full)

    def _is_ordinary(
        self, asked: Sequence[str], first: int, last: int, codes: Container[str]
    ) -> bool:
        """Return whether a stop word at an end of a title rather belongs to the words around it."""
        before = asked[first - 1] if first else ""
        after = asked[last + 1] if last + 1 < len(asked) else ""
        begins, ends = asked[first], asked[last]
        if all(word in STOP_WORDS and word not in codes for word in asked[first : last + 1]):
            return True
        if begins in _CONJUNCTIONS and begins not in codes:
            return bool(before) and before not in STOP_WORDS  # "doctor or nurse"
        if begins in _OBJECT_PRONOUNS and begins not in codes:
            return before in NEVER_IN_TITLES or before in ("give", "tell", "show", "let")
        if ends == _ARTICLE and last > first:
            # "Is a mechanic a good job": an article stands before a noun.
            return bool(after) and after not in STOP_WORDS and after not in NEVER_IN_TITLES
        return False


def _is_number(word: str) -> bool:
    return word.isdigit() or word in LEVELS
