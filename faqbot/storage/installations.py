"""Where faqbot is installed, and the tokens that Slack gave it there; tokens are sealed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Row, Select, delete, insert, or_, select, update

from faqbot.errors import SettingsError
from faqbot.storage.database import Database, upsert
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.models import StoreError, utc_now
from faqbot.storage.tables import installations as table
from faqbot.storage.tables import oauth_states

_SECRET_COLUMNS: Final = ("sealed", "version", "refreshing")
_CLOCK_SKEW: Final = dt.timedelta(seconds=2)
"""How far Slack's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, order=True)
class Workspace:
    """What names an installation: an organisation and a workspace in it.

    `enterprise` is empty for a workspace outside Enterprise Grid, `team` for an installation in a
    whole organisation.
    """

    enterprise: str
    team: str


@dataclass(frozen=True, slots=True)
class Installation:
    """faqbot in a workspace or a whole organisation, without what is secret of it.

    `expires` is when the bot token does, None where tokens aren't rotated; `installer` the person
    who installed it.
    """

    workspace: Workspace
    app: str
    bot: str
    bot_user: str
    scopes: tuple[str, ...]
    team_name: str = ""
    enterprise_name: str = ""
    installer: str = ""
    installed: dt.datetime = field(default_factory=utc_now)
    expires: dt.datetime | None = None

    @property
    def org_wide(self) -> bool:
        """Whether it is in all workspaces of an organisation."""
        return not self.workspace.team


@dataclass(frozen=True, slots=True)
class Credentials:
    """The tokens of an installation; `version` is another after each change of them."""

    token: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires: dt.datetime | None = None
    version: str = ""


class Installations:
    """Keeps installations, one for each workspace or organisation.

    Args:
        database: where.
        seal: encrypts the tokens; without it all but the tokens can be used.
    """

    def __init__(self, database: Database, cipher: TokenCipher | None = None) -> None:
        self._database = database
        self._cipher_or_none = cipher

    @property
    def _cipher(self) -> TokenCipher:
        if self._cipher_or_none is None:
            raise SettingsError(
                "FAQBOT_SECRET_KEYS is not set, and tokens are kept encrypted: set it to the keys "
                "of before, or make a first one by: faqbot new key"
            )
        return self._cipher_or_none

    async def find(self, enterprise: str, team: str) -> Installation | None:
        """The installation that serves a workspace: its own, else the organisation's.

        Args:
            enterprise: the organisation's id; empty outside Enterprise Grid.
            team: the workspace's id; empty for the organisation as such.

        Raises:
            StoreError: the database can't be used.
        """
        own = (table.c.team == team) & (table.c.team != "")  # also if it joined an organisation
        whole = (table.c.enterprise == enterprise) & (table.c.team == "")
        wanted = or_(own, whole) if enterprise else own
        query = (
            _select_public().where(wanted).order_by(table.c.team.desc(), table.c.installed.desc())
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query.limit(1))).one_or_none()
        return _installation_of(row) if row else None

    async def all(self) -> tuple[Installation, ...]:
        """All of them, by organisation and workspace.

        Raises:
            StoreError: the database can't be used.
        """
        query = _select_public().order_by(table.c.enterprise, table.c.team)
        async with self._database.reading() as connection:
            return tuple(_installation_of(row) for row in await connection.execute(query))

    async def save(self, installation: Installation, token: str, refresh: str = "") -> None:
        """Keep an installation with its tokens, in the place of an older one.

        Raises:
            SettingsError: there are no keys.
            StoreError: the database can't be used.
        """
        values = asdict(installation)
        del values["workspace"]
        place = asdict(installation.workspace)
        values["scopes"] = ",".join(installation.scopes)
        values["sealed"] = self._encrypt(installation.workspace, token, refresh)
        state = {"version": _new_version(), "refreshing": None}
        elsewhere = _is_workspace(installation.workspace) & (
            table.c.enterprise != place["enterprise"]
        )
        async with self._database.writing() as connection:
            await connection.execute(delete(table).where(elsewhere))  # it joined an organisation
            await upsert(connection, table, **place, **values, **state)

    async def credentials(self, workspace: Workspace) -> Credentials | None:
        """The tokens of an installation; None when it is gone.

        What an older key sealed is sealed anew on the way.

        Raises:
            SettingsError: there are no keys.
            StoreError: the database can't be used, or another key sealed the tokens.
        """
        query = select(table).where(_is_workspace(workspace))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        if self._cipher.is_old(row.sealed):
            await self._reencrypt_row(row)
        token, refresh = self._decrypt(workspace, row.sealed)
        return Credentials(token, refresh, row.expires, row.version)

    async def begin_refresh(self, workspace: Workspace, version: str, seconds: float) -> bool:
        """Take on the refresh of a version of tokens: true for one, until the time is up.

        Raises:
            StoreError: the database can't be used.
        """
        at = utc_now()
        free = table.c.refreshing.is_(None) | (table.c.refreshing < at)
        change = (
            update(table)
            .where(_is_workspace(workspace), table.c.version == version, free)
            .values(refreshing=at + dt.timedelta(seconds=seconds))
        )
        async with self._database.writing() as connection:
            return (await connection.execute(change)).rowcount == 1

    async def save_refreshed(
        self, workspace: Workspace, version: str, fresh: Credentials
    ) -> Credentials | None:
        """Keep fresh tokens in the place of a version of them; None when that is gone.

        Raises:
            SettingsError: there are no keys.
            StoreError: the database can't be used.
        """
        new = _new_version()
        change = (
            update(table)
            .where(_is_workspace(workspace), table.c.version == version)
            .values(
                sealed=self._encrypt(workspace, fresh.token, fresh.refresh),
                expires=fresh.expires,
                version=new,
                refreshing=None,
            )
        )
        async with self._database.writing() as connection:
            changed = (await connection.execute(change)).rowcount == 1
        if not changed:
            return None
        return replace(fresh, version=new)

    async def remove(
        self, workspace: Workspace, until: dt.datetime | None = None
    ) -> Workspace | None:
        """Forget an installation; what it was kept as, or None where there was none.

        Args:
            workspace: which.
            until: leaves one alone that was installed later: it is not the one that went.

        Raises:
            StoreError: the database can't be used.
        """
        statement = delete(table).where(_is_workspace(workspace))
        if until is not None:
            statement = statement.where(table.c.installed <= until + _CLOCK_SKEW)
        gone = statement.returning(table.c.enterprise, table.c.team)
        async with self._database.writing() as connection:
            row = (await connection.execute(gone)).one_or_none()
        return Workspace(row.enterprise, row.team) if row else None

    async def reencrypt(self) -> int:
        """Seal all tokens with the newest key; returns how many installations had an older one.

        Raises:
            SettingsError: there are no keys.
            StoreError: the database can't be used, or none of the keys sealed some tokens.
        """
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(table))).all()
        old = [row for row in rows if self._cipher.is_old(row.sealed)]
        for row in old:
            await self._reencrypt_row(row)
        return len(old)

    def _encrypt(self, workspace: Workspace, token: str, refresh: str) -> bytes:
        """The tokens with whose they are: moved to another row they are worth nothing."""
        return self._cipher.encrypt(json.dumps([_owner_of(workspace), token, refresh]))

    def _decrypt(self, workspace: Workspace, encrypted: bytes) -> tuple[str, str]:
        whose, token, refresh = json.loads(self._cipher.decrypt(encrypted))
        if whose != _owner_of(workspace):
            raise StoreError(
                f"The tokens kept for {_owner_of(workspace)} are another's: install faqbot again."
            )
        return token, refresh

    async def _reencrypt_row(self, row: Row[Any]) -> None:
        """Seal the tokens of a row with the newest key, unless they have changed meanwhile."""
        same = _is_workspace(Workspace(row.enterprise, row.team)) & (table.c.version == row.version)
        async with self._database.writing() as connection:
            await connection.execute(
                update(table).where(same).values(sealed=self._cipher.reencrypt(row.sealed))
            )


def _owner_of(workspace: Workspace) -> str:
    return workspace.team or workspace.enterprise


def _new_version() -> str:
    return secrets.token_hex(8)


def _is_workspace(workspace: Workspace) -> Any:
    """A workspace is known by its own id: it may have joined an organisation since."""
    if workspace.team:
        return table.c.team == workspace.team
    return (table.c.enterprise == workspace.enterprise) & (table.c.team == "")


def _select_public() -> Select[Any]:
    """All columns that an installation shows."""
    return select(*(column for column in table.c if column.name not in _SECRET_COLUMNS))


def _installation_of(row: Row[Any]) -> Installation:
    values = row._asdict()
    workspace = Workspace(values.pop("enterprise"), values.pop("team"))
    scopes = tuple(filter(None, values.pop("scopes").split(",")))
    return Installation(workspace, scopes=scopes, **values)


STATE_LIFETIME: Final = dt.timedelta(minutes=10)
"""How long somebody may take to decide at Slack."""


class OAuthStates:
    """Keeps only hashes: who reads the table can't go on with somebody else's installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, browser: str, lifetime: dt.timedelta = STATE_LIFETIME) -> str:
        """A state for a browser, which its cookie names; what has expired goes meanwhile.

        Raises:
            StoreError: the database can't be used.
        """
        state, at = secrets.token_urlsafe(32), utc_now()
        row = {"state_hash": _hash(state), "browser_hash": _hash(browser), "until": at + lifetime}
        async with self._database.writing() as connection:
            await connection.execute(delete(oauth_states).where(oauth_states.c.until <= at))
            await connection.execute(insert(oauth_states).values(row))
        return state

    async def consume(self, state: str, browser: str) -> bool:
        """Use a state up: true once, in the browser that it was issued to, in its time.

        Raises:
            StoreError: the database can't be used.
        """
        mine = (oauth_states.c.state_hash == _hash(state)) & (
            oauth_states.c.browser_hash == _hash(browser)
        )
        statement = (
            delete(oauth_states)
            .where(mine, oauth_states.c.until > utc_now())
            .returning(oauth_states.c.until)
        )
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).one_or_none() is not None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
