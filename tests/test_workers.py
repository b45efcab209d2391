"""Several processes on one port: one that dies is replaced, and all of them stop together."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from faqbot.playground.workspace import LocalWorkspace
from tests.slack.conftest import QUICK, SETUP
from tests.slack.test_service import ROLE, ended, first_line, free_port, start
from tests.support.waiting import DEADLINE, eventually


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    (tmp_path / "analyst.yaml").write_text(ROLE)
    return tmp_path


def children(process: int) -> list[int]:
    """The workers of a process."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [one for one in map(int, found) if "spawn_main" in _command(one)]


def alive(processes: list[int]) -> bool:
    """Whether any of the processes is still there."""
    return any(Path(f"/proc/{one}").exists() for one in processes)


def _command(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")


@asynccontextmanager
async def two_workers(
    knowledge: Path, **variables: str
) -> AsyncIterator[tuple[LocalWorkspace, asyncio.subprocess.Process, str]]:
    port = free_port()
    async with LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace:
        given = {
            "PORT": str(port),
            "FAQBOT_HOST": "127.0.0.1",
            "FAQBOT_WORKERS": "2",
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_SIGNING_SECRET": workspace.signing_secret,
            "SLACK_API_URL": workspace.api_url,
            "FAQBOT_DATABASE_URL": f"sqlite:///{knowledge.parent}/workers.db",
            **variables,
        }
        process = await start(knowledge, **given)
        workspace.deliver_to(f"http://127.0.0.1:{port}/slack/events")
        try:
            yield workspace, process, f"http://127.0.0.1:{port}"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def asked(workspace: LocalWorkspace) -> str:
    ts = await workspace.person("maya").dm("data analyst skills")
    found = await workspace.until(lambda: workspace.answers_since("@maya", ts), within=DEADLINE)
    return found[0].text


async def up(address: str, count: int, process: int) -> list[int]:
    """The workers, when there are so many and the port answers."""
    async with asyncio.timeout(DEADLINE), aiohttp.ClientSession() as session:
        while True:
            found = children(process)
            if len(found) == count:
                try:
                    async with session.get(f"{address}/ready") as answer:
                        if answer.status == 200:
                            return found
                except aiohttp.ClientError:
                    pass
            await asyncio.sleep(0.1)


async def test_a_worker_that_dies_is_replaced_and_all_stop_together(knowledge: Path) -> None:
    async with two_workers(knowledge) as (workspace, process, address):
        assert "/slack/events" in await first_line(process)
        assert "/slack/events" in await first_line(process)
        workers = await up(address, 2, process.pid)
        assert "SQL" in await asked(workspace)
        os.kill(workers[0], signal.SIGKILL)
        assert "/slack/events" in await first_line(process)  # of the new one
        assert "SQL" in await asked(workspace)
        async with aiohttp.ClientSession() as session, session.get(f"{address}/metrics") as answer:
            text = await answer.text()
        assert 'faqbot_questions_total{outcome="answer",place="direct"} 2.0' in text
        last = await up(address, 2, process.pid)
        process.send_signal(signal.SIGTERM)
        code, errors = await ended(process)
        assert code == 0
        assert "ended with exit code -9" in errors
        assert "Traceback" not in errors
        assert not alive(last)


async def test_workers_end_when_their_parent_is_killed(knowledge: Path) -> None:
    async with two_workers(knowledge) as (_, process, address):
        await first_line(process)
        await first_line(process)
        workers = await up(address, 2, process.pid)
        process.kill()
        await eventually(lambda: not alive(workers))


async def test_a_token_that_is_refused_ends_all_with_its_advice(knowledge: Path) -> None:
    async with two_workers(knowledge, SLACK_BOT_TOKEN="xoxb-wrong") as (_, process, _address):
        code, errors = await ended(process)
    assert code == 2
    assert "SLACK_BOT_TOKEN" in errors
    assert "Traceback" not in errors
