"""What happens when something goes wrong: a reference that the person sees and the log explains."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import traceback
from collections.abc import Callable
from typing import Any, Final

import aiohttp
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from faqbot.slack.blockkit.views import answer_modal, notice
from faqbot.slack.client import client_of, reason_of
from faqbot.slack.listeners.messages import post

Payload = dict[str, Any]
_POLLED: Final = 0.05
"""Seconds after which Bolt has seen an acknowledgement; it looks each 0.01 s."""

_log = logging.getLogger(__name__)


def named(error: BaseException) -> str:
    """The error without its message, which may hold what somebody wrote; Slack's reason is kept."""
    if isinstance(error, SlackApiError):
        return f"{type(error).__name__} ({reason_of(error)})"
    return type(error).__name__


def register(app: AsyncApp, happened: Callable[[], None] = lambda: None) -> None:
    """Handle every error that a listener raises; `happened` is told of each."""

    @app.error
    async def on_error(
        error: Exception, body: Payload, context: AsyncBoltContext, response: BoltResponse | None
    ) -> BoltResponse | None:
        happened()
        reference = secrets.token_hex(4)
        # What Slack refuses is no error of ours: where it was asked for says nothing.
        refused = isinstance(error, SlackApiError)
        where = "" if refused else "".join(traceback.format_tb(error.__traceback__))
        kind = str(body.get("command") or (body.get("event") or body).get("type") or "request")
        _log.error("reference %s: %s while handling %s\n%s", reference, named(error), kind, where)
        if response is None:
            # Bolt forgets an acknowledgement when the listener fails before it has looked, waits
            # for three seconds and answers 404.
            await asyncio.sleep(_POLLED)
        text = (
            "Sorry, something went wrong on my side. Please try again; if it keeps happening, "
            f"tell whoever runs faqbot here the reference {reference}."
        )
        try:
            return await _tell(text, body, context, response)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as failure:
            _log.warning("reference %s: could not be shown: %s", reference, named(failure))
            return None


async def _tell(
    text: str, body: Payload, context: AsyncBoltContext, response: BoltResponse | None
) -> BoltResponse | None:
    """Tell the person, in the acknowledgement when it is still to come."""
    if body.get("type") == "view_submission" and response is not None:
        return _json({"response_action": "update", "view": answer_modal(notice(text))})
    if body.get("command") and response is not None:
        return _json({"response_type": "ephemeral", "text": text})
    if context.response_url and context.respond:
        await context.respond(text=text, response_type="ephemeral", replace_original=False)
    elif body.get("trigger_id") and (body.get("view") or {}).get("type") == "home":
        await client_of(context).views_open(
            trigger_id=body["trigger_id"], view=answer_modal(notice(text))
        )
    else:
        await _in_thread(text, body.get("event") or {}, context)
    return None


async def _in_thread(text: str, event: Payload, context: AsyncBoltContext) -> None:
    """Answer who spoke to faqbot; who only wrote in a thread isn't waiting for it."""
    direct = event.get("channel_type") == "im"
    if event.get("type") == "app_mention" or direct:
        thread = str(event.get("thread_ts") or event.get("ts") or "")
        await post(
            client_of(context),
            str(context.channel_id or event.get("channel")),
            thread,
            notice(text),
        )


def _json(body: Payload) -> BoltResponse:
    return BoltResponse(
        status=200, body=json.dumps(body), headers={"content-type": "application/json"}
    )
