"""Requests that are signed, but not as Slack makes them: refused or ignored, never an error.

`make fuzz` runs these with many more examples.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from faqbot.playground.delivery import signed_headers
from faqbot.playground.workspace import LocalWorkspace
from faqbot.slack.app import create_app
from faqbot.slack.client import web_client
from faqbot.slack.context import AppContext, Services
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.storage.models import Handoff, utc_now
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import new_id
from tests.slack.conftest import LOADED, SETUP, make_engine
from tests.slack.hostile import (
    ACTIONS,
    COMMANDS,
    FORM,
    HOSTILE,
    JSON,
    TEXTS,
    changed,
    clicked,
    command,
    encoded,
    payloads,
    said,
)
from tests.support.waiting import DEADLINE

SECRET = SETUP.signing_secret
"""Seconds that any request may take; Slack waits for three."""


@dataclass
class Answered:
    """What an app answered to a request."""

    status: int = 0
    body: bytes = b""


@dataclass
class App:
    """The whole app behind its HTTP endpoint, called as a server calls it."""

    runner: asyncio.Runner
    asgi: ASGIApp
    services: Services
    known: tuple[str, ...] = ()
    thread: str = ""
    records: list[logging.LogRecord] = field(default_factory=list)

    def post(
        self, body: bytes, content_type: str = JSON, headers: dict[str, str] | None = None
    ) -> Answered:
        """Post a signed body, wait for all that it starts, and look at what was logged."""
        self.records.clear()
        answered = self.runner.run(self._post(body, content_type, headers or {}))
        for record in self.records:
            text = record.getMessage()
            assert record.levelno < logging.ERROR or ": SlackApiError (" in text, text
            assert "invalid_blocks" not in text, text
            assert record.exc_info is None, text
        return answered

    async def _post(self, body: bytes, content_type: str, headers: dict[str, str]) -> Answered:
        signed = signed_headers(SECRET, body, int(time.time()))
        sent = {**signed, "Content-Type": content_type, **headers}
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()]
        return await call(self.asgi, raw, body, self.services)


async def call(
    app: ASGIApp,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    services: Services | None = None,
    method: str = "POST",
) -> Answered:
    """Call an ASGI app with one request."""
    answered = Answered()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
        else:
            answered.body += message.get("body", b"")

    async with asyncio.timeout(DEADLINE):
        await app(scope, receive, send)
        if services is not None:
            assert await services.listeners.drain(DEADLINE)
    return answered


class _Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("hostile")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        handler = _Kept()
        logging.getLogger().addHandler(handler)
        try:
            started = runner.run(_start(stack, folder, runner))
            handler.records = started.records
            yield started
        finally:
            logging.getLogger().removeHandler(handler)
            runner.run(stack.aclose())


async def _start(stack: AsyncExitStack, folder: Path, runner: asyncio.Runner) -> App:
    workspace = await stack.enter_async_context(LocalWorkspace.start(setup=SETUP))
    client = await stack.enter_async_context(web_client(SETUP.bot_token, workspace.api_url))
    memory = QuestionRecorder(f"sqlite+aiosqlite:///{folder / 'faqbot.db'}")
    await stack.enter_async_context(memory.running())
    services = Services(recorder=memory)
    app_context = AppContext(make_engine(), lambda: LOADED, services, default_owner="C0GENERAL")
    made = create_app(app_context, client)
    started = App(runner, asgi(made.async_dispatch, SECRET), services)
    started.thread = await workspace.person("maya").say("#general", "Hello")
    question = urlencode(command("/faq", "data analyst skills"))
    answered = await started._post(question.encode(), FORM, {})
    assert answered.status == 200
    async with memory.store() as store:
        (receipt,) = await store.questions.all(QuestionFilter())
        handed = Handoff(
            new_id(), SETUP.team_id, receipt.id, "What?", "U0MAYA001", "C0GENERAL", "", "",
            created=utc_now(), changed=utc_now(),
            notice_channel="C0GENERAL", notice_ts=started.thread,
        )  # fmt: skip
        await store.handoffs.add(handed)
    started.known = (receipt.id, f"up {receipt.id}", f"down {receipt.id}", handed.id)
    return started


EASY = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEWER = settings(EASY, max_examples=EASY.max_examples * 2 // 5)


@FEWER
@given(data=st.data())
def test_changed_payloads_are_refused_or_ignored(app: App, data: st.DataObject) -> None:
    payload = data.draw(changed(payloads(app.known, app.thread)))
    assert app.post(*encoded(payload)).status in (200, 400, 404)


@FEWER
@given(data=st.data())
def test_unusual_but_well_formed_payloads_are_acknowledged(app: App, data: st.DataObject) -> None:
    payload = data.draw(payloads(app.known, app.thread))
    nul = "\\u0000" in json.dumps(payload.get("view"))  # databases bear none
    assert app.post(*encoded(payload)).status in ((400,) if nul else (200, 404))


@pytest.mark.parametrize("action", [one for one in ACTIONS if ":" in one])
def test_a_click_that_fails_at_once_is_acknowledged_at_once(app: App, action: str) -> None:
    began = time.thread_time()
    assert app.post(*encoded(clicked(action, "", app.thread))).status == 200
    assert time.thread_time() - began < 2.5  # Bolt would wait for three seconds


FIELDS = st.sampled_from(("text", "user_id", "team_id", "channel_id", "command", "payload"))


@EASY
@given(
    name=st.sampled_from(COMMANDS),
    text=st.sampled_from(TEXTS) | st.text(),
    more=st.lists(st.tuples(FIELDS, st.sampled_from(HOSTILE).map(str) | st.text()), max_size=3),
)
def test_changed_commands_are_refused_or_answered(
    app: App, name: str, text: str, more: list[tuple[str, str]]
) -> None:
    fields = [*command(name, text).items(), *more]
    body = "&".join(
        f"{field}={quote(str(value), errors='surrogatepass')}" for field, value in fields
    )
    assert app.post(body.encode(), FORM).status in (200, 400, 404)


CONTENT_TYPES = (JSON, FORM, "application/json; charset=utf-16", "APPLICATION/JSON", "", "é")


@EASY
@given(
    data=st.data(),
    cut=st.tuples(st.integers(0, 3_000), st.integers(0, 60)),
    junk=st.binary(max_size=8) | st.sampled_from((b"{", b"[", b"&payload=[", b"\\ud800", b"\xef")),
    content_type=st.sampled_from(CONTENT_TYPES),
)
def test_broken_bodies_are_refused_or_ignored(
    app: App, data: st.DataObject, cut: tuple[int, int], junk: bytes, content_type: str
) -> None:
    body, _ = encoded(data.draw(payloads(app.known, app.thread)))
    start, length = cut[0] % (len(body) + 1), cut[1]
    broken = body[:start] + junk + body[start + length :]
    assert app.post(broken, content_type).status in (200, 400, 404)


MOST = 999_000
DEEP = "[" * 900 + "]" * 900


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[" * MOST, JSON),
        (b'{"a":' * 100_000, JSON),
        (json.dumps({"event": json.loads(DEEP)}).encode(), JSON),
        (urlencode({"payload": json.dumps({"a": json.loads(DEEP)})}).encode(), FORM),
        (b'{"a": ' + b"9" * MOST + b"}", JSON),
        (b"{not json", FORM),
        (b"payload=%7B%7D&payload=%5B", FORM),
        (b"payload=%22text%22", FORM),
        (b"a=&" * 300_000, FORM),
        (b"%" * MOST, FORM),
        (b"\xef\xbb\xbf{}", JSON),
        (json.dumps(said("app_mention", "\ud800")).encode(), JSON),
        (json.dumps({**said("app_mention", ""), "event": ["a", "list"]}).encode(), JSON),
        (json.dumps(said("app_mention", "", ts=1_700_000_000.1)).encode(), JSON),
        (json.dumps({**said("message", ""), "team": "T1"}).encode(), JSON),
        (json.dumps({**said("message", ""), "authorizations": [[]]}).encode(), JSON),
        (json.dumps({"command": ["/faq"], "trigger_id": "1"}).encode(), JSON),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value)[12:16],
)
def test_hostile_bodies_are_refused_quickly(app: App, body: bytes, content_type: str) -> None:
    began = time.thread_time()
    status = app.post(body, content_type).status
    assert status == 400 or (body.startswith(b"%") and status == 404)
    assert time.thread_time() - began < 2


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("length", [20_000, 900_000])
def test_a_huge_question_is_answered_in_time(app: App, text: str, length: int) -> None:
    question = (text or "x") * (length // len(text or "x"))
    began = time.thread_time()
    assert app.post(*encoded(said("app_mention", question[:80_000]))).status == 200
    assert time.thread_time() - began < 3
