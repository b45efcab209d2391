"""How many questions a person and a workspace may ask; above it a kind word once, then silence."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import Decision, Limits
from faqbot.slack.client import client_of
from faqbot.slack.middleware.deduplication import CLAIM

_KIND: Final = (
    "That's a lot of questions at once. I take {count} a minute from each person: please wait a "
    "moment, then ask again."
)
_BUSY: Final = "Very many people are asking me at this moment. Please try again in a minute."


def register(app: AsyncApp, limits: Limits, metrics: Metrics, done: Callable[[str], None]) -> None:
    """Count the questions that are put to faqbot; `done` is told of deliveries that end here."""

    @app.middleware
    async def limited(
        req: AsyncBoltRequest,
        body: dict[str, Any],
        context: AsyncBoltContext,
        next_: Callable[[], Awaitable[None]],
    ) -> BoltResponse | None:
        if not _asks(body):
            await next_()
            return None
        team, user = str(context.team_id or ""), str(context.user_id or "")
        whose, text = "person", _KIND.format(count=limits.person.count)
        verdict = limits.person.ask(team, user)
        if verdict is Decision.ALLOW:
            whose, text = "workspace", _BUSY
            verdict = limits.workspace.ask(team)
        if verdict is Decision.ALLOW:
            await next_()
            return None
        metrics.limited(whose)
        if req.context.get(CLAIM):
            done(str(req.context[CLAIM]))
        if body.get("command"):
            said = {"response_type": "ephemeral", "text": text}
            return BoltResponse(
                status=200, body=json.dumps(said), headers={"content-type": "application/json"}
            )
        if verdict is Decision.WARN:
            await _tell(text, body, context)
        return BoltResponse(status=200, body="")


def _asks(body: dict[str, Any]) -> bool:
    if body.get("command"):
        return True
    event = body.get("event") or {}
    direct = event.get("type") == "message" and event.get("channel_type") == "im"
    person = event.get("user") and not event.get("bot_id") and not event.get("subtype")
    return bool(person) and (direct or event.get("type") == "app_mention")


async def _tell(text: str, body: dict[str, Any], context: AsyncBoltContext) -> None:
    event = body.get("event") or {}
    try:
        await client_of(context).chat_postEphemeral(
            channel=str(event.get("channel") or ""),
            user=str(event.get("user") or ""),
            thread_ts=event.get("thread_ts"),
            text=text,
        )
    except SlackApiError:
        return
