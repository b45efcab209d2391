from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.playground.models import Faults
from faqbot.playground.workspace import LocalWorkspace
from tests.playground.conftest import Receiver


async def test_requests_are_signed(workspace: LocalWorkspace, receiver: Receiver) -> None:
    maya = workspace.person("maya")
    await maya.dm("hello")
    await maya.command("/role", "python & more")
    await workspace.until(lambda: len(receiver.received) == 2)
    verifier = SignatureVerifier(workspace.signing_secret)
    for request in receiver.received:
        assert verifier.is_valid_request(request.raw, request.headers)
    command = next(r.body for r in receiver.received if "command" in r.body)
    assert command["text"] == "python &amp; more"
    assert command["channel_name"] == "directmessage"


async def test_a_mention_arrives_as_mention_and_as_message(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    text = f"<@{workspace.bot_user_id}> <b> & <!here>"
    ts = await workspace.person("maya").say("#general", text)
    await workspace.settled()
    by_type = {event["type"]: event for event in receiver.events}
    assert set(by_type) == {"app_mention", "message"}
    assert by_type["message"]["channel_type"] == "channel"
    assert "channel_type" not in by_type["app_mention"]
    for event in by_type.values():
        assert event["text"] == f"<@{workspace.bot_user_id}> &lt;b&gt; &amp; <!here>"
        assert (event["ts"], event["team"]) == (ts, workspace.setup.team_id)
        assert event["client_msg_id"]
        assert event["blocks"][0]["type"] == "rich_text"


async def test_events_without_subscription_or_membership_are_not_delivered(
    receiver: Receiver, workspace: LocalWorkspace
) -> None:
    await workspace.person("maya").say("#random", f"<@{workspace.bot_user_id}> hello")
    workspace.event("channel_rename", {"type": "channel_rename"})
    await workspace.settled()
    assert not receiver.received


async def test_own_and_other_bots_messages_are_delivered_too(
    workspace: LocalWorkspace, receiver: Receiver, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel="#general", text="mine")
    workspace.post_as_other_bot("#general", "theirs")
    await workspace.settled()
    assert {event["bot_id"] for event in receiver.events} == {"B0LOCAL01", "B0OTHERB1"}


async def test_edits_and_deletions_arrive_with_their_subtype(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    maya = workspace.person("maya")
    ts = await maya.dm("first")
    message = workspace.message("@maya", ts)
    assert message is not None
    await maya.edit(message, "second")
    await maya.delete(message)
    await workspace.settled()
    subtypes = {event.get("subtype") for event in receiver.events}
    assert subtypes == {None, "message_changed", "message_deleted"}


async def test_failed_event_is_retried_three_times_with_the_reason(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    async def broken(_body: dict[str, Any]) -> web.Response:
        return web.Response(status=500)

    receiver.answer = broken
    await workspace.person("maya").dm("hello")
    await workspace.until(lambda: len(receiver.received) == 4)
    assert [r.headers.get("X-Slack-Retry-Num") for r in receiver.received] == [None, *"123"]
    assert receiver.received[1].headers["X-Slack-Retry-Reason"] == "http_error"
    assert len({r.body["event_id"] for r in receiver.received}) == 1


async def test_late_acknowledgement_repeats_an_event_and_fails_a_command(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    async def slow(body: dict[str, Any]) -> web.Response:
        if len(receiver.received) == 1 or "command" in body:
            await asyncio.sleep(0.6)
        return web.Response()

    receiver.answer = slow
    await workspace.person("maya").dm("hello")
    await workspace.until(lambda: len(receiver.received) == 2)
    assert receiver.received[1].headers["X-Slack-Retry-Reason"] == "http_timeout"
    reaction = await workspace.person("maya").command("/role", "x")
    assert reaction.error == "/role failed because the app did not respond"


async def test_no_retry_header_turns_retries_off(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    async def refusing(_body: dict[str, Any]) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    receiver.answer = refusing
    await workspace.person("maya").dm("hello")
    await workspace.settled()
    assert len(receiver.received) == 1


async def test_events_are_redelivered_on_demand(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    workspace.faults = Faults(deliver_times=3)
    await workspace.person("maya").dm("hello")
    await workspace.settled()
    assert len(receiver.received) == 3
    assert len({r.body["event_id"] for r in receiver.received}) == 1


async def test_a_response_url_works_five_times(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    await workspace.person("maya").command("/role", "x", channel="#general")
    url = receiver.received[0].body["response_url"]
    async with aiohttp.ClientSession() as session:
        statuses = []
        for number in range(6):
            async with session.post(url, json={"text": f"answer {number}"}) as answer:
                statuses.append(answer.status)
    assert statuses == [200] * 5 + [404]
    assert len(workspace.private_messages("maya")) == 5


async def test_command_acknowledged_with_invalid_blocks_shows_an_error(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    async def bad(_body: dict[str, Any]) -> web.Response:
        return web.json_response({"blocks": [{"type": "section"}]})

    receiver.answer = bad
    reaction = await workspace.person("maya").command("/role", "x")
    assert "invalid_blocks" in reaction.error
    assert workspace.problems()


async def test_a_click_carries_message_values_and_a_working_response_url(
    workspace: LocalWorkspace, receiver: Receiver, client: AsyncWebClient
) -> None:
    option = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
    menu = {"type": "static_select", "action_id": "pick", "options": [option]}
    rating = {
        "type": "feedback_buttons",
        "action_id": "rate",
        "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "up"},
        "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "down"},
    }
    blocks: list[dict[str, Any]] = [
        {"type": "actions", "elements": [menu]},
        {"type": "context_actions", "elements": [rating]},
    ]
    await client.chat_postMessage(channel="#general", text="x", blocks=blocks)
    (message,) = workspace.messages("#general")
    maya = workspace.person("maya")
    await maya.select(message, "One")
    await maya.click(message, action_id="rate", value="down")
    picked, rated = (r.body for r in receiver.received if r.body["type"] == "block_actions")
    assert picked["actions"][0]["selected_option"]["value"] == "1"
    assert picked["message"]["ts"] == message.ts
    assert rated["actions"][0]["value"] == "down"
    async with (
        aiohttp.ClientSession() as session,
        session.post(rated["response_url"], json={"replace_original": True, "text": "y"}) as ok,
    ):
        assert ok.status == 200
    assert workspace.messages("#general")[0].text == "y"
    assert workspace.problems() == ()


async def test_home_dm_and_shortcut_reach_the_app(
    workspace: LocalWorkspace, receiver: Receiver
) -> None:
    maya = workspace.person("maya")
    ts = await maya.say("#general", "keep this")
    await maya.open_home()
    await maya.open_dm()
    await maya.shortcut("save", workspace.message("#general", ts))
    await workspace.settled()
    tabs = {event["tab"] for event in receiver.events if event["type"] == "app_home_opened"}
    assert tabs == {"home", "messages"}
    shortcut = receiver.received[-1].body
    by_type = [r.body for r in receiver.received if r.body["type"] == "message_action"]
    assert by_type[0]["message"]["text"] == "keep this"
    assert shortcut
