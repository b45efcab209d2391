"""faqbot as a process: how it starts, says what is wrong, and stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from faqbot import app
from faqbot.errors import ServiceError
from faqbot.playground.workspace import LocalWorkspace
from faqbot.settings.models import Settings
from tests.slack.conftest import QUICK, SETUP
from tests.support.waiting import DEADLINE

ROOT = Path(__file__).parents[2]
ROLE = """role: data-analyst
title: Data Analyst
sections:
  overview: Works with data.
  skills:
    required: [SQL]
"""


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    (tmp_path / "analyst.yaml").write_text(ROLE)
    return tmp_path


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def start(knowledge: Path, **variables: str) -> Process:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "FAQBOT_", "PORT"))}
    environment = {**kept, "FAQBOT_KNOWLEDGE": str(knowledge), **variables}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "app.py"),
        cwd=knowledge,
        env=environment,
        stdout=PIPE,
        stderr=PIPE,
    )


async def ended(process: Process) -> tuple[int | None, str]:
    async with asyncio.timeout(DEADLINE):
        _, errors = await process.communicate()
    return process.returncode, errors.decode()


async def first_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        return (await process.stdout.readline()).decode()


async def test_without_tokens_a_local_workspace_runs_until_it_is_stopped(knowledge: Path) -> None:
    port = free_port()
    process = await start(knowledge, PORT=str(port))
    assert f"http://127.0.0.1:{port}/" in await first_line(process)
    process.send_signal(signal.SIGTERM)
    code, errors = await ended(process)
    assert (code, "Traceback" in errors) == (0, False)


async def test_http_answers_and_stops_gracefully(knowledge: Path) -> None:
    port = free_port()
    async with LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace:
        process = await start(
            knowledge,
            PORT=str(port),
            SLACK_BOT_TOKEN=workspace.bot_token,
            SLACK_SIGNING_SECRET=workspace.signing_secret,
            SLACK_API_URL=workspace.api_url,
        )
        assert "/slack/events" in await first_line(process)
        workspace.deliver_to(f"http://127.0.0.1:{port}/slack/events")
        ts = await workspace.person("maya").dm("data analyst skills")
        found = await workspace.until(lambda: workspace.answers_since("@maya", ts))
        assert "SQL" in found[0].text
        process.send_signal(signal.SIGINT)
        assert (await ended(process))[0] == 0


def test_a_taken_port_is_one_line_of_advice(
    knowledge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(knowledge)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=f"Port {port} is taken") as caught:
            app.run(Settings(port=port, faqbot_knowledge=str(knowledge)))
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("wrong", ["SLACK_APP_TOKEN"])
async def test_a_wrong_token_is_one_line_and_exit_code_2(knowledge: Path, wrong: str) -> None:
    async with LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace:
        tokens = {"SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_APP_TOKEN": workspace.app_token}
        tokens[wrong] = tokens[wrong][:5] + "wrong"
        process = await start(knowledge, SLACK_API_URL=workspace.api_url, **tokens)
        code, errors = await ended(process)
    assert code == 2
    advice = [line for line in errors.splitlines() if " INFO " not in line]
    assert len(advice) == 1
    assert wrong in advice[0]
