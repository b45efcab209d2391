"""Whose requests are answered with which token, and what happens when faqbot is uninstalled."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from sqlalchemy import func, select

from faqbot.runtime.web import Server, background_server, listen
from faqbot.slack.http_endpoint import PATH, asgi
from faqbot.storage import deletion, tables
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import ChannelPolicy, utc_now
from faqbot.storage.recorder import QuestionRecorder
from faqbot.workspaces.router import WorkspaceRouter
from faqbot.workspaces.tokens import authorize_with, uninstall
from tests.slack.installing import Site, site
from tests.storage.conftest import server, url
from tests.storage.test_store import handover, proposal, record
from tests.support.local_slack import several
from tests.support.waiting import DEADLINE

__all__ = ["server", "url"]

ALPHA, BETA = "T0ALPHA", "T0BETA"
ALL = (*several("Alpha", "Beta"), *several("Here", "There", enterprise="Org", org_wide=True))


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(f"sqlite:///{tmp_path}/faqbot.db", ALL) as made:
        yield made


@pytest.fixture
async def every(url: str) -> AsyncIterator[Site]:
    """The same over SQLite and PostgreSQL."""
    async with site(url, ALL) as made:
        yield made


async def _installation(web: Site, team: str, enterprise: str = "") -> Installation:
    await web.installed(team)
    found = await web.store.installations.find(enterprise, team)
    assert found is not None
    return found


def _event(team: str, enterprise: str | None = None, *, org_wide: bool = False) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": team,
        "enterprise_id": enterprise,
        "event_id": "Ev1",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "team_id": None if org_wide else team,
                "enterprise_id": enterprise,
                "is_enterprise_install": org_wide,
            }
        ],
    }


@pytest.mark.parametrize(
    ("team", "enterprise", "asking", "answers"),
    [
        (ALPHA, "", ALPHA, 1),
        (ALPHA, "", BETA, 0),
        ("T0HERE", "E0ORG", "T0THERE", 1),
    ],
)
async def test_authorize_returns_the_token_of_its_workspace_only(
    web: Site, team: str, enterprise: str, asking: str, answers: int
) -> None:
    installation = await _installation(web, team, enterprise)
    app = AsyncApp(
        client=web.exchange.client,
        request_verification_enabled=False,
        authorize=authorize_with(installation, web.tokens),
    )
    seen: list[str] = []

    @app.event("app_mention")
    async def mentioned(context: Any, client: Any) -> None:
        seen.append(context.bot_token)
        await client.auth_test()

    event = {"type": "app_mention", "user": "U1", "text": "hi", "ts": "1.0", "channel": "C1"}
    body = {**_event(asking, enterprise or None, org_wide=bool(enterprise)), "event": event}
    await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
    await asyncio.sleep(0.05)
    assert seen == [await web.tokens.token_of(installation.workspace)] * answers


async def never_opened(*_: object) -> Any:
    raise AssertionError("for the end of an installation no app is opened")


def leaving(web: Site, gone: Callable[[Workspace], Awaitable[None]]) -> Any:
    async def left(body: Mapping[str, Any], forget: Callable[[Workspace], Awaitable[None]]) -> None:
        async def both(workspace: Workspace) -> None:
            await forget(workspace)
            await gone(workspace)

        await uninstall(body, web.store.installations, web.tokens, both)

    return left


@pytest.mark.parametrize(
    ("team", "enterprise", "how"),
    [
        (ALPHA, "", "uninstall"),
        (ALPHA, "", "revoke"),
        ("T0HERE", "E0ORG", "uninstall"),
    ],
)
async def test_uninstall_event_removes_the_installation(
    web: Site, team: str, enterprise: str, how: str
) -> None:
    kept = await _installation(web, BETA)
    installation = await _installation(web, team, enterprise)
    gone: asyncio.Queue[Workspace] = asyncio.Queue()
    workspaces = WorkspaceRouter(web.store.installations, never_opened, leaving(web, gone.put))
    listener = listen("127.0.0.1", 0)
    server = Server(asgi(workspaces.dispatch, web.slack[team].signing_secret))
    async with background_server(server, listener):
        web.slack.deliver_to(f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}")
        (web.slack.uninstall if how == "uninstall" else web.slack.revoke)(team)
        first = await asyncio.wait_for(gone.get(), DEADLINE)
        await web.slack[team].settled()
    await workspaces.close()
    assert first == installation.workspace
    assert gone.empty()
    assert await web.store.installations.all() == (kept,)
    assert await web.tokens.token_of(installation.workspace) is None


async def _nothing(_: Workspace) -> None:
    pass


async def test_uninstall_event_before_a_new_installation_is_ignored(web: Site) -> None:
    installation = await _installation(web, ALPHA)
    late = {**_event(ALPHA), "event_time": int(time.time()) - 300}
    await uninstall(late, web.store.installations, web.tokens, _nothing)
    assert await web.store.installations.all() == (installation,)


# ------------------------------------------------------------------- what a workspace leaves

DAY = dt.timedelta(days=1)
HERE, THERE = "T0HERE", "T0THERE"


async def leave(web: Site, team: str, enterprise: str = "") -> None:
    body = _event(team, enterprise or None, org_wide=bool(enterprise))
    await uninstall(body, web.store.installations, web.tokens, _nothing)


async def fill(web: Site, team: str) -> None:
    """Leave some of everything that a workspace leaves."""
    asked = replace(record(1), id=f"r-{team}", team=team)
    await web.store.questions.add([asked, *(replace(asked, id=f"r{n}-{team}") for n in range(6))])
    await web.store.questions.rate(team, asked.id, "U2", helpful=True)
    await web.store.questions.pick(team, asked.id, "U2", "x")
    await web.store.handoffs.add(replace(handover(1), id=f"h-{team}", team=team))
    await web.store.proposals.add(replace(proposal(1), id=f"p-{team}", team=team))
    await web.store.policies.set(ChannelPolicy(team, "C1"))


async def left(web: Site, team: str) -> tuple[int, ...]:
    """How many rows there are of a workspace, in each table that has any."""
    async with web.store._database.reading() as connection:
        found = []
        for table in (tables.questions, tables.handoffs, tables.proposals, tables.policies):
            rows = select(func.count()).select_from(table).where(table.c.team == team)
            found.append((await connection.execute(rows)).scalar_one())
        for table in (tables.ratings, tables.picks):
            asked = table.join(tables.questions)
            rows = select(func.count()).select_from(asked).where(tables.questions.c.team == team)
            found.append((await connection.execute(rows)).scalar_one())
    return tuple(found)


FULL, NONE = (7, 1, 1, 1, 1, 1), (0,) * 6


async def test_what_a_workspace_left_is_deleted_after_the_grace_period(
    every: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "BATCH_SIZE", 2)  # so that it takes several transactions
    for team in (ALPHA, BETA):
        await every.installed(team)
        await fill(every, team)
    await leave(every, ALPHA)
    now = utc_now()
    assert await every.store.deletion.departed(now - 30 * DAY) == 0
    assert await left(every, ALPHA) == FULL
    assert await every.store.deletion.departed(now + DAY) == 1
    assert await left(every, ALPHA) == NONE
    assert await left(every, BETA) == FULL
    assert await every.store.deletion.departed(now + DAY) == 0


async def test_installation_within_the_grace_period_keeps_everything(web: Site) -> None:
    await web.installed(ALPHA)
    await fill(web, ALPHA)
    await leave(web, ALPHA)
    await web.installed(ALPHA)
    assert await web.store.deletion.departed(utc_now() + DAY) == 0
    assert await left(web, ALPHA) == FULL


async def test_organisation_that_leaves_takes_its_workspaces_along(web: Site) -> None:
    await web.installed(HERE)
    await web.store.installations.serves("E0ORG", THERE)
    await fill(web, THERE)
    await leave(web, HERE, "E0ORG")
    assert await web.store.deletion.departed(utc_now() + DAY) == 1
    assert await left(web, THERE) == NONE


async def test_service_deletes_what_workspaces_left(tmp_path: Path, web: Site) -> None:
    await web.installed(ALPHA)
    await fill(web, ALPHA)
    await leave(web, ALPHA)
    async with QuestionRecorder(web.url, departed_days=30).running():
        await asyncio.sleep(0)
    assert await left(web, ALPHA) == FULL
    async with QuestionRecorder(web.url, departed_days=0).running():
        async with asyncio.timeout(DEADLINE):
            while await left(web, ALPHA) != NONE:  # noqa: ASYNC110 - the database has no event
                await asyncio.sleep(0.01)
