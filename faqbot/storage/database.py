"""The connection: transactions that fail as advice and never wait for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Row, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from faqbot.storage.models import StoreError

TRANSACTION_TIMEOUT: Final = 3.0
"""Seconds for a transaction: what is remembered may not hold up what is answered."""

SQLITE_LOCK_TIMEOUT_MS: Final = 500
"""Milliseconds that SQLite waits for a lock."""

POSTGRESQL_LOCK_TIMEOUT_MS: Final = 1000
"""Milliseconds that PostgreSQL waits for a lock."""

POOL_SIZE: Final = 5
"""Connections to a PostgreSQL server."""

CONNECTION_LIFETIME: Final = 1800
"""Seconds after which a connection is replaced."""

_WRITES: Final = "faqbot_writes"


class Database:
    """One engine, and the two kinds of transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.sql_engine = engine

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that reads.

        Raises:
            StoreError: the database can't be reached, or takes too long.
        """
        async with self._transaction(writes=False) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes; SQLite takes its lock at the start, not half-way.

        Raises:
            StoreError: the database can't be reached, is locked, or takes too long.
        """
        async with self._transaction(writes=True) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with (
                asyncio.timeout(TRANSACTION_TIMEOUT),
                self.sql_engine.connect() as connection,
            ):
                await connection.execution_options(**{_WRITES: writes})
                async with connection.begin():
                    yield connection
        except (SQLAlchemyError, OSError, TimeoutError, UnicodeError) as error:
            raise StoreError(
                f"The database can't be used ({error_name(error)}): check FAQBOT_DATABASE_URL, and "
                "that the database runs and isn't locked by another program."
            ) from error


async def upsert(connection: AsyncConnection, table: Table, **values: Any) -> None:
    """Insert a row, in the place of the one with the same key if there is one."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table).values(values)
    changed = {name: statement.excluded[name] for name in values if name not in table.primary_key}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)
    )


def row_values(row: Row[Any], table: Table) -> dict[str, Any]:
    """The values of a row by the keys of its table's columns, which may differ from their names."""
    return {column.key: row._mapping[column] for column in table.c}  # noqa: SLF001 - public


def error_name(error: BaseException) -> str:
    """The database's own name of an error, which holds nothing of what was asked."""
    cause = getattr(error, "orig", None) or error
    return type(cause.__cause__ or cause).__name__


def create_sql_engine(url: str, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """The engine of an address; SQLite in WAL mode with foreign keys.

    PostgreSQL ends what takes too long itself: a client that only stops waiting leaves it running.
    A connection that broke is replaced before it is used, and none grows older than half an hour,
    so that a server that moved is found again.
    """
    if not url.startswith("sqlite"):
        limits = {
            "application_name": "faqbot",
            "statement_timeout": str(int(TRANSACTION_TIMEOUT * 1000)),
            "lock_timeout": str(POSTGRESQL_LOCK_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": str(int(TRANSACTION_TIMEOUT * 2000)),
        }
        return create_async_engine(
            url,
            pool_pre_ping=True,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=TRANSACTION_TIMEOUT,
            pool_recycle=CONNECTION_LIFETIME,
            connect_args={"server_settings": limits, "timeout": TRANSACTION_TIMEOUT},
        )
    engine = create_async_engine(url, connect_args={"timeout": SQLITE_LOCK_TIMEOUT_MS / 1000})
    event.listen(engine.sync_engine, "connect", configure_sqlite)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions late, and end them before DDL: `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_LOCK_TIMEOUT_MS}")
    cursor.close()


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get(_WRITES, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
