"""Where and how faqbot speaks: a policy for each channel, set by those who manage it."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.slack.blockkit.blocks import context, plain
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.views import NOT_NOW
from faqbot.slack.client import client_of, reason_of
from faqbot.slack.payloads import Interaction, SlashCommand
from faqbot.storage.models import ChannelMode, ChannelPolicy, StoreError
from faqbot.storage.recorder import QuestionRecorder

SETTINGS_VIEW: Final = "channel-settings"
FRESH: Final = 30.0
"""Seconds for which the policies of a team are believed without another look."""

_SPEAKS, _PRIVATE, _OWNER = "speaks", "private", "owner"
_QUESTION: Final = re.compile(
    r"\?|^\s*(?:hi|hello|hey)?[ ,!]*(?:what|which|who|how|where|when|why|is|are|do|does|can|could"
    r"|must|should|will|would|anyone|does anyone|has)\b",
    re.IGNORECASE,
)
_CHOICES: Final = {
    ChannelMode.OFF: ("Off", "I never speak here."),
    ChannelMode.MENTIONS: ("When I'm mentioned", "And in threads where I have answered."),
    ChannelMode.QUESTIONS: ("Questions that I'm sure about", "In a thread below the question."),
    ChannelMode.ALL: ("Whatever I can answer", "In a thread below each message."),
}
_log = logging.getLogger(__name__)


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
        self._until[team] = self._clock() + FRESH


def is_question(text: str) -> bool:
    """Whether a message asks something, by its first word or its mark."""
    return bool(_QUESTION.search(text))


async def is_admin(client: AsyncWebClient, user: str) -> bool:
    """Whether somebody is an admin or an owner of the workspace; no when Slack doesn't say."""
    try:
        person = (await client.users_info(user=user)).get("user") or {}
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        reason = reason_of(error) if isinstance(error, SlackApiError) else type(error).__name__
        _log.info("who is an admin could not be told: %s", reason)
        return False
    return any(person.get(flag) for flag in ("is_admin", "is_owner", "is_primary_owner"))


async def may_manage(client: AsyncWebClient, user: str, channel: str) -> bool:
    """Whether somebody may set how faqbot behaves: admins, and who made the channel."""
    if await is_admin(client, user):
        return True
    try:
        made = (await client.conversations_info(channel=channel)).get("channel") or {}
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        reason = reason_of(error) if isinstance(error, SlackApiError) else type(error).__name__
        _log.info("who made a channel could not be told: %s", reason)
        return False
    return made.get("creator") == user


def settings_modal(policy: ChannelPolicy) -> JsonObject:
    """The modal with a channel's settings."""
    options = {
        speaks: {
            "text": plain(title),
            "description": plain(description),
            "value": speaks.value,
        }
        for speaks, (title, description) in _CHOICES.items()
    }
    private = {"text": plain("Answer privately: only the asker sees it"), "value": "yes"}
    owner: dict[str, Any] = {"type": "users_select", "action_id": _OWNER}
    if policy.owner:
        owner["initial_user"] = policy.owner
    checks: dict[str, Any] = {"type": "checkboxes", "action_id": _PRIVATE, "options": [private]}
    if policy.private:
        checks["initial_options"] = [private]
    return {
        "type": "modal",
        "callback_id": SETTINGS_VIEW,
        "title": plain("faqbot in this channel"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "private_metadata": policy.channel,
        "blocks": [
            {
                "type": "input",
                "block_id": _SPEAKS,
                "label": plain("When I answer"),
                "element": {
                    "type": "radio_buttons",
                    "action_id": _SPEAKS,
                    "options": list(options.values()),
                    "initial_option": options[policy.mode],
                },
            },
            {
                "type": "input",
                "block_id": _PRIVATE,
                "optional": True,
                "label": plain("Who sees answers"),
                "element": checks,
            },
            {
                "type": "input",
                "block_id": _OWNER,
                "optional": True,
                "label": plain("Who answers when I can't"),
                "element": owner,
            },
            context("For reading messages that don't mention me I need to be in the channel."),
        ],
    }


@dataclass(frozen=True, slots=True)
class SettingsCommand:
    """`/faq settings`."""

    channels: ChannelPolicies

    async def open(self, ack: AsyncAck, command: SlashCommand, client: AsyncWebClient) -> None:
        """Open the modal, or say why not."""
        channel = command.channel
        if not channel.startswith(("C", "G")):
            await ack(text="Use `/faq settings` in the channel that you want to set up.")
            return
        if not await may_manage(client, command.user, channel):
            await ack(text="Only admins, and who made this channel, can set me up here.")
            return
        await ack()
        policy = await self.channels.policy(command.team, channel)
        await client.views_open(trigger_id=command.trigger, view=settings_modal(policy))


def register(app: AsyncApp, channels: ChannelPolicies) -> None:
    """Take settings."""

    @app.view(SETTINGS_VIEW)
    async def on_settings(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        channel, user = interaction.view.metadata, interaction.user
        client = client_of(context)
        if not await may_manage(client, user, channel):
            refused = "Only admins, and who made this channel, can set me up here."
            await ack(response_action="errors", errors={_SPEAKS: refused})
            return
        policy = policy_of(interaction)
        try:
            await channels.set(policy)
        except StoreError:
            await ack(response_action="errors", errors={_SPEAKS: NOT_NOW})
            return
        await ack()
        try:
            await client.chat_postEphemeral(
                channel=channel, user=user, text=f"Saved. {_CHOICES[policy.mode][0]}."
            )
        except SlackApiError as error:
            _log.info("settings were saved; saying so was refused: %s", reason_of(error))


def policy_of(submitted: Interaction) -> ChannelPolicy:
    """The policy that somebody entered into the modal."""
    view = submitted.view
    mode = view.input(_SPEAKS).value
    return ChannelPolicy(
        submitted.team,
        view.metadata,
        ChannelMode(mode) if mode in set(ChannelMode) else ChannelMode.MENTIONS,
        private=view.input(_PRIVATE).checked,
        owner=view.input(_OWNER).user,
        changed_by=submitted.user,
    )
