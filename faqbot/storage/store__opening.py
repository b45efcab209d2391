"""Opening the store: its address, and tables that are brought up to date under a lock."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from faqbot.errors import SettingsError
from faqbot.storage.database import POOL, Database, engine_for, reason_of
from faqbot.storage.encryption import Seal
from faqbot.storage.models import StoreError
from faqbot.storage.store import Store

_LOCK: Final = 0x6661_7162  # "faqb"
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_STARTING: Final = 30.0
"""Seconds for the migrations, other processes' included."""


async def open_store(url: str, pool: int = POOL, seal: Seal | None = None) -> Store:
    """Open the store at an address, with its tables brought up to date.

    `pool` is how many connections to a PostgreSQL server are kept; `seal` encrypts the tokens of
    installations, which can't be read without it.

    Raises:
        SettingsError: the address is none that faqbot can use.
        StoreError: the database can't be reached, or is a newer faqbot's.
    """
    chosen = address(url)
    _make_folder(chosen)
    engine = engine_for(chosen, pool)
    try:
        async with (
            asyncio.timeout(_STARTING),
            aclosing(await _connected(engine)) as connection,
            connection.begin(),
        ):
            await connection.run_sync(_migrate)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        await engine.dispose()
        raise StoreError(
            f"Can't open the database {_shown(engine.url)} ({reason_of(error)}): check "
            "FAQBOT_DATABASE_URL, and that the database runs."
        ) from error
    except CommandError as error:
        await engine.dispose()
        raise StoreError(
            f"The database {_shown(engine.url)} has tables that this faqbot doesn't know: update "
            "faqbot, or name another database in FAQBOT_DATABASE_URL."
        ) from error
    except BaseException:
        await engine.dispose()
        raise
    return Store(Database(engine), seal)


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    """A connection that is open; whoever asked for it closes it.

    Raises:
        SettingsError: the driver doesn't take an option of the address.
    """
    connection = engine.connect()
    try:
        return await connection.start()
    except (TypeError, ValueError) as error:
        options = ", ".join(sorted(engine.url.query)) or "none"
        raise SettingsError(
            f"The database's driver refuses an option in FAQBOT_DATABASE_URL (after the `?`: "
            f"{options}): leave out what it doesn't need; sslmode=require is understood."
        ) from error


def _shown(url: URL) -> str:
    """An address for people: without the password, also where options hold it."""
    return url.set(query={}).render_as_string(hide_password=True)


def _make_folder(chosen: str) -> None:
    """Make the folder of an SQLite file."""
    database = make_url(chosen).database
    if not chosen.startswith("sqlite") or not database or database == ":memory:":
        return
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"Can't make the folder of {database} ({error.strerror}): name another file in "
            "FAQBOT_DATABASE_URL."
        ) from error


def address(url: str) -> str:
    """The address with the driver that faqbot uses.

    Raises:
        SettingsError: the address is none that faqbot can use.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the port is no number
        parsed = None
    driver = _DRIVERS.get(parsed.get_backend_name()) if parsed else None
    if parsed is None or driver is None:
        raise SettingsError(
            "FAQBOT_DATABASE_URL must be the address of a database, such as "
            "sqlite:////var/lib/faqbot/faqbot.db or postgresql://user:password@host/faqbot."
        )
    if driver == _DRIVERS["postgresql"] and "sslmode" in parsed.query:  # libpq's name of it
        options = dict(parsed.query)
        parsed = parsed.set(query={"ssl": options.pop("sslmode"), **options})
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def _migrate(connection: Connection) -> None:
    """Run the migrations; a second process waits for the first one's transaction to end."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "lock_timeout"):  # `_STARTING` limits all of it
            connection.execute(text(f"SET LOCAL {name} = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))  # % interpolates
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
