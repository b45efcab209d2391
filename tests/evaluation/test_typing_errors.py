"""The questions that the role linking benchmark asks."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from benchmarks.typing_errors import questions, with_errors

TITLES = ("Chief Executives", "Set Up Operator", "RN", "Can Piler", "Welder (Certified)")


@given(st.sampled_from(TITLES), st.integers(0, 2), st.integers())
def test_title_has_at_most_the_given_number_of_errors(title: str, errors: int, seed: int) -> None:
    spoilt = with_errors(title, errors, random.Random(seed))
    assert DamerauLevenshtein.distance(title, spoilt) <= errors
    assert (spoilt != title) == (errors > 0)


def test_errors_are_in_long_words_only() -> None:
    chance = random.Random(1)
    assert all(with_errors("set up operator", 1, chance).startswith("set up ") for _ in range(50))


def test_same_seed_gives_the_same_questions() -> None:
    first, second = (questions(TITLES, 5, 1, random.Random(7)) for _ in range(2))
    assert first == second
    assert len({one.title for one in first}) == 5
