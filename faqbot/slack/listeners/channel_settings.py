"""`/faq settings`: when faqbot answers in a channel, and who sees the answers."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.slack.blockkit.blocks import context, option
from faqbot.slack.blockkit.modals import input_block, modal
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.directory import ChannelPolicies, may_manage
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.payloads import Interaction, SlashCommand
from faqbot.slack.posts import Respond
from faqbot.storage.models import ChannelMode, ChannelPolicy

SETTINGS_VIEW: Final = "channel-settings"

_SPEAKS, _PRIVATE, _OWNER = "speaks", "private", "owner"
_CHOICES: Final = {
    ChannelMode.OFF: ("Off", "I never speak here."),
    ChannelMode.ONLY_MENTIONS: ("Only when I'm mentioned", "In threads too."),
    ChannelMode.MENTIONS: ("When I'm mentioned", "And in threads where I have answered."),
    ChannelMode.QUESTIONS: ("Questions that I'm sure about", "In a thread below the question."),
    ChannelMode.ALL: ("Whatever I can answer", "In a thread below each message."),
}
_WITHOUT_READING: Final = (ChannelMode.OFF, ChannelMode.ONLY_MENTIONS)
_MEMBER: Final = "For reading messages that don't mention me I need to be in the channel."
_MISSING: Final = (
    "I can't read messages that don't mention me here. An admin who adds the scope `{scope}` to my "
    "app, and installs it again, gets more to choose from."
)
_log = logging.getLogger(__name__)


def settings_modal(policy: ChannelPolicy, missing: str = "") -> JsonObject:
    """Return the modal with a channel's settings.

    Args:
        policy: the present settings.
        missing: the scope without which messages that don't mention faqbot never arrive.
    """
    modes = {
        mode: option(title, mode.value, description)
        for mode, (title, description) in _CHOICES.items()
        if mode in _WITHOUT_READING or not missing
    }
    mode: JsonObject = {
        "type": "radio_buttons",
        "action_id": _SPEAKS,
        "options": list(modes.values()),
        "initial_option": modes.get(policy.mode, modes[ChannelMode.ONLY_MENTIONS]),
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
            context(_MISSING.format(scope=missing) if missing else _MEMBER),
        ],
        callback=SETTINGS_VIEW,
        submit="Save",
        metadata=policy.channel,
    )


@dataclass(frozen=True, slots=True)
class SettingsCommand:
    """`/faq settings`."""

    channels: ChannelPolicies

    async def open(self, ack: Respond, command: SlashCommand, client: AsyncWebClient) -> None:
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
        modal = settings_modal(policy, await _missing_scope(client, private=command.private))
        await client.views_open(trigger_id=command.trigger, view=modal)


async def _missing_scope(client: AsyncWebClient, *, private: bool) -> str:
    """Return the scope for reading a channel if it wasn't granted; "" if it was, or is unknown."""
    needed = "groups:history" if private else "channels:history"
    try:
        answer = await client.auth_test()
    except SLACK_ERRORS as error:
        _log.info("scopes could not be read: %s", describe_error(error))
        return ""
    # aiohttp's headers ignore case, those of other transports may not.
    headers = {name.lower(): value for name, value in (answer.headers or {}).items()}
    granted = str(headers.get("x-oauth-scopes") or "")
    return needed if granted and needed not in re.split(r"[,\s]+", granted) else ""


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
