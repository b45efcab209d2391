"""Middleware that Bolt calls with the request and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

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
