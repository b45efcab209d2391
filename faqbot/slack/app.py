"""The Bolt app of a workspace: middleware and listeners."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.runtime.logs import bolt_logger
from faqbot.slack.context import AppContext, Services
from faqbot.slack.listeners import (
    approvals,
    buttons,
    channel_settings,
    commands,
    errors,
    feedback,
    handoff,
    handoff_entry,
    home,
    messages,
    proposals,
)
from faqbot.slack.middleware import deduplication, rate_limit, request_log
from faqbot.slack.middleware.deduplication import CLAIM
from faqbot.slack.middleware.request_log import log_handled
from faqbot.slack.payloads import payload_of

Authorize = Callable[..., Awaitable[AuthorizeResult]]
"""Returns the bot's identity and token, as Bolt calls it."""


def create_app(
    app_context: AppContext, client: AsyncWebClient, authorize: Authorize | None = None
) -> AsyncApp:
    """Create the app of a workspace; `client` and `authorize` as for `base_app`."""
    services = app_context.services
    app = base_app(client, services, authorize)
    rate_limit.register(app, services.limiter, services.claims.complete)
    for register in (
        messages.register,
        commands.register,
        buttons.register,
        home.register,
    ):
        register(app, app_context)
    if services.recorder is not None:
        for register in (
            feedback.register,
            handoff.register,
            handoff_entry.register,
            channel_settings.register,
            approvals.register,
            proposals.register,
        ):
            register(app, app_context)
    return app


def base_app(
    client: AsyncWebClient, services: Services, authorize: Authorize | None = None
) -> AsyncApp:
    """Create an app without listeners: middleware, error handling, and its log.

    Signatures are checked before: by the HTTP endpoint, or by the Socket Mode connection.

    Args:
        client: a client of the Web API.
        services: shared by all apps of the process.
        authorize: returns the bot's token for each request; None uses the client's token.
    """
    app = AsyncApp(
        name="faqbot.slack.bolt.app",  # names a logger, and sets its level
        client=client,
        logger=bolt_logger(),
        authorize=authorize,
        request_verification_enabled=False,
        # Its test of a verification token is the wrong way round, and Slack no longer needs it.
        ssl_check_enabled=False,
    )

    def on_finished(request: AsyncBoltRequest, seconds: float) -> None:
        if request.context.get(CLAIM):
            services.claims.complete(str(request.context[CLAIM]))
        services.metrics.handled(payload_of(request).name, seconds)
        log_handled(request, seconds)

    services.listeners.watch(app, on_finished)
    request_log.register(app)
    errors.register(app, services.metrics.error)
    deduplication.register(app, services.claims, services.metrics.duplicate)
    return app
