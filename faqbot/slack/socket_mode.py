"""Socket Mode: a connection that fails at once on a bad token and gives up after an outage.

slack_sdk 3.47 retries every error of a connection without limit
(https://github.com/slackapi/python-slack-sdk/issues/1922).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from faqbot.errors import FaqbotError, ServiceError
from faqbot.runtime.logs import bolt_logger
from faqbot.slack.client import REFUSED, SLACK_ERRORS, reason_of, token_error
from faqbot.slack.payload_parser import MalformedPayload, make_request

PING: Final = 2.0
"""Seconds between pings; a dropped connection is noticed after one."""

GIVE_UP: Final = 300.0
"""Seconds without a connection after which faqbot exits, so that a supervisor restarts it."""

_log = logging.getLogger(__name__)


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler of envelopes, which parses each payload first."""

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        began = time.time()
        # Bolt 1.30 makes retry headers of the first attempt too, which has the number 0
        # (https://github.com/slackapi/bolt-python/pull/1498).
        headers = build_headers(req) if req.retry_attempt else None
        try:
            request = make_request(req.payload, headers)
        except MalformedPayload:
            # Not acknowledged, as the HTTP endpoint responds with 400: the sender sees the failure.
            _log.warning("Slack sent a payload of an unknown shape; it is ignored.")
            return
        answer = await self.app.async_dispatch(request)
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return  # Slack sends again what isn't acknowledged
        await send_async_response(client, req, answer, began)


class SocketMode:
    """A Socket Mode connection of an app.

    Args:
        app: handles the payloads; its client has the address of the Web API.
        app_token: a token with the scope connections:write.
        ping: seconds between pings.
        give_up: seconds without a connection after which `run` raises.
    """

    def __init__(
        self, app: AsyncApp, app_token: str, ping: float = PING, give_up: float = GIVE_UP
    ) -> None:
        self._handler = _Handler(app, app_token, logger=bolt_logger(), ping_interval=ping)
        self._client = self._handler.client
        self._refusal: FaqbotError | None = None
        self._issue = self._client.issue_new_wss_url
        self._client.issue_new_wss_url = self._issue_or_note_refusal  # type: ignore[method-assign]
        self._token = app_token
        self._ping = ping
        self._give_up = give_up
        self.connected = asyncio.Event()

    async def run(self, connected: Callable[[], None] = lambda: None) -> None:
        """Connect, call `connected` once, and stay connected until cancelled.

        Raises:
            SettingsError: Slack refuses the app token, now or when it connects again.
            ServiceError: there was no connection for `give_up` seconds.
        """
        await self._open()
        connecting = asyncio.ensure_future(self._client.connect())  # type: ignore[no-untyped-call]
        try:
            await self._watch(connected)
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

    def stop_accepting(self) -> None:
        """Accept no more payloads: Slack sends unacknowledged ones to another connection."""
        self._client.socket_mode_request_listeners.clear()

    async def close(self) -> None:
        """Close the connection, and stop reconnecting."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def _open(self) -> None:
        """Get the first address of a connection, or raise what Slack's refusal means.

        The SDK would retry a bad token without limit.
        """
        web = self._client.web_client
        try:
            answer = await web.apps_connections_open(app_token=self._token)
        except SLACK_ERRORS as error:
            raise token_error("SLACK_APP_TOKEN", web.base_url, error) from None
        self._client.wss_uri = str(answer["url"])

    async def _issue_or_note_refusal(self) -> str:
        """Get another address; a refused token is noted, which the SDK would try without limit."""
        try:
            return str(await self._issue())
        except SlackApiError as error:
            if reason_of(error) in REFUSED:
                base_url = self._client.web_client.base_url
                self._refusal = token_error("SLACK_APP_TOKEN", base_url, error)
            raise

    async def _watch(self, connected: Callable[[], None]) -> None:
        """Watch the connection, and drop an address that can't be used again."""
        seen, told = time.monotonic(), False
        while True:
            await asyncio.sleep(min(1.0 if self.connected.is_set() else 0.05, self._ping))
            if self._refusal is not None:
                raise self._refusal
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
                # slack_sdk 3.47 keeps an address that failed; without one it asks for another.
                self._client.wss_uri = None
            if away > self._give_up:
                raise ServiceError(
                    f"No connection to Slack for {self._give_up:.0f} seconds: check the network, "
                    "https://slack-status.com and SLACK_APP_TOKEN."
                )
