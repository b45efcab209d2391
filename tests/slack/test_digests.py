"""The weekly digests of all workspaces: each once, whatever happens to one of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.errors import UsageError
from faqbot.storage.claims import MemoryClaims
from faqbot.storage.installations import Installation, Workspace
from faqbot.workspaces.app_pool import AppHandle, WorkspaceApp
from faqbot.workspaces.router import WorkspaceRouter
from faqbot.workspaces.server import WeeklyDigests
from tests.slack.many import A, B, C, many

DAY = dt.date(2026, 11, 23)


async def own_team(installation: Installation) -> tuple[str, ...]:
    return (installation.workspace.team,)


@dataclass
class Opener:
    """Opens apps that send one digest; some fail in their own way."""

    failing: dict[str, Exception] = field(default_factory=dict)
    hanging: str = ""
    sent: list[str] = field(default_factory=list)

    async def __call__(self, installation: Installation, team: str, _: AppHandle) -> WorkspaceApp:
        if team == self.hanging:
            await asyncio.Event().wait()
        if team in self.failing:
            raise self.failing[team]

        async def digest(day: dt.date) -> int:
            assert day == DAY
            self.sent.append(team)
            return 1

        async def client() -> AsyncWebClient:
            raise AssertionError("digests have a client of their own")

        return WorkspaceApp(AsyncApp(token="xoxb-1", signing_secret="s"), digest, client)


class Listed:
    """Where faqbot is installed."""

    async def all(self) -> tuple[Installation, ...]:
        return tuple(
            Installation(Workspace("", team), "A1", "B1", "U0BOT", ()) for team in (A, B, C)
        )

    async def serves(self, enterprise: str, team: str) -> None:
        raise AssertionError("these are no organisations")

    async def find(self, enterprise: str, team: str) -> Installation | None:
        raise AssertionError("nobody asked")


def workspaces(opener: Opener) -> WorkspaceRouter:
    async def left(*_: object) -> None:
        raise AssertionError("nobody left")

    return WorkspaceRouter(Listed(), opener, left)


async def test_each_workspace_gets_its_digest_once(tmp_path: Path) -> None:
    async with many(tmp_path / "many") as process:
        await process.mention(A, "what skills does a pilot need")
        claims = MemoryClaims()
        two = [
            WeeklyDigests(process.installations, process.workspaces, own_team, claims)
            for _ in range(2)
        ]
        before = len(process.api.calls)
        sent = await asyncio.gather(*(one.send(DAY) for one in two))
        # To the pilot's owner and to the common channel, in each of three workspaces.
        assert sum(sent) == 6
        for team in (A, B, C):
            said = [
                call
                for call in process.api.calls[before:]
                if call.method == "chat.postMessage" and call.token == f"xoxb-{team}"
            ]
            assert len(said) == 2
            asked = "1 answered" if team == A else "0 answered"
            assert all(asked in call.text for call in said)
        assert [await one.send(DAY) for one in two] == [0, 0]


async def test_failing_digest_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    opener = Opener({A: RuntimeError("nobody foresaw it"), B: UsageError("no content")})
    open_ones = workspaces(opener)
    assert await WeeklyDigests(Listed(), open_ones, own_team, MemoryClaims()).send(DAY) == 1
    assert opener.sent == [C]
    assert f"the digest of {A} was not sent: RuntimeError" in caplog.text
    assert f"the digest of {B} was not sent: UsageError" in caplog.text
    await open_ones.close()


async def test_workspace_removed_while_opening_does_not_stop_the_others() -> None:
    opener = Opener(hanging=B)
    open_ones = workspaces(opener)
    sending = asyncio.create_task(
        WeeklyDigests(Listed(), open_ones, own_team, MemoryClaims()).send(DAY)
    )
    while not sending.done():
        await asyncio.sleep(0.01)
        await open_ones.release(Workspace("", B))
    assert sending.result() == 2
    assert sorted(opener.sent) == [A, C]
    await open_ones.close()
