"""A number for each delivery, which every line of the log about it bears."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from structlog.contextvars import bind_contextvars, clear_contextvars

_log = logging.getLogger(__name__)


def kind_of(body: dict[str, Any]) -> str:
    """What a delivery is: a command, the type of an event, or the type of an interaction."""
    event = body.get("event")
    found = body.get("command") or (event if isinstance(event, dict) else body).get("type")
    return found if isinstance(found, str) else "request"


def register(app: AsyncApp) -> None:
    """Bind the number to the context of each delivery; listeners inherit it."""

    @app.middleware
    async def traced(
        body: dict[str, Any], context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> None:
        clear_contextvars()
        bind_contextvars(
            request=secrets.token_hex(6), team=context.team_id or "", kind=kind_of(body)
        )
        await next_()


def log_handled(request: AsyncBoltRequest, seconds: float) -> None:
    """Tell the log that a delivery was handled."""
    del request  # its number, team and kind are bound
    _log.info("handled", extra={"seconds": round(seconds, 4)})
