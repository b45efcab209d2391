"""Delivery to the app: signed HTTP or Socket Mode, acknowledgement deadline, retries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
import time
import uuid
from collections.abc import Coroutine
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from starlette.websockets import WebSocket, WebSocketDisconnect

from faqbot.playground.models import Ack, FaultInjector, Payload, SentPayload, SlackMessage
from faqbot.playground.payloads import (
    changed_event,
    deleted_event,
    event_body,
    mention_event,
    message_event,
)
from faqbot.playground.state import WorkspaceState

MAX_CONNECTIONS: Final = 10


class SocketConnection:
    """A web socket and its envelopes that await an acknowledgement."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.waiting: dict[str, asyncio.Future[Ack]] = {}

    def fail_waiting(self) -> None:
        """Fail all awaited acknowledgements: the socket is closed."""
        for future in self.waiting.values():
            if not future.done():
                future.set_result(Ack(ok=False, error="connection_failed"))


class SocketConnections:
    """The app's web sockets; each payload goes to one of them in turn."""

    def __init__(self, state: WorkspaceState, faults: FaultInjector) -> None:
        self.ever_connected = False
        self.connections: list[SocketConnection] = []
        self._state = state
        self._faults = faults
        self._tickets: dict[str, float] = {}
        self._turn = itertools.count()

    def new_ticket(self) -> str:
        """Return a ticket, which is valid for one handshake."""
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = time.monotonic() + self._state.timing.socket_ticket_lifetime
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Serve a web socket from its handshake to its end."""
        until = self._tickets.pop(socket.query_params.get("ticket", ""), 0.0)
        refused = self._faults.handshake_refused() or time.monotonic() > until
        if refused or len(self.connections) >= MAX_CONNECTIONS:
            await socket.close(4001)
            return
        await socket.accept()
        connection = SocketConnection(socket)
        self.connections.append(connection)
        self.ever_connected = True
        try:
            await socket.send_json(self._hello())
            self._state.changes.notify()
            while True:
                self._acknowledge(connection, await socket.receive_json())
        except (WebSocketDisconnect, RuntimeError, ValueError):
            pass  # closed by the app, or no JSON: Slack drops such a socket too
        finally:
            # `disconnect` may have removed it already.
            if connection in self.connections:
                self.connections.remove(connection)
            connection.fail_waiting()
            self._state.changes.notify()

    def _hello(self) -> Payload:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 3600},
            "connection_info": {"app_id": self._state.setup.app_id},
        }

    def _acknowledge(self, connection: SocketConnection, said: Any) -> None:
        if not isinstance(said, dict) or self._faults.ack_lost():
            return
        future = connection.waiting.get(str(said.get("envelope_id")))
        if future is not None and not future.done():
            body = said.get("payload")
            future.set_result(Ack(ok=True, body=body if isinstance(body, dict) else {}, status=200))

    async def deliver(self, kind: str, payload: Payload, attempt: int, reason: str) -> Ack:
        """Send an envelope and return its acknowledgement."""
        if not self.connections:
            return Ack(ok=False, error="connection_failed")
        # Slack sends each payload over any one of an app's connections.
        connection = self.connections[next(self._turn) % len(self.connections)]
        envelope: Payload = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = future
        try:
            async with asyncio.timeout(self._state.timing.ack_deadline):
                await connection.socket.send_json(envelope)
                return await future
        except TimeoutError:
            return Ack(ok=False, error="timeout")
        except (RuntimeError, WebSocketDisconnect):
            return Ack(ok=False, error="connection_failed")
        finally:
            connection.waiting.pop(envelope["envelope_id"], None)

    async def disconnect(self, reason: str) -> None:
        """Ask the app to reconnect: "warning" only announces it, "refresh_requested" closes too."""
        for connection in tuple(self.connections):
            await connection.socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}
            )
            if reason != "warning":
                self.connections.remove(connection)
                await connection.socket.close(1000)


def signed_headers(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the headers with Slack's signature of a request."""
    base = b"v0:%d:%s" % (timestamp, body)
    signature = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": f"v0={signature}",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }


def _other_bot() -> Payload:
    return {"bot_id": "B0OTHERB1", "username": "other-bot"}


class EventDelivery:
    """Delivers payloads to the app: over an open web socket, else to `url`."""

    def __init__(
        self, state: WorkspaceState, faults: FaultInjector, sockets: SocketConnections
    ) -> None:
        self.url = ""
        self._state = state
        self._faults = faults
        self._sockets = sockets
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Stop all deliveries."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    # Events

    def message_posted(self, message: SlackMessage) -> None:
        """Deliver a new message as an `app_mention`, a `message`, or both."""
        app = self._state.setup
        channel = self._state.channels[message.channel]
        if app.bot_user_id not in channel.members:
            return
        self._mention(message)
        self.event(self._subscription(message), message_event(self._state, message))

    def _mention(self, message: SlackMessage) -> None:
        # Slack sends a mention as both events, so an app that handles both answers twice.
        direct = self._state.channels[message.channel].direct
        if f"<@{self._state.setup.bot_user_id}>" in message.text and not (direct or message.bot):
            self.event("app_mention", mention_event(self._state, message))

    def from_other_bot(self, channel: str, text: str) -> SlackMessage:
        """Post a message of another app's bot in a channel, and deliver it."""
        message = self._state.put(
            SlackMessage(ts=self._state.new_ts(), channel=channel, user="U0OTHERB1", text=text)
        )
        event = message_event(self._state, message)
        event["subtype"] = "bot_message"
        if f"<@{self._state.setup.bot_user_id}>" in text:
            self.event("app_mention", {**mention_event(self._state, message), **_other_bot()})
        self.event(self._subscription(message), {**event, **_other_bot()})
        return message

    def message_changed(self, old: SlackMessage, new: SlackMessage) -> None:
        """Deliver an edited message, as an `app_mention` too if it mentions the app."""
        self._mention(new)
        self.event(self._subscription(new), changed_event(self._state, old, new))

    def message_deleted(self, message: SlackMessage) -> None:
        """Deliver a deleted message."""
        self.event(self._subscription(message), deleted_event(self._state, message))

    def _subscription(self, message: SlackMessage) -> str:
        names = {"im": "message.im", "group": "message.groups", "channel": "message.channels"}
        return names[self._state.channels[message.channel].type]

    def event(self, name: str, event: Payload) -> None:
        """Deliver an event in the background, if the app is subscribed to it."""
        if name not in self._state.setup.events:
            return
        body = event_body(self._state, event)
        for _ in range(self._faults.current.deliver_times):
            self._start(self._event(body))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def counted() -> None:
            try:
                await work
            finally:
                self._state.finished()

        self._state.started()
        task = asyncio.create_task(counted())
        # The event loop holds tasks only weakly: without this set one could vanish midway.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _event(self, body: Payload) -> None:
        ack = await self._deliver("events_api", body)
        for attempt, delay in enumerate(self._state.timing.retry_delays, 1):
            if ack.ok or ack.no_retry or not self._reachable:
                return
            await asyncio.sleep(delay)
            ack = await self._deliver("events_api", body, attempt, ack.error)

    @property
    def _reachable(self) -> bool:
        return bool(self.url) or self._sockets.ever_connected

    # Commands and interactions

    async def command(self, body: Payload) -> Ack:
        """Deliver a slash command and return its acknowledgement."""
        return await self._deliver_counted("slash_commands", body)

    async def interaction(self, body: Payload) -> Ack:
        """Deliver an interaction and return its acknowledgement."""
        return await self._deliver_counted("interactive", body)

    async def _deliver_counted(self, kind: str, body: Payload) -> Ack:
        self._state.started()
        try:
            return await self._deliver(kind, body)
        finally:
            self._state.finished()

    async def _deliver(self, kind: str, body: Payload, attempt: int = 0, reason: str = "") -> Ack:
        if self._sockets.connections or not self.url:
            ack = await self._sockets.deliver(kind, body, attempt, reason)
        else:
            ack = await self._post(kind, body, attempt, reason)
        if ack.body:
            self._state.record(SentPayload("ack", ack.body))
        return ack

    async def _post(self, kind: str, body: Payload, attempt: int, reason: str) -> Ack:
        content_type = "application/x-www-form-urlencoded"
        if kind == "events_api":
            content_type, data = "application/json", json.dumps(body).encode()
        elif kind == "slash_commands":
            data = urlencode(body).encode()
        else:
            data = urlencode({"payload": json.dumps(body)}).encode()
        headers = signed_headers(self._state.setup.signing_secret, data, int(time.time()))
        headers["Content-Type"] = content_type
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with (
                asyncio.timeout(self._state.timing.ack_deadline),
                self._session.post(self.url, data=data, headers=headers) as answer,
            ):
                return self._read(answer, await answer.text())
        except TimeoutError:
            return Ack(ok=False, error="http_timeout")
        except aiohttp.ClientError:
            return Ack(ok=False, error="connection_failed")

    def _read(self, answer: aiohttp.ClientResponse, text: str) -> Ack:
        no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
        if not answer.ok:
            return Ack(ok=False, error="http_error", status=answer.status, no_retry=no_retry)
        if self._faults.ack_lost():
            return Ack(ok=False, error="http_timeout")
        if "json" in answer.headers.get("Content-Type", ""):
            try:
                body = json.loads(text or "{}")
            except ValueError:
                return Ack(ok=False, error="http_error", status=answer.status)
            return Ack(ok=True, body=body if isinstance(body, dict) else {}, status=answer.status)
        body = {"text": text} if text.strip() else {}
        return Ack(ok=True, body=body, status=answer.status)
