"""Spelling and titles: what is skipped to be quick could not have been meant."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from faqbot.matching.role_linker import Linking, RoleLinker
from faqbot.matching.spelling import WordList
from faqbot.matching.thresholds import LinkThresholds
from faqbot.model import Role, RoleLink

WORD = st.text(alphabet=string.ascii_lowercase[:8] + "+é9", min_size=1, max_size=9)
NAMED = (
    "Data Engineer",
    "Data Analyst",
    "Back End Developer",
    "Store Manager",
    "Storage Engineer",
    "Wagon Winder",
    "Wire Winding Machine Operator",
    "Machine Operator",
)
ROLES = tuple(Role(id=title.lower().replace(" ", "-"), title=title) for title in NAMED)
ASKED = st.lists(
    st.sampled_from(
        "what skills does a data engineer enginer stroe manager wagon inder winder machine "
        "operater wire back end dev storage need analyst".split()
    ),
    min_size=1,
    max_size=9,
)


@given(st.lists(WORD, max_size=40), WORD, st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_no_word_within_so_many_errors_is_skipped(
    known: list[str], typed: str, errors: int
) -> None:
    kept = set(WordList.of(known).within(typed, errors))
    near = {word for word in known if OSA.distance(typed, word) <= errors}
    assert near <= kept


@given(ASKED)
@settings(max_examples=150, deadline=None)
def test_the_role_that_is_named_best_is_always_looked_at(asked: list[str]) -> None:
    found = RoleLinker(ROLES, frozenset({"skills"})).link(asked)
    all_titles = LinkThresholds(min_title_score=0.0, max_judged_titles=1_000)
    everything = RoleLinker(ROLES, frozenset({"skills"}), thresholds=all_titles).link(asked)
    assert _best(found) == _best(everything)


def _best(linking: Linking) -> RoleLink | None:
    links = [mention.links[0] for mention in linking.mentions]
    return max(links, key=lambda link: link.score, default=None)
