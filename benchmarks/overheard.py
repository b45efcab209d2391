"""Lines of `strangers/questions.jsonl` in a thread of the local workspace, over signed HTTP.

`benchmarks.strangers` counts what faqbot says about them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.record import Row
from faqbot.engine import Engine
from faqbot.index.reloader import ReloadState
from faqbot.model import Reason
from faqbot.playground.models import Setup
from faqbot.playground.workspace import LocalWorkspace
from faqbot.runtime.web import Server, listen
from faqbot.slack.app import create_app
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.client import web_client
from faqbot.slack.context import AppContext, Services
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES
from faqbot.slack.middleware.rate_limit import QuestionLimiter

_CHANNEL: Final = "#general"
_OPENER: Final = "What skills does a Data Analyst need?"
_ADDRESSEES: Final = ("{line} <@U0JONAS01>", "<!here> {line}", "{line} <!subteam^S0PEOPLE1>")
_CALLS: Final = ("", "^", "this", "can you answer this?", "please answer", "can you help here?")


@asynccontextmanager
async def _serving(engine: Engine) -> AsyncIterator[tuple[LocalWorkspace, Services]]:
    listener = listen("127.0.0.1", 0)
    now = dt.datetime.now(dt.UTC)
    services = Services(limiter=QuestionLimiter(), calls=CallQueue())
    context = AppContext(engine, lambda: ReloadState("benchmark", now, now), services)
    setup = Setup(scopes=frozenset((*SCOPES, *OPTIONAL_SCOPES)), events=frozenset(EVENTS))
    async with (
        LocalWorkspace.start(setup=setup) as workspace,
        web_client(workspace.bot_token, workspace.api_url, services.calls) as client,
    ):
        server = Server(asgi(create_app(context, client).async_dispatch, workspace.signing_secret))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        workspace.deliver_to(f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}")
        try:
            yield workspace, services
        finally:
            await services.listeners.drain()
            server.should_exit = True
            await asyncio.gather(task, return_exceptions=True)
            listener.close()


class _Threads:
    """Asks in threads of their own, and counts what is answered."""

    def __init__(self, workspace: LocalWorkspace, services: Services) -> None:
        self._workspace = workspace
        self._services = services
        self.faqbot = f"<@{workspace.bot_user_id}>"

    async def said(self, opener: str, line: str, *, by: str, answers: int) -> bool:
        """Whether a line in a thread is answered; `answers` go to what it begins with."""
        workspace = self._workspace
        ts = await workspace.person("maya").say(_CHANNEL, opener)
        if answers:
            await workspace.until(lambda: workspace.answers(_CHANNEL, ts))
        await workspace.person(by).say(_CHANNEL, line, thread_ts=ts)
        await workspace.settled()
        await self._services.listeners.drain()
        # What a listener posts is an event as well.
        await workspace.settled()
        found = workspace.answers(_CHANNEL, ts)[answers:]
        if found:
            print(f"answered: {line!r} -> {found[0].text[:60]!r}", flush=True)
        return bool(found)

    async def edited(self, line: str, mended: str) -> bool:
        """Whether there is one answer after a line that names faqbot was edited, and it fits."""
        workspace, maya = self._workspace, self._workspace.person("maya")
        ts = await maya.say(_CHANNEL, f"{self.faqbot} {line}")
        await workspace.until(lambda: workspace.answers(_CHANNEL, ts))
        message = workspace.message(_CHANNEL, ts)
        assert message is not None
        await maya.edit(message, mended)
        await workspace.settled()
        await self._services.listeners.drain()
        found = workspace.answers(_CHANNEL, ts)
        return len(found) == 1 and "Data Analyst · Skills" in found[0].text


def overheard(data: Path, engine: Engine) -> list[Row]:
    """Return how many lines are answered: chatter, follow-ups, lines for others, calls, edits.

    Of small talk that is put to faqbot, those count that are answered as such: only these stay out
    of the log of questions, and of the report of unanswered ones.
    """
    lines = (data / "questions.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    talk = [
        engine.ask(one["q"]).reason is Reason.SMALL_TALK for one in asked if one["want"] == "chat"
    ]
    rows = asyncio.run(_measure(asked, engine))
    return [*rows, {**_row("", talk), "content": "put to faqbot: small talk"}]


async def _measure(asked: Sequence[dict[str, str]], engine: Engine) -> list[Row]:
    chatter = [one["q"] for one in asked if one["want"] == "silent"]
    follow_ups = [one["q"] for one in asked if one["want"] == "speak"]
    for_others = [form.format(line=line) for line in follow_ups for form in _ADDRESSEES]
    rows: list[Row] = []
    async with _serving(engine) as (workspace, services):
        threads = _Threads(workspace, services)
        opener = f"{threads.faqbot} {_OPENER}"
        for name, lines, by in (
            ("chatter of the asker", chatter, "maya"),
            ("chatter of others", chatter, "jonas"),
            ("lines for others", for_others, "maya"),
            ("follow-ups of the asker", follow_ups, "maya"),
            ("follow-ups of others", follow_ups, "jonas"),
        ):
            found = [await threads.said(opener, line, by=by, answers=1) for line in lines]
            rows.append(_row(name, found))
        called = [
            await threads.said(_OPENER, f"{threads.faqbot} {line}", by="jonas", answers=0)
            for line in _CALLS
        ]
        rows.append(_row("calls into a thread", called))
        edited = [await threads.edited(line, opener) for line in [*follow_ups, *chatter[:7]]]
        rows.append(_row("lines edited into a question, answered once", edited))
    return rows


def _row(name: str, answered: Sequence[bool]) -> Row:
    return {
        "content": f"in a thread: {name}",
        "matcher": "faqbot",
        "questions": len(answered),
        "answered": sum(answered),
    }
