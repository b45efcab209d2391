"""What is read of a payload: who speaks to whom, and what identifies a delivery."""

from __future__ import annotations

from typing import Any

import pytest

from faqbot.slack.middleware.deduplication import Delivery, DeliveryKind, delivery_of
from faqbot.slack.payload_parser import make_request
from faqbot.slack.payloads import IncomingMessage, MessageKind, OtherPayload, Payload, payload_of

BOT = "U0BOT"
MESSAGE = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.2", "text": "which skills?"}
REPLY = {**MESSAGE, "thread_ts": "1.1"}
MENTION = {**MESSAGE, "type": "app_mention", "text": f"<@{BOT}> which skills?"}
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
        ({**REPLY, "text": "skills of <@U2>?"}, MessageKind.FOLLOW_UP),
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
