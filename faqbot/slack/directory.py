"""Who somebody is to the content: a colleague, an outsider, or unknown."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Audience, KnowledgeBase
from faqbot.slack.blockkit.rich_text import escape
from faqbot.slack.client import SLACK_ERRORS, describe_error
from faqbot.storage.models import ChannelMode, ChannelPolicy, StoreError
from faqbot.storage.recorder import QuestionRecorder

AUDIENCE_LIFETIME: Final = 600.0
FAILURE_LIFETIME: Final = 60.0
PATIENCE: Final = 1.2
"""Seconds for the look-up: a command must be acknowledged within three."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    audience: Audience
    until: float


class AudienceResolver:
    """Looks people up in Slack and remembers them for a while.

    Args:
        clock: seconds that only grow.
        capacity: how many people are remembered.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = 10_000) -> None:
        self._clock = clock
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._looking: dict[tuple[str, str], asyncio.Task[Audience]] = {}

    async def of(self, client: AsyncWebClient, team: str, user: str) -> Audience:
        """The audience of a user; `EVERYONE`, the most careful, when Slack doesn't say."""
        key = (team, user)
        known = self._known.get(key)
        if known and known.until > self._clock():
            return known.audience
        task = self._looking.get(key)
        if task is None:  # a person who asks five things at once is looked up once
            task = asyncio.create_task(self._keep(client, key))
            self._looking[key] = task
            task.add_done_callback(lambda _: self._looking.pop(key, None))
        # Others wait for the same look-up; a cancelled question may not cancel theirs.
        return await asyncio.shield(task)

    async def _keep(self, client: AsyncWebClient, key: tuple[str, str]) -> Audience:
        audience, lifetime = await self._look_up(client, *key)
        self._known[key] = _Known(audience, self._clock() + lifetime)
        self._known.move_to_end(key)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return audience

    async def _look_up(
        self, client: AsyncWebClient, team: str, user: str
    ) -> tuple[Audience, float]:
        if not user:
            return Audience.EVERYONE, FAILURE_LIFETIME
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await client.users_info(user=user)
        except SLACK_ERRORS as error:
            _log.info("users.info failed: %s", describe_error(error))
        else:
            return audience_of(answer.get("user"), team), AUDIENCE_LIFETIME
        return Audience.EVERYONE, FAILURE_LIFETIME


def channel_audience(audience: Audience) -> Audience:
    """Whose eyes a message in a channel must be fit for: guests may read along."""
    return Audience.CANDIDATES if audience is Audience.EMPLOYEES else audience


def audience_of(user: Any, team: str) -> Audience:
    """Full members of the team are employees; guests and people of other teams candidates."""
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


OWNERS_LIFETIME: Final = 600.0
_PLACE: Final = re.compile(r"(?:<[@#])?([UWCG][A-Z0-9]{6,})(?:\|[^>]*)?>?")
_GROUP: Final = re.compile(r"(?:<!subteam\^)?(S[A-Z0-9]{6,})(?:\|[^>]*)?>?")


@dataclass(frozen=True, slots=True)
class Group:
    """A user group: `channels` are its default channels, the first is where it is reached."""

    id: str
    handle: str
    users: frozenset[str]
    channels: tuple[str, ...]


class OwnerDirectory:
    """Finds out where an owner is reached, and who counts as one.

    Args:
        common: the channel or person for owners that can't be written to.
        clock: seconds that only grow.
    """

    def __init__(self, common: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._common = parse_slack_id(common)
        self._clock = clock
        self._groups: tuple[Group, ...] = ()
        self._until = 0.0

    @property
    def common(self) -> str:
        """Where questions go whose owner can't be written to; empty: nowhere."""
        return self._common

    async def places(self, client: AsyncWebClient, owner: str) -> tuple[str, ...]:
        """Where an owner is reached, the best place first."""
        own = parse_slack_id(owner)
        if own:
            found: tuple[str, ...] = (own,)
        else:
            group = await self.group(client, owner)
            found = group.channels[:1] if group else ()
        return tuple(dict.fromkeys(place for place in (*found, self._common) if place))

    async def named(self, client: AsyncWebClient, owner: str) -> str:
        """An owner in Slack's markup: a mention where Slack knows them."""
        group = await self.group(client, owner)
        return mention(group.id if group else owner)

    async def owns(self, client: AsyncWebClient, knowledge_base: KnowledgeBase, user: str) -> bool:
        """Whether somebody is an owner: named by id, in a group that is, or an admin."""
        named = {role.owner for role in knowledge_base.roles}
        named |= {faq.owner for role in knowledge_base.roles for faq in role.faqs}
        named |= {faq.owner for faq in knowledge_base.faqs}
        # An empty owner has an empty id, which would match a payload without a user.
        named.discard("")
        if user in {parse_slack_id(owner) for owner in named} | {self._common}:
            return True
        for owner in sorted(named):
            group = await self.group(client, owner)
            if group and user in group.users:
                return True
        return await is_admin(client, user)

    async def group(self, client: AsyncWebClient, owner: str) -> Group | None:
        """The user group that an owner is: by id or by @handle."""
        wanted = owner.strip()
        by_id = _GROUP.fullmatch(wanted)
        if not by_id and not wanted.startswith("@"):
            return None
        for group in await self._known(client):
            if (by_id and group.id == by_id[1]) or wanted == f"@{group.handle}":
                return group
        return None

    async def _known(self, client: AsyncWebClient) -> tuple[Group, ...]:
        """The groups of the workspace; none where Slack doesn't tell."""
        if self._clock() < self._until:
            return self._groups
        # Set before the call: while Slack fails, not every question waits for another try.
        self._until = self._clock() + OWNERS_LIFETIME
        try:
            answer = await client.usergroups_list(include_users=True)
        except SLACK_ERRORS as error:
            _log.info("user groups could not be listed: %s", describe_error(error))
            return self._groups
        listed: list[dict[str, Any]] = answer.get("usergroups") or []
        self._groups = tuple(
            Group(
                str(one.get("id") or ""),
                str(one.get("handle") or ""),
                frozenset(one.get("users") or ()),
                tuple((one.get("prefs") or {}).get("channels") or ()),
            )
            for one in listed
        )
        return self._groups


def parse_slack_id(owner: str) -> str:
    """The id of a person or a channel that an owner is, if it is one."""
    found = _PLACE.fullmatch(owner.strip())
    return found[1] if found else ""


def mention(owner: str) -> str:
    """An owner in Slack's markup: a mention of an id, else the words."""
    place, group = parse_slack_id(owner), _GROUP.fullmatch(owner.strip())
    if group:
        return f"<!subteam^{group[1]}>"
    if not place:
        return escape(owner)
    return f"<@{place}>" if place[0] in "UW" else f"<#{place}>"


FRESH: Final = 30.0
"""Seconds for which the policies of a team are believed without another look."""


class ChannelPolicies:
    """The policies of channels, looked up once in a while.

    Args:
        memory: keeps them; without one every channel has the default.
        default: when faqbot speaks where nothing is set.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        memory: QuestionRecorder | None,
        default: ChannelMode = ChannelMode.MENTIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._memory = memory
        self._default = default
        self._clock = clock
        self._set: dict[str, dict[str, ChannelPolicy]] = {}
        self._until: dict[str, float] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    async def policy(self, team: str, channel: str) -> ChannelPolicy:
        """The policy of a channel; when the database is down, the last one known."""
        if self._until.get(team, 0.0) <= self._clock():
            task = self._reading.get(team)
            if task is None:
                task = asyncio.create_task(self._read(team))
                self._reading[team] = task
                task.add_done_callback(lambda _: self._reading.pop(team, None))
            if team not in self._until:  # nothing is known yet, and a channel may be switched off
                await asyncio.shield(task)
        found = self._set.get(team, {}).get(channel)
        return found or ChannelPolicy(team, channel, self._default)

    async def set(self, policy: ChannelPolicy) -> None:
        """Set a policy, here at once, elsewhere within `FRESH` seconds.

        Raises:
            StoreError: the database is down.
        """
        if self._memory is None:
            raise StoreError("There is no database.")
        async with self._memory.store() as store:
            await store.policies.set(policy)
        self._set.setdefault(policy.team, {})[policy.channel] = policy

    async def _read(self, team: str) -> None:
        """Read what was set in a team: few channels have something, and many don't."""
        if self._memory is not None and self._memory.is_up:
            try:
                async with self._memory.store(flush_first=False) as store:
                    found = await store.policies.all(team)
                self._set[team] = {policy.channel: policy for policy in found}
            except StoreError:
                _log.info("the policies of channels could not be read")
        # Also after a failure, or each message would wait for a database that is down.
        self._until[team] = self._clock() + FRESH


async def is_admin(client: AsyncWebClient, user: str) -> bool:
    """Whether somebody is an admin or an owner of the workspace; no when Slack doesn't say."""
    try:
        person = (await client.users_info(user=user)).get("user") or {}
    except SLACK_ERRORS as error:
        _log.info("who is an admin could not be told: %s", describe_error(error))
        return False
    return any(person.get(flag) for flag in ("is_admin", "is_owner", "is_primary_owner"))


async def may_manage(client: AsyncWebClient, user: str, channel: str) -> bool:
    """Whether somebody may set how faqbot behaves: admins, and who made the channel."""
    if await is_admin(client, user):
        return True
    try:
        made = (await client.conversations_info(channel=channel)).get("channel") or {}
    except SLACK_ERRORS as error:
        _log.info("who made a channel could not be told: %s", describe_error(error))
        return False
    return made.get("creator") == user
