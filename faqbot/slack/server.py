"""The HTTP server: one path for events, commands and interactivity."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from faqbot.errors import ServiceError
from faqbot.slack.guard import Guard

PATH: Final = "/slack/events"
_GRACE: Final = 5


def asgi(app: AsyncApp, signing_secret: str) -> Starlette:
    """The Bolt app behind its guard as an ASGI application."""
    handler = AsyncSlackRequestHandler(app)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(
        routes=[Route(PATH, events, methods=["POST"])],
        middleware=[Middleware(Guard, signing_secret=signing_secret)],
    )


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
        listener.listen(512)
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
    """A server that leaves the signals to its owner, who has more to wait for than requests."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
