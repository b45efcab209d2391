"""The bot tokens of workspaces: cached for a while, and renewed before they expire.

Slack takes a refresh token once, so of all processes and tasks one may use it. The claim to do so
is a lease in the row (`begin_refresh`), not a lock: an advisory lock or SQLite's write lock would
hold a connection, or the whole file, for as long as Slack takes to answer. Tasks of one process
wait for the same call. A process that died with the lease is followed by another when it lapses.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from slack_bolt.authorization import AuthorizeResult

from faqbot.storage.installations import Credentials, Installation, Installations, Workspace
from faqbot.storage.models import StoreError, utc_now
from faqbot.workspaces.oauth import OAuthClient, OAuthError

CACHE_SECONDS: Final = 60.0
"""Seconds for which a token is used without a look into the store."""

REFRESH_MARGIN: Final = dt.timedelta(hours=2)
"""How long before its end a token is renewed."""

REFRESH_LEASE: Final = 30.0
"""Seconds for one try to renew a token; the next one is made after them."""

REFRESH_TIMEOUT: Final = 2.0
"""Seconds to wait for another process that renews a token: whoever asks has three in all."""

MAX_CACHED: Final = 10_000
_POLL_INTERVAL: Final = 0.05
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Cached:
    credentials: Credentials
    until: float


class TokenProvider:
    """Gives the bot token of an installation.

    Args:
        installations: where they are kept.
        exchange: gets fresh ones from Slack.
        lifetime: seconds for which one is used without a look into the store.
        most: how many are kept in memory; the least recently used goes first.
        clock: seconds that only grow.
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
        self._most = max_cached
        self._clock = clock
        self._cache: OrderedDict[Workspace, _Cached] = OrderedDict()
        self._unsaved: dict[Workspace, Credentials] = {}
        self._looking: dict[Workspace, asyncio.Task[Credentials | None]] = {}

    async def token_of(self, workspace: Workspace) -> str | None:
        """The token of an installation; None when it is gone, or its token ended for good.

        Where the store is down, the last token is used as long as it is good.

        Raises:
            StoreError: the store can't be used, and no token is at hand.
        """
        cached = self._cache.get(workspace)
        if cached and self._clock() < cached.until and _is_valid(cached.credentials):
            self._cache.move_to_end(workspace)
            return cached.credentials.token
        task = self._looking.get(workspace)
        if task is None:
            task = asyncio.create_task(self._load(workspace))
            self._looking[workspace] = task
            task.add_done_callback(lambda _: self._looking.pop(workspace, None))
        # Whoever stops waiting may not stop it: a refresh token that was used must be replaced.
        found = await asyncio.shield(task)
        return found.token if found and _is_valid(found) else None

    def forget(self, workspace: Workspace) -> None:
        """Let a token go: the installation changed, or is gone."""
        self._cache.pop(workspace, None)
        self._unsaved.pop(workspace, None)

    async def _load(self, workspace: Workspace) -> Credentials | None:
        """The tokens as the store has them, renewed where it is time; kept in the cache."""
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
        self._cache.move_to_end(workspace)
        while len(self._cache) > self._most:
            self._cache.popitem(last=False)
        return found

    async def _load_or_refresh(self, workspace: Workspace) -> Credentials | None:
        # Before the store is read: its refresh token is used up, and only this one still works.
        unkept = self._unsaved.get(workspace)
        if unkept:
            return await self._save(workspace, unkept)
        found = await self._installations.credentials(workspace)
        if found is None or not _is_due(found):
            return found
        if await self._installations.begin_refresh(workspace, found.version, REFRESH_LEASE):
            return await self._refresh(workspace, found)
        return await self._wait_for_refresh(workspace, found)

    async def _refresh(self, workspace: Workspace, old: Credentials) -> Credentials | None:
        """Get a fresh token; the old one where Slack gives none, the next try comes later."""
        try:
            fresh = await self._oauth_client.refresh(old.refresh_token)
        except OAuthError as error:
            name = workspace.team or workspace.enterprise
            if _is_valid(old):
                _log.warning("the token of %s is used on: %s", name, error)
            else:
                _log.error("the token of %s ended, install faqbot there again: %s", name, error)
            return old
        return await self._save(workspace, replace(fresh, version=old.version))

    async def _save(self, workspace: Workspace, fresh: Credentials) -> Credentials | None:
        """Keep a fresh token; where the store is down it is used, and kept later.

        The old refresh token is used up: what isn't kept would be the last of the installation.
        """
        # Before the attempt: if the task is cancelled in it, the token isn't lost.
        self._unsaved[workspace] = fresh
        try:
            kept = await self._installations.save_refreshed(workspace, fresh.version, fresh)
        except StoreError as error:
            _log.warning("a renewed token is not kept yet: %s", error)
            return fresh
        self._unsaved.pop(workspace, None)
        return kept or await self._installations.credentials(workspace)

    async def _wait_for_refresh(self, workspace: Workspace, old: Credentials) -> Credentials | None:
        """What another process makes of it; the old token where that takes long."""
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
"""Bolt's type of it leaves out that there may be no result, which Bolt allows."""


def authorize_with(installation: Installation, tokens: TokenProvider) -> Authorize:
    """What Bolt asks for the token of a request in the app of one installation.

    It gives the bot token only, and none for a request of another workspace. The client's address
    is the app's own: nothing is asked of Slack here.
    """
    workspace = installation.workspace

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        own = team_id == workspace.team
        whole = installation.is_org_wide and enterprise_id == workspace.enterprise
        if not (own or whole):
            return None
        token = await tokens.token_of(workspace)
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
"""Is told which installation is gone, so that what is loaded of it can be let go."""


async def uninstall(
    body: Mapping[str, Any],
    installations: Installations,
    tokens: TokenProvider,
    on_uninstalled: OnUninstalled,
) -> None:
    """Delete the installation that an event speaks of, unless it was made after the event.

    Slack may deliver an event again minutes later: who has installed faqbot anew keeps it.

    Raises:
        StoreError: the database can't be used.
    """
    named = workspace_of(body)
    seconds = body.get("event_time")
    # event_time is cut to seconds: an installation just before it would look newer.
    at = dt.datetime.fromtimestamp(int(seconds) + 1, dt.UTC) if seconds else None
    workspace = await installations.remove(named, at)
    if workspace is None:
        return
    tokens.forget(workspace)
    _log.info("faqbot was uninstalled from %s", workspace.team or workspace.enterprise)
    await on_uninstalled(workspace)


def workspace_of(body: Mapping[str, Any]) -> Workspace:
    """The installation that an event is for: the organisation's where it came by that."""
    listed = body.get("authorizations") or [{}]
    first = listed[0] if isinstance(listed[0], Mapping) else {}
    enterprise = str(first.get("enterprise_id") or body.get("enterprise_id") or "")
    org_wide = bool(first.get("is_enterprise_install") or body.get("is_enterprise_install"))
    team = "" if org_wide else str(first.get("team_id") or body.get("team_id") or "")
    return Workspace(enterprise, team)
