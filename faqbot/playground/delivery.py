"""Delivery to the app: signed HTTP or Socket Mode, acknowledgement deadline, retries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlencode

import aiohttp

from faqbot.playground.models import Ack, FaultInjector, Payload, SentPayload, SlackMessage
from faqbot.playground.payloads import (
    changed_event,
    deleted_event,
    event_body,
    mention_event,
    message_event,
)
from faqbot.playground.socket_mode import SocketConnections
from faqbot.playground.state import WorkspaceState


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
        # Slack sends a mention as both events, so an app that handles both answers twice.
        mentioned = f"<@{app.bot_user_id}>" in message.text and not channel.direct
        if mentioned and not message.bot:
            self.event("app_mention", mention_event(self._state, message))
        self.event(self._subscription(message), message_event(self._state, message))

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
        """Deliver an edited message."""
        self.event(self._subscription(new), changed_event(self._state, old, new))

    def message_deleted(self, message: SlackMessage) -> None:
        """Deliver a deleted message."""
        self.event(self._subscription(message), deleted_event(self._state, message))

    def _subscription(self, message: SlackMessage) -> str:
        direct = self._state.channels[message.channel].direct
        return "message.im" if direct else "message.channels"

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
