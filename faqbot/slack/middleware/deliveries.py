"""Deliveries in Bolt: numbered in the log, handled once, tracked while their listeners run.

What could be lost is finished before it is acknowledged, or left to Slack's retry.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

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
from faqbot.storage.claims import DeliveryClaims, MemoryClaims, key_string

PATIENCE: Final = 2.5
"""Seconds from the arrival of a delivery to its acknowledgement: Slack waits for three."""

LAST_RETRY: Final = 3
"""The number of Slack's last retry: what is refused then never comes again."""

UNWRITTEN: Final = "faqbot_unwritten"
"""The name in Bolt's context of the key of a claim that isn't written, and when it was tried."""

LISTENER: Final = "faqbot_listener"
"""The name in Bolt's context of the task of the listener."""

CLAIM: Final = "faqbot_claim"
"""The name in Bolt's context of the key under which a delivery was claimed."""

_PASSED: Final = "faqbot_passed"
"""The name in Bolt's context of the mark that the listeners were called."""

DRAIN_TIMEOUT: Final = 20.0
"""Seconds that listeners have to end at shutdown."""

_BEGAN: Final = "faqbot_began"
_CANCELLED_WITHIN: Final = 0.2
_log = logging.getLogger(__name__)

OnFinished = Callable[[AsyncBoltRequest, float], None]

HasPosted = Callable[[asyncio.Task[Any]], bool]
"""Whether a task has begun to post."""

_ANSWERED: Final = frozenset(MessageKind) - {MessageKind.UNPROMPTED, MessageKind.FOR_OTHERS}
"""Messages that may be answered wherever they are written."""

Next = Callable[[], Awaitable[BoltResponse]]
"""Calls what comes after a middleware."""

Process = Callable[[AsyncBoltRequest, Next], Awaitable[BoltResponse | None]]
"""Processes a request: calls what comes next, or returns the response."""


class DirectMiddleware(AsyncMiddleware):
    """Middleware by a function of the request.

    For a function that `app.middleware` decorates, Bolt 1.30 makes some forty arguments with each
    request, whichever it takes: three such functions took 3 % of the time of a mention.

    Args:
        process: the function.
    """

    def __init__(self, process: Process) -> None:
        self._process = process

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - the base class fixes the names
        next: Next,  # noqa: A002
    ) -> BoltResponse | None:
        """Process a request."""
        return await self._process(req, next)


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
    """Register middleware that numbers deliveries in the log, and drops duplicates.

    Args:
        app: the app; its listeners inherit the log context.
        claims: of the process.
        on_duplicate: called for each duplicate.
    """
    app.use(DirectMiddleware(_trace))
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


class ListenerTracker:
    """The tasks of running listeners.

    Bolt 1.30 runs a listener as a task that it keeps no reference to, so the garbage collector
    could end it (https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task).
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def count(self) -> int:
        """How many listeners run."""
        return len(self._tasks)

    def watch(self, app: AsyncApp, on_finished: OnFinished = lambda *_: None) -> None:
        """Track the listeners of an app. `on_finished` is called after each, with its seconds."""
        app.listener_runner.listener_start_handler = _Start(self._tasks)
        app.listener_runner.listener_completion_handler = _End(self._tasks, on_finished)

    async def drain(self, within: float = DRAIN_TIMEOUT) -> bool:
        """Wait until all listeners have ended. Returns False when the time is up first."""
        tasks = {task for task in self._tasks if task is not asyncio.current_task()}
        if not tasks:
            return True
        _, pending = await asyncio.wait(tasks, timeout=within)
        return not pending

    async def stop(self, within: float) -> int:
        """Wait for the listeners, then cancel those that still run. Returns how many those were."""
        if await self.drain(within):
            return 0
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)


class _Start(AsyncListenerStartHandler):
    def __init__(self, tasks: set[asyncio.Task[Any]]) -> None:
        self._tasks = tasks

    async def handle(
        self,
        request: AsyncBoltRequest,
        response: BoltResponse | None,  # noqa: ARG002 - the base class fixes the names
    ) -> None:
        request.context[_BEGAN] = time.perf_counter()
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            request.context[LISTENER] = task


class _End(AsyncListenerCompletionHandler):
    def __init__(self, tasks: set[asyncio.Task[Any]], on_finished: OnFinished) -> None:
        self._tasks = tasks
        self._on_finished = on_finished

    async def handle(
        self,
        request: AsyncBoltRequest,
        response: BoltResponse | None,  # noqa: ARG002 - the base class fixes the names
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.discard(task)
            if task.cancelling():  # unfinished: another process may handle it again
                return
        now = time.perf_counter()
        self._on_finished(request, now - float(request.context.get(_BEGAN, now)))


async def _trace(request: AsyncBoltRequest, next_: Next) -> BoltResponse:
    """Bind a number to the log context of a delivery."""
    payload = payload_of(request)
    # A task inherits the context of its creator, which may hold values of another request.
    clear_contextvars()
    bind_contextvars(request=secrets.token_hex(6), team=payload.team, kind=payload.name)
    return await next_()


def log_handled(request: AsyncBoltRequest, seconds: float) -> None:
    """Log that a delivery was handled."""
    del request  # its number, team and kind are bound
    _log.info("handled", extra={"seconds": round(seconds, 4)})


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
