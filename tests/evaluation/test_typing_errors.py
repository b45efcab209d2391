"""The questions that the role linking benchmark asks."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from benchmarks.typing_errors import questions, with_errors

TITLES = ("Chief Executives", "Set Up Operator", "RN", "Can Piler", "Welder (Certified)")


@given(st.sampled_from(TITLES), st.integers(0, 2), st.integers())
def test_a_title_gets_no_more_errors_than_asked_for(title: str, errors: int, seed: int) -> None:
    spoilt = with_errors(title, errors, random.Random(seed))
    assert DamerauLevenshtein.distance(title, spoilt) <= errors
    assert (spoilt != title) == (errors > 0)


def test_errors_fall_in_words_that_are_long_enough() -> None:
    chance = random.Random(1)
    assert all(with_errors("set up operator", 1, chance).startswith("set up ") for _ in range(50))


def test_questions_are_the_same_for_the_same_seed() -> None:
    first, second = (questions(TITLES, 5, 1, random.Random(7)) for _ in range(2))
    assert first == second
    assert len({one.title for one in first}) == 5
