"""Health routes for load balancers, supervisors and Prometheus."""

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

SAMPLE_INTERVAL: Final = 10.0
"""Seconds between two samples of the gauges, which other workers read."""

TOKEN_CHECK_INTERVAL: Final = 300.0
"""Seconds between two checks of the token."""

Check = Callable[[], Awaitable[str]]
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Health:
    """The state of this process: the HTTP routes for probes and metrics.

    Args:
        services: of the process.
        content_state: returns which content is in use.
        check: returns why Slack refuses the token, else ""; None without a single token.
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
    started: float = field(default_factory=time.monotonic)

    def routes(self) -> list[Route]:
        """Return the routes /health, /ready and /metrics."""
        return [
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.exposition),
        ]

    async def health(self, _: Request) -> Response:
        """Respond while the process runs and its event loop isn't blocked."""
        return JSONResponse({"status": "ok", "seconds": round(time.monotonic() - self.started)})

    async def ready(self, _: Request) -> Response:
        """Respond with 200 if questions are answered, else with 503 and what is missing.

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
        """Respond with all metrics in Prometheus' format."""
        self.sample()
        return Response(self.services.metrics.exposition(), media_type=METRICS_CONTENT_TYPE)

    def sample(self) -> None:
        """Set the gauges to the present values."""
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
        """Sample gauges and check the token while the block runs, then report unready."""
        self.sample()
        async with background_tasks(
            run_periodically(SAMPLE_INTERVAL, self._sampled),
            run_periodically(TOKEN_CHECK_INTERVAL, self.check_token),
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
        problem = recorder.problem
        return f"{problem}: answers go on without memory" if problem else "ok"


def token_check(client: AsyncWebClient) -> Check:
    """Return a check of a client's token. A failing network isn't a refused token."""

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
