"""Buttons and menus: show an entry, choose an interpretation, page, ask an example, try again."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from faqbot.model import Question, Surface
from faqbot.slack.answers import AnswerMessage, ask, show, wants_help
from faqbot.slack.blockkit.blocks import Action, parse_entry_ref
from faqbot.slack.blockkit.views import help_message, none_of_these, search_modal, which_comparison
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
from faqbot.slack.posts import send_ephemeral, show_answer

_GONE: Final = "That question is no longer remembered. Please ask it again."


@dataclass(frozen=True, slots=True)
class _Clicks:
    """Answers clicks on buttons and picks from menus."""

    app: AppContext
    feedback: Feedback

    async def show(
        self, interaction: Interaction, context: AsyncBoltContext, *, replace: bool
    ) -> None:
        """Show the entries of a button's value."""
        question = await self._question(interaction, "", context)
        answer = show(self.app.engine, parse_entry_ref(interaction.value), question)
        if replace:
            await self.feedback.record_pick(interaction)
        if interaction.channel:
            answer = self.feedback.attach_feedback(answer, interaction.team, interaction.channel)
        await show_answer(interaction, answer.message, context, replace=replace)
        self._note(interaction, answer)

    async def ask(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Answer the question of a button's value."""
        text = interaction.value
        answer = AnswerMessage(help_message(self.app.engine.knowledge_base))
        if not wants_help(text):
            answer = await ask(self.app, await self._question(interaction, text, context))
            if interaction.channel:
                answer = self.feedback.attach_feedback(
                    answer, interaction.team, interaction.channel
                )
            else:
                self.feedback.record(answer, interaction.team)
        await show_answer(interaction, answer.message, context, replace=False)
        self._note(interaction, answer)

    async def _question(
        self, interaction: Interaction, text: str, context: AsyncBoltContext
    ) -> Question:
        place = Surface.HOME
        if interaction.channel:
            place = Surface.DIRECT if interaction.direct else Surface.CHANNEL
        client, audiences = client_of(context), self.app.audiences
        team, user = interaction.team, interaction.user
        # By the channel of this click: the message may have been posted before it was shared.
        if place is Surface.CHANNEL and not interaction.private:
            audience = await audiences.of_channel(client, team, user, interaction.channel)
        else:
            audience = await audiences.of(client, team, user)
        return Question(
            text=text,
            asker=interaction.user,
            audience=audience,
            surface=Surface.COMMAND if interaction.private else place,
            thread=interaction.conversation,
            brief=not interaction.thread,
        )

    def _note(self, interaction: Interaction, answer: AnswerMessage) -> None:
        if interaction.conversation:
            self.app.threads.record_answer(interaction, answer.role)


def _any(*kinds: str) -> re.Pattern[str]:
    return re.compile(rf"^({'|'.join(kinds)}):")


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
    """Register the listeners of buttons and menus below answers and in App Home."""
    clicks = _Clicks(app_context, Feedback(app_context.services))
    retries = _Retries(app_context)

    @app.action(_any(Action.SHOW))
    async def on_show(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await clicks.show(interaction, context, replace=False)

    @app.action(_any(Action.CHOOSE, Action.PAGE))
    async def on_choose(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await clicks.show(interaction, context, replace=True)

    @app.action(_any(Action.COMPARE))
    async def on_compare(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await ack()
        knowledge_base = app_context.engine.knowledge_base
        # A role that is gone by now leads to the question for the first one again.
        message = which_comparison(knowledge_base, knowledge_base.role(interaction.value))
        await show_answer(interaction, message, context, replace=True)

    @app.action(_any(Action.NONE_OF_THESE))
    async def on_none(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        message = clicks.feedback.offer_person(none_of_these(), interaction)
        await show_answer(interaction, message, context, replace=True)

    @app.action(_any(Action.ASK))
    async def on_ask(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await clicks.ask(interaction, context)

    @app.action(_any(Action.SEARCH))
    async def on_search(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        client = client_of(context)
        await client.views_open(trigger_id=interaction.trigger, view=search_modal())

    @app.action(f"{Action.TRY_AGAIN}:0")
    async def on_again(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await retries.again(interaction, context)
