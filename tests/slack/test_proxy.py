"""Two faqbots behind the nginx that is deployed: what is outside, and one that goes away."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from faqbot.playground.workspace import LocalWorkspace
from faqbot.slack.http_endpoint import PATH
from tests.slack.conftest import QUICK, SETUP
from tests.support.waiting import DEADLINE

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "deploy" / "nginx.conf"
ROLE = """role: data-analyst
title: Data Analyst
sections:
  overview: Works with data.
  skills:
    required: [SQL]
"""
pytestmark = pytest.mark.nginx


def free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return found


@dataclass(frozen=True)
class Ports:
    """Where everybody listens."""

    outside: int
    inside: int
    apps: tuple[int, int]


@pytest.fixture
def ports() -> Ports:
    outside, inside, one, two = free_ports(4)
    return Ports(outside, inside, (one, two))


def configuration(ports: Ports, folder: Path) -> Path:
    """The deployed configuration with this test's ports and folders, and nothing else changed."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in (
        ("listen 8080;", f"listen 127.0.0.1:{ports.outside};"),
        ("listen 8081;", f"listen 127.0.0.1:{ports.inside};"),
        ("app-1:3000", f"127.0.0.1:{ports.apps[0]}"),
        ("app-2:3000", f"127.0.0.1:{ports.apps[1]}"),
        ("worker_processes auto;", "worker_processes 1;"),
        ("/etc/nginx/tls/", f"{folder}/tls/"),
        (" /tmp/", f" {folder}/"),
        ("/dev/stderr", f"{folder}/errors"),
        ("/dev/stdout", f"{folder}/requests"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    place = folder / "nginx.conf"
    place.write_text(text, encoding="utf-8")
    return place


@pytest.fixture
def proxy(nginx: str, ports: Ports, tmp_path: Path) -> Iterator[Path]:
    """The nginx that is deployed, running; its folder."""
    folder = tmp_path / "proxy"
    folder.mkdir()
    command = [nginx, "-e", str(folder / "errors"), "-c", str(configuration(ports, folder))]
    with subprocess.Popen([*command, "-g", "daemon off;"]) as process:
        try:
            yield folder
        finally:
            process.terminate()


async def faqbot(workspace: LocalWorkspace, port: int, folder: Path, database: Path) -> Process:
    variables = {
        "PORT": str(port),
        "FAQBOT_HOST": "127.0.0.1",
        "FAQBOT_KNOWLEDGE": str(folder),
        "FAQBOT_DATABASE_URL": f"sqlite:///{database}",
        "FAQBOT_CACHE": "off",
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_SIGNING_SECRET": workspace.signing_secret,
        "SLACK_API_URL": workspace.api_url,
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "FAQBOT_", "PORT"))}
    return await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "app.py"),
        cwd=folder, env={**kept, **variables}, stdout=PIPE, stderr=DEVNULL,
    )  # fmt: skip


async def serving(process: Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        assert PATH.encode() in await process.stdout.readline()


@asynccontextmanager
async def running(
    workspace: LocalWorkspace, ports: Ports, folder: Path
) -> AsyncIterator[list[Process]]:
    """The two faqbots on one database; one file does for two that only claim now and then."""
    knowledge = folder / "knowledge"
    knowledge.mkdir()
    (knowledge / "analyst.yaml").write_text(ROLE, encoding="utf-8")
    database = folder / "faqbot.db"
    processes = [await faqbot(workspace, port, knowledge, database) for port in ports.apps]
    try:
        for process in processes:
            await serving(process)
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()


def test_nginx_accepts_the_configuration(nginx: str, ports: Ports, tmp_path: Path) -> None:
    folder = tmp_path / "tested"
    folder.mkdir()
    command = [nginx, "-t", "-e", str(folder / "errors"), "-c"]
    ran = subprocess.run(
        [*command, str(configuration(ports, folder))], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "warn" not in ran.stderr


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read what is asked and go away, as a process does that is killed meanwhile."""
    await reader.read(65_536)
    writer.close()


async def test_proxy_forwards_slacks_paths_only(proxy: Path, ports: Ports, tmp_path: Path) -> None:
    outside = f"http://127.0.0.1:{ports.outside}"
    async with (
        LocalWorkspace.start(setup=SETUP, timing=QUICK) as workspace,
        running(workspace, ports, tmp_path) as processes,
        aiohttp.ClientSession() as session,
    ):
        for path in ("/", "/health", "/ready", "/metrics", "/slackevents", "/slack/../metrics"):
            async with session.get(f"{outside}{path}") as answer:
                assert answer.status == 404, path
        for body, status in ((b"x" * 1_100_000, 413), (b"{}", 401)):
            async with session.post(f"{outside}{PATH}", data=io.BytesIO(body)) as answer:
                assert answer.status == status

        workspace.deliver_to(f"{outside}{PATH}")
        maya = workspace.person("maya")
        asked = [await maya.dm("data analyst skills") for _ in range(4)]
        await workspace.until(lambda: len(workspace.answers("@maya")) >= len(asked))
        await workspace.settled()
        assert len(workspace.answers("@maya")) == len(asked)

        processes[0].kill()
        await processes[0].wait()
        async with await asyncio.start_server(hang_up, "127.0.0.1", ports.apps[0]):
            # Slack repeats no command: each of these would show an error without the second try.
            assert [(await maya.command("/roles")).ok for _ in range(4)] == [True] * 4
    log = (proxy / "requests").read_text(encoding="utf-8")
    assert all(f"127.0.0.1:{port}" in log for port in ports.apps), "nginx asked both"
    assert "tries=502, 200" in log, "what one took and did not answer, the other answered"
