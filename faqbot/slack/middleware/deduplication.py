"""Bolt middleware that drops duplicate deliveries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from faqbot.runtime.delivery_claims import DeliveryClaims, MemoryClaims
from faqbot.slack.middleware.acknowledgement import UNWRITTEN
from faqbot.slack.middleware.direct import DirectMiddleware, Next
from faqbot.slack.payload_parser import Dispatch, make_request
from faqbot.slack.payloads import (
    IncomingMessage,
    Interaction,
    MessageKind,
    Payload,
    SlashCommand,
    payload_of,
    set_payload,
)
from faqbot.storage.claims import key_string

CLAIM: Final = "faqbot_claim"
"""The name in Bolt's context of the key under which a delivery was claimed."""

_PASSED: Final = "faqbot_passed"
"""The name in Bolt's context of the mark that the listeners were called."""


_ANSWERED: Final = frozenset(MessageKind) - {MessageKind.UNPROMPTED, MessageKind.FOR_OTHERS}
"""Messages that may be answered wherever they are written."""


class DeliveryKind(Enum):
    """How a delivery is claimed, so that it is handled once."""

    QUESTION = "question"  # in all processes, and taken over when this one dies
    ACTION = "action"  # in all processes
    OTHER = "other"  # in this process: handling it twice does no harm


@dataclass(frozen=True, slots=True)
class Delivery:
    """The key that identifies a delivery, and how it is claimed."""

    key: tuple[str, ...]
    kind: DeliveryKind


def delivery_of(payload: Payload) -> Delivery | None:
    """Return what identifies a payload: its message, event or trigger; None if nothing does.

    Slack sends an event again to any process, but never a command.
    """
    match payload:
        case SlashCommand(trigger="") | Interaction(trigger=""):
            return None
        case SlashCommand():
            key = ("trigger", payload.team, payload.name, payload.trigger)
            return Delivery(key, DeliveryKind.OTHER)
        case Interaction():
            key = ("trigger", payload.team, payload.name, payload.trigger)
            return Delivery(key, DeliveryKind.ACTION)
        case IncomingMessage(kind=kind) if kind in _ANSWERED:
            return Delivery(payload.key, DeliveryKind.QUESTION)
        case _ if payload.event_id:
            return Delivery(("event", payload.team, payload.event_id), DeliveryKind.OTHER)
    return None


def register(
    app: AsyncApp, claims: DeliveryClaims, on_duplicate: Callable[[], None] = lambda: None
) -> None:
    """Register middleware that drops duplicates and calls `on_duplicate` for each."""
    # Claims of this process: handling these twice does no harm, and saves a transaction.
    own = MemoryClaims()

    async def drop_duplicates(req: AsyncBoltRequest, next_: Next) -> BoltResponse:
        payload = payload_of(req)
        delivery = delivery_of(payload)
        # A delivery that was taken over has its claim already; a second one would drop it.
        if delivery is not None and not req.context.get(CLAIM):
            match delivery.kind:
                case DeliveryKind.QUESTION:
                    key, began = key_string(delivery.key), time.monotonic()
                    claim = await claims.acquire(delivery.key, req.body)
                    attempts = claim.attempt
                    if not claim.is_written:
                        req.context[UNWRITTEN] = (key, began)
                    req.context[CLAIM] = key
                    # An earlier attempt may have posted the answer without completing its claim.
                    if attempts > 1 or "x-slack-retry-num" in req.headers:
                        _mark(req, payload)
                case DeliveryKind.ACTION:
                    attempts = int(await claims.claim(*delivery.key))
                case DeliveryKind.OTHER:
                    attempts = int(own.claim_now(*delivery.key))
            if not attempts:
                on_duplicate()
                # With 200 Slack stops: with an error it would deliver the duplicate again.
                return BoltResponse(status=200, body="")
        req.context[_PASSED] = True
        return await next_()

    app.use(DirectMiddleware(drop_duplicates))


async def redeliver(dispatch: Dispatch, body: Mapping[str, Any], key: str) -> bool:
    """Handle a delivery that another process has begun. Returns False when no app handles it.

    Raises:
        MalformedPayload: it was kept by a version that parsed payloads differently.
    """
    request = make_request(body, context={CLAIM: key})
    _mark(request, payload_of(request))
    answer = await dispatch(request)
    return bool(request.context.get(_PASSED)) and answer.status != HTTPStatus.NOT_FOUND


def _mark(request: AsyncBoltRequest, payload: Payload) -> None:
    """Mark a message as one that may have been answered before."""
    if isinstance(payload, IncomingMessage):
        set_payload(request, replace(payload, may_be_answered=True))
