"""Bodies that neither the page nor an app sends: the local workspace refuses them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from faqbot.playground.models import Setup, Timing
from faqbot.playground.workspace import LocalWorkspace
from tests.support.waiting import DEADLINE

SETUP = Setup()
METHODS = (
    "auth.test", "chat.postMessage", "chat.update", "chat.postEphemeral", "views.open",
    "views.publish", "views.update", "users.info", "conversations.replies", "conversations.info",
    "files.getUploadURLExternal", "assistant.threads.setSuggestedPrompts", "no.such.method",
)  # fmt: skip
DOES = ("say", "command", "act", "submit", "close", "shortcut", "open_home", "open_dm", "nothing")
NAMES = (
    "as", "do", "channel", "text", "thread", "command", "view", "ts", "block", "action", "option",
    "value", "values", "everything", "shortcut", "user", "user_id", "blocks", "trigger_id",
    "view_id", "limit", "cursor", "thread_ts", "metadata", "length", "filename", "prompts",
)  # fmt: skip
KNOWN = ("maya", "C0GENERAL", "U0MAYA001", "D0MAYA001", "save-faq", "/faq", "1.2", "text")
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(KNOWN)
ANY = st.recursive(
    LEAVES | st.text(st.characters(), max_size=20) | st.just("\ud800") | st.just("x" * 50_000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(("section", "actions", "input", "context", "header"))},
    optional={"text": ANY, "elements": ANY, "element": ANY, "fields": ANY, "block_id": ANY},
)
ASKED = st.dictionaries(st.sampled_from(NAMES), ANY | st.lists(BLOCK, max_size=2), max_size=8)
EASY = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Local:
    """A workspace without a network, called as a server calls it."""

    runner: asyncio.Runner
    app: ASGIApp

    def post(self, path: str, body: bytes, content_type: str = "application/json") -> int:
        return self.runner.run(self._post(path, body, content_type))

    async def _post(self, path: str, body: bytes, content_type: str) -> int:
        statuses: list[int] = []
        headers = {
            "host": "127.0.0.1",
            "content-type": content_type,
            "authorization": f"Bearer {SETUP.bot_token}",
            "x-faqbot-page": "1",
        }
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("127.0.0.1", 80),
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            statuses.append(message.get("status", 0))

        async with asyncio.timeout(DEADLINE):
            await self.app(scope, receive, send)
        return statuses[0]


@pytest.fixture(scope="module")
def local() -> Iterator[Local]:
    with asyncio.Runner() as runner:

        async def made() -> LocalWorkspace:
            return LocalWorkspace(SETUP, Timing(ack_deadline=0.01))

        workspace = runner.run(made())
        yield Local(runner, workspace.asgi())
        runner.run(workspace.close())


def encoded(asked: Any) -> bytes:
    return json.dumps(asked).encode()


@EASY
@given(does=st.sampled_from(DOES), asked=ASKED)
def test_actions_that_the_page_does_not_send_are_refused(
    local: Local, does: str, asked: dict[str, Any]
) -> None:
    body = encoded({"as": "maya", "channel": "C0GENERAL", "text": "x", **asked, "do": does})
    assert local.post("/page/do", body) in (200, 400, 413)


@EASY
@given(method=st.sampled_from(METHODS), asked=ASKED)
def test_calls_that_no_app_makes_are_refused(
    local: Local, method: str, asked: dict[str, Any]
) -> None:
    given = {"channel": "C0GENERAL", "text": "x", "user": "U0MAYA001", **asked}
    assert local.post(f"/api/{method}", encoded(given)) == 200


BROKEN = (b"", b"{", b"[", b"\xff", b"[" * 100_000, b'{"a":' * 50_000, b"null", b"[]", b"9" * 5_000)
PATHS = ("/page/do", "/api/chat.postMessage", "/response/token", "/upload/F1")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "é"])
def test_broken_bodies_are_refused(local: Local, path: str, body: bytes, kind: str) -> None:
    assert local.post(path, body, kind) < 500
