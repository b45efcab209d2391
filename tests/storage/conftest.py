from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from faqbot.storage.store import Store, open_store
from tests.conftest import postgresql_path

HERE = "postgresql://postgres@127.0.0.1:5432/postgres"


def _answers(address: str) -> bool:
    import asyncpg

    async def ask() -> bool:
        try:
            connection = await asyncpg.connect(address, timeout=3)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    with ThreadPoolExecutor(1) as thread:  # fixtures run inside an event loop
        return thread.submit(lambda: asyncio.run(ask())).result()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: the one of this machine, else one of our own."""
    if _answers(HERE):
        yield HERE
        return
    programs = postgresql_path()
    assert programs is not None
    place = tmp_path_factory.mktemp("postgresql")
    as_user = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(place, "postgres")
        for folder in place.parents[:2]:
            folder.chmod(0o755)
        as_user = ["runuser", "-u", "postgres", "--"]
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = place / "cluster"
    initdb, pg_ctl = (str(Path(programs) / name) for name in ("initdb", "pg_ctl"))
    run = [*as_user, initdb, "-D", str(cluster), "-U", "postgres", "-A", "trust", "-N"]
    subprocess.run(run, check=True, capture_output=True)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place}"
    options += " -c fsync=off"  # it dies with the tests
    start = [*as_user, pg_ctl, "-D", str(cluster), "-o", options, "-l", str(place / "log"), "-w"]
    subprocess.run([*start, "start"], check=True, capture_output=True)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        stop = [*as_user, pg_ctl, "-D", str(cluster), "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, capture_output=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/faqbot.db"
        return
    import asyncpg

    server = request.getfixturevalue("server")
    name = f"faqbot_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        yield server.removesuffix("/postgres") + f"/{name}"
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url)
    yield opened
    await opened.close()
