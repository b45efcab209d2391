"""What happens when something goes wrong: a reference that the person sees and the log explains."""

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

from faqbot.slack.blockkit.views import NOT_NOW, answer_modal, notice
from faqbot.slack.client import SLACK_ERRORS, client_of, reason_of
from faqbot.slack.conversations import post, send_ephemeral
from faqbot.slack.payloads import (
    IncomingMessage,
    Interaction,
    Payload,
    SlashCommand,
    View,
    payload_of,
)
from faqbot.storage.models import StoreError

Listener = Callable[[AsyncAck, Interaction, AsyncBoltContext], Awaitable[None]]
"""A listener of interactions."""

_POLLED: Final = 0.05
"""Seconds after which Bolt has seen an acknowledgement; it looks each 0.01 s."""

_log = logging.getLogger(__name__)


def named(error: BaseException) -> str:
    """The error without its message, which may hold what somebody wrote; Slack's reason is kept."""
    if isinstance(error, SlackApiError):
        return f"{type(error).__name__} ({reason_of(error)})"
    return type(error).__name__


def needs_storage(listener: Listener) -> Listener:
    """Decorate a listener that needs the database: tell the person when it is down.

    The message stands at the first input of a submitted modal, which stays open, and elsewhere
    where only the person sees it.
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


def register(app: AsyncApp, happened: Callable[[], None] = lambda: None) -> None:
    """Handle every error that a listener raises; `happened` is told of each."""

    @app.error
    async def on_error(
        error: Exception,
        request: AsyncBoltRequest,
        context: AsyncBoltContext,
        response: BoltResponse | None,
    ) -> BoltResponse | None:
        payload = payload_of(request)
        happened()
        reference = secrets.token_hex(4)
        # What Slack refuses is no error of ours: where it was asked for says nothing.
        refused = isinstance(error, SlackApiError)
        where = "" if refused else "".join(traceback.format_tb(error.__traceback__))
        _log.error(
            "reference %s: %s while handling %s\n%s", reference, named(error), payload.name, where
        )
        if response is None:
            # Bolt forgets an acknowledgement when the listener fails before it has looked, waits
            # for three seconds and answers 404.
            await asyncio.sleep(_POLLED)
        text = (
            "Sorry, something went wrong on my side. Please try again; if it keeps happening, "
            f"tell whoever runs faqbot here the reference {reference}."
        )
        try:
            return await _tell(text, payload, context, response)
        except SLACK_ERRORS as failure:
            _log.warning("reference %s: could not be shown: %s", reference, named(failure))
            return None


async def _tell(
    text: str, payload: Payload, context: AsyncBoltContext, response: BoltResponse | None
) -> BoltResponse | None:
    """Tell the person, in the acknowledgement when it is still to come."""
    client = client_of(context)
    match payload:
        case Interaction(name="view_submission") if response is not None:
            return _json({"response_action": "update", "view": answer_modal(notice(text))})
        case SlashCommand() if response is not None:
            return _json({"response_type": "ephemeral", "text": text})
        case _ if context.response_url and context.respond:
            await context.respond(text=text, response_type="ephemeral", replace_original=False)
        case Interaction(trigger=trigger, view=View(type="home")) if trigger:
            await client.views_open(trigger_id=trigger, view=answer_modal(notice(text)))
        case IncomingMessage(channel=channel, thread=thread) if payload.is_question:
            # Who only wrote in a thread isn't waiting for an answer.
            await post(client, channel, thread, notice(text))
    return None


def _json(body: dict[str, Any]) -> BoltResponse:
    return BoltResponse(
        status=200, body=json.dumps(body), headers={"content-type": "application/json"}
    )
