"""A service with MCP, the HTTP API and the widget, in a local workspace."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest_asyncio
from pydantic import SecretStr

from faqbot.playground.workspace import LocalWorkspace
from faqbot.runtime.metrics import Metrics
from faqbot.runtime.rate_limit import TokenBuckets
from faqbot.runtime.web import Server, background_server, listen
from faqbot.settings.models import Settings
from faqbot.slack.app import create_app
from faqbot.slack.client import web_client
from faqbot.slack.context import AppContext, Services
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.middleware.rate_limit import QuestionLimiter
from faqbot.storage.recorder import QuestionRecorder
from faqbot.web.site import workspace_routes
from tests.slack.conftest import LOADED, QUICK, SETUP, make_engine


@dataclass(frozen=True)
class Site:
    """A service, its address, and the workspace that it belongs to."""

    address: str
    workspace: LocalWorkspace
    services: Services
    http: aiohttp.ClientSession

    def signed(self, body: bytes, *, at: float | None = None) -> dict[str, str]:
        """Return the headers with which Slack signs a body."""
        timestamp = str(int(time.time() if at is None else at))
        base = b"v0:" + timestamp.encode() + b":" + body
        secret = self.workspace.signing_secret.encode()
        return {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={hmac.new(secret, base, hashlib.sha256).hexdigest()}",
        }

    def metric(self, name: str) -> float:
        """Return the value of a metric, named as it is exposed; 0 if it isn't there."""
        for line in self.services.metrics.exposition().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0


@asynccontextmanager
async def serving_web(
    recorder: QuestionRecorder | None = None,
    owners: str = "",
    per_user: int = 0,
    per_key: int = 0,
    **chosen: Any,
) -> AsyncIterator[Site]:
    """Serve the test content with some settings; questions are unlimited unless it is said."""
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    engine = await asyncio.to_thread(make_engine)
    metrics = Metrics()
    limiter = QuestionLimiter(TokenBuckets(per_user), TokenBuckets(), metrics.limited)
    services = Services(limiter=limiter, metrics=metrics, recorder=recorder)
    context = AppContext(engine, lambda: LOADED, services, default_owner=owners)
    async with (
        LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace,
        web_client(workspace.bot_token, workspace.api_url) as client,
        aiohttp.ClientSession(base_url=address) as http,
    ):
        settings = Settings(
            slack_bot_token=SecretStr(workspace.bot_token),
            slack_signing_secret=SecretStr(workspace.signing_secret),
            faqbot_rate_limit_user=per_user,
            faqbot_rate_limit_workspace=per_key,
            **chosen,
        )
        app = create_app(context, client)
        async with workspace_routes(settings, context, client) as routes:
            site = asgi(app.async_dispatch, workspace.signing_secret, routes, metrics.request)
            async with background_server(Server(site, "127.0.0.1"), listener):
                workspace.deliver_to(f"{address}{PATH}")
                yield Site(address, workspace, services, http)
                await services.listeners.drain()
                assert workspace.problems() == ()
    listener.close()


async def posted(
    site: Site, path: str, body: object, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Post JSON; the status and the JSON of the response."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"}
    async with site.http.post(path, data=data, headers={**kind, **(headers or {})}) as response:
        return response.status, await response.json(content_type=None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def memory(tmp_path_factory: Any) -> AsyncIterator[QuestionRecorder]:
    """A recorder with a database."""
    folder = tmp_path_factory.mktemp("store")
    async with QuestionRecorder(f"sqlite:///{folder}/faqbot.db").running() as made:
        yield made
