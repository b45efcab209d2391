"""The app of a workspace whose content can't be loaded: it says so, kindly, and nothing else."""

from __future__ import annotations

import re
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.runtime.logs__quiet import bolt_logger
from faqbot.slack.app import Authorize
from faqbot.slack.blockkit.views import answer_modal, notice
from faqbot.slack.client import client_of
from faqbot.slack.context import Shared
from faqbot.slack.interactions import spot_of, tell
from faqbot.slack.listeners import errors
from faqbot.slack.listeners.messages import post
from faqbot.slack.manifest import COMMANDS
from faqbot.slack.middleware import deduplication, request_log__tracing
from faqbot.slack.middleware.deduplication import CLAIM
from faqbot.slack.middleware.request_log__tracing import kind_of, log_handled

SAID: Final = (
    "Sorry, what I know about the roles here can't be read right now. Those who run me have been "
    "told: please try again in a while."
)
_ANY: Final = re.compile("")


def create_unavailable(
    client: AsyncWebClient, shared: Shared, authorize: Authorize | None = None
) -> AsyncApp:
    """An app that tells whoever asks that it can't answer now; arguments as for `create_app`."""
    app = AsyncApp(
        name="faqbot.slack.bolt.app",  # names a logger, and sets its level
        client=client,
        logger=bolt_logger(),
        authorize=authorize,
        request_verification_enabled=False,
        ssl_check_enabled=False,
    )

    def ended(request: AsyncBoltRequest, seconds: float) -> None:
        if request.context.get(CLAIM):
            shared.claims.done(str(request.context[CLAIM]))
        shared.metrics.handled(kind_of(request.body), seconds)
        log_handled(request, seconds)

    shared.running.watch(app, ended)
    request_log__tracing.register(app)
    errors.register(app, shared.metrics.error)
    deduplication.register(app, shared.claims, shared.metrics.repeated)

    _say_to_who_speaks(app)
    _say_to_who_clicks(app)
    return app


def _say_to_who_speaks(app: AsyncApp) -> None:
    for command in COMMANDS:

        @app.command(command.name)
        async def on_command(ack: AsyncAck) -> None:
            await ack(response_type="ephemeral", text=SAID)

    @app.event("app_mention")
    async def on_mention(event: dict[str, Any], context: AsyncBoltContext) -> None:
        await _say(event, context)

    @app.event("message")
    async def on_message(event: dict[str, Any], context: AsyncBoltContext) -> None:
        person = event.get("user") and not event.get("bot_id") and not event.get("subtype")
        if event.get("channel_type") == "im" and person:
            await _say(event, context)

    @app.event("app_home_opened")
    async def on_home() -> None:
        """Whatever is shown there stays."""


def _say_to_who_clicks(app: AsyncApp) -> None:
    @app.shortcut(_ANY)
    @app.action(_ANY)
    async def on_click(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        await tell(spot_of(body, context), SAID, context)

    @app.options(_ANY)
    async def on_options(ack: AsyncAck) -> None:
        await ack(options=[])

    @app.view(_ANY)
    async def on_view(ack: AsyncAck) -> None:
        await ack(response_action="update", view=answer_modal(notice(SAID)))


async def _say(event: dict[str, Any], context: AsyncBoltContext) -> None:
    thread = str(event.get("thread_ts") or event.get("ts") or "")
    await post(client_of(context), str(event.get("channel") or ""), thread, notice(SAID))
