"""What is read of a payload: who speaks to whom, and what identifies a delivery."""

from __future__ import annotations

from typing import Any

import pytest

from faqbot.slack.middleware.deliveries import Delivery, DeliveryKind, delivery_of
from faqbot.slack.payload_parser import make_request
from faqbot.slack.payloads import IncomingMessage, MessageKind, OtherPayload, Payload, payload_of

BOT = "U0BOT"
MESSAGE = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.2", "text": "which skills?"}
REPLY = {**MESSAGE, "thread_ts": "1.1"}
MENTION = {**MESSAGE, "type": "app_mention", "text": f"<@{BOT}> which skills?"}
RICH_QUOTE = {
    "blocks": [
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_quote", "elements": [{"type": "user", "user_id": BOT}]},
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "user", "user_id": BOT, "style": {"code": True}},
                        {"type": "text", "text": "skills?"},
                    ],
                },
            ],
        }
    ]
}
RICH_GROUP = {
    "blocks": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "usergroup", "usergroup_id": "S1"}],
                        }
                    ],
                }
            ],
        }
    ]
}
DIRECT = {**MESSAGE, "channel": "D1", "channel_type": "im"}


def read(event: dict[str, Any], **more: Any) -> Payload:
    """The payload that an event comes in."""
    return payload_of(
        make_request(
            {
                "type": "event_callback",
                "team_id": "T1",
                "event_id": "Ev1",
                "event": event,
                "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True}],
                **more,
            }
        )
    )


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (DIRECT, MessageKind.DIRECT),
        ({**DIRECT, "subtype": "file_share"}, MessageKind.DIRECT),
        ({**DIRECT, "thread_ts": "1.1"}, MessageKind.DIRECT),
        ({**DIRECT, "text": "<@U2> is here"}, MessageKind.DIRECT),
        (MENTION, MessageKind.MENTION),
        ({**MENTION, "thread_ts": "1.1"}, MessageKind.MENTION),
        ({**MENTION, "type": "message"}, MessageKind.FOR_OTHERS),
        ({**REPLY, "text": f"hey <@{BOT}|faqbot>"}, MessageKind.FOR_OTHERS),
        ({**REPLY, "text": " <@U2> skills?"}, MessageKind.FOR_OTHERS),
        ({**MESSAGE, "text": "<@U2|jo> skills?"}, MessageKind.FOR_OTHERS),
        ({**REPLY, "text": "skills of <@U2>?"}, MessageKind.FOR_OTHERS),
        ({**REPLY, "text": "skills, <!subteam^S1|@people>?"}, MessageKind.FOR_OTHERS),
        ({**MESSAGE, "text": "which skills, <!here|here>?"}, MessageKind.FOR_OTHERS),
        ({**MESSAGE, "text": "which skills? <!channel>"}, MessageKind.FOR_OTHERS),
        ({**MENTION, "text": f"<@{BOT}> which skills? cc <@U2>"}, MessageKind.MENTION),
        ({**MENTION, "text": f"<@U2>, did you ask <@{BOT}>?"}, MessageKind.ASIDE),
        ({**MENTION, "text": f"<@U2> <@{BOT}> which skills?"}, MessageKind.MENTION),
        ({**MENTION, "text": f"&gt; <@{BOT}> skills?\nseen?"}, MessageKind.FOR_OTHERS),
        ({**REPLY, "text": f"&gt; <@{BOT}> skills?\nseen?"}, MessageKind.FOLLOW_UP),
        ({**REPLY, "text": f"is `<@{BOT}>` right?"}, MessageKind.FOLLOW_UP),
        ({**REPLY, "text": f"```\n<@{BOT}>\n``` right?"}, MessageKind.FOLLOW_UP),
        ({**MENTION, **RICH_QUOTE}, MessageKind.FOR_OTHERS),
        ({**REPLY, **RICH_QUOTE}, MessageKind.FOLLOW_UP),
        ({**REPLY, **RICH_GROUP}, MessageKind.FOR_OTHERS),
        ({**REPLY, "subtype": "thread_broadcast"}, MessageKind.FOLLOW_UP),
        (MESSAGE, MessageKind.UNPROMPTED),
    ],
)
def test_direct_messages_and_mentions_are_questions(
    event: dict[str, Any], kind: MessageKind
) -> None:
    message = read(event)
    assert isinstance(message, IncomingMessage)
    assert message.kind is kind
    assert message.is_question is (kind in (MessageKind.DIRECT, MessageKind.MENTION))


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B1"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"subtype": "channel_join"},
        {"hidden": True},
        {"user": None},
        {"ts": None},
        {"channel": None},
    ],
)
@pytest.mark.parametrize("event", [MESSAGE, MENTION, DIRECT])
def test_events_without_a_human_author_are_no_messages(
    event: dict[str, Any], more: dict[str, Any]
) -> None:
    assert read({**event, **more}) == OtherPayload(event["type"], "T1", "Ev1")


def test_the_question_is_the_text_without_mentions_of_faqbot() -> None:
    message = read({**MENTION, "text": f" <@{BOT}|faqbot> what does <@U2> need, <@{BOT}>? "})
    assert isinstance(message, IncomingMessage)
    assert message.question == "what does <@U2> need,  ?"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (f"<@{BOT}> which skills? cc <@U2>, <@U3>", "which skills?"),
        (f"<@{BOT}> which skills? FYI: <!subteam^S1|@people>", "which skills?"),
        (f"<@U2> look: <@{BOT}> which skills?", "which skills?"),
    ],
)
def test_the_question_is_not_what_is_said_to_others(text: str, question: str) -> None:
    message = read({**MENTION, "text": text})
    assert isinstance(message, IncomingMessage)
    assert message.question == question


SHARED = {"is_share": True, "text": "which skills does <@U2> need?"}
BLOCKS_ONLY = {
    "is_msg_unfurl": True,
    "message_blocks": [
        {
            "message": {
                "blocks": [
                    {
                        "type": "rich_text",
                        "elements": [
                            {
                                "type": "rich_text_section",
                                "elements": [
                                    {"type": "text", "text": "which skills "},
                                    {"type": "user", "user_id": "U2"},
                                    {"type": "text", "text": "does one need?"},
                                ],
                            }
                        ],
                    }
                ]
            }
        }
    ],
}


@pytest.mark.parametrize(
    ("event", "quoted"),
    [
        ({"attachments": [SHARED]}, "which skills does <@U2> need?"),
        ({"attachments": [BLOCKS_ONLY]}, "which skills does one need?"),
        ({"attachments": [{"text": "a page", "from_url": "https://a.example"}]}, ""),
        ({"text": "&gt; which skills?\n&gt; and when?\nthis"}, "which skills?\nand when?"),
        ({"text": "&gt;&gt;&gt; which skills?\nand when?"}, "which skills?\nand when?"),
        ({"attachments": "x", "blocks": [None, {"type": "rich_text", "elements": 3}]}, ""),
    ],
)
def test_what_a_message_quotes_or_forwards_is_read(event: dict[str, Any], quoted: str) -> None:
    message = read({**MENTION, **event})
    assert isinstance(message, IncomingMessage)
    assert message.quoted == quoted


def test_message_belongs_to_the_authorised_workspace() -> None:
    body = {"team_id": "T2", "is_ext_shared_channel": True}
    message = read({**MENTION, "team": "T2"}, **body)
    assert isinstance(message, IncomingMessage)
    assert (message.team, message.shared) == ("T1", True)


def read_raw(**body: Any) -> Payload:
    return payload_of(make_request(body))


CLICK = {"type": "block_actions", "team": {"id": "T1"}, "actions": [{"action_id": "show:0"}]}
KEY = ("message", "T1", "C1", "1.2")


@pytest.mark.parametrize(
    ("payload", "delivery"),
    [
        (read(MENTION), Delivery(KEY, DeliveryKind.QUESTION)),
        (read(REPLY), Delivery(KEY, DeliveryKind.QUESTION)),
        (read(MESSAGE), Delivery(("event", "T1", "Ev1"), DeliveryKind.OTHER)),
        # A mention comes as a message too; that one is not claimed as a question.
        (
            read({**MENTION, "type": "message", "thread_ts": "1.1"}),
            Delivery(("event", "T1", "Ev1"), DeliveryKind.OTHER),
        ),
        (
            read({"type": "member_joined_channel", "user": "U1"}),
            Delivery(("event", "T1", "Ev1"), DeliveryKind.OTHER),
        ),
        (
            read_raw(**CLICK, trigger_id="1"),
            Delivery(("trigger", "T1", "block_actions", "1"), DeliveryKind.ACTION),
        ),
        (read_raw(**CLICK), None),
        (
            read_raw(command="/role", team_id="T1", trigger_id="1"),
            Delivery(("trigger", "T1", "/role", "1"), DeliveryKind.OTHER),
        ),
        (read_raw(type="url_verification", challenge="x"), None),
    ],
)
def test_delivery_is_identified_by_message_event_or_trigger(
    payload: Payload, delivery: Delivery | None
) -> None:
    assert delivery_of(payload) == delivery
