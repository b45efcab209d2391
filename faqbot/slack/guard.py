"""What stands in front of Bolt over HTTP: only what Slack signed, in a size and form it sends."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 1_000_000
CLOCK_SKEW: Final = 300
PATIENCE: Final = 10.0
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_STRIPPED: Final = b"x-slack-bolt-"


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Guard:
    """Lets signed requests through and refuses everything else before Bolt reads it.

    Args:
        app: what comes after.
        signing_secret: what Slack signs with.
        clock: seconds since 1970.
    """

    def __init__(
        self, app: ASGIApp, signing_secret: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._app = app
        self._secret = signing_secret.encode()
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            body = await self._body(headers, receive)
            if body is None:
                return
            self._check_signature(headers, body)
            _check_form(headers.get("content-type", ""), body)
        except _Refused as refused:
            answer = PlainTextResponse(refused.reason, refused.status)
            await answer(scope, receive, send)
            return
        kept = [pair for pair in scope["headers"] if not pair[0].lower().startswith(_STRIPPED)]
        await self._app({**scope, "headers": kept}, _replay(body, receive), send)

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """The whole body, at most a megabyte; None when the client went away."""
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise _Refused(400, "bad content-length")
        if len(length) > 9 or int(length) > MOST_BYTES:  # noqa: PLR2004
            raise _Refused(413, "too large")
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
                        raise _Refused(413, "too large")
                    if not message.get("more_body"):
                        return b"".join(chunks)
        except TimeoutError:
            raise _Refused(408, "too slow") from None

    def _check_signature(self, headers: Headers, body: bytes) -> None:
        stamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if not (_TIMESTAMP.fullmatch(stamp) and _SIGNATURE.fullmatch(signature)):
            raise _Refused(401, "not signed")
        if abs(self._clock() - int(stamp)) > CLOCK_SKEW:
            raise _Refused(401, "signed too long ago, or the clocks differ")
        signed = hmac.new(self._secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
        if not hmac.compare_digest(signed.hexdigest(), signature.removeprefix("v0=")):
            raise _Refused(401, "wrong signature")


def _check_form(content_type: str, body: bytes) -> None:
    """Refuse what Bolt would fail on: no UTF-8, no JSON object, JSON that nests too deep."""
    try:
        text = body.decode()
        if content_type.partition(";")[0].strip().lower() == "application/json":
            payload = json.loads(text)
        else:
            payload = json.loads((parse_qs(text).get("payload") or ["{}"])[0])
    except (ValueError, RecursionError):
        raise _Refused(400, "malformed") from None
    if not isinstance(payload, dict):
        raise _Refused(400, "malformed")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once more, then what the server says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
