"""Answers at all doors: a question is parsed beside the event loop, which goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from threading import Event
from typing import Any

import pytest
import pytest_asyncio

from faqbot.engine import Engine
from faqbot.model import Question
from tests.support.waiting import DEADLINE
from tests.web.conftest import Site, posted, serving_web

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = "https://careers.example.com"
HEADERS = {"Origin": ORIGIN, "Accept": "application/json, text/event-stream"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    async with serving_web(
        faqbot_api="on", faqbot_mcp="on", faqbot_widget_origins=ORIGIN
    ) as started:
        yield started


def call(tool: str, **arguments: object) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": "Which skills does a Data Analyst need?"}),
        ("/api/ask", {"question": "and the education?", "role": "qa engineers"}),
        ("/widget/ask", {"question": "What does a UX Designer do?"}),
        ("/mcp", call("ask", question="Which tools does a QA Engineer use?")),
        ("/mcp", call("describe_role", role="skills of a ux designer")),
        ("/mcp", call("compare", roles=["a data analyst", "qa-engineer"])),
    ],
)
async def test_requests_are_answered_while_a_question_is_parsed(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, body: object
) -> None:
    began, gate, prepare = Event(), Event(), Engine.prepare

    def wait(engine: Engine, questions: Sequence[str | Question]) -> None:
        began.set()
        assert gate.wait(DEADLINE)
        prepare(engine, questions)

    monkeypatch.setattr(Engine, "prepare", wait)
    headers = HEADERS if path != "/mcp" else {"Accept": HEADERS["Accept"]}
    asked = asyncio.create_task(posted(site, path, body, headers))
    assert await asyncio.to_thread(began.wait, DEADLINE)
    async with site.http.get("/api/roles") as response:
        assert response.status == 200
    assert not asked.done()
    gate.set()
    status, _ = await asked
    assert status == 200
