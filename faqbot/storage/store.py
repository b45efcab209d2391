"""The store: all tables of one database, its address, and its migrations."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Row, delete, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from faqbot.errors import SettingsError, UsageError, needs_extra
from faqbot.storage import tables
from faqbot.storage.claims import DatabaseClaims
from faqbot.storage.database import POOL_SIZE, Database, create_sql_engine, error_name, upsert
from faqbot.storage.deletion import Deletion
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.handoffs import Handoffs, Proposals
from faqbot.storage.installations import Installations, OAuthStates
from faqbot.storage.models import (
    ChannelMode,
    ChannelPolicy,
    StoreError,
    utc_now,
)
from faqbot.storage.questions import Questions

_CHECK_BYTES: Final = 32_768

T = TypeVar("T")


async def with_store(
    url: str | None, work: Callable[[Store], Awaitable[T]], cipher: TokenCipher | None = None
) -> T:
    """Open the store, run some work with it, and close it.

    Args:
        url: the database's address; None if no database is set.
        work: gets the store; its result is returned.
        cipher: decrypts the tokens of installations.

    Raises:
        UsageError: no database is set.
        StoreError: the database can't be used.
    """
    if url is None:
        raise UsageError("FAQBOT_DATABASE_URL is off: nothing is remembered.")
    store = await open_store(url, cipher=cipher)
    try:
        return await work(store)
    finally:
        await store.close()


def new_id() -> str:
    """Return a new unguessable id."""
    return secrets.token_urlsafe(12)


class Store:
    """The tables of a database, an attribute for each kind.

    Every method raises StoreError if the database can't be used.

    Args:
        database: the database.
        cipher: encrypts the tokens of installations.
    """

    def __init__(self, database: Database, cipher: TokenCipher | None = None) -> None:
        self._database = database
        self.questions = Questions(database)
        self.handoffs = Handoffs(database)
        self.proposals = Proposals(database)
        self.policies = Policies(database)
        self.deletion = Deletion(database)
        self.claims = DatabaseClaims(database)
        self.installations = Installations(database, cipher)
        self.oauth_states = OAuthStates(database)

    async def close(self) -> None:
        """Close all connections."""
        await self._database.sql_engine.dispose()

    async def check(self) -> None:
        """Check that the database writes; more than a page, for which a full disk has no room."""
        table, key = tables.claims, f"check/{new_id()}"
        row = insert(table).values(key=key, at=utc_now(), payload=bytes(_CHECK_BYTES))
        async with self._database.writing() as connection:
            await connection.execute(row)
            await connection.execute(delete(table).where(table.c.key == key))


class Policies:
    """The table of channel settings.

    Every method raises StoreError if the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, team: str, channel: str) -> ChannelPolicy | None:
        """Return the settings of a channel, or None if nobody has changed them."""
        table = tables.policies
        async with self._database.reading() as connection:
            row = (
                await connection.execute(
                    select(table).where(table.c.team == team, table.c.channel == channel)
                )
            ).one_or_none()
        return None if row is None else _policy_of(row)

    async def all(self, team: str) -> tuple[ChannelPolicy, ...]:
        """Return the settings of all channels of a team whose settings somebody has changed."""
        table = tables.policies
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.team == team))
            return tuple(map(_policy_of, rows))

    async def set(self, policy: ChannelPolicy) -> None:
        """Replace the settings of a channel."""
        table = tables.policies
        values = {**asdict(policy), "mode": policy.mode.value, "changed": utc_now()}
        async with self._database.writing() as connection:
            await upsert(connection, table, **values)


def _policy_of(row: Row[Any]) -> ChannelPolicy:
    return ChannelPolicy(
        row.team, row.channel, ChannelMode(row.mode), row.private, row.owner, row.changed_by
    )


_LOCK: Final = 0x6661_7162  # "faqb"
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_MIGRATION_TIMEOUT: Final = 30.0
"""Seconds for the migrations, including the wait for another process that runs them."""


async def open_store(
    url: str, pool_size: int = POOL_SIZE, cipher: TokenCipher | None = None
) -> Store:
    """Open the store at an address and run its migrations.

    Args:
        url: the database's address, as in FAQBOT_DATABASE_URL.
        pool_size: connections to a PostgreSQL server.
        cipher: encrypts the tokens of installations, which can't be read without it.

    Raises:
        SettingsError: faqbot can't use the address.
        StoreError: the database can't be reached, or a newer faqbot has migrated it.
    """
    chosen = normalized_url(url)
    _make_folder(chosen)
    engine = create_sql_engine(chosen, pool_size)
    try:
        async with (
            asyncio.timeout(_MIGRATION_TIMEOUT),
            aclosing(await _connected(engine)) as connection,
            connection.begin(),
        ):
            await connection.run_sync(_migrate)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        await engine.dispose()
        raise StoreError(
            f"Can't open the database {_printable(engine.url)} ({error_name(error)}): check "
            "FAQBOT_DATABASE_URL, and that the database runs."
        ) from error
    except CommandError as error:
        await engine.dispose()
        raise StoreError(
            f"The database {_printable(engine.url)} has tables that this faqbot doesn't know: "
            "update faqbot, or name another database in FAQBOT_DATABASE_URL."
        ) from error
    except BaseException:
        await engine.dispose()
        raise
    return Store(Database(engine), cipher)


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    """Open a connection, which the caller closes.

    Raises:
        SettingsError: the driver refuses an option of the address.
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


def _printable(url: URL) -> str:
    """Return an address for messages: without the password and the options, which may hold it."""
    return url.set(query={}).render_as_string(hide_password=True)


def _make_folder(url: str) -> None:
    """Create the folder of an SQLite file."""
    database = make_url(url).database
    if not url.startswith("sqlite") or not database or database == ":memory:":
        return
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"Can't create the folder of {database} ({error.strerror}): name another file in "
            "FAQBOT_DATABASE_URL."
        ) from error


def normalized_url(url: str) -> str:
    """Return a database address with the name of the driver that faqbot uses.

    Raises:
        SettingsError: faqbot can't use the address.
        MissingExtraError: it is a PostgreSQL server's, and asyncpg isn't installed.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the port isn't a number
        parsed = None
    driver = _DRIVERS.get(parsed.get_backend_name()) if parsed else None
    if parsed is None or driver is None:
        raise SettingsError(
            "FAQBOT_DATABASE_URL must be the address of a database, such as "
            "sqlite:////var/lib/faqbot/faqbot.db or postgresql://user:password@host/faqbot."
        )
    if driver == _DRIVERS["postgresql"]:
        with needs_extra("A PostgreSQL database (FAQBOT_DATABASE_URL)", "postgres"):
            import_module("asyncpg")
        if "sslmode" in parsed.query:  # libpq's name
            options = dict(parsed.query)
            parsed = parsed.set(query={"ssl": options.pop("sslmode"), **options})
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def _migrate(connection: Connection) -> None:
    """Run the migrations. A second process waits until the first one's transaction ends."""
    if connection.dialect.name == "postgresql":
        # A migration may take longer than a question may; `_MIGRATION_TIMEOUT` limits the whole.
        for name in ("statement_timeout", "lock_timeout"):
            connection.execute(text(f"SET LOCAL {name} = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))  # % interpolates
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
