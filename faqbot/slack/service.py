"""Serve a workspace until cancelled, over HTTP or by Socket Mode.

A Socket Mode connection fails at once on a bad token and gives up after an outage. slack_sdk 3.47
retries every error of a connection without limit
(https://github.com/slackapi/python-slack-sdk/issues/1922).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Final

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from faqbot.errors import FaqbotError, ServiceError
from faqbot.runtime.http_limits import RequestLimits
from faqbot.runtime.leases import LeaseManager
from faqbot.runtime.logs import bolt_logger
from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import TokenBuckets
from faqbot.runtime.tasks import BackgroundTask, background_tasks
from faqbot.runtime.web import SafeHeaders, Server, background_server, safe_headers
from faqbot.settings.models import Settings, reveal
from faqbot.settings.sources import metrics_folder
from faqbot.slack.app import create_app
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.client import (
    REFUSED,
    SLACK_ERRORS,
    check_bot_token,
    reason_of,
    token_error,
    web_client,
)
from faqbot.slack.context import AppContext, Services
from faqbot.slack.health import Health, token_check
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.middleware.deliveries import redeliver
from faqbot.slack.middleware.rate_limit import QuestionLimiter
from faqbot.slack.payload_parser import Dispatch, MalformedPayload, make_request
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.models import QuestionPrivacy
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.reports import Grouping
from faqbot.storage.store import normalized_url

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


POST_INTERVAL: Final = 1.0
"""Seconds between two posts to a channel."""

OnReady = Callable[[str], None]
"""Called when the service accepts questions, with a line for the operator."""

OpenRoutes = Callable[[AppContext, AsyncWebClient], AbstractAsyncContextManager[list[BaseRoute]]]
"""Opens further routes of a workspace, given its context and the bot's client."""


def make_services(settings: Settings, group_questions: Grouping) -> Services:
    """Create what all apps of a process share.

    Args:
        settings: all settings.
        group_questions: groups questions by meaning, for reports.

    Raises:
        SettingsError: the database's address or a key is malformed.
    """
    metrics = Metrics(metrics_folder())
    services = Services(
        limiter=QuestionLimiter(
            TokenBuckets(settings.faqbot_rate_limit_user),
            TokenBuckets(settings.faqbot_rate_limit_workspace),
            on_rejected=metrics.limited,
        ),
        metrics=metrics,
        calls=CallQueue(POST_INTERVAL, on_call=metrics.slack_call),
        group_questions=group_questions,
    )
    if settings.database is None:
        return services
    normalized_url(settings.database)
    recorder = QuestionRecorder(
        settings.database,
        QuestionPrivacy(settings.faqbot_question_privacy),
        settings.faqbot_retention_days,
        departed_days=settings.faqbot_uninstalled_days,
        pool_size=settings.faqbot_database_pool_size,
        on_failure=metrics.store_error,
    )
    claims = LeaseManager(recorder, make_cipher(settings), on_takeover=metrics.takeover)
    return replace(services, recorder=recorder, claims=claims)


def make_server(settings: Settings, services: Services, site: ASGIApp) -> Server:
    """Create the web server of a service, with the limits that are set."""
    limits = RequestLimits(connections=settings.faqbot_max_connections)
    return Server(site, settings.faqbot_trusted_proxies, limits, services.metrics.refused)


def make_cipher(settings: Settings) -> TokenCipher:
    """Create a cipher with the keys that are set, else with one derived from Slack's secrets.

    Raises:
        SettingsError: a key is malformed.
    """
    keys = reveal(settings.faqbot_secret_keys)
    if keys:
        return TokenCipher.from_setting(keys)
    # All processes of a service have the same secret, so each can read what another wrote.
    secret = reveal(settings.slack_signing_secret) or reveal(settings.slack_bot_token)
    return TokenCipher.from_secret(secret)


@asynccontextmanager
async def running(services: Services, tasks: Iterable[BackgroundTask]) -> AsyncIterator[None]:
    """Log questions and run background tasks while the block runs."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(background_tasks(*(task() for task in tasks)))
        if services.recorder is not None:
            await stack.enter_async_context(services.recorder.running())
        yield


def handling(
    services: Services, dispatch: Dispatch, timeout: float
) -> AbstractAsyncContextManager[None]:
    """Take over deliveries of dead processes while the block runs; then finish running ones.

    Args:
        services: of the process.
        dispatch: handles a delivery.
        timeout: seconds that running listeners have at the end.
    """
    drain = partial(services.listeners.stop, timeout)
    return services.claims.running(partial(redeliver, dispatch), drain)


async def run_http(
    settings: Settings,
    app_context: AppContext,
    tasks: Iterable[BackgroundTask],
    listener: socket.socket,
    on_ready: OnReady,
    *,
    open_routes: OpenRoutes,
) -> None:
    """Serve Slack's requests at `/slack/events` until cancelled.

    Args:
        settings: all settings.
        app_context: of the workspace.
        tasks: run as long as the service.
        listener: the socket to serve on.
        on_ready: called when requests are accepted.
        open_routes: opens the routes that are served beside Slack's.

    Raises:
        SettingsError: Slack refuses the token.
        ServiceError: Slack can't be reached.
    """
    services, token = app_context.services, reveal(settings.slack_bot_token)
    async with (
        web_client(token, settings.slack_api_url, services.calls) as client,
        running(services, tasks),
        open_routes(app_context, client) as routes,
    ):
        team = await check_bot_token(client)
        app = create_app(app_context, client)
        health = Health(services, app_context.content_state, token_check(client))
        site = asgi(
            app.async_dispatch,
            reveal(settings.slack_signing_secret),
            [*health.routes(), *routes],
            services.metrics.request,
        )
        server = make_server(settings, services, site)
        async with (
            background_tasks(Reports(app_context).every_week(client)),
            handling(services, app.async_dispatch, settings.faqbot_shutdown_timeout),
            background_server(server, listener) as serving,
            health.watching(),
        ):
            address = f"http://{settings.faqbot_host}:{settings.listen_port}{PATH}"
            on_ready(f"faqbot serves {team}: {address}")
            await asyncio.shield(serving)


async def run_socket_mode(
    settings: Settings,
    app_context: AppContext,
    tasks: Iterable[BackgroundTask],
    listener: socket.socket | None,
    on_ready: OnReady,
    *,
    open_routes: OpenRoutes,
) -> None:
    """Keep a Socket Mode connection until cancelled.

    Args:
        settings: all settings.
        app_context: of the workspace.
        tasks: run as long as the service.
        listener: the socket to serve health, metrics and further routes on; None for no server.
        on_ready: called when the connection is open.
        open_routes: opens the further routes.

    Raises:
        SettingsError: Slack refuses a token.
        ServiceError: Slack can't be reached, or there was no connection for too long.
    """
    services, token = app_context.services, reveal(settings.slack_bot_token)
    async with (
        web_client(token, settings.slack_api_url, services.calls) as client,
        running(services, tasks),
    ):
        team = await check_bot_token(client)
        app = create_app(app_context, client)
        connection = SocketMode(app, reveal(settings.slack_app_token))
        health = Health(
            services,
            app_context.content_state,
            token_check(client),
            connection.connected.is_set,
        )
        async with AsyncExitStack() as stack:  # left from the last line to the first
            if listener is not None:
                routes = await stack.enter_async_context(open_routes(app_context, client))
                pages = Starlette(routes=[*health.routes(), *routes])
                site = SafeHeaders(pages, safe_headers({}))
                server = make_server(settings, services, site)
                await stack.enter_async_context(background_server(server, listener))
            reports = Reports(app_context).every_week(client)
            await stack.enter_async_context(background_tasks(reports))
            stack.push_async_callback(connection.close)
            timeout = settings.faqbot_shutdown_timeout
            await stack.enter_async_context(handling(services, app.async_dispatch, timeout))
            stack.callback(connection.stop_accepting)
            await stack.enter_async_context(health.watching())
            await connection.run(lambda: on_ready(f"faqbot serves {team} by Socket Mode."))
