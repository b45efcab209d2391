"""Slash commands: `/faq`, `/role` and `/roles`, answered privately inside the acknowledgement."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Desk
from faqbot.model import Place, Question
from faqbot.slack.answers import Answer, ask, describe, wants_help
from faqbot.slack.blockkit.blocks import Message
from faqbot.slack.blockkit.views import echoed, help_message, roles_list
from faqbot.slack.directory import Audiences
from faqbot.slack.listeners.channel_settings import Channels, SettingsCommand
from faqbot.slack.listeners.commands__adverts import WANTED, Adverts
from faqbot.slack.listeners.commands__sharing import Sharing
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.manifest import FAQ, ROLE, ROLES

Payload = dict[str, Any]

_COMPARE: Final = re.compile(r"\s*compare\b", re.IGNORECASE)
_SETTINGS: Final = "settings"
_REPORT: Final = "report"


async def privately(ack: AsyncAck, message: Message) -> None:
    """Acknowledge a command with a message that only its sender sees."""
    await ack(
        text=message.text,
        blocks=list(message.blocks),
        response_type="ephemeral",
        unfurl_links=False,
        unfurl_media=False,
    )


@dataclass(frozen=True, slots=True)
class Backdoor:
    """What `/faq` does for those who look after faqbot."""

    channels: Channels
    reports: Reports


@dataclass(frozen=True, slots=True)
class _Commands:
    """What it takes to answer commands."""

    desk: Desk
    audiences: Audiences
    sharing: Sharing
    back: Backdoor

    async def faq(
        self, ack: AsyncAck, command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        """Answer a question, help, or open the settings."""
        text = str(command.get("text") or "")
        if wants_help(text):
            await privately(ack, help_message(self.desk.library))
        elif text.strip().casefold() == _SETTINGS:
            await SettingsCommand(self.back.channels).open(ack, command, client)
        elif text.strip().casefold() == _REPORT:
            await self.back.reports.command(ack, command, client)
        else:
            question = await self._question(command, context, client)
            await self._give(ack, await ask(self.desk, question), command, text)

    async def role(
        self, ack: AsyncAck, command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        """Show a role or a part of it, compare roles, or advertise one."""
        text = str(command.get("text") or "")
        if wants_help(text):
            await privately(ack, roles_list(self.desk.library))
            return
        question = await self._question(command, context, client)
        if _COMPARE.match(text):
            await self._give(ack, await ask(self.desk, question), command, text)
            return
        wanted = WANTED.match(text)
        if wanted:
            question = replace(question, text=text[wanted.end() :])
            adverts = Adverts(self.desk)
            role = await adverts.role_of(question)
            if role is not None:
                await adverts.give(ack, role, question.asker, client)
                return
        await self._give(ack, await describe(self.desk, question), command)

    async def _give(self, ack: AsyncAck, answer: Answer, command: Payload, asked: str = "") -> None:
        await privately(ack, echoed(self.sharing.sign(answer, command).message, asked))

    async def _question(
        self, command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> Question:
        user = str(command.get("user_id") or "")
        return Question(
            text=str(command.get("text") or ""),
            asker=user,
            audience=await self.audiences.of(client, str(context.team_id or ""), user),
            place=Place.COMMAND,
        )


def register(
    app: AsyncApp, desk: Desk, audiences: Audiences, sharing: Sharing, back: Backdoor
) -> None:
    """Answer slash commands."""
    commands = _Commands(desk, audiences, sharing, back)

    @app.command(FAQ.name)
    async def on_faq(
        ack: AsyncAck, command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        await commands.faq(ack, command, context, client)

    @app.command(ROLE.name)
    async def on_role(
        ack: AsyncAck, command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        await commands.role(ack, command, context, client)

    @app.command(ROLES.name)
    async def on_roles(ack: AsyncAck) -> None:
        await privately(ack, roles_list(desk.library))
