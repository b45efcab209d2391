"""The Bolt app of a workspace: middleware and listeners."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.runtime.logs import bolt_logger
from faqbot.slack.blockkit.views import answer_modal, notice
from faqbot.slack.client import client_of
from faqbot.slack.context import AppContext, Services
from faqbot.slack.listeners import (
    approvals,
    ask_person,
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
from faqbot.slack.manifest import COMMANDS
from faqbot.slack.middleware import deliveries, rate_limit
from faqbot.slack.middleware.deliveries import CLAIM, AcknowledgedApp, Acknowledgement, log_handled
from faqbot.slack.payloads import IncomingMessage, Interaction, payload_of
from faqbot.slack.posts import deliver, send_ephemeral

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
            ask_person.register,
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
    app = AcknowledgedApp(
        name="faqbot.slack.bolt.app",  # names a logger, and sets its level
        client=client,
        logger=bolt_logger(),
        authorize=authorize,
        request_verification_enabled=False,
        # Bolt 1.30 rejects the request if the deprecated verification token is right.
        ssl_check_enabled=False,
    )

    app.acknowledgement = Acknowledgement(
        services.claims,
        services.calls.has_posted,
        services.metrics.left_to_retry,
        services.patience,
    )

    def on_finished(request: AsyncBoltRequest, seconds: float) -> None:
        if request.context.get(CLAIM):
            services.claims.complete(str(request.context[CLAIM]))
        services.metrics.handled(payload_of(request).name, seconds)
        log_handled(request, seconds)

    services.listeners.watch(app, on_finished)
    errors.register(app, services)
    deliveries.register(app, services.claims, services.metrics.duplicate)
    return app


CONTENT_UNAVAILABLE: Final = (
    "Sorry, I can't load the role descriptions right now. The operators have been notified; please "
    "try again later."
)
_ANY: Final = re.compile("")


def create_unavailable_app(
    client: AsyncWebClient, services: Services, authorize: Authorize | None = None
) -> AsyncApp:
    """Create an app that answers everything with an apology; arguments as for `base_app`."""
    app = base_app(client, services, authorize)
    _answer_messages(app, services)
    _answer_clicks(app)
    return app


def _answer_messages(app: AsyncApp, services: Services) -> None:
    for command in COMMANDS:

        @app.command(command.name)
        async def on_command(ack: AsyncAck) -> None:
            await ack(response_type="ephemeral", text=CONTENT_UNAVAILABLE)

    @app.event("app_mention")
    @app.event("message")
    async def on_message(incoming: IncomingMessage | None, context: AsyncBoltContext) -> None:
        if incoming is None or not incoming.is_question or incoming.edited:
            return
        if await services.is_ours(incoming):
            failed = errors.failure(CONTENT_UNAVAILABLE, incoming)
            await deliver(client_of(context), incoming, failed, question=incoming.ts)

    @app.event("app_home_opened")
    async def on_home() -> None:
        """Keep what App Home shows."""


def _answer_clicks(app: AsyncApp) -> None:
    @app.shortcut(_ANY)
    @app.action(_ANY)
    async def on_click(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await send_ephemeral(interaction, CONTENT_UNAVAILABLE, context)

    @app.options(_ANY)
    async def on_options(ack: AsyncAck) -> None:
        await ack(options=[])

    @app.view(_ANY)
    async def on_view(ack: AsyncAck) -> None:
        await ack(response_action="update", view=answer_modal(notice(CONTENT_UNAVAILABLE)))
