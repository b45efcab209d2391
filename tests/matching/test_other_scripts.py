"""Content in scripts that the encoder doesn't know, with one phrasing for each FAQ."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest

from faqbot.engine import Engine
from faqbot.index.builder import build_index
from faqbot.matching.conversations import ConversationMemory
from faqbot.matching.encoders import is_other_script
from faqbot.matching.training_data import SharedResources
from faqbot.model import Answer, Faq, KnowledgeBase

CHINESE = {
    "leave": "员工每年有几天年假？",
    "canteen": "公司食堂几点开门？",
    "parking": "在哪里可以停车？",
    "laptop": "新员工的电脑怎么申请？",
    "badge": "门禁卡丢了怎么办？",
}
JAPANESE = {
    "leave": "有給休暇は年に何日ありますか？",
    "canteen": "社員食堂は何時に開きますか？",
    "parking": "駐車場はどこにありますか？",
    "remote": "リモートワークはできますか？",
    "badge": "入館カードをなくしたらどうしますか？",
}


def answered(content: dict[str, str], question: str) -> list[str]:
    """The keys of the FAQs that answer a question."""
    faqs = tuple(
        Faq(role=None, key=key, question=text, answer="…") for key, text in content.items()
    )
    index = build_index(KnowledgeBase(faqs=faqs))
    outcome = Engine(index, ConversationMemory(time.monotonic)).ask(question).outcome
    return [one.id for one in outcome.entries] if isinstance(outcome, Answer) else []


@pytest.mark.parametrize(
    ("content", "question", "key"),
    [
        (CHINESE, "年假有几天", "leave"),
        (CHINESE, "食堂几点开门", "canteen"),
        (CHINESE, "门禁卡丢了", "badge"),
        (JAPANESE, "有給休暇は何日ありますか", "leave"),
        (JAPANESE, "駐車場はどこですか", "parking"),
        (JAPANESE, "リモートワークは可能ですか", "remote"),
    ],
)
def test_a_question_without_spaces_is_answered(
    content: dict[str, str], question: str, key: str
) -> None:
    assert answered(content, question) == [f"faq/{key}"]


@pytest.mark.parametrize(
    ("content", "question"), [(CHINESE, "谁是总经理"), (JAPANESE, "社長は誰ですか")]
)
def test_another_matter_in_the_same_script_is_not_answered(
    content: dict[str, str], question: str
) -> None:
    assert answered(content, question) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("résumé für œuvre", False),
        ("년차 휴가", True),
        ("что такое python", True),
        ("what does 工程师 mean in english", False),
        ("42", False),
        ("…", False),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, expected: bool) -> None:  # noqa: FBT001
    assert is_other_script(text) == expected


def cosines(texts: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    vectors = SharedResources().encoder.encode(texts)
    return np.asarray(vectors @ vectors.T)


def test_texts_of_another_script_are_told_apart_by_their_letters() -> None:
    found = cosines(["वेतन कब मिलता है", "वेतन कब मिलेगा", "गाड़ी कहाँ खड़ी करें", "when is payday"])
    assert found[0, 1] > 0.4
    assert abs(found[0, 2]) < 0.25
    assert abs(found[0, 3]) < 0.25
    assert np.allclose(np.diag(found), 1, atol=1e-3)
