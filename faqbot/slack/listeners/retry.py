"""“Try again”: the button below a question that could not be answered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from faqbot.slack.blockkit.blocks import Action
from faqbot.slack.client import client_of
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.commands import Commands
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.listeners.messages import MessageHandler
from faqbot.slack.payloads import (
    IncomingMessage,
    Interaction,
    MessageKind,
    SlashCommand,
    string_fields,
)
from faqbot.slack.posts import send_ephemeral

_GONE: Final = "That question is no longer remembered. Please ask it again."


@dataclass(frozen=True, slots=True)
class _Retries:
    """Answers questions that could not be answered before."""

    app: AppContext

    async def again(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Answer the question of a button's value in place of the message with the button."""
        asked = string_fields(interaction.value)
        if asked.get("command"):
            await self._command(interaction, asked, context)
        elif asked.get("ts") and interaction.channel:
            await self._message(interaction, asked, context)
        else:
            await send_ephemeral(interaction, _GONE, context)

    async def _command(
        self, interaction: Interaction, asked: Mapping[str, str], context: AsyncBoltContext
    ) -> None:
        notice = self.app.services.limiter.count(interaction.team, interaction.user)
        if notice or context.respond is None or not context.response_url:
            await send_ephemeral(interaction, notice or _GONE, context)
            return
        respond = context.respond

        async def replace(**message: Any) -> None:
            if message:  # a modal answers without one
                await respond(replace_original=True, **message)

        command = SlashCommand(
            name=asked["command"],
            team=interaction.team,
            channel=interaction.channel,
            user=interaction.user,
            text=asked.get("text", ""),
            trigger=interaction.trigger,
        )
        await Commands(self.app).answer(replace, command, client_of(context))

    async def _message(
        self, interaction: Interaction, asked: Mapping[str, str], context: AsyncBoltContext
    ) -> None:
        client, channels = client_of(context), self.app.audiences.channels
        team, channel, direct = interaction.team, interaction.channel, interaction.direct
        message = IncomingMessage(
            name="message",
            event_id="",
            team=team,
            channel=channel,
            user=interaction.user,
            bot=context.bot_user_id or "",
            text=asked.get("text", ""),
            ts=asked["ts"],
            thread_ts=asked.get("thread", ""),
            kind=MessageKind.DIRECT if direct else MessageKind.MENTION,
            direct=direct,
            shared=not direct and await channels.is_shared(client, team, channel),
            # As an edit, so that the answer takes the place of the message with the button.
            edited=f"{time.time():.6f}",
        )
        if not await self.app.services.limiter.admits(message, client):
            return
        self.app.versions.record_answer(message, "" if interaction.private else interaction.ts)
        handler = MessageHandler(self.app, Feedback(self.app.services))
        await handler.handle(message, client)


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listener of the button “Try again”."""
    retries = _Retries(app_context)

    @app.action(f"{Action.TRY_AGAIN}:0")
    async def on_again(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await retries.again(interaction, context)
