"""Socket Mode that says at once when it can't connect, and doesn't hang when it can't reconnect."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from faqbot.errors import ServiceError
from faqbot.runtime.logs import bolt_logger
from faqbot.slack.client import SLACK_ERRORS, token_error
from faqbot.slack.payload_parser import MalformedPayload, make_request

PING: Final = 2.0
"""Seconds between pings; a dropped connection is noticed after one."""

GIVE_UP: Final = 300.0
"""Seconds without a connection after which faqbot ends, so that a supervisor starts it anew."""

_log = logging.getLogger(__name__)


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler of envelopes, which parses each payload first."""

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        began = time.time()
        # Of the first attempt, numbered 0, Bolt would make a header as if it were a second one.
        headers = build_headers(req) if req.retry_attempt else None
        try:
            request = make_request(req.payload, headers)
        except MalformedPayload:
            # Not acknowledged, as the HTTP endpoint answers 400: the sender sees that it failed.
            _log.warning("Slack sent a payload of an unknown shape; it is ignored.")
            return
        answer = await self.app.async_dispatch(request)
        await send_async_response(client, req, answer, began)


class SocketMode:
    """Keeps a Socket Mode connection open for an app.

    Args:
        app: the app that answers; its client says where the Web API is.
        app_token: a token with the scope connections:write.
        ping: seconds between pings.
        give_up: seconds without a connection after which `run` raises.
    """

    def __init__(
        self, app: AsyncApp, app_token: str, ping: float = PING, give_up: float = GIVE_UP
    ) -> None:
        self._handler = _Handler(app, app_token, logger=bolt_logger(), ping_interval=ping)
        self._client = self._handler.client
        self._token = app_token
        self._ping = ping
        self._give_up = give_up
        self.connected = asyncio.Event()

    async def run(self, connected: Callable[[], None] = lambda: None) -> None:
        """Connect, say so once, and stay connected until cancelled.

        Raises:
            SettingsError: Slack refuses the app token.
            ServiceError: there was no connection for too long.
        """
        await self._open()
        connecting = asyncio.ensure_future(self._client.connect())  # type: ignore[no-untyped-call]
        try:
            await self._watch(connected)
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

    def stop_accepting(self) -> None:
        """Take nothing new: Slack sends what isn't acknowledged to another connection."""
        self._client.socket_mode_request_listeners.clear()

    async def close(self) -> None:
        """Leave, and stop reconnecting."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def _open(self) -> None:
        """Get the first address here: the SDK would retry a bad token for ever, in silence."""
        web = self._client.web_client
        try:
            answer = await web.apps_connections_open(app_token=self._token)
        except SLACK_ERRORS as error:
            raise token_error("SLACK_APP_TOKEN", web.base_url, error) from None
        self._client.wss_uri = str(answer["url"])

    async def _watch(self, connected: Callable[[], None]) -> None:
        """Look after the connection: a used address is no good for a second attempt."""
        seen, told = time.monotonic(), False
        while True:
            await asyncio.sleep(min(1.0 if self.connected.is_set() else 0.05, self._ping))
            if await self._client.is_connected():
                if not told:
                    connected()
                elif not self.connected.is_set():
                    _log.info("Connected to Slack again.")
                told = True
                self.connected.set()
                seen = time.monotonic()
                continue
            if self.connected.is_set():
                _log.info("The connection to Slack is lost, connecting again.")
            self.connected.clear()
            away = time.monotonic() - seen
            if away > min(1.0, self._ping):
                # The SDK tries a refused address again for ever; without one it asks for a new one.
                self._client.wss_uri = None
            if away > self._give_up:
                raise ServiceError(
                    f"No connection to Slack for {self._give_up:.0f} seconds: check the network, "
                    "https://slack-status.com and SLACK_APP_TOKEN."
                )
