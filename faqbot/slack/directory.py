"""Directory of a workspace: audiences and rights of users, user groups, and channels.

Of channels it knows who is in them, which of them other companies read, and their policies.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cachetools import LRUCache, TTLCache
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Audience
from faqbot.runtime.tasks import SingleFlight
from faqbot.slack.client import SLACK_ERRORS, describe_error
from faqbot.storage.models import ChannelMode, ChannelPolicy, StoreError
from faqbot.storage.recorder import QuestionRecorder

AUDIENCE_LIFETIME: Final = 600.0
FAILURE_LIFETIME: Final = 60.0
CHANNEL_LIFETIME: Final = 300.0
LOOKUP_TIMEOUT: Final = 1.2
"""Seconds for the look-up: a command must be acknowledged within three."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    audience: Audience
    until: float


class SharedChannels:
    """Knows in which channels people of other companies read along (Slack Connect), and caches it.

    Args:
        clock: a monotonic clock, in seconds.
        capacity: how many channels are cached.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = 10_000) -> None:
        self._known: TTLCache[tuple[str, str], bool] = TTLCache(capacity, CHANNEL_LIFETIME, clock)
        self._lookups: SingleFlight[tuple[str, str], bool] = SingleFlight()

    def note(self, team: str, channel: str, *, shared: bool) -> None:
        """Take over what an event says of its channel."""
        if shared or (team, channel) not in self._known:
            self._known[team, channel] = shared

    async def is_shared(self, client: AsyncWebClient, team: str, channel: str) -> bool:
        """Whether a channel is shared with another company; True if Slack doesn't tell."""
        known = self._known.get((team, channel))
        if known is not None:
            return known
        return await self._lookups.run((team, channel), partial(self._ask, client, team, channel))

    async def _ask(self, client: AsyncWebClient, team: str, channel: str) -> bool:
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT):
                answer = await client.conversations_info(channel=channel)
        except SLACK_ERRORS as error:
            _log.info("conversations.info failed: %s", describe_error(error))
            return True
        found = answer.get("channel")
        shared = not isinstance(found, Mapping) or bool(found.get("is_ext_shared"))
        self.note(team, channel, shared=shared)
        return shared


class AudienceResolver:
    """Looks up the audience of users in Slack, and caches it.

    Args:
        clock: a monotonic clock, in seconds.
        capacity: how many users are cached.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = 10_000) -> None:
        self._clock = clock
        self.channels = SharedChannels(clock)
        # Entries have two lifetimes, so this can't be a TTLCache.
        self._known: LRUCache[tuple[str, str], _Known] = LRUCache(capacity)
        self._lookups: SingleFlight[tuple[str, str], Audience] = SingleFlight()

    async def of(self, client: AsyncWebClient, team: str, user: str) -> Audience:
        """Return the audience of a user; `EVERYONE`, who may read least, if Slack fails."""
        key = (team, user)
        known = self._known.get(key)
        if known and known.until > self._clock():
            return known.audience
        return await self._lookups.run(key, partial(self._look_up_and_cache, client, key))

    async def of_channel(
        self, client: AsyncWebClient, team: str, user: str, channel: str
    ) -> Audience:
        """Return the audience of what a user has faqbot post where others read it too."""
        if await self.channels.is_shared(client, team, channel):
            return Audience.EVERYONE
        return channel_audience(await self.of(client, team, user))

    async def _look_up_and_cache(self, client: AsyncWebClient, key: tuple[str, str]) -> Audience:
        audience, lifetime = await self._look_up(client, *key)
        self._known[key] = _Known(audience, self._clock() + lifetime)
        return audience

    async def _look_up(
        self, client: AsyncWebClient, team: str, user: str
    ) -> tuple[Audience, float]:
        if not user:
            return Audience.EVERYONE, FAILURE_LIFETIME
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT):
                answer = await client.users_info(user=user)
        except SLACK_ERRORS as error:
            _log.info("users.info failed: %s", describe_error(error))
        else:
            return audience_of(answer.get("user"), team), AUDIENCE_LIFETIME
        return Audience.EVERYONE, FAILURE_LIFETIME


def channel_audience(audience: Audience) -> Audience:
    """Return the audience of a public answer in a channel, where guests may read along."""
    return Audience.CANDIDATES if audience is Audience.EMPLOYEES else audience


def audience_of(user: Any, team: str) -> Audience:
    """Return the audience of a user: full members are employees, guests and others candidates."""
    if not isinstance(user, Mapping):
        return Audience.EVERYONE
    outside = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")
    home = user.get("team_id")
    enterprise = user.get("enterprise_user")
    teams = enterprise.get("teams") if isinstance(enterprise, Mapping) else None
    if any(user.get(flag) for flag in outside) or (
        home and team not in (home, *(teams if isinstance(teams, list) else ()))
    ):
        return Audience.CANDIDATES
    # Without both ids nothing proves that this is a colleague, so the least is shown.
    return Audience.EMPLOYEES if home and team else Audience.EVERYONE


POLICY_LIFETIME: Final = 30.0
"""Seconds for which the policies of a team are cached."""


class ChannelPolicies:
    """The policies of channels, cached.

    Args:
        recorder: opens the store; None without a database: all channels have the default.
        default: the mode of channels without a policy.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        recorder: QuestionRecorder | None,
        default: ChannelMode = ChannelMode.MENTIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recorder = recorder
        self._default = default
        self._clock = clock
        self._set: dict[str, dict[str, ChannelPolicy]] = {}
        self._until: dict[str, float] = {}
        self._reads: SingleFlight[str, None] = SingleFlight()

    async def policy(self, team: str, channel: str) -> ChannelPolicy:
        """Return the policy of a channel; the last known one while the database is down."""
        if self._until.get(team, 0.0) <= self._clock():
            if team in self._until:  # known policies serve until the newer ones are read
                self._reads.start(team, partial(self._read, team))
            else:
                await self._reads.run(team, partial(self._read, team))
        found = self._set.get(team, {}).get(channel)
        return found or ChannelPolicy(team, channel, self._default)

    async def set(self, policy: ChannelPolicy) -> None:
        """Set a policy. Other processes follow within `POLICY_LIFETIME` seconds.

        Raises:
            StoreError: the database is down.
        """
        if self._recorder is None:
            raise StoreError("There is no database.")
        async with self._recorder.store() as store:
            await store.policies.set(policy)
        self._set.setdefault(policy.team, {})[policy.channel] = policy

    async def _read(self, team: str) -> None:
        """Read all policies of a team: few channels have one."""
        if self._recorder is not None and self._recorder.is_up:
            try:
                async with self._recorder.store(flush_first=False) as store:
                    found = await store.policies.all(team)
                self._set[team] = {policy.channel: policy for policy in found}
            except StoreError:
                _log.info("the policies of channels could not be read")
        # Also after a failure, or each message would wait for a database that is down.
        self._until[team] = self._clock() + POLICY_LIFETIME


async def is_admin(client: AsyncWebClient, user: str) -> bool:
    """Whether a user is an admin or an owner of the workspace; False if Slack doesn't respond."""
    try:
        person = (await client.users_info(user=user)).get("user") or {}
    except SLACK_ERRORS as error:
        _log.info("who is an admin could not be told: %s", describe_error(error))
        return False
    return any(person.get(flag) for flag in ("is_admin", "is_owner", "is_primary_owner"))


async def may_manage(client: AsyncWebClient, user: str, channel: str) -> bool:
    """Whether a user may change a channel's settings: admins, and who created the channel."""
    if await is_admin(client, user):
        return True
    try:
        made = (await client.conversations_info(channel=channel)).get("channel") or {}
    except SLACK_ERRORS as error:
        _log.info("who made a channel could not be told: %s", describe_error(error))
        return False
    return made.get("creator") == user


@dataclass(frozen=True, slots=True)
class Group:
    """A user group; it is reached in the first of its default channels."""

    id: str
    handle: str
    users: frozenset[str]
    channels: tuple[str, ...]


async def listed_groups(client: AsyncWebClient) -> tuple[Group, ...]:
    """Return the user groups of a workspace.

    Raises:
        SlackApiError: Slack refuses the list.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    answer = await client.usergroups_list(include_users=True)
    listed: list[dict[str, Any]] = answer.get("usergroups") or []
    return tuple(
        Group(
            str(one.get("id") or ""),
            str(one.get("handle") or ""),
            frozenset(one.get("users") or ()),
            tuple((one.get("prefs") or {}).get("channels") or ()),
        )
        for one in listed
    )


_MEMBERS_PAGE: Final = 1_000
_MEMBERS_PAGES: Final = 10


async def members_of(client: AsyncWebClient, channel: str) -> frozenset[str] | None:
    """Return the members of a channel; None if Slack doesn't list them."""
    found: set[str] = set()
    cursor = ""
    try:
        for _ in range(_MEMBERS_PAGES):
            answer = await client.conversations_members(
                channel=channel, limit=_MEMBERS_PAGE, cursor=cursor or None
            )
            found |= set(answer.get("members") or ())
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
    except SLACK_ERRORS as error:
        _log.info("the members of a channel could not be listed: %s", describe_error(error))
        return None
    return frozenset(found)
