"""Messages and views against Slack's published types; `serving` checks all that an app sends."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from faqbot.engine import Engine
from faqbot.slack.blockkit.views import (
    answer_modal,
    help_message,
    home,
    roles_list,
    search_modal,
    welcome,
)
from tests.support.published_types import type_problems

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))

BUTTON: dict[str, Any] = {
    "type": "button",
    "action_id": "show:1",
    "text": {"type": "plain_text", "text": "Skills"},
    "value": "data-analyst/skills",
}
MESSAGE: dict[str, Any] = {
    "text": "Data Analyst",
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Data Analyst"}},
        {"type": "actions", "elements": [BUTTON]},
        {"type": "context", "elements": [{"type": "plain_text", "text": "Reviewed"}]},
    ],
}


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_golden_messages_are_of_slacks_published_types(file: Path) -> None:
    assert type_problems(json.loads(file.read_text())) == ()


def test_views_and_greetings_are_of_slacks_published_types(engine: Engine) -> None:
    content = engine.knowledge_base
    for view in (home(content), search_modal(), answer_modal(help_message(content), "which?")):
        assert type_problems(view) == ()
    for message in (help_message(content), welcome(content), roles_list(content)):
        assert type_problems(message.as_arguments()) == ()


def test_unknown_block_type_is_flagged() -> None:
    (line,) = type_problems(_broken(0, {"type": "heading"}))
    assert "'heading' is not a type of actions" in line


def test_missing_required_field_is_flagged() -> None:
    broken = copy.deepcopy(MESSAGE)
    del broken["blocks"][1]["elements"][0]["text"]
    (line,) = type_problems(broken)
    assert "'text' is a required property" in line


def test_wrong_type_of_a_field_is_flagged() -> None:
    (line,) = type_problems(_broken(1, {"elements": [{**BUTTON, "value": 7}]}))
    assert "7 is not of type 'string'" in line


def test_element_in_a_block_that_does_not_admit_it_is_flagged() -> None:
    (line,) = type_problems(_broken(2, {"elements": [BUTTON]}))
    assert "'button' is not a type of image, mrkdwn, plain_text" in line


def test_message_that_the_broken_ones_are_made_of_is_valid() -> None:
    assert type_problems(MESSAGE) == ()
    assert type_problems({"type": "home", **MESSAGE}) != ()  # a view has no text of its own


def _broken(index: int, change: dict[str, Any]) -> dict[str, Any]:
    broken = copy.deepcopy(MESSAGE)
    broken["blocks"][index] |= change
    return broken
