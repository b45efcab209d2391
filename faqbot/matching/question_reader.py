"""Reading a question: its words with their spelling corrected, and the roles that they name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from faqbot.matching.dialogue import without_exclusion
from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.role_links import mask_roles
from faqbot.matching.spelling import Vocabulary
from faqbot.matching.text import Token, clauses, codes, normalise
from faqbot.model import Correction

MAX_WORDS: Final = 160
"""Words of a question that are read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as it is read, before entries are searched.

    Attributes:
        normalised: the whole question, normalised.
        left_out: what it says that it doesn't ask for, "" for nothing.
        asked: the words of the rest, corrected.
        corrections: what was corrected.
        linking: the roles that the words name.
        masked: the words with the roles masked.
    """

    normalised: str
    left_out: str
    asked: tuple[Token, ...]
    corrections: tuple[Correction, ...]
    linking: Linking
    masked: tuple[Token, ...]


class QuestionReader:
    """Reads questions.

    Args:
        linker: finds the roles that words name.
        vocabulary: corrects their spelling.
    """

    def __init__(self, linker: RoleLinker, vocabulary: Vocabulary) -> None:
        self._linker = linker
        self._vocabulary = vocabulary

    def read(self, text: str) -> Reading:
        """Return the words of a question and the roles that they name."""
        normalised = normalise(text)
        kept, left_out = without_exclusion(normalised)
        as_codes = codes(text)
        asked, corrections = self.correct(kept, as_codes)
        linking = self._linker.link(
            [token.word for token in asked],
            [token.written for token in asked],
            as_codes,
            [
                at
                for at, (before, token) in enumerate(pairwise(asked), start=1)
                if before.clause != token.clause
            ],
        )
        masked = tuple(mask_roles(asked, linking.mentions))
        return Reading(normalised, left_out, asked, corrections, linking, masked)

    def correct(
        self, normalised: str, as_codes: frozenset[str]
    ) -> tuple[tuple[Token, ...], tuple[Correction, ...]]:
        """Return the words of a normalised text, corrected, and what was corrected.

        Args:
            normalised: the text.
            as_codes: words that are written as codes are ("SQL").
        """
        asked: list[Token] = []
        corrections: list[Correction] = []
        for number, (sentence, written) in enumerate(clauses(normalised)):
            for typed, meant in self._vocabulary.correct(written, as_codes):
                if meant != typed:
                    corrections.append(Correction(" ".join(typed), " ".join(meant)))
                # The linker may correct a single word otherwise, from the words beside it.
                one = len(typed) == len(meant) == 1
                asked.extend(
                    Token(word, typed[0] if one else word, number, sentence) for word in meant
                )
        return tuple(asked[:MAX_WORDS]), tuple(corrections)
