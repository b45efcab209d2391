"""What stands in front of Bolt over HTTP: only what Slack signed, in a size and form it sends."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from faqbot.runtime.web import SafeHeaders, safe_headers
from faqbot.slack.middleware.deduplication import Dispatch
from faqbot.slack.middleware.payloads import Malformed, read

PATH: Final = "/slack/events"


def asgi(
    dispatch: Dispatch,
    signing_secret: str,
    routes: Sequence[BaseRoute] = (),
    seen: Callable[[int], None] = lambda _: None,
) -> ASGIApp:
    """What answers Slack behind its guard, and the other paths, as an ASGI application.

    Args:
        dispatch: handles a request that Slack sent.
        signing_secret: what Slack signs with.
        routes: the other paths.
        seen: is told the status of each answer to Slack.
    """
    guard = SlackEndpoint(_Events(dispatch, seen), signing_secret, seen=seen)
    others = SafeHeaders(Starlette(routes=list(routes)), safe_headers({}))

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        to_slack = scope["type"] == "http" and scope["path"] == PATH
        await (guard if to_slack else others)(scope, receive, send)

    return site


class _Events:
    """Hands what the guard let through to Bolt, and gives Bolt's answer."""

    def __init__(self, dispatch: Dispatch, seen: Callable[[int], None]) -> None:
        self._dispatch = dispatch
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._dispatch(scope[REQUEST])
        self._seen(answer.status)
        told = answer.first_headers_without_set_cookie()
        response = Response(answer.body, answer.status, told)
        await response(scope, receive, send)


MOST_BYTES: Final = 1_000_000
CLOCK_SKEW: Final = 300
PATIENCE: Final = 10.0
REQUEST: Final = "faqbot.request"
"""Where the scope of a request that was let through holds it as Bolt takes it."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_STRIPPED: Final = b"x-slack-bolt-"
_ONCE: Final = (
    "x-slack-signature",
    "x-slack-request-timestamp",
    "content-type",
    "content-length",
    "transfer-encoding",
)
"""Headers of which a proxy could read another one than we do if they came twice."""

_log = logging.getLogger(__name__)


class RequestRejected(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class SlackEndpoint:
    """Lets signed requests through and refuses everything else before Bolt reads it.

    Args:
        app: what comes after; it finds the request under `REQUEST` in the scope.
        signing_secret: what Slack signs with.
        clock: seconds since 1970.
        seen: is told the status of each refusal.
    """

    def __init__(
        self,
        app: ASGIApp,
        signing_secret: str,
        clock: Callable[[], float] = time.time,
        seen: Callable[[int], None] = lambda _: None,
    ) -> None:
        if not signing_secret:
            raise ValueError("without a signing secret everybody could sign")
        self._app = app
        self._secret = signing_secret.encode()
        self._clock = clock
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            passed = await self._passed(scope, receive)
        except RequestRejected as refused:
            self._seen(refused.status)
            headers = {"Allow": "POST"} if refused.status == 405 else {}  # noqa: PLR2004
            await PlainTextResponse(refused.reason, refused.status, headers)(scope, receive, send)
            return
        if passed is not None:
            inner, body = passed
            await self._handled(inner, _replay(body, receive), send)

    async def _passed(self, scope: Scope, receive: Receive) -> tuple[Scope, bytes] | None:
        """The request without what isn't Slack's, and its body; None when the client went away."""
        if scope["method"] != "POST":
            raise RequestRejected(405, "POST only")
        headers = Headers(scope=scope)
        signature, stamp = self._signature(headers)
        body = await self._body(headers, receive)
        if body is None:
            return None
        signed = hmac.new(self._secret, b"v0:" + stamp + b":" + body, hashlib.sha256)
        if not hmac.compare_digest(signed.hexdigest(), signature):
            raise RequestRejected(401, "wrong signature")
        kept = [pair for pair in scope["headers"] if not pair[0].lower().startswith(_STRIPPED)]
        try:
            request = read(body, Headers(raw=kept))
        except Malformed:
            raise RequestRejected(400, "malformed") from None
        return {**scope, "headers": kept, REQUEST: request}, body

    def _signature(self, headers: Headers) -> tuple[str, bytes]:
        """The signature and the time that were given, before anything is read for them."""
        if any(len(headers.getlist(name)) > 1 for name in _ONCE):
            raise RequestRejected(400, "a header that comes twice")
        stamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if not (_TIMESTAMP.fullmatch(stamp) and _SIGNATURE.fullmatch(signature)):
            raise RequestRejected(401, "not signed")
        if abs(self._clock() - int(stamp)) > CLOCK_SKEW:
            raise RequestRejected(401, "signed too long ago, or the clocks differ")
        return signature.removeprefix("v0="), stamp.encode()

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """The whole body, at most a megabyte; None when the client went away."""
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise RequestRejected(400, "bad content-length")
        if "content-length" in headers and "transfer-encoding" in headers:
            raise RequestRejected(400, "a length and chunks")
        if len(length) > 9 or int(length) > MOST_BYTES:  # noqa: PLR2004
            raise RequestRejected(413, "too large")
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > MOST_BYTES:
                        raise RequestRejected(413, "too large")
                    if not message.get("more_body"):
                        return b"".join(chunks)
        except TimeoutError:
            raise RequestRejected(408, "too slow") from None

    async def _handled(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it be handled; an error that nobody caught is logged without what was said."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the last one that can say so without its words
            reference = secrets.token_hex(4)
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("reference %s: %s\n%s", reference, type(error).__name__, where)
            if not started:
                said = f"something went wrong, reference {reference}"
                await PlainTextResponse(said, 500)(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once more, then what the server says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
