"""The Slack command line tool's hooks: what it runs for `slack manifest` and `slack run`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from faqbot.playground.workspace import LocalWorkspace
from faqbot.slack import manifest
from tests.slack.conftest import QUICK, SETUP
from tests.support.waiting import DEADLINE

ROOT = Path(__file__).resolve().parent.parent
HOOKS = json.loads((ROOT / ".slack" / "hooks.json").read_text(encoding="utf-8"))
ROLE = """role: data-analyst
title: Data Analyst
sections:
  overview: Works with data.
  skills:
    required: [SQL]
"""


def environment(**variables: str) -> dict[str, str]:
    """That of a person whose Python is this one, and who has no settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "FAQBOT_", "PORT"))}
    path = f"{Path(sys.executable).parent}:{kept.get('PATH', '')}"
    return {**kept, "PATH": path, **variables}


def hook(command: str) -> str:
    """What a hook answers; the tool runs it by the shell, at the top of the project."""
    ran = subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What the tool learns from the project's hooks."""
    learned: dict[str, Any] = json.loads(hook(HOOKS["hooks"]["get-hooks"]))
    return learned


def test_the_manifest_is_the_one_for_socket_mode(found: dict[str, Any]) -> None:
    boundary = "--protocol=message-boundaries --boundary=b0undary"
    answered = hook(f"{found['hooks']['get-manifest']} {boundary}")
    inner = answered.strip().removeprefix("b0undary").removesuffix("b0undary")
    assert json.loads(inner) == manifest.socket_manifest()


def test_faqbot_keeps_the_connection_itself(found: dict[str, Any]) -> None:
    assert found["config"]["sdk-managed-connection-enabled"] is True
    assert found["runtime"] == "python"


def test_the_tool_watches_the_program_and_not_its_environment() -> None:
    watched = HOOKS["config"]["watch"]
    paths = [*watched["app"]["paths"], *watched["manifest"]["paths"]]
    assert all((ROOT / path).exists() for path in paths)
    assert "." not in paths
    assert watched["manifest"]["paths"] == [str(manifest.SOCKET_FILE)]


async def test_slack_run_answers_by_the_tokens_that_the_tool_gives(
    found: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "analyst.yaml").write_text(ROLE, encoding="utf-8")
    async with LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace:
        # It starts the hook in a shell, and stops it by SIGINT.
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            f"exec {found['hooks']['start']}",
            cwd=ROOT,
            env=environment(
                SLACK_BOT_TOKEN=workspace.bot_token,
                SLACK_APP_TOKEN=workspace.app_token,
                SLACK_CLI_XOXB=workspace.bot_token,
                SLACK_CLI_XAPP=workspace.app_token,
                SLACK_API_URL=workspace.api_url,
                FAQBOT_KNOWLEDGE=str(tmp_path),
                FAQBOT_DATABASE_URL="off",
                FAQBOT_CACHE="off",
            ),
            stdout=PIPE,
            stderr=PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(DEADLINE):
                assert b"by Socket Mode" in await process.stdout.readline()
            ts = await workspace.person("maya").dm("data analyst skills")
            (answer,) = await workspace.until(lambda: workspace.answers_since("@maya", ts))
            assert "SQL" in answer.text
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(DEADLINE):
                _, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    assert process.returncode == 0
    assert b"Traceback" not in errors, errors.decode()
