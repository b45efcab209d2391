"""MCP over standard streams, and in a service of many workspaces."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr
from starlette.applications import Starlette

from faqbot.matching.conversations import ConversationMemory
from faqbot.settings.models import Settings
from faqbot.web.served import PublicContent
from faqbot.web.site import web_routes
from faqbot.workspaces.server import PinnedContentUser, workspaces_of
from tests.slack.many import PERSON, WORD, A, B, C, Many, many

ROOT = Path(__file__).parents[2]
FAQBOT = (sys.executable, "-c", "from faqbot.cli.main import main; main()", "mcp")
_NAMED = {"name": "test", "version": "1"}
CASHIER = """\
role: cashier
title: Cashier
sections:
  skills: {required: [Friendliness]}
"""
CLERK = """\
role: clerk
title: Clerk
owner: "@people"
sections:
  overview: >-
    A {role} keeps [books](https://www.example.com/books), reads [the wiki](http://wiki/clerks),
    and is reached at <mailto:clerk@example.com> or [nearby](https://10.0.0.1/desk).
  skills: {required: [Arithmetic]}
faqs:
  - id: safe
    question: Where is the key of the safe?
    answer: Under the mat.
    audience: employees
"""


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("knowledge")
    (folder / "clerk.yaml").write_text(CLERK, encoding="utf-8")
    (folder / "cashier.yaml").write_text(CASHIER, encoding="utf-8")
    return folder


def started(knowledge: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=FAQBOT[0],
        args=[*FAQBOT[1:], "--knowledge", str(knowledge)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def test_official_client_asks_over_standard_streams(knowledge: Path) -> None:
    async with Client(stdio_client(started(knowledge))) as client:
        answer = await client.call_tool("ask", {"question": "skills of a clerk"})
        assert answer.structured_content["outcome"] == "answer"
        assert "- Arithmetic" in str(answer.content)
        assert "@people" not in str(answer)
        choices = await client.call_tool("ask", {"question": "which skills?"})
        assert choices.structured_content["outcome"] == "choices"
        picked = choices.structured_content["entries"][0]["id"]
        shown = await client.call_tool("ask", {"question": "that one", "entry": picked})
        assert shown.structured_content["entries"][0]["id"] == picked
        declined = await client.call_tool("ask", {"question": "Will it rain tomorrow?"})
        assert declined.structured_content["outcome"] == "decline"
        hidden = await client.call_tool("ask", {"question": "Where is the key of the safe?"})
        assert "mat" not in str(hidden)
        # One link to anything but a public https address would cost all blocks of a result.
        links = await client.call_tool("ask", {"question": "overview of a clerk"})
        blocks = json.dumps((links.meta or {})["slack"]["blocks"])
        assert re.findall(r'"url": "([^"]+)"', blocks) == ["https://www.example.com/books"]
        for text in ("the wiki (http://wiki/clerks)", "clerk@example.com", "nearby (https://10."):
            assert text in blocks


def test_garbage_on_standard_input_neither_ends_the_server_nor_reaches_its_output(
    knowledge: Path,
) -> None:
    """Between garbage, somebody asks for whom `--audience employees` is given."""
    garbage = [b"", b"{", b"\xff\xfe", b"[" * 10_000, b"9" * 5_000, b'"x"', b'{"jsonrpc": "2.0"}']
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": _NAMED}
    asked = {"name": "ask", "arguments": {"question": "Where is the key of the safe?"}}
    calls: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": client},
        {"method": "notifications/initialized"},
        {"id": 7, "method": "tools/call", "params": asked},
    ]
    lines = [json.dumps({"jsonrpc": "2.0", **call}).encode() for call in calls]
    ran = subprocess.run(
        [*FAQBOT, "--knowledge", str(knowledge), "--audience", "employees"],
        input=b"\n".join([*garbage, *lines, *garbage, b""]),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 0
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    (answer,) = [one for one in said if one.get("id") == 7]
    assert "Under the mat." in answer["result"]["content"][0]["text"]
    assert b"Traceback" not in ran.stderr


@asynccontextmanager
async def client_in(served: Many, app: Starlette, team: str) -> AsyncIterator[Client]:
    """The official client as Slackbot of a team, or of nobody."""

    async def sign(request: httpx2.Request) -> None:
        if not team:
            return
        timestamp = str(int(time.time()))
        base = b"v0:" + timestamp.encode() + b":" + request.content
        digest = hmac.new(b"secret", base, hashlib.sha256).hexdigest()
        request.headers["X-Slack-Request-Timestamp"] = timestamp
        request.headers["X-Slack-Signature"] = f"v0={digest}"

    async with (
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), event_hooks={"request": [sign]}
        ) as http,
        Client(streamable_http_client("http://faqbot/mcp", http_client=http)) as client,
    ):
        yield client


async def test_slackbot_of_each_workspace_gets_that_workspaces_content(tmp_path: Path) -> None:
    settings = Settings(
        slack_signing_secret=SecretStr("secret"),
        slack_client_id="1",
        slack_client_secret=SecretStr("2"),
        faqbot_secret_keys=SecretStr("k"),
        faqbot_public_url="https://x.example.com",
        faqbot_mcp="on",
    )
    async with many(tmp_path) as served:
        default = await served.shelf.pin(str(served.folder / WORD[C]))
        engine = default.engine(PinnedContentUser(), ConversationMemory(time.monotonic))
        public = PublicContent(engine, served.services)
        async with web_routes(settings, public, workspaces_of(served.workspaces)) as routes:
            app = Starlette(routes=routes)

            async def asked(team: str, named: str = "") -> str:
                meta: Any = {"slack": {"team_id": named or team, "user_id": PERSON}}
                async with client_in(served, app, team) as client:
                    found = await client.call_tool(
                        "ask", {"question": "skills of a pilot"}, meta=meta
                    )
                    return str(found.content)

            for team in (A, B, C):
                assert WORD[team] in await asked(team)
                assert [call.token for call in served.api.of(team)] == [f"xoxb-{team}"]
            # Not installed there, and not signed: the default content.
            assert WORD[C] in await asked("T0NOWHERE")
            assert WORD[C] in await asked("", named=A)
            await served.finished()
