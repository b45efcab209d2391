"""What a load balancer, a supervisor and Prometheus ask: alive, ready, metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from faqbot.index.reloader import ReloadState, run_periodically
from faqbot.runtime.metrics import METRICS_CONTENT_TYPE, GaugeValues
from faqbot.runtime.tasks import background_tasks
from faqbot.slack.client import REFUSED, reason_of
from faqbot.slack.context import Services

SAMPLED: Final = 10.0
"""Seconds between two samples, for the other workers' share of the metrics."""

CHECKED: Final = 300.0
"""Seconds between two questions to Slack whether the token is good."""

Check = Callable[[], Awaitable[str]]
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Health:
    """What is known of this process.

    Args:
        services: of the process.
        content_state: returns which content is in use.
        check: asks Slack whether the token is valid; None where there is no single token.
        is_connected: whether the Socket Mode connection is open; None over HTTP.
        count_workspaces: returns how many workspaces are loaded.
    """

    services: Services
    content_state: Callable[[], ReloadState]
    check: Check | None = None
    is_connected: Callable[[], bool] | None = None
    count_workspaces: Callable[[], int] = lambda: 1
    slack: str = ""
    stopping: bool = False
    started: float = field(default_factory=time.time)

    def routes(self) -> list[Route]:
        """The three paths."""
        return [
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.exposition),
        ]

    async def health(self, _: Request) -> Response:
        """The process runs, and its event loop answers."""
        return JSONResponse({"status": "ok", "seconds": round(time.time() - self.started)})

    async def ready(self, _: Request) -> Response:
        """Whether questions are answered; 503 says what is missing.

        A database that is down doesn't make a process unready: questions are answered without it.
        """
        state = self.content_state()
        missing = [name for name, wrong in self._missing().items() if wrong]
        found: dict[str, Any] = {
            "ready": not missing,
            "content": {"version": state.version, "problems": state.count},
            "store": self._store(),
            "slack": self.slack or "ok",
        }
        if missing:
            found["missing"] = missing
        return JSONResponse(found, 503 if missing else 200)

    async def exposition(self, _: Request) -> Response:
        """What is counted and measured."""
        self.sample()
        return Response(self.services.metrics.exposition(), media_type=METRICS_CONTENT_TYPE)

    def sample(self) -> None:
        """Take down what is so now."""
        state, recorder = self.content_state(), self.services.recorder
        waiting = {
            "listeners": self.services.listeners.count,
            "calls": self.services.calls.waiting,
            "deliveries": self.services.claims.held,
            "records": recorder.queued if recorder else 0,
        }
        self.services.metrics.set_gauges(
            GaugeValues(
                waiting=waiting,
                store_up=recorder is not None and recorder.is_up,
                socket_connected=bool(self.is_connected and self.is_connected()),
                version=state.version,
                since=state.since.timestamp(),
                tried=state.tried.timestamp(),
                reloads=state.reloads,
                failures=state.failures,
                problems=state.count,
                workspaces=self.count_workspaces(),
            )
        )

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Take samples and check the token as long as the block runs; then this one stops."""
        self.sample()
        async with background_tasks(
            run_periodically(SAMPLED, self._sampled), run_periodically(CHECKED, self.check_token)
        ):
            try:
                yield
            finally:
                self.stopping = True

    async def _sampled(self) -> None:
        self.sample()

    async def check_token(self) -> None:
        """Ask Slack whether the token is valid; a refusal makes the process unready."""
        if self.check is None:
            return
        was, self.slack = self.slack, await self.check()
        if self.slack and not was:
            _log.error("Slack refuses the token (%s): install the app anew.", self.slack)

    def _missing(self) -> dict[str, bool]:
        return {
            "slack": bool(self.slack),
            "socket": self.is_connected is not None and not self.is_connected(),
            "stopping": self.stopping,
        }

    def _store(self) -> str:
        recorder = self.services.recorder
        if recorder is None:
            return "off"
        return "ok" if recorder.is_up else "down: answers go on without memory"


def token_check(client: AsyncWebClient) -> Check:
    """Asks Slack whether a client's token is good; a network that fails says nothing of it."""

    async def check() -> str:
        try:
            await client.auth_test()
        except SlackApiError as error:
            reason = reason_of(error)
            return reason if reason in REFUSED else ""
        except (aiohttp.ClientError, TimeoutError):
            return ""
        return ""

    return check
