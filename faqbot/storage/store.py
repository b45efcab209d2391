"""The store: what is remembered of questions, people's decisions, and channels."""

from __future__ import annotations

import asyncio
import datetime as dt
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
from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Row,
    Table,
    delete,
    select,
    text,
    true,
    update,
)
from sqlalchemy.engine import URL, CursorResult, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from faqbot.errors import SettingsError, UsageError, needs_extra
from faqbot.storage import tables
from faqbot.storage.claims import DatabaseClaims
from faqbot.storage.database import POOL_SIZE, Database, create_sql_engine, error_name, upsert
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.handoffs import Handoffs, Proposals
from faqbot.storage.installations import Installations, OAuthStates
from faqbot.storage.models import (
    ChannelMode,
    ChannelPolicy,
    DeletionReport,
    HandoffState,
    ProposalState,
    StoreError,
    utc_now,
)
from faqbot.storage.questions import Questions

T = TypeVar("T")


async def with_store(
    url: str | None, work: Callable[[Store], Awaitable[T]], cipher: TokenCipher | None = None
) -> T:
    """Do something with the store, and close it; `seal` opens the tokens of installations.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """
    if url is None:
        raise UsageError("FAQBOT_DATABASE_URL is off: nothing is remembered.")
    store = await open_store(url, cipher=cipher)
    try:
        return await work(store)
    finally:
        await store.close()


_DONE: Final = (HandoffState.ANSWERED, HandoffState.CLOSED)
_DECIDED: Final = (ProposalState.APPROVED, ProposalState.REJECTED)

CLAIM_LIFETIME: Final = dt.timedelta(days=7)
"""How long claims are kept: Slack delivers again within an hour, digests go once a week."""


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_urlsafe(12)


class Store:
    """Everything that is remembered, a part for each kind; `seal` is for installations' tokens."""

    def __init__(self, database: Database, cipher: TokenCipher | None = None) -> None:
        self._database = database
        self.questions = Questions(database)
        self.handoffs = Handoffs(database)
        self.proposals = Proposals(database)
        self.policies = Policies(database)
        self.claims = DatabaseClaims(database)
        self.installations = Installations(database, cipher)
        self.oauth_states = OAuthStates(database)

    async def close(self) -> None:
        """Let all connections go."""
        await self._database.sql_engine.dispose()

    async def check(self) -> None:
        """See whether the database takes a transaction that writes.

        Raises:
            StoreError: it doesn't.
        """
        async with self._database.writing() as connection:
            await connection.execute(select(1))

    async def forget_person(self, person: str, team: str | None = None) -> DeletionReport:
        """Delete what a person asked, rated and picked; take their name off what others need.

        In one team, or wherever the id occurs: Slack's ids of people differ between workspaces.
        """

        def of_team(table: Table) -> ColumnElement[bool]:
            return true() if team is None else table.c.team == team

        asked = select(tables.questions.c.id).where(of_team(tables.questions))
        async with self._database.writing() as connection:

            async def gone(statement: Delete) -> int:
                result: CursorResult[Any] = await connection.execute(statement)
                return result.rowcount

            own = asked.where(tables.questions.c.asker == person)
            await connection.execute(own.with_for_update())  # the order in which ratings lock
            ratings = await gone(
                delete(tables.ratings).where(
                    (tables.ratings.c.rater == person) & tables.ratings.c.question_id.in_(asked)
                    | tables.ratings.c.question_id.in_(own)
                )
            )
            picks = await gone(
                delete(tables.picks).where(
                    (tables.picks.c.picker == person) & tables.picks.c.question_id.in_(asked)
                    | tables.picks.c.question_id.in_(own)
                )
            )
            handoffs = await gone(
                delete(tables.handoffs).where(
                    of_team(tables.handoffs), tables.handoffs.c.asker == person
                )
            )
            questions = await gone(
                delete(tables.questions).where(
                    of_team(tables.questions), tables.questions.c.asker == person
                )
            )
            names = 0
            for column in (
                tables.handoffs.c.claimed_by,
                tables.handoffs.c.owner,
                tables.proposals.c.proposed_by,
                tables.proposals.c.decided_by,
                tables.policies.c.owner,
                tables.policies.c.changed_by,
            ):
                result = await connection.execute(
                    update(column.table)
                    .where(of_team(column.table), column == person)
                    .values({column: ""})
                )
                names += result.rowcount
        return DeletionReport(questions, ratings, picks, handoffs, names)

    async def expire(self, before: dt.datetime) -> int:
        """Delete what is older and done; returns how many rows went."""
        count = 0
        async with self._database.writing() as connection:
            for statement in (
                delete(tables.questions).where(tables.questions.c.at < before),
                delete(tables.handoffs).where(
                    tables.handoffs.c.changed < before, tables.handoffs.c.state.in_(_DONE)
                ),
                delete(tables.proposals).where(
                    tables.proposals.c.changed < before, tables.proposals.c.state.in_(_DECIDED)
                ),
                delete(tables.claims).where(
                    tables.claims.c.at < max(before, utc_now() - CLAIM_LIFETIME)
                ),
            ):
                count += (await connection.execute(statement)).rowcount
        return count


class Policies:
    """How faqbot behaves in each channel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, team: str, channel: str) -> ChannelPolicy | None:
        """The policy of a channel, if one was set."""
        table = tables.policies
        async with self._database.reading() as connection:
            row = (
                await connection.execute(
                    select(table).where(table.c.team == team, table.c.channel == channel)
                )
            ).one_or_none()
        return None if row is None else _policy_of(row)

    async def all(self, team: str) -> tuple[ChannelPolicy, ...]:
        """The policies of all channels of a team for which one was set."""
        table = tables.policies
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.team == team))
            return tuple(map(_policy_of, rows))

    async def set(self, policy: ChannelPolicy) -> None:
        """Set the policy of a channel in the place of the old one."""
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
"""Seconds for the migrations, other processes' included."""


async def open_store(
    url: str, pool_size: int = POOL_SIZE, cipher: TokenCipher | None = None
) -> Store:
    """Open the store at an address, with its tables brought up to date.

    `pool` is how many connections to a PostgreSQL server are kept; `seal` encrypts the tokens of
    installations, which can't be read without it.

    Raises:
        SettingsError: the address is none that faqbot can use.
        StoreError: the database can't be reached, or is a newer faqbot's.
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


def _printable(url: URL) -> str:
    """An address for people: without the password, also where options hold it."""
    return url.set(query={}).render_as_string(hide_password=True)


def _make_folder(url: str) -> None:
    """Make the folder of an SQLite file."""
    database = make_url(url).database
    if not url.startswith("sqlite") or not database or database == ":memory:":
        return
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"Can't make the folder of {database} ({error.strerror}): name another file in "
            "FAQBOT_DATABASE_URL."
        ) from error


def normalized_url(url: str) -> str:
    """The address with the driver that faqbot uses.

    Raises:
        SettingsError: the address is none that faqbot can use.
        MissingExtraError: It is a PostgreSQL server's, and asyncpg isn't installed.
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
    if driver == _DRIVERS["postgresql"]:
        with needs_extra("A PostgreSQL database (FAQBOT_DATABASE_URL)", "postgres"):
            import_module("asyncpg")
        if "sslmode" in parsed.query:  # libpq's name of it
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
