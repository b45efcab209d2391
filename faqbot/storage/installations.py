"""Installations, their encrypted tokens, and the states of OAuth."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from faqbot.errors import SettingsError
from faqbot.storage.database import Database, row_values, upsert
from faqbot.storage.encryption import TokenCipher, WrongKeyError
from faqbot.storage.models import StoreError, utc_now
from faqbot.storage.tables import installations, oauth_states, workspaces

_SECRET: Final = ("encrypted_tokens", "encrypted_previous", "version", "refresh_until")
_PUBLIC_COLUMNS: Final = tuple(column for column in installations.c if column.key not in _SECRET)
_MAX_NAMED: Final = 10
"""Workspaces that an error names."""

_CLOCK_SKEW: Final = dt.timedelta(seconds=2)
"""How far Slack's clock may be behind ours."""


@dataclass(frozen=True, slots=True, order=True)
class Workspace:
    """The ids of an installation: an organisation and a workspace in it.

    `enterprise` is empty for a workspace outside Enterprise Grid, `team` for an installation in a
    whole organisation.
    """

    enterprise: str
    team: str


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation in a workspace or a whole organisation, without its tokens.

    `installer` is the person who installed it. `expires` is when the bot token expires, or None if
    the app doesn't rotate tokens.
    """

    workspace: Workspace
    app_id: str
    bot_id: str
    bot_user_id: str
    scopes: tuple[str, ...]
    team_name: str = ""
    enterprise_name: str = ""
    installer: str = ""
    installed: dt.datetime = field(default_factory=utc_now)
    expires: dt.datetime | None = None

    @property
    def is_org_wide(self) -> bool:
        """Whether it serves all workspaces of an organisation."""
        return not self.workspace.team


@dataclass(frozen=True, slots=True)
class Credentials:
    """The tokens of an installation; each change of them sets a new `version`.

    `previous` is the refresh token before the present one, until the present token has proved to
    work: Slack may have answered a process that died before it saved the answer.
    """

    token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires: dt.datetime | None = None
    version: str = ""
    previous: str = field(default="", repr=False)


class Installations:
    """The table of installations, one for each workspace or organisation.

    Every method raises StoreError if the database can't be used. Methods that read or write tokens
    raise SettingsError if there is no cipher.

    Args:
        database: the database.
        cipher: encrypts the tokens.
    """

    def __init__(self, database: Database, cipher: TokenCipher | None = None) -> None:
        self._database = database
        self._cipher_or_none = cipher

    @property
    def _cipher(self) -> TokenCipher:
        if self._cipher_or_none is None:
            raise SettingsError(
                "FAQBOT_SECRET_KEYS is not set, and tokens are stored encrypted: set it to the "
                "keys that were used before, or create a first one by: faqbot new key"
            )
        return self._cipher_or_none

    async def find(self, enterprise: str, team: str) -> Installation | None:
        """Return the installation that serves a workspace: its own, else the organisation's.

        Args:
            enterprise: the organisation's id; empty outside Enterprise Grid.
            team: the workspace's id; empty for the organisation itself.
        """
        # A workspace keeps its own installation when it joins an organisation, so its id decides.
        own = (installations.c.team == team) & (installations.c.team != "")
        whole = (installations.c.enterprise == enterprise) & (installations.c.team == "")
        wanted = or_(own, whole) if enterprise else own
        # An organisation's row has an empty team, which sorts behind the workspace's own.
        newest_own_first = (installations.c.team.desc(), installations.c.installed.desc())
        query = select(*_PUBLIC_COLUMNS).where(wanted).order_by(*newest_own_first)
        async with self._database.reading() as connection:
            row = (await connection.execute(query.limit(1))).one_or_none()
        return _installation_of(row) if row else None

    async def all(self) -> tuple[Installation, ...]:
        """Return all installations, ordered by organisation and workspace."""
        query = select(*_PUBLIC_COLUMNS).order_by(installations.c.enterprise, installations.c.team)
        async with self._database.reading() as connection:
            return tuple(_installation_of(row) for row in await connection.execute(query))

    async def save(self, installation: Installation, token: str, refresh_token: str = "") -> None:
        """Add an installation with its tokens, or replace the one of the same workspace."""
        values = asdict(installation)
        del values["workspace"]
        ids = asdict(installation.workspace)
        values["scopes"] = ",".join(installation.scopes)
        values["encrypted_tokens"] = self._encrypt(installation.workspace, token, refresh_token)
        state = {"version": _new_version(), "refresh_until": None, "encrypted_previous": None}
        elsewhere = _is_workspace(installation.workspace) & (
            installations.c.enterprise != ids["enterprise"]
        )
        async with self._database.writing() as connection:
            # The workspace may have joined an organisation, or left it, since it was installed.
            await connection.execute(delete(installations).where(elsewhere))
            await upsert(connection, installations, **ids, **values, **state)
            await _returned(connection, installation.workspace)

    async def serves(self, enterprise: str, team: str) -> None:
        """Note that the installation of an organisation serves a workspace.

        When the organisation removes faqbot, Slack no longer says which workspaces it has.
        """
        async with self._database.writing() as connection:
            await upsert(connection, workspaces, team=team, enterprise=enterprise, removed=None)

    async def credentials(self, workspace: Workspace) -> Credentials | None:
        """Return the tokens of an installation, or None if it was removed.

        Tokens that an old key encrypted are encrypted again with the newest.

        Raises:
            WrongKeyError: the tokens were encrypted with none of the keys.
        """
        query = select(installations).where(_is_workspace(workspace))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        if self._cipher.is_old(row.encrypted_tokens):
            await self._reencrypt_row(row)
        token, refresh = self._decrypt(workspace, row.encrypted_tokens)
        before = row.encrypted_previous
        previous = self._decrypt(workspace, before)[1] if before else ""
        return Credentials(token, refresh, row.expires, row.version, previous)

    async def begin_refresh(self, workspace: Workspace, version: str, seconds: float) -> bool:
        """Claim the refresh of a version of tokens for some seconds.

        Returns:
            True for one caller of all processes; for another one when the seconds have passed.
        """
        now = utc_now()
        free = installations.c.refresh_until.is_(None) | (installations.c.refresh_until < now)
        change = (
            update(installations)
            .where(_is_workspace(workspace), installations.c.version == version, free)
            .values(refresh_until=now + dt.timedelta(seconds=seconds))
        )
        async with self._database.writing() as connection:
            return (await connection.execute(change)).rowcount == 1

    async def save_refreshed(
        self, workspace: Workspace, version: str, fresh: Credentials
    ) -> Credentials | None:
        """Replace a version of the tokens. Returns None if that version was replaced already."""
        new = _new_version()
        change = (
            update(installations)
            .where(_is_workspace(workspace), installations.c.version == version)
            .values(
                encrypted_tokens=self._encrypt(workspace, fresh.token, fresh.refresh_token),
                encrypted_previous=(
                    self._encrypt(workspace, "", fresh.previous) if fresh.previous else None
                ),
                expires=fresh.expires,
                version=new,
                refresh_until=None,
            )
        )
        async with self._database.writing() as connection:
            changed = (await connection.execute(change)).rowcount == 1
        if not changed:
            return None
        return replace(fresh, version=new)

    async def confirm(self, workspace: Workspace, version: str) -> None:
        """Note that a version of the tokens works: the refresh token before it is deleted."""
        same = _is_workspace(workspace) & (installations.c.version == version)
        change = update(installations).where(same).values(encrypted_previous=None)
        async with self._database.writing() as connection:
            await connection.execute(change)

    async def remove(
        self, workspace: Workspace, until: dt.datetime | None = None
    ) -> Workspace | None:
        """Delete an installation, and note when its workspaces removed faqbot.

        Args:
            workspace: the ids of the installation.
            until: keeps an installation that was made later than this.

        Returns:
            The ids that it was stored under, or None if nothing was deleted.
        """
        statement = delete(installations).where(_is_workspace(workspace))
        if until is not None:
            # Slack may deliver the uninstall event after somebody has installed faqbot again.
            statement = statement.where(installations.c.installed <= until + _CLOCK_SKEW)
        gone = statement.returning(installations.c.enterprise, installations.c.team)
        async with self._database.writing() as connection:
            row = (await connection.execute(gone)).one_or_none()
            if row is None:
                return None
            removed = Workspace(row.enterprise, row.team)
            await _departed(connection, removed)
        return removed

    async def reencrypt(self) -> int:
        """Encrypt all tokens with the newest key. Returns how many installations had an old one.

        Raises:
            WrongKeyError: some tokens were encrypted with none of the keys; the error names their
                workspaces. All others are encrypted again first.
        """
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(installations))).all()
        old = [row for row in rows if self._cipher.is_old(row.encrypted_tokens)]
        unreadable: list[str] = []
        for row in old:
            try:
                await self._reencrypt_row(row)
            except WrongKeyError:
                unreadable.append(row.team or row.enterprise)
        if unreadable:
            some = ", ".join(unreadable[:_MAX_NAMED])
            others = len(unreadable) - _MAX_NAMED
            more = f" and {others} more" if others > 0 else ""
            raise WrongKeyError(
                f"The tokens of {some}{more} were encrypted with a key that FAQBOT_SECRET_KEYS "
                "lacks: add that key behind the newest, or install faqbot there again. Until then "
                "nobody gets an answer there."
            )
        return len(old)

    def _encrypt(self, workspace: Workspace, token: str, refresh: str) -> bytes:
        # The owner's id is encrypted too, so that tokens copied to another row aren't accepted.
        return self._cipher.encrypt(json.dumps([_owner_of(workspace), token, refresh]))

    def _decrypt(self, workspace: Workspace, encrypted: bytes) -> tuple[str, str]:
        owner, token, refresh = json.loads(self._cipher.decrypt(encrypted))
        if owner != _owner_of(workspace):
            raise StoreError(
                f"The tokens stored for {_owner_of(workspace)} belong to another workspace: "
                "install faqbot there again."
            )
        return token, refresh

    async def _reencrypt_row(self, row: Row[Any]) -> None:
        """Encrypt the tokens of a row with the newest key, unless they have changed meanwhile."""
        workspace = Workspace(row.enterprise, row.team)
        same = _is_workspace(workspace) & (installations.c.version == row.version)
        before = row.encrypted_previous
        change = update(installations).where(same)
        change = change.values(
            encrypted_tokens=self._cipher.reencrypt(row.encrypted_tokens),
            encrypted_previous=self._cipher.reencrypt(before) if before else None,
        )
        async with self._database.writing() as connection:
            await connection.execute(change)


async def _departed(connection: AsyncConnection, workspace: Workspace) -> None:
    """Note that workspaces removed faqbot, unless another installation still serves them."""
    enterprise, team = workspace.enterprise, workspace.team
    own = select(installations.c.team).where(installations.c.team != "")
    if team:
        whole = (installations.c.enterprise == enterprise) & (installations.c.team == "")
        query = select(installations.c.enterprise).where(whole)
        if not (enterprise and (await connection.execute(query)).first()):
            values = {"team": team, "enterprise": enterprise, "removed": utc_now()}
            await upsert(connection, workspaces, **values)
    else:
        of_organisation = workspaces.c.enterprise == enterprise
        change = update(workspaces).where(of_organisation, workspaces.c.team.not_in(own))
        await connection.execute(change.values(removed=utc_now()))


async def _returned(connection: AsyncConnection, workspace: Workspace) -> None:
    """Note that workspaces have faqbot again: what they left is kept."""
    own = workspaces.c.team == workspace.team
    whole = workspaces.c.enterprise == workspace.enterprise
    change = update(workspaces).where(own if workspace.team else whole)
    await connection.execute(change.values(removed=None))


def _owner_of(workspace: Workspace) -> str:
    return workspace.team or workspace.enterprise


def _new_version() -> str:
    return secrets.token_hex(8)


def _is_workspace(workspace: Workspace) -> Any:
    # A workspace's own id identifies it: it may have joined an organisation since.
    if workspace.team:
        return installations.c.team == workspace.team
    return (installations.c.enterprise == workspace.enterprise) & (installations.c.team == "")


def _installation_of(row: Row[Any]) -> Installation:
    values = row_values(row, _PUBLIC_COLUMNS)
    workspace = Workspace(values.pop("enterprise"), values.pop("team"))
    scopes = tuple(filter(None, values.pop("scopes").split(",")))
    return Installation(workspace, scopes=scopes, **values)


STATE_LIFETIME: Final = dt.timedelta(minutes=10)
"""How long a person may take to approve the app at Slack."""


class OAuthStates:
    """The table of OAuth states: hashes only, so that who reads it can't complete an installation.

    Every method raises StoreError if the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, browser: str, lifetime: dt.timedelta = STATE_LIFETIME) -> str:
        """Return a new state for a browser, identified by its cookie. Deletes expired states."""
        state, now = secrets.token_urlsafe(32), utc_now()
        row = {"state_hash": _hash(state), "browser_hash": _hash(browser), "until": now + lifetime}
        async with self._database.writing() as connection:
            await connection.execute(delete(oauth_states).where(oauth_states.c.until <= now))
            await connection.execute(insert(oauth_states).values(row))
        return state

    async def consume(self, state: str, browser: str) -> bool:
        """Use up a state. Returns True once, for the browser that it was issued to, in time."""
        matches = (oauth_states.c.state_hash == _hash(state)) & (
            oauth_states.c.browser_hash == _hash(browser)
        )
        # One statement: if a SELECT came first, two requests at once could both use the state.
        statement = (
            delete(oauth_states)
            .where(matches, oauth_states.c.until > utc_now())
            .returning(oauth_states.c.until)
        )
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).one_or_none() is not None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
