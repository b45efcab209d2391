from __future__ import annotations

from typing import Any

import pytest

from faqbot.playground.validation import problems


def _text(text: str, kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": kind, "text": text}


def _plain(text: str) -> dict[str, Any]:
    return _text(text, "plain_text")


def _section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": _text(text), **more}


def _button(action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": _plain("Go"), **more}


def _actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def _select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", **more}


BAD: dict[str, tuple[list[dict[str, Any]], str]] = {
    "too many blocks": ([{"type": "divider"}] * 51, "51 blocks"),
    "all blocks together": ([_section("x" * 2900) for _ in range(5)], "13200 are allowed"),
    "empty text": ([_section(" ")], "blocks[0].text: must not be empty"),
    "long section": ([_section("x" * 3001)], "3000"),
    "long field": ([{"type": "section", "fields": [_text("x" * 2001)]}], "fields[0]"),
    "long context": ([{"type": "context", "elements": [_text("x" * 3001)]}], "elements[0]"),
    "same block_id": ([_section("x", block_id="a"), _section("y", block_id="a")], "'a'"),
    "same action_id": ([_actions(_button("a"), _button("a"))], "stands twice"),
    "select without options": ([_actions(_select())], "options"),
    "option text": ([_actions(_select(options=[{"text": _plain("x" * 76), "value": "v"}]))], "75"),
    "option value": (
        [_actions(_select(options=[{"text": _plain("x"), "value": "v" * 151}]))],
        "150",
    ),
    "button text": ([_actions({**_button("a"), "text": _plain("x" * 76)})], "75"),
    "button mrkdwn": ([_actions({**_button("a"), "text": _text("x")})], "plain_text"),
    "button value": ([_section("x", accessory=_button("a", value="v" * 2001))], "2000"),
    "header": ([{"type": "header", "text": _plain("x" * 151)}], "150"),
    "unknown block": ([{"type": "secton"}], "unknown type"),
    "unknown key": ([_section("x", txt="y")], "unknown key 'txt'"),
    "overflow": (
        [_actions({"type": "overflow", "action_id": "o", "options": []})],
        "options",
    ),
    "feedback": (
        [
            {
                "type": "context_actions",
                "elements": [
                    {
                        "type": "feedback_buttons",
                        "action_id": "f",
                        "positive_button": {"text": _plain("x" * 76), "value": "a"},
                        "negative_button": {"text": _plain("x"), "value": "b"},
                    }
                ],
            }
        ],
        "positive_button",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_message_over_a_limit_is_a_problem_that_names_it(name: str) -> None:
    blocks, expected = BAD[name]
    found = problems({"channel": "C1", "text": "x", "blocks": blocks})
    assert any(expected in problem for problem in found), found


def test_view_over_a_limit_is_a_problem() -> None:
    element = {"type": "plain_text_input", "action_id": "a"}
    field = {"type": "input", "label": _plain("x"), "element": element}
    view = {"type": "modal", "title": _plain("x" * 25), "blocks": [field]}
    found = problems({"view": view})
    assert any("24" in problem for problem in found)
    assert any("submit" in problem for problem in found)
    assert problems({"view": {"type": "home", "blocks": [{"type": "markdown", "text": "x"}]}})


def test_payloads_that_slack_accepts_have_no_problems() -> None:
    blocks = [
        {"type": "header", "text": _plain("Title")},
        _section("*text*", accessory=_button("a", style="primary")),
        {"type": "section", "fields": [_text("a"), _plain("b")]},
        {"type": "markdown", "text": "**x**"},
        {"type": "divider"},
        {"type": "context", "elements": [_text("x"), _plain("y")]},
        _actions(_button("b"), _select(options=[{"text": _plain("x"), "value": "v"}])),
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": "x", "style": {"bold": True}}],
                        }
                    ],
                }
            ],
        },
    ]
    assert problems({"channel": "C1", "text": "x", "blocks": blocks}) == ()
