"""The MCP endpoint: streamable HTTP without sessions, for Slackbot and for other clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from slack_sdk.signature import SignatureVerifier
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from faqbot.model import Surface
from faqbot.runtime.web import SameOrigin
from faqbot.slack.http_endpoint import RequestRejected, read_body, signature_of
from faqbot.web.answers import Caller
from faqbot.web.limits import TOO_MANY, WebLimits, address_of
from faqbot.web.mcp_tools import Context, ToolSession, make_server
from faqbot.web.served import PublicContent, WorkspaceOf

MCP_PATH: Final = "/mcp"
MAX_BYTES: Final = 100_000
_SIGNED: Final = "faqbot.signed"
"""The key of an ASGI scope whose body Slack has signed."""

_INVALID_REQUEST: Final = -32600


class McpEndpoint:
    """Passes requests to the MCP server, those that Slack signed with the identity in them.

    Args:
        content: answers callers without an identity.
        workspace_of: finds the workspace of an identity.
        signing_secret: verifies that Slack sent a request; empty: nobody has an identity.
        limits: of callers without an identity.
    """

    def __init__(
        self,
        content: PublicContent,
        workspace_of: WorkspaceOf,
        signing_secret: str,
        limits: WebLimits,
    ) -> None:
        self._content = content
        self._workspace_of = workspace_of
        self._verifier = SignatureVerifier(signing_secret) if signing_secret else None
        self._limits = limits
        self._manager = StreamableHTTPSessionManager(
            make_server(self._session),
            json_response=True,
            stateless=True,
            max_request_body_size=MAX_BYTES,
        )
        self._site = SameOrigin(self._serve)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Accept requests while the block runs."""
        ready, finished = asyncio.Event(), asyncio.Event()

        async def run() -> None:
            async with self._manager.run():
                ready.set()
                await finished.wait()

        # In a task of its own: the manager's task group must end in the task that began it.
        task = asyncio.create_task(run())
        await ready.wait()
        try:
            yield
        finally:
            finished.set()
            await task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._content.services.metrics.web_request(Surface.MCP.value, message["status"])
            await send(message)

        await self._site(scope, receive, counted)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body, signed = await self._read(scope, receive)
        except RequestRejected as rejected:
            await _refusal(rejected)(scope, receive, send)
            return
        if body is None:
            return
        scope[_SIGNED] = signed
        await self._manager.handle_request(scope, _replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> tuple[bytes | None, bool]:
        """Return the body, and whether Slack signed it."""
        headers = Headers(scope=scope)
        if scope["method"] != "POST":
            # There are no sessions to listen to or to end.
            raise RequestRejected(405, "POST only")
        signed = "x-slack-signature" in headers or "x-slack-request-timestamp" in headers
        if not signed or self._verifier is None:
            if not self._limits.admits_request(address_of(scope)):
                raise RequestRejected(429, TOO_MANY)
            return _checked(await read_body(headers, receive, MAX_BYTES)), False
        signature, timestamp = signature_of(headers)
        body = await read_body(headers, receive, MAX_BYTES)
        if body is not None and not _is_signed(self._verifier, body, timestamp, signature):
            raise RequestRejected(401, "wrong signature")
        return _checked(body), True

    @asynccontextmanager
    async def _session(self, context: Context) -> AsyncIterator[ToolSession]:
        request = context.request
        scope = request.scope if isinstance(request, Request) else {}
        identity = _identity(context.params) if scope.get(_SIGNED) else None
        if identity is not None:
            enterprise, team, user = identity
            async with self._workspace_of(enterprise, team) as workspace:
                if workspace is not None:
                    audience = await workspace.audience_of(user)
                    limiter = workspace.context.services.limiter
                    yield ToolSession(
                        workspace.answers,
                        Caller(Surface.MCP, audience, user),
                        lambda: limiter.count(workspace.team, user),
                    )
                    return
        address = address_of(scope)
        yield ToolSession(
            self._content.answers,
            Caller(Surface.MCP),
            lambda: self._limits.refusal(Surface.MCP.value, address),
        )


def _is_signed(verifier: SignatureVerifier, body: bytes, timestamp: str, signature: str) -> bool:
    try:
        return verifier.is_valid(body, timestamp, signature)
    except UnicodeDecodeError:
        raise RequestRejected(400, "malformed") from None


def _checked(body: bytes | None) -> bytes | None:
    """Return a body if it is JSON in UTF-8 that can be parsed; the SDK logs others as errors."""
    if body is not None:
        try:
            json.loads(body.decode())
        except (ValueError, RecursionError):
            raise RequestRejected(400, "malformed") from None
    return body


def _identity(params: Mapping[str, Any] | None) -> tuple[str, str, str] | None:
    """Return the organisation, team and user that Slack names in a call; None if it names none."""
    meta = (params or {}).get("_meta")
    slack = meta.get("slack") if isinstance(meta, Mapping) else None
    if not isinstance(slack, Mapping):
        return None
    enterprise, team, user = (slack.get(f"{name}_id") for name in ("enterprise", "team", "user"))
    if not (isinstance(team, str) and isinstance(user, str) and team and user):
        return None
    return enterprise if isinstance(enterprise, str) else "", team, user


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver of a body that was read, and then of what else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _refusal(rejected: RequestRejected) -> Response:
    headers = {"Allow": "POST"} if rejected.status == 405 else {}  # noqa: PLR2004
    if rejected.status == 429:  # noqa: PLR2004
        headers = {"Retry-After": "60"}
    error = {"code": _INVALID_REQUEST, "message": rejected.reason}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, rejected.status, headers)
