from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.playground.models import DEFAULT_EVENTS, DEFAULT_SCOPES, Setup, Timing
from faqbot.playground.workspace import LocalWorkspace
from tests.support.waiting import DEADLINE

QUICK = Timing(ack_deadline=0.4, retry_delays=(0.0, 0.02, 0.04))


@dataclass
class Received:
    """One request that the app under delivery got."""

    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]


@dataclass
class Receiver:
    """A tiny app behind HTTP: it records, and answers what the test says."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], Awaitable[web.Response]] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = _parsed(raw, request.content_type)
        self.received.append(Received(dict(request.headers), raw, body))
        if self.answer is not None:
            return await self.answer(body)
        return web.Response()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [r.body["event"] for r in self.received if "event" in r.body]


def _parsed(raw: bytes, content_type: str) -> dict[str, Any]:
    if content_type == "application/json":
        return dict(json.loads(raw))
    form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
    return dict(json.loads(form["payload"])) if "payload" in form else dict(form)


@pytest.fixture
async def workspace() -> AsyncIterator[LocalWorkspace]:
    setup = Setup(
        scopes=DEFAULT_SCOPES | {"channels:history", "users:read", "files:write"},
        events=DEFAULT_EVENTS | {"message.channels"},
    )
    async with LocalWorkspace.start(setup=setup, timing=QUICK) as started:
        yield started


@pytest.fixture
def client(workspace: LocalWorkspace) -> AsyncWebClient:
    return AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
async def receiver(workspace: LocalWorkspace) -> AsyncIterator[Receiver]:
    recorder = Receiver()
    app = web.Application()
    app.router.add_post("/slack/events", recorder.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    workspace.deliver_to(recorder.url)
    yield recorder
    await asyncio.wait_for(runner.cleanup(), DEADLINE)
