"""Acknowledgement of deliveries: what could be lost is finished first, or left to Slack's retry."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from faqbot.runtime.delivery_claims import DeliveryClaims

PATIENCE: Final = 2.5
"""Seconds from the arrival of a delivery to its acknowledgement: Slack waits for three."""

LAST_RETRY: Final = 3
"""The number of Slack's last retry: what is refused then never comes again."""

UNWRITTEN: Final = "faqbot_unwritten"
"""The name in Bolt's context of the key of a claim that isn't written, and when it was tried."""

LISTENER: Final = "faqbot_listener"
"""The name in Bolt's context of the task of the listener."""

_CANCELLED_WITHIN: Final = 0.2
_log = logging.getLogger(__name__)

HasPosted = Callable[[asyncio.Task[Any]], bool]
"""Whether a task has begun to post."""


class Acknowledgement:
    """Decides whether a delivery is acknowledged.

    A delivery whose claim is written may be acknowledged at once: if this process dies, another one
    finishes it. While the database is down or hangs, nothing would be left of a delivery that was
    acknowledged and not answered. Such a delivery is acknowledged when it is finished; if that
    takes too long it is given up, and refused with status 503, after which Slack sends it again.

    Args:
        claims: of the process.
        has_posted: whether a listener has begun to post its answer, which can't be taken back.
        on_refused: called for each delivery that is left to Slack's retry.
        patience: seconds from the arrival of a delivery to its acknowledgement.
    """

    def __init__(
        self,
        claims: DeliveryClaims,
        has_posted: HasPosted = lambda _: False,
        on_refused: Callable[[], None] = lambda: None,
        patience: float = PATIENCE,
    ) -> None:
        self._claims = claims
        self._has_posted = has_posted
        self._on_refused = on_refused
        self._patience = patience

    async def of(self, request: AsyncBoltRequest, response: BoltResponse) -> BoltResponse:
        """Return the response to Slack, given Bolt's."""
        unwritten = request.context.get(UNWRITTEN)
        if unwritten is None or response.status != HTTPStatus.OK:
            return response
        key, since = unwritten
        left = self._patience - (time.monotonic() - since)
        if await self._claims.settled(key, left) or _retry(request) >= LAST_RETRY:
            return response
        listener = request.context.get(LISTENER)
        # Without a listener it is a repetition of one that another request waits for.
        if listener is not None and not self._has_posted(listener):
            listener.cancel()
            await asyncio.wait([listener], timeout=_CANCELLED_WITHIN)
            self._claims.give_up(key)
        self._on_refused()
        _log.warning("a question is left to Slack's retry: the database doesn't respond")
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, body="")


def _retry(request: AsyncBoltRequest) -> int:
    """The number of Slack's retry; 0 for the first delivery."""
    number = (request.headers.get("x-slack-retry-num") or ["0"])[0]
    return int(number) if number.isascii() and number.isdigit() else 0


class AcknowledgedApp(AsyncApp):
    """A Bolt app whose responses pass an `Acknowledgement`."""

    acknowledgement: Acknowledgement

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Dispatch a request, and return the response to Slack."""
        return await self.acknowledgement.of(req, await super().async_dispatch(req))
