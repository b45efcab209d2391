"""Typing errors are repaired against the content, and right words are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from faqbot.matching.spelling import Vocabulary, allowed_cost, allowed_errors, error_cost

WORDS = {
    "python": 4, "developer": 6, "back": 3, "end": 3, "engineer": 5, "responsibilities": 9,
    "skills": 8, "data": 4, "devops": 2, "front": 2, "for": 20, "education": 4,
}  # fmt: skip
VOCABULARY = Vocabulary(
    WORDS, frozenset({"font", "bank", "developed"}), {"backend": ("back", "end")}
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pyhton bakend devlper", "python back end developer"),
        ("backend", "back end"),
        ("be dev skils", "back end developer skills"),
        ("dev ops enginer", "devops engineer"),
        ("respnsibilities", "responsibilities"),
        ("dataengineer", "data engineer"),
        ("skillsfor data", "skills for data"),
        ("yoe", "years of experience"),
        ("dat aengineer", "data engineer"),
        ("pythond eveloper", "python developer"),
        ("pythondevelper", "python developer"),
        ("datadeveloper", "data developer"),
    ],
)
def test_errors_and_short_forms_are_repaired_and_reported(typed: str, meant: str) -> None:
    pairs = VOCABULARY.correct(typed.split())
    assert " ".join(word for _, read in pairs for word in read) == meant
    assert any(written != read for written, read in pairs)


@pytest.mark.parametrize(
    "typed", ["font", "bank", "developed", "2024", "xy", "zzzzqqqq", "ünïcode"]
)
def test_right_words_numbers_and_strangers_are_left_alone(typed: str) -> None:
    assert VOCABULARY.correct([typed]) == [([typed], [typed])]


@pytest.mark.parametrize("typed", ["pyth0n", "3skills", "devops9"])
def test_a_word_with_a_digit_is_not_repaired(typed: str) -> None:
    assert VOCABULARY.correct([typed]) == [([typed], [typed])]


def test_a_code_is_not_repaired() -> None:
    assert VOCABULARY.correct(["pyton"]) == [(["pyton"], ["python"])]
    assert VOCABULARY.correct(["pyton"], codes={"pyton"}) == [(["pyton"], ["pyton"])]


@given(st.text(alphabet="abcdehilnoprstvy", min_size=4, max_size=14))
def test_the_nearest_words_are_those_of_a_search_through_all(word: str) -> None:
    allowed = max(allowed_errors(word), 1)
    distances = {other: OSA.distance(word, other) for other in [*WORDS, "backend"]}
    believed = {
        other: distance
        for other, distance in distances.items()
        if distance <= allowed and error_cost(word, other) <= max(allowed_cost(word), 1.0)
    }
    fewest = min(believed.values(), default=0)
    expected = {other for other, distance in believed.items() if distance <= fewest}
    found = {other for other, _ in VOCABULARY.nearest(word)}
    assert expected <= found or len(found) == 5
