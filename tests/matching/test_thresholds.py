"""Thresholds: the table of the matching page names each of them with its value."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from faqbot.matching.thresholds import Confidences, LinkThresholds, ScoreWeights, Thresholds

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "matching.md"
ROW = re.compile(r"^\| `(\w+\.\w+)` \| (\S+) \| .+ \|$", re.MULTILINE)


def test_matching_page_lists_each_threshold_with_its_value() -> None:
    assert ROW.findall(PAGE.read_text(encoding="utf-8")) == [
        (f"{group.__name__}.{field.name}", str(field.default))
        for group in (Thresholds, LinkThresholds, Confidences, ScoreWeights)
        for field in fields(group)
    ]


def test_thresholds_are_in_the_order_that_decisions_rely_on() -> None:
    chosen = Thresholds()
    assert chosen.min_option <= chosen.offer <= chosen.min_part <= chosen.answer
    assert chosen.answer <= chosen.already_answered <= chosen.unprompted <= 1
