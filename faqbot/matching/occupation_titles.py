"""Titles of occupations in the world at large, from O*NET (`occupations/README.md`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from faqbot.matching.lexicon import SENIORITY
from faqbot.matching.text import singular


class OccupationTitles:
    """Titles of occupations by their last word.

    Args:
        lines: by the last word of titles, what stands before it in each, between commas.
    """

    def __init__(self, lines: Mapping[str, str]) -> None:
        # Lines stay as they are: as sets of strings they would take ten times the memory.
        self._lines = lines

    @classmethod
    def load(cls) -> OccupationTitles:
        """Load the titles that ship with faqbot."""
        text = (files("faqbot.matching") / "occupations" / "titles.tsv").read_text("utf-8")
        rows = (line.partition("\t") for line in text.splitlines())
        return cls({head: f",{before}," for head, _, before in rows})

    def is_last_word(self, word: str) -> bool:
        """Return whether titles of several words end in a word."""
        return word in self._lines

    def __contains__(self, words: Sequence[str]) -> bool:
        """Return whether words are a title, but for a grade in it."""
        said = [singular(word) for word in words]
        said = [word for word in said if word not in SENIORITY] or said
        return bool(said) and f",{' '.join(said[:-1])}," in self._lines.get(said[-1], "")


NO_TITLES = OccupationTitles({})
"""No titles at all: what a title is, the content alone decides."""
