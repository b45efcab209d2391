from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.errors import ServiceError, SettingsError
from faqbot.playground.models import Faults, Setup, Timing
from faqbot.playground.workspace import LocalWorkspace


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _modal(title: str = "Hello") -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "blocks": [_section("x")],
    }


async def _refusal(call: Any) -> Any:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def test_auth_test_names_the_bot(workspace: LocalWorkspace, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer["user_id"] == workspace.bot_user_id
    assert answer["bot_id"] == workspace.setup.bot_id
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_a_wrong_or_missing_token_is_refused(workspace: LocalWorkspace) -> None:
    wrong = AsyncWebClient(token="xoxb-local-other", base_url=workspace.api_url)
    assert (await _refusal(wrong.auth_test()))["error"] == "invalid_auth"
    missing = AsyncWebClient(base_url=workspace.api_url)
    assert (await _refusal(missing.auth_test()))["error"] == "not_authed"
    bot = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    refused = await _refusal(bot.api_call("apps.connections.open"))
    assert refused["error"] == "not_allowed_token_type"


async def test_calls_that_slack_would_refuse_are_refused(client: AsyncWebClient) -> None:
    post = client.chat_postMessage
    cases = {
        "unknown_method": client.api_call("no.such"),
        "missing_scope": client.reactions_add(channel="#general", timestamp="1.0", name="x"),
        "channel_not_found": post(channel="#nowhere", text="x"),
        "not_in_channel": post(channel="#random", text="x"),
        "no_text": client.api_call("chat.postMessage", json={"channel": "C0GENERAL"}),
        "msg_too_long": post(channel="#general", text="x" * 40_001),
        "thread_not_found": post(channel="#general", text="x", thread_ts="1.000001"),
        "msg_blocks_too_long": post(
            channel="#general", text="x", blocks=[_section("y" * 2900) for _ in range(5)]
        ),
        "invalid_trigger_id": client.views_open(trigger_id="1.2", view=_modal()),
        "user_not_found": client.users_info(user="U0NOBODY"),
    }
    for error, call in cases.items():
        assert (await _refusal(call))["error"] == error


async def test_refusal_of_blocks_names_place_and_reason(client: AsyncWebClient) -> None:
    blocks = [_section("x"), _section("")]
    refused = await _refusal(client.chat_postMessage(channel="#general", text="x", blocks=blocks))
    assert refused["error"] == "invalid_blocks"
    assert "blocks[1].text" in refused["response_metadata"]["messages"][0]


async def test_form_bodies_and_query_arguments_are_read(workspace: LocalWorkspace) -> None:
    header = {"Authorization": f"Bearer {workspace.bot_token}"}
    form = {"channel": "C0GENERAL", "text": "by form", "blocks": "[]"}
    async with aiohttp.ClientSession(headers=header) as session:
        async with session.post(f"{workspace.api_url}chat.postMessage", data=form) as answer:
            assert (await answer.json())["ok"]
        async with session.get(f"{workspace.api_url}auth.test") as answer:
            assert (await answer.json())["ok"]
        url = f"{workspace.api_url}auth.test"
        kind = {"Content-Type": "application/json"}
        async with session.post(url, data=b"{", headers=kind) as answer:
            assert (await answer.json())["error"] == "invalid_json"


async def test_messages_are_posted_changed_deleted_and_read_back(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="#general", text="first")
    ts, channel = posted["ts"], posted["channel"]
    await client.chat_postMessage(channel=channel, text="reply", thread_ts=ts)
    await client.chat_update(channel=channel, ts=ts, text="second")
    replies = (await client.conversations_replies(channel=channel, ts=ts))["messages"]
    assert [m["text"] for m in replies] == ["second", "reply"]
    assert replies[0]["reply_count"] == 1
    history = (await client.conversations_history(channel=channel))["messages"]
    assert [m["ts"] for m in history] == [ts]
    link = await client.chat_getPermalink(channel=channel, message_ts=ts)
    assert ts.replace(".", "") in link["permalink"]
    too_long = client.chat_update(channel=channel, ts=ts, text="é" * 2001)
    assert (await _refusal(too_long))["error"] == "msg_too_long"
    await client.chat_delete(channel=channel, ts=ts)
    assert not workspace.messages("#general")


async def test_a_private_message_is_seen_by_one_person(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    maya = workspace.person("maya")
    sent = await client.chat_postEphemeral(channel="#general", user=maya.id, text="for you")
    assert [m.text for m in workspace.private_messages("maya")] == ["for you"]
    assert not workspace.messages("#general")
    assert not workspace.private_messages("guest")
    changed = client.chat_update(channel="C0GENERAL", ts=sent["message_ts"], text="x")
    assert (await _refusal(changed))["error"] == "message_not_found"


async def test_trigger_opens_one_modal_until_it_expires(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    trigger = workspace.state.new_trigger(workspace.person("maya").id)
    await client.views_open(trigger_id=trigger, view=_modal())
    assert workspace.modal("maya") is not None
    again = client.views_open(trigger_id=trigger, view=_modal())
    assert (await _refusal(again))["error"] == "exchanged_trigger_id"
    async with LocalWorkspace.start(timing=Timing(trigger_lifetime=-1)) as late:
        other = AsyncWebClient(token=late.bot_token, base_url=late.api_url)
        trigger = late.state.new_trigger(late.person("maya").id)
        expired = other.views_open(trigger_id=trigger, view=_modal())
        assert (await _refusal(expired))["error"] == "expired_trigger_id"


async def test_view_update_with_an_old_hash_is_refused(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    trigger = workspace.state.new_trigger(workspace.person("maya").id)
    view = (await client.views_open(trigger_id=trigger, view=_modal()))["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=_modal("Newer"))
    stale = client.views_update(view_id=view["id"], hash=view["hash"], view=_modal("Older"))
    assert (await _refusal(stale))["error"] == "hash_conflict"


async def test_the_app_home_is_published_and_replaced(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    for text in ("one", "two"):
        home = {"type": "home", "blocks": [_section(text)]}
        await client.views_publish(user_id=workspace.person("guest").id, view=home)
    shown = workspace.home("guest")
    assert shown is not None
    assert shown.blocks[0]["text"]["text"] == "two"


async def test_suggested_prompts_are_at_most_four_and_without_effect_in_threads(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    channel = workspace.person("maya").direct.id
    prompt = {"title": "a", "message": "b"}
    set_prompts = client.assistant_threads_setSuggestedPrompts
    await set_prompts(channel_id=channel, thread_ts="1.2", prompts=[prompt])
    assert channel not in workspace.state.suggestions
    await client.api_call(
        "assistant.threads.setSuggestedPrompts",
        json={"channel_id": channel, "prompts": [prompt] * 4},
    )
    assert len(workspace.state.suggestions[channel].prompts) == 4
    many = set_prompts(channel_id=channel, thread_ts="1.2", prompts=[prompt] * 5)
    assert (await _refusal(many))["error"] == "invalid_arguments"


async def test_a_file_is_uploaded_in_two_steps(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    await client.files_upload_v2(channel="C0GENERAL", filename="a.txt", content="text", title="A")
    (message,) = workspace.messages("#general")
    assert message.attachments[0]["title"] == "A"


async def test_injected_faults_fail_calls(
    workspace: LocalWorkspace, client: AsyncWebClient
) -> None:
    workspace.faults = Faults(fail_calls=1, retry_after=7)
    refused = await _refusal(client.auth_test())
    assert (refused.status_code, refused["error"]) == (429, "ratelimited")
    assert refused.headers["Retry-After"] == "7"
    assert (await client.auth_test())["ok"]
    workspace.faults = Faults(fail_share=0.5, fail_status=503)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append((await client.auth_test())["ok"])
        except SlackApiError as error:
            outcomes.append(error.response.status_code)
    assert outcomes == [True, 503, True, 503]


PUBLIC = (
    "0.0.0.0",
    "::",
    "",
    "192.168.1.5",
    "::ffff:127.0.0.1",
    "127.1",
    "127.0.0.2",
    "127.0.0.1.example.org",
    "me.local",
)


@pytest.mark.parametrize("host", PUBLIC)
async def test_public_addresses_are_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"use 127\.0\.0\.1"):
        async with LocalWorkspace.start(host):
            pass


@pytest.mark.parametrize("host", ["localhost", "::1"])
async def test_other_addresses_of_this_machine_are_accepted(host: str) -> None:
    try:
        socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        ).close()
    except OSError:
        pytest.skip(f"this machine has no {host}")
    async with (
        LocalWorkspace.start(host) as started,
        aiohttp.ClientSession() as session,
        session.get(started.address) as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("bot_token", "xoxb-123-456-abc"),
        ("bot_token", "xoxb-123-local-abc"),
        ("bot_token", "xoxe.xoxb-1-abc"),
        ("app_token", "xapp-1-A0-1-abc"),
        ("signing_secret", "8f742231b10e8888abcd99yyyzzz85a5"),
        ("client_secret", "f0e1d2c3b4a5968778695a4b3c2d1e0f"),
    ],
)
async def test_real_tokens_are_refused_and_not_shown(name: str, token: str) -> None:
    given: dict[str, Any] = {name: token}
    with pytest.raises(SettingsError, match=f"unset SLACK_{name.upper()}") as caught:
        async with LocalWorkspace.start(setup=replace(Setup(), **given)):
            pass
    assert token not in str(caught.value)


async def test_taken_port_is_one_line_of_advice(workspace: LocalWorkspace) -> None:
    port = int(workspace.address.rpartition(":")[2])
    with pytest.raises(ServiceError, match=rf"Port {port} is taken: .* set PORT"):
        async with LocalWorkspace.start(port=port):
            pass


async def test_another_host_name_is_refused(workspace: LocalWorkspace) -> None:
    async with (
        aiohttp.ClientSession(headers={"Host": "evil.example"}) as session,
        session.get(f"{workspace.api_url}auth.test") as answer,
    ):
        assert answer.status == 400
