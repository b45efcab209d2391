"""The processes of a run: faqbot, nginx, PostgreSQL, each as a context manager."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.soak.payloads import SECRET, TOKEN

ROOT: Final = Path(__file__).resolve().parents[2]
FAQBOT: Final = str(Path(sys.executable).with_name("faqbot"))
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
UNLIMITED: Final = {"FAQBOT_RATE_LIMIT_USER": "0", "FAQBOT_RATE_LIMIT_WORKSPACE": "0"}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def resident(pid: int) -> float:
    """Resident memory in MB of a process and all that it started."""
    total = 0
    for one in tree(pid):
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * _PAGE
        except OSError:
            continue
    return total / 1e6


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time of a process and all that it started and that still run."""
    ticks = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Faqbot:
    """`faqbot run` as a process; its output goes to `log`."""

    process: asyncio.subprocess.Process
    port: int
    log: Path
    ended: list[int] = field(default_factory=list)

    @property
    def megabytes(self) -> float:
        """Its resident memory, its workers included."""
        return resident(self.process.pid)

    @property
    def tracebacks(self) -> int:
        """How many tracebacks its log holds."""
        return self.said().count("Traceback (most recent call last)")

    def said(self) -> str:
        """What it said so far."""
        return self.log.read_text(errors="replace")

    def complaint(self) -> str:
        """The first traceback of its log, or nothing."""
        _, found, rest = self.log.read_text(errors="replace").partition("Traceback (most recent")
        return f"{found}{rest[:4_000]}"

    async def kill(self) -> None:
        """End it at once, its workers too: as when a machine dies."""
        for pid in tree(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self.process.wait()

    async def stop(self, within: float = 40.0) -> int:
        """Ask it to stop, and wait; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(within):
                    await self.process.wait()
            except TimeoutError:
                await self.kill()
        return self.process.returncode or 0


@asynccontextmanager
async def faqbot(
    folder: Path, api: str, *, database: str = "off", env: Mapping[str, str] | None = None
) -> AsyncIterator[Faqbot]:
    """Faqbot over HTTP as long as the block runs; `env` adds settings or takes their place."""
    port = free_port()
    settings = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": api,
        "PORT": str(port),
        "FAQBOT_HOST": "127.0.0.1",
        "FAQBOT_KNOWLEDGE": str(ROOT / "knowledge"),
        "FAQBOT_DATABASE_URL": database,
        **UNLIMITED,
        **(env or {}),
    }
    log = folder / f"faqbot-{port}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(FAQBOT, "run"), env=settings, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    found = Faqbot(process, int(settings["PORT"]), log)
    try:
        await _ready(found)
        yield found
    finally:
        await found.stop()


async def _ready(found: Faqbot, within: float = 60.0) -> None:
    until = time.monotonic() + within
    while "faqbot serves" not in found.said():
        if found.process.returncode is not None or time.monotonic() > until:
            raise SystemExit(f"faqbot doesn't start:\n{found.said()}")
        await asyncio.sleep(0.1)


@asynccontextmanager
async def nginx(folder: Path, ports: list[int]) -> AsyncIterator[int]:
    """Nginx in front of ports as long as the block runs; gives its own port."""
    port = free_port()
    servers = "".join(f"server 127.0.0.1:{one} max_fails=1 fail_timeout=2s; " for one in ports)
    config = folder / "nginx.conf"
    config.write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  upstream faqbot {{ {servers} keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://faqbot; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_connect_timeout 1s; proxy_read_timeout 10s;
      proxy_next_upstream error timeout;
    }}
  }}
}}
"""
    )
    user = ("-g", "user root;") if os.geteuid() == 0 else ()
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = await asyncio.create_subprocess_exec(
        *(program, "-p", str(folder), "-c", str(config), *user), stderr=subprocess.DEVNULL
    )
    try:
        await listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def listening(port: int, within: float = 20.0) -> None:
    """Wait until a port is open."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


QUICK = "--quick"
"""The option that makes a soak test short."""


def quick() -> bool:
    """Whether the short form is wanted."""
    return QUICK in sys.argv[1:]


def new_name() -> str:
    """The name of a database that is nobody else's."""
    return f"soak_{secrets.token_hex(5)}"
