"""Database connections: transactions that end within seconds, one kind of error, column types."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Column, DateTime, Dialect, Row, Table, Text, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from faqbot.storage.models import DiskFullError, RefusedValueError, StoreError

TRANSACTION_TIMEOUT: Final = 3.0
"""Seconds for a transaction: logging a question must not delay its answer."""

SQLITE_LOCK_TIMEOUT_MS: Final = 500
POSTGRESQL_LOCK_TIMEOUT_MS: Final = 1000

POOL_SIZE: Final = 5
"""Connections to a PostgreSQL server."""

CONNECTION_LIFETIME: Final = 1800
"""Seconds after which a connection is replaced, so that a server that moved is found again."""

_WRITES: Final = "faqbot_writes"


class Database:
    """Transactions on one SQLAlchemy engine (`sql_engine`, not the engine that answers)."""

    def __init__(self, sql_engine: AsyncEngine) -> None:
        self.sql_engine = sql_engine

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
        """A transaction that writes.

        Raises:
            StoreError: the database can't be reached, is locked, or takes too long.
        """
        async with self._transaction(writes=True) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with (
                # This includes the wait for a free connection, which delays answers too.
                asyncio.timeout(TRANSACTION_TIMEOUT),
                self.sql_engine.connect() as connection,
            ):
                # Before `begin`: `_begin` reads the option when the transaction starts.
                await connection.execution_options(**{_WRITES: writes})
                async with connection.begin():
                    yield connection
        # UnicodeError: drivers refuse half of a surrogate pair, which JSON may contain.
        except (SQLAlchemyError, OSError, TimeoutError, UnicodeError, OverflowError) as error:
            raise _store_error(error) from error


async def upsert(connection: AsyncConnection, table: Table, **values: Any) -> None:
    """Insert a row, or update the one with the same primary key."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table).values(values)
    changed = {name: statement.excluded[name] for name in values if name not in table.primary_key}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)
    )


def row_values(row: Row[Any], columns: Iterable[Column[Any]]) -> dict[str, Any]:
    """Return the values of a row by the keys of its columns (see `tables`)."""
    return {column.key: row._mapping[column] for column in columns}  # noqa: SLF001 - public


_DISK_FULL: Final = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "DiskFullError"})
_REFUSED_STATES: Final = ("22", "23")
"""Classes of SQLSTATE for data and constraints (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def _store_error(error: BaseException) -> StoreError:
    """Return a driver's error as advice."""
    name = error_name(error)
    if name in _DISK_FULL or getattr(error, "errno", None) == errno.ENOSPC:
        return DiskFullError(
            f"The disk of the database is full ({name}): free space on it, or lower "
            "FAQBOT_RETENTION_DAYS."
        )
    if _is_refused_value(error):
        return RefusedValueError(f"The database refuses a value ({name}), and works otherwise.")
    return StoreError(
        f"The database can't be used ({name}): check FAQBOT_DATABASE_URL, and that the database "
        "runs and isn't locked by another program."
    )


def _is_refused_value(error: BaseException) -> bool:
    """Return whether an error is about a value alone, so that other values are accepted."""
    if isinstance(error, UnicodeError | OverflowError | DataError | IntegrityError):
        return True
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return True  # the value failed before it reached the database
    cause = _cause(error)
    state = str(getattr(cause, "sqlstate", None) or "")
    return state.startswith(_REFUSED_STATES) or isinstance(cause, ValueError)


def error_name(error: BaseException) -> str:
    """The name of a database error, without its message, which may hold what somebody asked."""
    cause = _cause(error)
    return str(getattr(cause, "sqlite_errorname", "") or type(cause).__name__)


def _cause(error: BaseException) -> BaseException:
    cause: BaseException = getattr(error, "orig", None) or error
    # SQLAlchemy wraps asyncpg's errors once more; the driver's own says more.
    return cause.__cause__ or cause


def create_sql_engine(url: str, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """Create the SQLAlchemy engine of a database.

    Args:
        url: the address, with the driver's name.
        pool_size: connections to a PostgreSQL server. SQLite ignores it.
    """
    if not url.startswith("sqlite"):
        # PostgreSQL itself has to end what takes too long: a client that only stops waiting leaves
        # the statement running, and its locks held.
        limits = {
            "application_name": "faqbot",
            "statement_timeout": str(int(TRANSACTION_TIMEOUT * 1000)),
            "lock_timeout": str(POSTGRESQL_LOCK_TIMEOUT_MS),
            # Twice as long: a client that lives has ended its transaction before.
            "idle_in_transaction_session_timeout": str(int(TRANSACTION_TIMEOUT * 2000)),
        }
        return create_async_engine(
            url,
            pool_pre_ping=True,  # a connection that broke is replaced before it is used
            pool_size=pool_size,
            # Operators add up FAQBOT_DATABASE_POOL_SIZE of all processes to stay below
            # PostgreSQL's max_connections, so no process may open more than that.
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
    """Set up a new SQLite connection: WAL mode, foreign keys, a short wait for locks."""
    # Python's sqlite3 begins transactions late and commits before DDL, so savepoints and migrations
    # aren't atomic (https://github.com/python/cpython/issues/54133). `_begin` begins them instead,
    # as https://docs.sqlalchemy.org/en/20/dialects/sqlite.html recommends.
    connection.isolation_level = None
    cursor = connection.cursor()
    # SQLite enforces foreign keys, and their cascades, only on connections that ask for it.
    # With WAL, a power failure at NORMAL may cost the last commits but never the file.
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_LOCK_TIMEOUT_MS}")
    cursor.close()


def _begin(connection: Any) -> None:
    # A transaction that reads first and writes later fails at once if another wrote in between,
    # whatever the busy timeout is; one that will write takes the lock at its start.
    writes = connection.get_execution_options().get(_WRITES, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A time in UTC. SQLite stores neither a zone nor an offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Return the time in UTC; a time without a zone is UTC already."""
        del dialect
        return None if value is None else _utc(value)

    def process_result_value(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """Return the time with UTC as its zone."""
        del dialect
        return None if value is None else _utc(value)


class SafeText(TypeDecorator[str]):
    """Text that people wrote. NUL and lone surrogates, which databases refuse, become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as the database accepts it."""
        del dialect
        return None if value is None else _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)


def _utc(time: dt.datetime) -> dt.datetime:
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)
