"""The verifier: weights that mean what their features say, and candidates that it explains."""

from __future__ import annotations

import math

import pytest

from faqbot import Engine, Question
from faqbot.matching.verifier import FEATURES, load_weights
from tests.matching.conftest import Load

ALLOTMENTS = """
faqs:
  - id: water
    question: Where do I get water for my plot?
    answer: From the two pumps beside the main path, which run from April to October.
  - id: shed
    question: May I put up a shed?
    answer: Yes, of at most four square metres and without a foundation.
"""


@pytest.fixture(scope="module")
def engine(load: Load) -> Engine:
    return load(ALLOTMENTS)


@pytest.mark.parametrize("encoder", ["minilm", "static"])
def test_shipped_weights_have_the_signs_of_their_features(encoder: str) -> None:
    weights = load_weights(encoder).by_name
    signs = {feature.name: feature.sign for feature in FEATURES}
    assert set(weights) <= set(signs)
    assert [name for name, weight in weights.items() if weight * signs[name] < 0] == []
    assert any(weights.values())


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("is there a tap where I can fill my watering can", "faq/water"),
        ("how do people water their plots", "faq/water"),
        ("when are the pumps running", "faq/water"),
        ("can I build a shed on my plot", "faq/shed"),
        ("how big may my shed be", "faq/shed"),
        ("am I allowed to have a small shed", "faq/shed"),
    ],
)
def test_two_faqs_with_a_phrasing_each_answer_paraphrases(
    engine: Engine, text: str, entry: str
) -> None:
    answered = engine.ask(text)
    assert (answered.kind, [found.id for found in answered.entries]) == ("answer", [entry])


@pytest.mark.parametrize(
    "text", ["who won the football match", "how do I bake bread", "what is the capital of Peru"]
)
def test_two_faqs_decline_what_neither_is_about(engine: Engine, text: str) -> None:
    assert engine.ask(text).kind == "decline"


@pytest.mark.parametrize(
    "text", ["can I build a shed", "how do people water their plots", "how do I bake bread"]
)
def test_contributions_add_up_to_the_log_odds_of_the_probability(engine: Engine, text: str) -> None:
    explanations = engine.explain(text)
    assert explanations
    for explained in explanations:
        log_odds = sum(value for _, value in explained.contributions)
        assert explained.verified == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-4)
        values = [abs(value) for _, value in explained.contributions]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("text", ["can I build a shed", "Two things. How big may my shed be?"])
def test_an_explanation_is_that_of_the_candidate(engine: Engine, text: str) -> None:
    candidates = engine.ask(text).parsed.candidates
    explanations = engine.explain(text)
    assert [explained.entry for explained in explanations] == [c.id for c in candidates]
    for explained, candidate in zip(explanations, candidates, strict=True):
        share = explained.verifier_share
        blended = share * explained.verified + (1 - share) * explained.learnt
        assert candidate.confidence == pytest.approx(blended, abs=1e-3)
        assert dict(candidate.scores)["verified"] == pytest.approx(explained.verified, abs=1e-3)


def test_the_only_phrasing_of_an_entry_leaves_its_confidence_to_the_verifier(
    engine: Engine,
) -> None:
    assert {explained.verifier_share for explained in engine.explain("may I put up a shed")} == {1}


def test_phrasings_of_the_content_take_over_from_the_verifier(load: Load) -> None:
    phrasings = "[may I plant a tree, are apple trees allowed, how tall may a tree be]"
    engine = load(
        f"{ALLOTMENTS.strip()}\n"
        f"  - {{id: tree, question: May I plant trees?, answer: 'Yes.', phrasings: {phrasings}}}\n"
    )
    shares = {e.entry: e.verifier_share for e in engine.explain("may I plant a pear tree")}
    assert shares["faq/tree"] < shares["faq/shed"] == 1


@pytest.mark.parametrize(
    ("text", "entry", "veto"),
    [
        ("how do I cancel my shed", "faq/shed", ("verb", "cancel")),
        ("can I put up a T2 shed", "faq/shed", ("code", "t2")),
    ],
)
def test_an_explanation_names_the_veto(
    engine: Engine, text: str, entry: str, veto: tuple[str, str]
) -> None:
    vetoes = {e.entry: e.veto for e in engine.explain(text)}
    found = vetoes[entry]
    assert found is not None
    assert (found.kind, found.words) == veto


def test_the_role_of_the_conversation_is_that_of_the_explanation(load: Load) -> None:
    engine = load(
        """
        role: warden
        title: Warden
        sections:
          overview: A warden looks after the plots.
          skills: [Patience]
        """
    )
    explained = engine.explain(Question("which skills are needed", role="warden"))
    assert explained[0].entry == "warden/skills"


BOATHOUSE = """
faqs:
  - id: boats
    question: Which boats may I take?
    answer: >
      Beginners row the wide training boats. Sculls are for members who have passed the test on the
      river. The coxed eight goes out on Saturdays only. Damage is written into the red book beside
      the door before you leave. Oars are kept behind the bar.
  - id: fees
    question: What does membership cost?
    answer: Adults pay 240 a year, students half. The fee is due in March.
  - id: river
    question: When is the river closed?
    answer: At high water, and after dark. A flag on the bridge tells of both.
  - id: keys
    question: Who opens the boathouse?
    answer: The coach on duty. Members with a key open it themselves.
  - id: guests
    question: May I bring guests?
    answer: Twice a year, if they can swim. Write their names into the guest list.
  - id: lockers
    question: Are there lockers?
    answer: In both changing rooms. Bring a padlock, and empty yours each evening.
"""


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("I scratched the hull, where do I put that on record", "faq/boats"),
        ("where do I find the oars", "faq/boats"),
        ("do visitors have to be able to swim", "faq/guests"),
    ],
)
def test_a_sentence_deep_in_an_answer_brings_it_to_the_front(
    load: Load, text: str, entry: str
) -> None:
    assert load(BOATHOUSE).ask(text).entries[0].id == entry


def test_at_most_four_entries_are_offered(load: Load) -> None:
    offices = "Lisbon Turin Bergen Graz Tampere Leeds".split()
    faqs = "".join(
        f"""
  - id: {office.lower()}
    question: How do I get into the office in {office}?
    answer: The reception of {office} has a badge for you.
"""
        for office in offices
    )
    result = load(f"faqs:{faqs}").ask("who lets me into the office")
    assert result.kind == "choices"
    assert len(result.entries) == 4
