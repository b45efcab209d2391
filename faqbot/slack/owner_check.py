"""Check of owners with Slack: whom it can't find, or can't reach."""

from __future__ import annotations

from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.errors import UsageError
from faqbot.model import KnowledgeBase
from faqbot.slack.client import SLACK_ERRORS, describe_error, team_id_of, web_client
from faqbot.slack.owners import Group, OwnerDirectory, owners_in, parse_slack_id

_GROUPS: Final = "S"
_NOT_FOUND: Final = frozenset({"user_not_found", "users_not_found", "channel_not_found"})


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
