"""Bot tokens of installations: cached, refreshed before they expire, removed with the installation.

Slack accepts a refresh token once, and its answer may reach a process that dies before it has saved
it. So new tokens are saved before they are used, and the refresh token before them is kept until
they have proved to work. One task of all processes refreshes: it claims that by a lease in the row
(`begin_refresh`), not by a lock: an advisory lock or SQLite's write lock would hold a connection,
or the whole file, for as long as Slack takes to respond. Tasks of one process wait for the same
call. If a process dies with the lease, another one follows when it expires.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cachetools import LRUCache
from slack_bolt.authorization import AuthorizeResult

from faqbot.runtime.tasks import SingleFlight
from faqbot.storage.encryption import WrongKeyError
from faqbot.storage.installations import Credentials, Installation, Installations, Workspace
from faqbot.storage.models import StoreError, utc_now
from faqbot.workspaces.oauth import OAuthClient, OAuthError

_log = logging.getLogger(__name__)

CACHE_SECONDS: Final = 60.0
"""Seconds for which a token is used without reading the database."""

REFRESH_MARGIN: Final = dt.timedelta(hours=2)
"""How long before it expires a token is refreshed."""

REFRESH_LEASE: Final = 30.0
"""Seconds that one attempt to refresh a token may take; then another may begin."""

REFRESH_TIMEOUT: Final = 2.0
"""Seconds to wait for another process that refreshes a token: Slack waits three for a response."""

MAX_CACHED: Final = 10_000
"""Installations whose tokens are cached; the least recently used are dropped first."""

_USED_UP: Final = "invalid_refresh_token"
"""Slack's error for a refresh token that was used already."""

_POLL_INTERVAL: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Cached:
    credentials: Credentials
    until: float


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """Fresh tokens that the database doesn't have yet, and those that it has."""

    fresh: Credentials
    old: Credentials


class TokenProvider:
    """Returns the bot tokens of installations, refreshed if necessary.

    Args:
        installations: stores the tokens.
        oauth_client: refreshes tokens at Slack.
        lifetime: seconds for which a token is used without reading the database.
        max_cached: how many tokens are cached.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        installations: Installations,
        oauth_client: OAuthClient,
        *,
        lifetime: float = CACHE_SECONDS,
        max_cached: int = MAX_CACHED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._installations = installations
        self._oauth_client = oauth_client
        self._lifetime = lifetime
        self._clock = clock
        # Expired entries are needed while the database is down, so this can't be a TTLCache.
        self._cache: LRUCache[Workspace, _Cached] = LRUCache(max_cached)
        self._unsaved: dict[Workspace, _Unsaved] = {}
        self._loads: SingleFlight[Workspace, Credentials | None] = SingleFlight()
        self._proofs: SingleFlight[Workspace, None] = SingleFlight()

    async def token_of(self, workspace: Workspace) -> str | None:
        """Return the token of an installation.

        While the database is down, the last known token is returned until it expires.

        Returns:
            The token, or None if the installation was removed or its token can't be refreshed.

        Raises:
            StoreError: the database can't be used, and no valid token is known.
        """
        cached = self._cache.get(workspace)
        if cached and self._clock() < cached.until and _is_valid(cached.credentials):
            return cached.credentials.token
        # A refresh isn't cancelled with its waiters: it has used up the old refresh token.
        found = await self._loads.run(workspace, lambda: self._load(workspace))
        return found.token if found and _is_valid(found) else None

    def forget(self, workspace: Workspace) -> None:
        """Drop a cached token: the installation was changed or removed."""
        self._cache.pop(workspace, None)
        self._unsaved.pop(workspace, None)

    async def _load(self, workspace: Workspace) -> Credentials | None:
        """Load the tokens of an installation, refresh them if they are due, and cache them."""
        try:
            found = await self._load_or_refresh(workspace)
        except StoreError:
            cached = self._cache.get(workspace)
            if cached is None or not _is_valid(cached.credentials):
                raise
            found = cached.credentials
        if found is None:
            self.forget(workspace)
            return None
        self._cache[workspace] = _Cached(found, self._clock() + self._lifetime)
        return found

    async def _load_or_refresh(self, workspace: Workspace) -> Credentials | None:
        # Before the store is read: its refresh token may be used up.
        unsaved = self._unsaved.get(workspace)
        if unsaved:
            return await self._save(workspace, unsaved)
        found = await self._installations.credentials(workspace)
        if found is None or not _is_due(found):
            return found
        if await self._installations.begin_refresh(workspace, found.version, REFRESH_LEASE):
            return await self._refresh(workspace, found)
        return await self._wait_for_refresh(workspace, found)

    async def _refresh(self, workspace: Workspace, old: Credentials) -> Credentials | None:
        """Get new tokens from Slack; return the old ones if it refuses, to be tried again later."""
        refused: OAuthError | None = None
        # The one before is tried too, until the newest has proved to work.
        for refresh_token in filter(None, (old.refresh_token, old.previous)):
            try:
                fresh = await self._oauth_client.refresh(refresh_token)
            except OAuthError as error:
                refused = refused or error
                if error.reason == _USED_UP:
                    continue
                break
            fresh = replace(fresh, version=old.version, previous=refresh_token)
            return await self._save(workspace, _Unsaved(fresh, old))
        name = workspace.team or workspace.enterprise
        if _is_valid(old):
            _log.warning(
                "the token of %s can't be refreshed and is used until it expires: %s", name, refused
            )
        else:
            _log.error("the token of %s has expired, install faqbot there again: %s", name, refused)
        return old

    async def _save(self, workspace: Workspace, unsaved: _Unsaved) -> Credentials | None:
        """Save new tokens, and use them from then on.

        While the database is down, the old token is used as long as it is valid. Slack may keep the
        old refresh token until the new token is used; so if this process dies first, another can
        still refresh.
        """
        # Before the attempt: if the task is cancelled in it, the token isn't lost.
        self._unsaved[workspace] = unsaved
        fresh, old = unsaved.fresh, unsaved.old
        try:
            saved = await self._installations.save_refreshed(workspace, fresh.version, fresh)
        except StoreError as error:
            _log.warning("a refreshed token is not saved yet: %s", error)
            return old if _is_valid(old) else fresh
        self._unsaved.pop(workspace, None)
        if saved is None:
            return await self._installations.credentials(workspace)
        self._proofs.start(workspace, lambda: self._prove(workspace, saved))
        return saved

    async def _prove(self, workspace: Workspace, saved: Credentials) -> None:
        """Use a new token, and delete the refresh token before it if the new one works."""
        if not await self._oauth_client.works(saved.token):
            return
        with contextlib.suppress(StoreError):  # then it stays until the next refresh
            await self._installations.confirm(workspace, saved.version)

    async def close(self) -> None:
        """Cancel what runs in the background."""
        await self._proofs.close()
        await self._loads.close()

    async def _wait_for_refresh(self, workspace: Workspace, old: Credentials) -> Credentials | None:
        """Wait while another process refreshes; return the old tokens if that takes long."""
        until = self._clock() + REFRESH_TIMEOUT
        found: Credentials | None = old
        while found and found.version == old.version and self._clock() < until:
            await asyncio.sleep(_POLL_INTERVAL)
            found = await self._installations.credentials(workspace)
        return found


def _is_valid(credentials: Credentials) -> bool:
    return credentials.expires is None or utc_now() < credentials.expires


def _is_due(credentials: Credentials) -> bool:
    # An app without token rotation has tokens that never expire, and nothing to refresh.
    if credentials.expires is None or not credentials.refresh_token:
        return False
    return credentials.expires - utc_now() < REFRESH_MARGIN


Authorize = Callable[..., Awaitable[Any]]
"""Bolt 1.30 accepts None for "no token", though its own type doesn't."""


def authorize_with(installation: Installation, tokens: TokenProvider) -> Authorize:
    """Return the `authorize` function of the app of one installation.

    It returns the bot token only, and None for a request of another workspace. Bolt's own function
    calls auth.test for each request (https://github.com/slackapi/bolt-python/issues/419).
    """
    workspace = installation.workspace

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        own = team_id == workspace.team
        whole = installation.is_org_wide and enterprise_id == workspace.enterprise
        if not (own or whole):
            return None
        try:
            token = await tokens.token_of(workspace)
        except WrongKeyError as error:
            # As without a token: a request that is repeated would fail in the same way.
            _log.error("%s gets no answers: %s", team_id or enterprise_id, error)
            return None
        if token is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            team=installation.team_name or None,
            bot_id=installation.bot_id,
            bot_user_id=installation.bot_user_id,
            bot_token=token,
            bot_scopes=installation.scopes,
        )

    return authorize


OnUninstalled = Callable[[Workspace], Awaitable[None]]
"""Called with the ids of a removed installation, to close its apps."""


async def uninstall(
    body: Mapping[str, Any],
    installations: Installations,
    tokens: TokenProvider,
    on_uninstalled: OnUninstalled,
) -> None:
    """Delete the installation that an event ends, unless it was made after the event.

    Slack may deliver the event again minutes later, when somebody has installed faqbot again.

    Raises:
        StoreError: the database can't be used.
    """
    workspace = workspace_of(body)
    seconds = body.get("event_time")
    # event_time is cut to seconds: an installation just before it would look newer.
    at = dt.datetime.fromtimestamp(int(seconds) + 1, dt.UTC) if seconds else None
    removed = await installations.remove(workspace, at)
    if removed is None:
        return
    tokens.forget(removed)
    _log.info("faqbot was uninstalled from %s", removed.team or removed.enterprise)
    await on_uninstalled(removed)


def workspace_of(body: Mapping[str, Any]) -> Workspace:
    """Return the ids of the installation that an event is for."""
    listed = body.get("authorizations") or [{}]
    first = listed[0] if isinstance(listed[0], Mapping) else {}
    enterprise = str(first.get("enterprise_id") or body.get("enterprise_id") or "")
    is_org_wide = bool(first.get("is_enterprise_install") or body.get("is_enterprise_install"))
    team = "" if is_org_wide else str(first.get("team_id") or body.get("team_id") or "")
    return Workspace(enterprise, team)
