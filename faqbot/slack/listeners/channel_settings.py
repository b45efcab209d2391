"""`/faq settings`: when faqbot answers in a channel, and who sees the answers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.slack.blockkit.blocks import context, option
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.views import input_block, modal
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.directory import ChannelPolicies, may_manage
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.payloads import Interaction, SlashCommand
from faqbot.storage.models import ChannelMode, ChannelPolicy

SETTINGS_VIEW: Final = "channel-settings"

_SPEAKS, _PRIVATE, _OWNER = "speaks", "private", "owner"
_CHOICES: Final = {
    ChannelMode.OFF: ("Off", "I never speak here."),
    ChannelMode.MENTIONS: ("When I'm mentioned", "And in threads where I have answered."),
    ChannelMode.QUESTIONS: ("Questions that I'm sure about", "In a thread below the question."),
    ChannelMode.ALL: ("Whatever I can answer", "In a thread below each message."),
}
_log = logging.getLogger(__name__)


def settings_modal(policy: ChannelPolicy) -> JsonObject:
    """Return the modal with a channel's settings."""
    modes = {
        mode: option(title, mode.value, description)
        for mode, (title, description) in _CHOICES.items()
    }
    mode: JsonObject = {
        "type": "radio_buttons",
        "action_id": _SPEAKS,
        "options": list(modes.values()),
        "initial_option": modes[policy.mode],
    }
    private = option("Answer privately: only the asker sees it", "yes")
    privacy: JsonObject = {"type": "checkboxes", "action_id": _PRIVATE, "options": [private]}
    if policy.private:
        privacy["initial_options"] = [private]
    owner: JsonObject = {"type": "users_select", "action_id": _OWNER}
    if policy.owner:
        owner["initial_user"] = policy.owner
    return modal(
        "faqbot in this channel",
        [
            input_block(_SPEAKS, "When I answer", mode),
            input_block(_PRIVATE, "Who sees answers", privacy, optional=True),
            input_block(_OWNER, "Who answers when I can't", owner, optional=True),
            context("For reading messages that don't mention me I need to be in the channel."),
        ],
        callback=SETTINGS_VIEW,
        submit="Save",
        metadata=policy.channel,
    )


@dataclass(frozen=True, slots=True)
class SettingsCommand:
    """`/faq settings`."""

    channels: ChannelPolicies

    async def open(self, ack: AsyncAck, command: SlashCommand, client: AsyncWebClient) -> None:
        """Open the modal, or respond with the reason why not."""
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


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listener of the settings modal."""

    @app.view(SETTINGS_VIEW)
    @needs_storage
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
        await app_context.channels.set(policy)
        await ack()
        try:
            await client.chat_postEphemeral(
                channel=channel, user=user, text=f"Saved. {_CHOICES[policy.mode][0]}."
            )
        except SLACK_ERRORS as error:
            _log.info("settings were saved; saying so was refused: %s", describe_error(error))


def policy_of(submitted: Interaction) -> ChannelPolicy:
    """Return the policy of a submitted modal."""
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
