"""HTTP endpoint for Slack: checks signature and size, parses the payload, and calls Bolt."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from typing import Final

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from faqbot.runtime.logs import log_error
from faqbot.runtime.web import SafeHeaders, safe_headers
from faqbot.slack.payload_parser import Dispatch, MalformedPayload, parse_request

PATH: Final = "/slack/events"
MAX_BYTES: Final = 1_000_000
MAX_CLOCK_SKEW: Final = 300
BODY_TIMEOUT: Final = 10.0
"""Seconds that a client has to send the body."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_SINGLE_HEADERS: Final = (
    "x-slack-signature",
    "x-slack-request-timestamp",
    "content-type",
    "content-length",
    "transfer-encoding",
)
"""Headers of which a proxy could read another one than this endpoint if they came twice."""

_log = logging.getLogger(__name__)


def asgi(
    dispatch: Dispatch,
    signing_secret: str,
    routes: Sequence[BaseRoute] = (),
    on_response: Callable[[int], None] = lambda _: None,
) -> ASGIApp:
    """Return the ASGI application of the service: Slack's endpoint, and other routes.

    Args:
        dispatch: handles a request that Slack sent.
        signing_secret: verifies that Slack sent a request.
        routes: the other paths.
        on_response: called with the status of each response to Slack.
    """
    endpoint = SlackEndpoint(dispatch, signing_secret, on_response=on_response)
    others = SafeHeaders(Starlette(routes=list(routes)), safe_headers({}))

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        to_slack = scope["type"] == "http" and scope["path"] == PATH
        await (endpoint if to_slack else others)(scope, receive, send)

    return site


class RequestRejected(Exception):  # noqa: N818 - endpoints turn it into a response
    """A request that is refused: the status of the response, and the reason in a few words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class SlackEndpoint:
    """Passes signed requests to Bolt and rejects everything else before Bolt reads it.

    Bolt would read a body of any size before it verifies the signature, and answers a body that
    isn't JSON with 500.

    Args:
        dispatch: handles a request.
        signing_secret: verifies that Slack sent a request.
        on_response: called with the status of each response.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        signing_secret: str,
        on_response: Callable[[int], None] = lambda _: None,
    ) -> None:
        if not signing_secret:
            raise ValueError("without a signing secret everybody could sign")
        self._dispatch = dispatch
        self._verifier = SignatureVerifier(signing_secret)
        self._on_response = on_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            request = await self._request(scope, receive)
        except RequestRejected as rejected:
            headers = {"Allow": "POST"} if rejected.status == 405 else {}  # noqa: PLR2004
            response: Response = PlainTextResponse(rejected.reason, rejected.status, headers)
        else:
            if request is None:
                return
            response = await self._response(request)
        self._on_response(response.status_code)
        await response(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive) -> AsyncBoltRequest | None:
        """The parsed request; None when the client went away."""
        if scope["method"] != "POST":
            raise RequestRejected(405, "POST only")
        headers = Headers(scope=scope)
        # Headers first: a client without a signature can't make this process read a body.
        signature, timestamp = signature_of(headers)
        body = await read_body(headers, receive)
        if body is None:
            return None
        try:
            # Over the bytes as they came: decoded and encoded again they may differ.
            if not self._verifier.is_valid(body, timestamp, signature):
                raise RequestRejected(401, "wrong signature")
            return parse_request(body, headers)
        except (MalformedPayload, UnicodeDecodeError):
            raise RequestRejected(400, "malformed") from None

    async def _response(self, request: AsyncBoltRequest) -> Response:
        """Call Bolt. An uncaught error is logged without the payload."""
        try:
            answer = await self._dispatch(request)
        except Exception as error:  # noqa: BLE001 - uvicorn would log it with its message
            reference = log_error(_log, error)
            return PlainTextResponse(f"something went wrong, reference {reference}", 500)
        headers = answer.first_headers_without_set_cookie()
        return Response(answer.body, answer.status, headers)


def signature_of(headers: Headers) -> tuple[str, str]:
    """Return the signature and the timestamp, before the body is read.

    Raises:
        RequestRejected: they are missing, malformed, too old, or there twice.
    """
    if any(len(headers.getlist(name)) > 1 for name in _SINGLE_HEADERS):
        raise RequestRejected(400, "a header that comes twice")
    timestamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
        raise RequestRejected(401, "not signed")
    # The verifier checks this too, but only after the whole body has been read.
    if abs(time.time() - int(timestamp)) > MAX_CLOCK_SKEW:
        raise RequestRejected(401, "signed too long ago, or the clocks differ")
    return signature, timestamp


async def read_body(headers: Headers, receive: Receive, most: int = MAX_BYTES) -> bytes | None:
    """Return the whole body; None when the client went away.

    Raises:
        RequestRejected: it is larger than `most` bytes, slow, or of two lengths.
    """
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise RequestRejected(400, "bad content-length")
    if "content-length" in headers and "transfer-encoding" in headers:
        raise RequestRejected(400, "a length and chunks")
    if len(length) > 9 or int(length) > most:  # noqa: PLR2004
        raise RequestRejected(413, "too large")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                # A body in chunks announces no length, so what has come is counted as well.
                if size > most:
                    raise RequestRejected(413, "too large")
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise RequestRejected(408, "too slow") from None
