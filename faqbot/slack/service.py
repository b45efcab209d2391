"""Serve a workspace until cancelled, over HTTP or by Socket Mode."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from faqbot.runtime.http_limits import RequestLimits
from faqbot.runtime.leases import LeaseManager
from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import TokenBuckets
from faqbot.runtime.tasks import BackgroundTask, background_tasks
from faqbot.runtime.web import SafeHeaders, Server, background_server, safe_headers
from faqbot.settings.models import Settings, reveal
from faqbot.settings.sources import metrics_folder
from faqbot.slack.app import create_app
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.client import check_bot_token, web_client
from faqbot.slack.context import AppContext, Services
from faqbot.slack.health import Health, token_check
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.middleware.deliveries import redeliver
from faqbot.slack.middleware.rate_limit import QuestionLimiter
from faqbot.slack.payload_parser import Dispatch
from faqbot.slack.socket_mode import SocketMode
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.models import QuestionPrivacy
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.reports import Grouping
from faqbot.storage.store import normalized_url

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
