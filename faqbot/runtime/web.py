"""The HTTP server: one path for events, commands and interactivity."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from faqbot.errors import ServiceError
from faqbot.runtime.web__headers import SafeHeaders, safe_headers
from faqbot.slack.http_endpoint import REQUEST, Guard
from faqbot.slack.middleware.deduplication import Dispatch

PATH: Final = "/slack/events"
_GRACE: Final = 5
_BACKLOG: Final = 512


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
    guard = Guard(_Events(dispatch, seen), signing_secret, seen=seen)
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


def listen(host: str, port: int) -> socket.socket:
    """Take a port before anything else starts.

    Raises:
        ServiceError: the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ServiceError(_advice(host, port, error)) from None
    listener.setblocking(False)
    return listener


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: stop what listens there, or set PORT to another one."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights: set PORT to a number above 1023."
    return f"Can't listen on {host}:{port} ({error.strerror}): set PORT and FAQBOT_HOST."


class Server(uvicorn.Server):
    """A server that leaves the signals to its owner, who has more to wait for than requests.

    Args:
        app: what answers.
        proxies: addresses and networks whose forwarded headers are believed, by commas.
    """

    def __init__(self, app: ASGIApp, proxies: str = "") -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies,
                backlog=_BACKLOG,
                timeout_graceful_shutdown=_GRACE,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextlib.asynccontextmanager
async def served(server: Server, listener: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve as long as the block runs; then no new requests, and those under way are answered."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield serving
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
