from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.playground.models import Faults
from faqbot.playground.workspace import LocalWorkspace


class Listener:
    """Keeps envelopes and acknowledges them."""

    def __init__(self) -> None:
        self.requests: list[SocketModeRequest] = []

    async def __call__(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.requests.append(request)
        payload = {"text": "pong"} if request.type == "slash_commands" else None
        answer = SocketModeResponse(envelope_id=request.envelope_id, payload=payload)
        await client.send_socket_mode_response(answer)


@pytest.fixture
async def listener(workspace: LocalWorkspace) -> AsyncIterator[Listener]:
    web_client = AsyncWebClient(base_url=workspace.api_url)
    client = SocketModeClient(workspace.app_token, web_client=web_client, ping_interval=0.2)
    listening = Listener()
    client.socket_mode_request_listeners.append(listening)
    await client.connect()  # type: ignore[no-untyped-call]
    yield listening
    await client.close()  # type: ignore[no-untyped-call]
    await asyncio.sleep(0.01)


async def test_events_and_commands_come_as_envelopes(
    workspace: LocalWorkspace, listener: Listener
) -> None:
    await workspace.person("maya").dm("hello")
    reaction = await workspace.person("maya").command("/faq", "ping")
    await workspace.settled()
    assert {r.type for r in listener.requests} == {"events_api", "slash_commands"}
    assert [m.text for m in reaction.messages] == ["pong"]


async def test_unacknowledged_event_is_sent_again(
    workspace: LocalWorkspace, listener: Listener
) -> None:
    workspace.faults = Faults(lose_acks=1)
    await workspace.person("maya").dm("hello")
    await workspace.until(lambda: len(listener.requests) == 2)
    assert [r.retry_attempt for r in listener.requests] == [0, 1]
    assert listener.requests[1].retry_reason == "timeout"


async def test_app_reconnects_after_a_dropped_socket(
    workspace: LocalWorkspace, listener: Listener
) -> None:
    workspace.drop_sockets()
    await workspace.until(lambda: workspace.connections == 0)
    await workspace.until(lambda: workspace.connections == 1)
    await workspace.person("maya").dm("still there?")
    await workspace.until(lambda: listener.requests)


async def test_refresh_request_makes_the_app_reconnect(
    workspace: LocalWorkspace, listener: Listener
) -> None:
    await workspace.disconnect_sockets("warning")
    assert workspace.connections == 1
    await workspace.disconnect_sockets()
    await workspace.until(lambda: workspace.connections == 1)
    await workspace.person("maya").dm("hello")
    await workspace.until(lambda: listener.requests)


async def test_handshake_is_refused_by_fault_or_without_a_ticket(
    workspace: LocalWorkspace,
) -> None:
    web_client = AsyncWebClient(base_url=workspace.api_url)
    workspace.faults = Faults(refuse_handshakes=1)
    async with aiohttp.ClientSession() as session:
        for refused in (True, False):
            answer = await web_client.apps_connections_open(app_token=workspace.app_token)
            if refused:
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await session.ws_connect(answer["url"])
            else:
                async with session.ws_connect(answer["url"]) as socket:
                    assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(answer["url"])  # a ticket opens one socket
