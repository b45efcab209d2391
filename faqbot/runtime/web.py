"""The web server: a bound port, uvicorn in a task, security headers, same-origin checks."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from faqbot.errors import ServiceError
from faqbot.runtime.http_limits import LOCAL_LIMITS, ConnectionRefusal, RequestLimits
from faqbot.runtime.http_protocol import OpenConnections

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
"""Names by which only this machine reaches a page."""

_DIRECTIVES: Final = ("default-src", "base-uri", "form-action", "frame-ancestors")
_FIXED_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    ),
    "Cache-Control": "no-store",
}
_HSTS: Final = "max-age=31536000"


def safe_headers(policy: Mapping[str, str], *, https: bool = False) -> dict[str, str]:
    """Return the security headers of a page.

    Args:
        policy: directives of the Content-Security-Policy. All others forbid everything.
        https: whether browsers have to use HTTPS for this host from now on.
    """
    directives = {**dict.fromkeys(_DIRECTIVES, "'none'"), **policy}
    content = "; ".join(f"{name} {sources}" for name, sources in directives.items())
    hsts = {"Strict-Transport-Security": _HSTS} if https else {}
    return {"Content-Security-Policy": content, **_FIXED_HEADERS, **hsts}


class SafeHeaders:
    """ASGI middleware that adds headers to every response."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and add the headers to its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class IgnoreResets:
    """ASGI middleware that drops what is sent over a connection that has just been closed.

    Between a reset and the moment when uvicorn is told of it uvloop raises an error
    (https://github.com/MagicStack/uvloop/issues/506), which uvicorn would log with a traceback.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""

        async def send_if_open(message: Message) -> None:
            try:
                await send(message)
            except RuntimeError as error:
                if _CLOSED not in str(error):
                    raise

        await self._app(scope, receive, send_if_open)


_CLOSED: Final = "the handler is closed"
_SHUTDOWN_TIMEOUT: Final = 5
_BACKLOG: Final = 512


def listen(host: str, port: int) -> socket.socket:
    """Bind a port, so that a taken one is an error before anything else starts.

    Raises:
        ServiceError: the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # Without it, a restart fails while old connections are in TIME_WAIT.
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


def _protocol(
    limits: RequestLimits, on_refused: Callable[[ConnectionRefusal], None] = lambda _: None
) -> Any:
    # uvicorn calls it for each connection; that it wants a class is only how it says so.
    return OpenConnections(limits, on_refused).protocol


class Server(uvicorn.Server):
    """A uvicorn server without signal handlers: at the end its caller waits for more than requests.

    Args:
        app: the application.
        trusted_proxies: addresses and networks whose forwarded headers are trusted, separated by
            commas.
        limits: of connections and requests.
        on_refused: called for each connection or request beyond the limits.
    """

    def __init__(
        self,
        app: ASGIApp,
        trusted_proxies: str = "",
        limits: RequestLimits | None = None,
        on_refused: Callable[[ConnectionRefusal], None] = lambda _: None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                IgnoreResets(app),
                http=_protocol(limits or RequestLimits(), on_refused),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=trusted_proxies,
                backlog=_BACKLOG,
                timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no signal handlers."""
        yield


@contextlib.asynccontextmanager
async def background_server(
    server: Server, listener: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve while the block runs; at its end, refuse new requests and finish the running ones."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield serving
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_CROSS_SITE: Final = "This request comes from another site's page."


class SameOrigin:
    """ASGI middleware that refuses unsafe requests from other sites' pages (CSRF).

    Programs that aren't browsers send neither Origin nor Sec-Fetch-Site, and are let through.

    Args:
        app: the application.
        unsafe_paths: prefixes of paths where a GET changes something too.
    """

    def __init__(self, app: ASGIApp, unsafe_paths: Sequence[str] = ()) -> None:
        self._app = app
        self._unsafe_paths = tuple(unsafe_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, or respond with status 403."""
        if (
            scope["type"] in ("http", "websocket")
            and self._is_unsafe(scope)
            and _is_cross_site(scope)
        ):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse(_CROSS_SITE, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_unsafe(self, scope: Scope) -> bool:
        if scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS:
            return True
        return bool(self._unsafe_paths) and scope["path"].startswith(self._unsafe_paths)


def _is_cross_site(scope: Scope) -> bool:
    """Whether a browser declares that a page of another origin sends the request."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None and scope["type"] == "http":
        # Browsers send "none" for what the user started, such as a bookmark or a typed address.
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


class LocalServer(uvicorn.Server):
    """A uvicorn server for the local workspace: ready at once, and no work while nobody asks."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_protocol(LOCAL_LIMITS),
                ws="websockets-sansio",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                ws_ping_interval=None,
                # Longer than clients keep a connection: an upload on one that is just being
                # closed would fail, and isn't repeated.
                timeout_keep_alive=60,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self.ready = asyncio.Event()
        self.stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Wait for the end; uvicorn's own loop would wake up ten times a second."""
        await self.stopped.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def abort_sockets(self) -> None:
        """Close all web sockets without a closing handshake."""
        for connection in tuple(self.server_state.connections):
            if "websockets" in type(connection).__module__ and connection.transport is not None:
                connection.transport.abort()
