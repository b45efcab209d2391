"""How a question is normalised and cut before anything is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faqbot.matching.text import MAX_CHARACTERS, clauses, codes, normalise, singular, words


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("What’s a QA’s degree??", "what a qa degree??"),
        ("<@U0123> skills :wave: 🎉", "skills"),
        ("see <https://example.com/a|this page> and <#C1|general>", "see this page and general"),
        ("&lt;b&gt;skills&lt;/b&gt;", "<b>skills</b>"),
        ("Résumé für DevOps", "resume fur devops"),
        ("back‑end – dev", "back-end - dev"),
        ("ｓｋｉｌｌｓ", "skills"),
        ("don't", "do not"),
        ("\u202eevil\u202c\x07", "evil"),
        ("<!channel>", ""),
    ],
)
def test_typing_habits_and_slack_markup_are_folded_away(typed: str, read: str) -> None:
    assert normalise(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("you can't apply, he won't", "you can not apply, he will not"),
        ("i dont, they arent, it doesnt", "i do not, they are not, it does not"),
        ("i havent, we cannot", "i have not, we can not"),
        ("whats new, im late, theyre off", "what new, i late, they off"),
        ("id like it but ill need an id", "i like it but i need an id"),
        ("w/o a car but w/ a bike, b/c i can", "without a car but with a bike, because i can"),
        ("its walls were ill-lit", "its walls were ill-lit"),
        ("Grade II", "grade 2"),
    ],
)
def test_contractions_read_alike_with_and_without_an_apostrophe(typed: str, read: str) -> None:
    assert normalise(typed) == read


def test_codes_are_words_with_digits_or_in_capitals() -> None:
    assert codes("is the 403b an HSA, I ask, or CI/CD?") == {"403b", "hsa", "ci", "cd"}


def test_capitals_mean_nothing_where_all_is_in_capitals() -> None:
    assert codes("WHICH PLAN IS IT, THE 403B?") == {"403b"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("年假有几天？", ["年", "假", "有", "几", "天"]),
        ("プロジェクトの期間", ["プロジェクト", "の", "期", "間"]),
        ("휴가는 며칠", ["휴가는", "며칠"]),
    ],
)
def test_scripts_without_spaces_are_cut_into_characters(text: str, expected: list[str]) -> None:
    assert words(normalise(text)) == expected


def test_words_of_other_scripts_stay_whole() -> None:
    assert words(normalise("हिन्दी में c++ и навыки")) == ["हिन्दी", "में", "c++", "и", "навыки"]


def test_a_text_of_any_length_is_read_in_bounded_length() -> None:
    assert len(normalise("word " * 100_000)) <= MAX_CHARACTERS


@given(st.text(max_size=300))
def test_normalising_twice_changes_nothing_that_matters(text: str) -> None:
    once = words(normalise(text))
    assert words(" ".join(once)) == once


def test_courtesies_are_left_out_and_sentences_told_apart() -> None:
    text = normalise(
        "Hi team! Could you please tell me the QA skills, education? I am new. Thanks in advance"
    )
    assert clauses(text) == [
        (0, ["the", "qa", "skills"]),
        (0, ["education"]),
        (1, ["i", "am", "new"]),
    ]


def test_a_courtesy_alone_keeps_its_words() -> None:
    assert clauses(normalise("thanks!")) == [(0, ["thanks"])]


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("duties", "duty"),
        ("skills", "skill"),
        ("status", "status"),
        ("devops", "devops"),
        ("businesses", "business"),
        ("class", "class"),
        ("js", "js"),
    ],
)
def test_regular_plurals_read_as_their_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected
