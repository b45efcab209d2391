"""Each delivery is handled once, whatever Slack sends twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from faqbot.runtime.leases import DeliveryClaims, MemoryClaims
from faqbot.storage.claims import key_string

CLAIM: Final = "faqbot_claim"
"""Where a request's context holds the key of what was taken on for it."""

AGAIN: Final = "faqbot_again"
"""Where a request's context says that it may have been answered before."""

_PASSED: Final = "faqbot_passed"
"""Where a request's context says that it went on to the listeners."""

Dispatch = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
"""What handles a request, whichever workspace it is of."""


class DeliveryKind(Enum):
    """What has to be remembered of a delivery so that it is handled once."""

    QUESTION = "question"  # work that another process takes over if this one dies
    ACTION = "act"  # something that must not happen twice
    OTHER = "rest"  # what may happen twice, but need not


@dataclass(frozen=True, slots=True)
class Delivery:
    """What identifies a payload, and what it is."""

    key: tuple[str, ...]
    kind: DeliveryKind


def delivery(body: Mapping[str, Any], bot: str | None = None) -> Delivery | None:
    """What identifies a payload: the message, the event, or the trigger of a click or command.

    Slack sends an event again to any process, but never a command.
    """
    team = str(body.get("team_id", ""))
    if body.get("event_id"):
        event = body.get("event")
        if isinstance(event, Mapping) and _asks(event, bot):
            key = ("message", team, str(event.get("channel", "")), str(event.get("ts", "")))
            return Delivery(key, DeliveryKind.QUESTION)
        return Delivery(("event", team, str(body["event_id"])), DeliveryKind.OTHER)
    if body.get("trigger_id"):
        known = body.get("team")
        team = str(known.get("id", "")) if isinstance(known, Mapping) else team
        kind = str(body.get("type") or body.get("command") or "")
        key = ("trigger", team, kind, str(body["trigger_id"]))
        return Delivery(key, DeliveryKind.OTHER if body.get("command") else DeliveryKind.ACTION)
    return None


def _asks(event: Mapping[str, Any], bot: str | None) -> bool:
    """Whether an event may be a question to faqbot; channels also tell of what isn't."""
    if event.get("bot_id") or not event.get("user") or not event.get("ts"):
        return False
    if event.get("type") == "app_mention":
        return True
    if event.get("type") != "message":
        return False
    if event.get("channel_type") == "im" or str(event.get("channel", "")).startswith("D"):
        return True
    # A mention in a channel comes as app_mention too.
    mentioned = bool(bot) and f"<@{bot}" in str(event.get("text", ""))
    return bool(event.get("thread_ts")) and not mentioned


def register(
    app: AsyncApp, claims: DeliveryClaims, repeated: Callable[[], None] = lambda: None
) -> None:
    """Acknowledge a repeated delivery without handling it again; `repeated` is told of each."""
    here = MemoryClaims()

    @app.middleware
    async def once(
        req: AsyncBoltRequest,
        body: dict[str, Any],
        context: AsyncBoltContext,
        next_: Callable[[], Awaitable[None]],
    ) -> BoltResponse | None:
        found = delivery(body, context.bot_user_id)
        if found is not None and not req.context.get(CLAIM):
            match found.kind:
                case DeliveryKind.QUESTION:
                    times = await claims.acquire(found.key, body)
                    req.context[CLAIM] = key_string(found.key)
                    # What Slack sends again may have been answered where the store can't tell.
                    req.context[AGAIN] = times > 1 or "x-slack-retry-num" in req.headers
                case DeliveryKind.ACTION:
                    times = int(await claims.claim(*found.key))
                case DeliveryKind.OTHER:
                    times = int(here.first(*found.key))
            if not times:
                repeated()
                return BoltResponse(status=200, body="")
        req.context[_PASSED] = True
        await next_()
        return None


async def redeliver(dispatch: Dispatch, body: Mapping[str, Any], key: str) -> bool:
    """Handle a delivery that another process has begun; false when nobody handles it any more."""
    request = AsyncBoltRequest(
        body=dict(body), mode="socket_mode", context={CLAIM: key, AGAIN: True}
    )
    answer = await dispatch(request)
    return bool(request.context.get(_PASSED)) and answer.status != HTTPStatus.NOT_FOUND
