"""Owners of content: who they are, where they are reached, and who may act for them.

`unknown_owners` checks with Slack which of them it can't find, or can't reach.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.errors import UsageError
from faqbot.model import Audience, Faq, KnowledgeBase
from faqbot.slack.blockkit.rich_text import escape
from faqbot.slack.client import SLACK_ERRORS, describe_error, team_id_of, web_client
from faqbot.slack.directory import AudienceResolver, Group, is_admin, listed_groups, members_of

OWNERS_LIFETIME: Final = 600.0
_PLACE: Final = re.compile(r"(?:<[@#])?([UWCG][A-Z0-9]{6,})(?:\|[^>]*)?>?")
_GROUP: Final = re.compile(r"(?:<!subteam\^)?(S[A-Z0-9]{6,})(?:\|[^>]*)?>?")
_GROUPS: Final = "S"
_NOT_FOUND: Final = frozenset({"user_not_found", "users_not_found", "channel_not_found"})
_UNKNOWN_USER: Final = (
    "Slack doesn't tell me now who you are, so I can't let you do that. Try again in a minute; if "
    "it stays so, faqbot needs the scope `users:read`."
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OwnerSet:
    """Who may act for an owner: people by name, members of user groups, members of channels.

    Attributes:
        people: the ids of people.
        groups: user groups, whose members may act. Being in a group's channel is no licence.
        channels: the ids of channels that are owners themselves.
    """

    people: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    channels: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.people or self.groups or self.channels)

    def __str__(self) -> str:
        """Return who may act, in Slack's markup."""
        names = [
            *(f"<@{person}>" for person in self.people),
            *(f"members of <!subteam^{group.id}>" for group in self.groups),
            *(f"members of <#{channel}>" for channel in self.channels),
        ]
        *first, last = names or ["nobody"]
        return f"{', '.join(first)} and {last}" if first else last

    def besides(self, user: str) -> bool:
        """Whether somebody else than a user may act, as far as the names tell."""
        named = {*self.people, *(member for group in self.groups for member in group.users)}
        return bool(self.channels or named - {user})


def owner_of(knowledge_base: KnowledgeBase, entry_id: str) -> str:
    """Return the owner of an entry: its own, else that of its role; empty if none is named."""
    entry = knowledge_base.entry(entry_id)
    if isinstance(entry, Faq) and entry.owner:
        return entry.owner
    role = knowledge_base.role(entry.role if entry else None)
    return role.owner if role else ""


class OwnerDirectory:
    """Looks up where owners are reached, and who is an owner.

    Args:
        default: the default owners, who stand in for owners whom Slack doesn't know and may act
            for all others: people, user groups and channels, by id or @handle.
        audiences: tell guests from colleagues.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        default: str = "",
        audiences: AudienceResolver | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.default = tuple(part for part in re.split(r"[,\s]+", default) if part)
        self._audiences = audiences or AudienceResolver(clock)
        self._clock = clock
        self._groups: tuple[Group, ...] = ()
        self._until = 0.0

    async def default_place(self, client: AsyncWebClient) -> str:
        """Return where the default owners are reached; empty if there are none."""
        return next(iter(await self._default_places(client)), "")

    async def places(self, client: AsyncWebClient, owner: str) -> tuple[str, ...]:
        """Return the channels and users to write to for an owner, the best first."""
        own = await self._place(client, owner)
        default = await self._default_places(client)
        return tuple(dict.fromkeys(place for place in (own, *default) if place))

    async def _default_places(self, client: AsyncWebClient) -> tuple[str, ...]:
        found = [await self._place(client, one) for one in self.default]
        # A channel is where all of them see it; who stands beside it says who may act there.
        return tuple(sorted(filter(None, found), key=lambda place: place[0] not in "CG"))

    async def _place(self, client: AsyncWebClient, owner: str) -> str:
        group = await self.group(client, owner)
        return parse_slack_id(owner) or next(iter(group.channels if group else ()), "")

    async def owners(self, client: AsyncWebClient, owner: str) -> OwnerSet:
        """Return who may act for an owner: the owner, and the default owners."""
        own, default = await self._resolve(client, (owner,)), await self._default_owners(client)
        return OwnerSet(
            tuple(dict.fromkeys((*own.people, *default.people))),
            tuple(dict.fromkeys((*own.groups, *default.groups))),
            tuple(dict.fromkeys((*own.channels, *default.channels))),
        )

    async def _default_owners(self, client: AsyncWebClient) -> OwnerSet:
        found = await self._resolve(client, self.default)
        # With people or groups beside it, the channel is only where they are reached.
        return OwnerSet(found.people, found.groups) if found.people or found.groups else found

    async def _resolve(self, client: AsyncWebClient, owners: tuple[str, ...]) -> OwnerSet:
        ids = [parse_slack_id(owner) for owner in owners]
        groups = [await self.group(client, owner) for owner in owners]
        return OwnerSet(
            tuple(one for one in ids if one[:1] in ("U", "W")),
            tuple(group for group in groups if group),
            tuple(one for one in ids if one[:1] in ("C", "G")),
        )

    async def refusal(
        self, client: AsyncWebClient, team: str, user: str, owner: str, seen_in: str = ""
    ) -> str:
        """Return why a user may not act for an owner, in Slack's markup; empty if they may.

        Args:
            client: asks Slack.
            team: the workspace.
            user: who wants to act.
            owner: whom they act for.
            seen_in: the channel in which the user sees the card that they act on.
        """
        owners = await self.owners(client, owner)
        audience = await self._audiences.of(client, team, user)
        if audience is Audience.EVERYONE:
            return _UNKNOWN_USER
        if audience is Audience.EMPLOYEES and await self._includes(client, owners, user, seen_in):
            return ""
        if not owners:
            return (
                "Nobody may do that yet: the content names no owner that Slack knows, and "
                "FAQBOT_DEFAULT_OWNER names none."
            )
        never = "" if audience is Audience.EMPLOYEES else " Guests may not."
        return f"Only {owners} may do that.{never}"

    async def _includes(
        self, client: AsyncWebClient, owners: OwnerSet, user: str, seen_in: str
    ) -> bool:
        if user in owners.people or any(user in group.users for group in owners.groups):
            return True
        for channel in owners.channels:
            members = await members_of(client, channel)
            # Where Slack doesn't list them: the card is in that channel, and the user sees it.
            if user in members if members is not None else channel == seen_in:
                return True
        return False

    async def named(self, client: AsyncWebClient, owner: str) -> str:
        """Return an owner in Slack's markup: a mention if Slack knows them."""
        group = await self.group(client, owner)
        return mention(group.id if group else owner)

    async def written(self, client: AsyncWebClient, owner: str) -> str:
        """Return an owner as content names it: a group by its handle, a person with their name."""
        group = await self.group(client, owner)
        if group is not None:
            return f"@{group.handle}"
        person = parse_slack_id(owner)
        if person[:1] not in ("U", "W"):
            return owner
        try:
            found = (await client.users_info(user=person)).get("user") or {}
        except SLACK_ERRORS as error:
            _log.info("users.info failed: %s", describe_error(error))
            return person
        name = re.sub(r"[<>|]", " ", str(found.get("real_name") or found.get("name") or ""))
        return f"<@{person}|{' '.join(name.split())}>" if name.strip() else person

    async def acts(
        self, client: AsyncWebClient, team: str, knowledge_base: KnowledgeBase, user: str
    ) -> bool:
        """Whether a user may act for some owner of content: never a guest, nor an admin as such."""
        if await self._audiences.of(client, team, user) is not Audience.EMPLOYEES:
            return False
        named = tuple(sorted({owner for owner in owners_in(knowledge_base) if owner}))
        for owners in (await self._default_owners(client), await self._resolve(client, named)):
            if await self._includes(client, owners, user, ""):
                return True
        return False

    async def owns(self, client: AsyncWebClient, knowledge_base: KnowledgeBase, user: str) -> bool:
        """Whether a user is an owner, by id or by a user group, or an admin."""
        for owner in sorted({*owners_in(knowledge_base), *self.default}):
            if user and user == parse_slack_id(owner):
                return True
            group = await self.group(client, owner)
            if group and user in group.users:
                return True
        return await is_admin(client, user)

    async def group(self, client: AsyncWebClient, owner: str) -> Group | None:
        """Return the user group of an owner that is written as its id or @handle."""
        wanted = owner.strip()
        by_id = _GROUP.fullmatch(wanted)
        if not by_id and not wanted.startswith("@"):
            return None
        for group in await self._known(client):
            if (by_id and group.id == by_id[1]) or wanted == f"@{group.handle}":
                return group
        return None

    async def listed_group(self, client: AsyncWebClient, owner: str) -> Group | None:
        """Return the user group of an owner, as `group` does.

        Raises:
            SlackApiError: Slack refuses the list.
            aiohttp.ClientError: Slack can't be reached.
            TimeoutError: Slack doesn't answer.
        """
        if self._clock() >= self._until:
            self._groups = await listed_groups(client)
            self._until = self._clock() + OWNERS_LIFETIME
        return await self.group(client, owner)

    async def _known(self, client: AsyncWebClient) -> tuple[Group, ...]:
        """Return the user groups of the workspace; none if Slack refuses the list."""
        if self._clock() < self._until:
            return self._groups
        # Set before the call: while Slack fails, not every question waits for another try.
        self._until = self._clock() + OWNERS_LIFETIME
        try:
            self._groups = await listed_groups(client)
        except SLACK_ERRORS as error:
            _log.info("user groups could not be listed: %s", describe_error(error))
        return self._groups


def owners_in(knowledge_base: KnowledgeBase) -> Iterator[str]:
    """Yield the owners that content names."""
    for role in knowledge_base.roles:
        yield role.owner
        yield from (faq.owner for faq in role.faqs)
    yield from (faq.owner for faq in knowledge_base.faqs)


def parse_slack_id(owner: str) -> str:
    """Return the id of a user or channel in an owner's text, or an empty string."""
    found = _PLACE.fullmatch(owner.strip())
    return found[1] if found else ""


def mention(owner: str) -> str:
    """Return an owner in Slack's markup: a mention of an id, else the text."""
    place, group = parse_slack_id(owner), _GROUP.fullmatch(owner.strip())
    if group:
        return f"<!subteam^{group[1]}>"
    if not place:
        return escape(owner)
    return f"<@{place}>" if place[0] in "UW" else f"<#{place}>"


async def unknown_owners(
    token: str, base_url: str, knowledge_base: KnowledgeBase, default: str
) -> dict[str, str]:
    """Return the owners whom Slack can't find or reach, each with what is wrong.

    Args:
        token: the bot token.
        base_url: of the Web API.
        knowledge_base: the content.
        default: the default owners, as in FAQBOT_DEFAULT_OWNER.

    Raises:
        FaqbotError: Slack refuses the token or a call, or can't be reached.
    """
    async with web_client(token, base_url) as client:
        await team_id_of(client)
        directory = OwnerDirectory(default)
        found: dict[str, str] = {}
        for owner in sorted({*owners_in(knowledge_base), *directory.default} - {""}):
            if said := await _problem(client, directory, owner):
                found[owner] = said
        return found


async def _problem(client: AsyncWebClient, directory: OwnerDirectory, owner: str) -> str:
    """Return what is wrong with an owner; empty if nothing is, or if it isn't written for Slack."""
    named = parse_slack_id(owner)
    try:
        if named[:1] in ("U", "W"):
            return await _person_problem(client, named)
        if named:
            return await _channel_problem(client, named)
        if owner.startswith(("@", _GROUPS, "<!subteam")):
            return _group_problem(await directory.listed_group(client, owner))
    except SLACK_ERRORS as error:
        if isinstance(error, SlackApiError) and error.response.get("error") in _NOT_FOUND:
            return "isn't in this workspace, or is a private channel without faqbot"
        raise UsageError(
            f"Slack doesn't say who {owner} is ({describe_error(error)}): give faqbot the scopes "
            "users:read, usergroups:read, channels:read and groups:read, or check without --slack."
        ) from error
    return ""


async def _person_problem(client: AsyncWebClient, person: str) -> str:
    user = (await client.users_info(user=person)).get("user") or {}
    if user.get("deleted"):
        return "has left the workspace"
    if user.get("is_bot"):
        return "is a bot, which answers nobody"
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "is a guest, who may not act for content"
    return ""


async def _channel_problem(client: AsyncWebClient, channel: str) -> str:
    found = (await client.conversations_info(channel=channel)).get("channel") or {}
    if found.get("is_archived"):
        return "is archived"
    if found.get("is_member") is False:
        return "doesn't have faqbot in it: /invite @faqbot"
    return ""


def _group_problem(group: Group | None) -> str:
    if group is None:
        return "is no user group of this workspace"
    if not group.users:
        return "is a user group without members"
    if not group.channels:
        return "is a user group without a default channel, in which to reach it"
    return ""
