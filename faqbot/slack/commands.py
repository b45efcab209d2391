"""Slash commands: `/faq`, `/role` and `/roles`, answered privately inside the acknowledgement."""

from __future__ import annotations

import re
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.desk import Desk
from faqbot.model import Place, Question
from faqbot.slack.answers import ask, describe, wants_help
from faqbot.slack.audience import Audiences
from faqbot.slack.blocks import Message
from faqbot.slack.manifest import FAQ, ROLE, ROLES
from faqbot.slack.sharing import Sharing
from faqbot.slack.views import echoed, help_message, roles_list

Payload = dict[str, Any]


_COMPARE: Final = re.compile(r"\s*compare\b", re.IGNORECASE)


async def privately(ack: AsyncAck, message: Message) -> None:
    """Acknowledge a command with a message that only its sender sees."""
    await ack(
        text=message.text,
        blocks=list(message.blocks),
        response_type="ephemeral",
        unfurl_links=False,
        unfurl_media=False,
    )


def register(app: AsyncApp, desk: Desk, audiences: Audiences, sharing: Sharing) -> None:
    """Answer slash commands."""

    async def question_of(
        command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> Question:
        user = str(command.get("user_id") or "")
        return Question(
            text=str(command.get("text") or ""),
            asker=user,
            audience=await audiences.of(client, str(context.team_id or ""), user),
            place=Place.COMMAND,
        )

    @app.command(FAQ.name)
    async def on_faq(
        ack: AsyncAck, command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        text = str(command.get("text") or "")
        if wants_help(text):
            await privately(ack, help_message(desk.library))
            return
        answer = await ask(desk, await question_of(command, context, client))
        await privately(ack, echoed(sharing.sign(answer, command).message, text))

    @app.command(ROLE.name)
    async def on_role(
        ack: AsyncAck, command: Payload, context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        if wants_help(str(command.get("text") or "")):
            await privately(ack, roles_list(desk.library))
            return
        question = await question_of(command, context, client)
        if _COMPARE.match(question.text):
            answer = await ask(desk, question)
            await privately(ack, echoed(sharing.sign(answer, command).message, question.text))
            return
        answer = await describe(desk, question)
        await privately(ack, sharing.sign(answer, command).message)

    @app.command(ROLES.name)
    async def on_roles(ack: AsyncAck) -> None:
        await privately(ack, roles_list(desk.library))
