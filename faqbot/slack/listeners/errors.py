"""Errors of listeners: a reference for the user, the reason for the log."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from faqbot.slack.blockkit.blocks import BUTTON_VALUE, Action, Message, actions, button
from faqbot.slack.blockkit.views import NOT_NOW, answer_modal, notice
from faqbot.slack.client import SLACK_ERRORS, client_of, reason_of
from faqbot.slack.context import Services
from faqbot.slack.payloads import (
    IncomingMessage,
    Interaction,
    Payload,
    SlashCommand,
    View,
    payload_of,
)
from faqbot.slack.posts import deliver, send_ephemeral
from faqbot.storage.models import StoreError

Listener = Callable[[AsyncAck, Interaction, AsyncBoltContext], Awaitable[None]]
"""A listener of interactions."""

_POLLED: Final = 0.05
"""Seconds after which Bolt has noticed an acknowledgement: it polls every 0.01 s."""

_log = logging.getLogger(__name__)


def named(error: BaseException) -> str:
    """Return an error's type and Slack's reason, not its message, which may quote somebody."""
    if isinstance(error, SlackApiError):
        return f"{type(error).__name__} ({reason_of(error)})"
    return type(error).__name__


def needs_storage(listener: Listener) -> Listener:
    """Decorate a listener that needs the database: if it is down, say so to the user.

    A submitted modal stays open, with the message at its first input. Elsewhere the user gets an
    ephemeral message.
    """

    @wraps(listener)  # Bolt looks at the decorated function for the arguments to pass
    async def guarded(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        try:
            await listener(ack, interaction, context)
        except StoreError:
            if interaction.name == "view_submission":
                first = list(interaction.view.inputs)[:1]
                await ack(response_action="errors", errors=dict.fromkeys(first, NOT_NOW))
            else:
                await send_ephemeral(interaction, NOT_NOW, context)

    return guarded


def register(app: AsyncApp, services: Services) -> None:
    """Register the handler of errors that listeners raise."""

    @app.error
    async def handle_error(
        error: Exception,
        request: AsyncBoltRequest,
        context: AsyncBoltContext,
        response: BoltResponse | None,
    ) -> BoltResponse | None:
        payload = payload_of(request)
        services.metrics.error()
        reference = secrets.token_hex(4)
        # Slack's refusal isn't a bug, so a traceback would explain nothing.
        refused = isinstance(error, SlackApiError)
        where = "" if refused else "".join(traceback.format_tb(error.__traceback__))
        _log.error(
            "reference %s: %s while handling %s\n%s", reference, named(error), payload.name, where
        )
        if response is None:
            # Bolt 1.30 drops an acknowledgement if the listener raises before the next poll,
            # waits for three seconds and responds with 404.
            await asyncio.sleep(_POLLED)
        text = (
            "Sorry, something went wrong. Please try again. If it happens again, report the "
            f"reference {reference} to the operators of faqbot."
        )
        try:
            return await _tell(text, payload, context, response, services)
        except SLACK_ERRORS as failure:
            _log.warning("reference %s: could not be shown: %s", reference, named(failure))
            return None


async def _tell(
    text: str,
    payload: Payload,
    context: AsyncBoltContext,
    response: BoltResponse | None,
    services: Services,
) -> BoltResponse | None:
    """Show a text to the user, in the acknowledgement if there was none yet."""
    client, failed = client_of(context), failure(text, payload)
    match payload:
        case Interaction(name="view_submission") if response is not None:
            return _json({"response_action": "update", "view": answer_modal(notice(text))})
        case SlashCommand() if response is not None:
            return _json({"response_type": "ephemeral", **failed.as_content()})
        case _ if context.response_url and context.respond:
            await context.respond(text=text, response_type="ephemeral", replace_original=False)
        case Interaction(trigger=trigger, view=View(type="home")) if trigger:
            await client.views_open(trigger_id=trigger, view=answer_modal(notice(text)))
        case IncomingMessage() if payload.is_question:
            # Who only wrote in a thread isn't waiting for an answer. Another process that has the
            # question may answer it.
            if await services.is_ours(payload):
                await deliver(client, payload, failed, question=payload.ts)
    return None


def failure(text: str, payload: Payload) -> Message:
    """Return the message that a question could not be answered, with a button to ask it again."""
    message = notice(text)
    match payload:
        case IncomingMessage():
            place = {"ts": payload.ts, "thread": payload.thread_ts, "text": payload.text}
        case SlashCommand():
            place = {"command": payload.name, "text": payload.text}
        case _:  # what was clicked is still there
            return message
    value = json.dumps(place, ensure_ascii=False)
    if len(value) > BUTTON_VALUE:
        return message
    again = button(Action.TRY_AGAIN, 0, "Try again", value)
    return Message(message.text, (*message.blocks, actions([again])))


def _json(body: dict[str, Any]) -> BoltResponse:
    return BoltResponse(
        status=200, body=json.dumps(body), headers={"content-type": "application/json"}
    )
