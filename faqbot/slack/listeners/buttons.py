"""Buttons and menus: show an entry, pick a reading or a role, turn a page, ask an example."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from faqbot.engine import Engine
from faqbot.model import Question, Surface
from faqbot.slack.answers import AnswerMessage, ask, show, wants_help
from faqbot.slack.blockkit.blocks import Action, Message, parse_entry_ref
from faqbot.slack.blockkit.views import answer_modal, help_message, notice, search_modal
from faqbot.slack.client import client_of
from faqbot.slack.directory import AudienceResolver, channel_audience
from faqbot.slack.interactions import Interaction, Threads, key, selected_value, spot_of
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.listeners.messages import post

Payload = dict[str, Any]
_log = logging.getLogger(__name__)

_NONE_OF_THESE = (
    "Sorry about that. Try other words, name the role and what you want to know, "
    "or say “help” to see what I can do."
)


@dataclass(frozen=True, slots=True)
class _Clicks:
    """What it takes to answer a click."""

    engine: Engine
    audiences: AudienceResolver
    threads: Threads
    feedback: Feedback

    async def show(
        self, body: Payload, action: Payload, context: AsyncBoltContext, *, replace: bool
    ) -> None:
        """Show the entries that a button carries."""
        spot = spot_of(body, context)
        question = await self._question(spot, "", context)
        answer = show(self.engine, parse_entry_ref(selected_value(action)), question)
        if replace:
            await self.feedback.record_pick(action, spot)
        if spot.channel:
            answer = self.feedback.attach_feedback(answer, spot.team, spot.channel)
        await show_answer(spot, answer.message, context, replace=replace)
        self._note(spot, answer)

    async def ask(self, body: Payload, action: Payload, context: AsyncBoltContext) -> None:
        """Answer the question that a button carries."""
        spot, text = spot_of(body, context), selected_value(action)
        answer = AnswerMessage(help_message(self.engine.knowledge_base))
        if not wants_help(text):
            answer = ask(self.engine, await self._question(spot, text, context))
            if spot.channel:
                answer = self.feedback.attach_feedback(answer, spot.team, spot.channel)
            else:
                self.feedback.record(answer, spot.team)
        await show_answer(spot, answer.message, context, replace=False)
        self._note(spot, answer)

    async def _question(self, spot: Interaction, text: str, context: AsyncBoltContext) -> Question:
        place = Surface.HOME
        if spot.channel:
            place = Surface.DIRECT if spot.direct else Surface.CHANNEL
        audience = await self.audiences.of(client_of(context), spot.team, spot.user)
        return Question(
            text=text,
            asker=spot.user,
            audience=channel_audience(audience)
            if place is Surface.CHANNEL and not spot.private
            else audience,
            surface=Surface.COMMAND if spot.private else place,
            thread=spot.key,
        )

    def _note(self, spot: Interaction, answer: AnswerMessage) -> None:
        if spot.key:
            self.threads.note(spot.key, answer.role)
        if spot.key and spot.direct:
            self.threads.note(key(spot.team, spot.channel), answer.role)


async def show_answer(
    spot: Interaction, message: Message, context: AsyncBoltContext, *, replace: bool
) -> None:
    """Show a message where the click came from; `replace` puts it in the place of the old one."""
    client = client_of(context)
    if not spot.channel and spot.view:
        await client.views_update(view_id=spot.view, view=answer_modal(message))
    elif not spot.channel:
        await client.views_open(trigger_id=spot.trigger, view=answer_modal(message))
    elif spot.private:
        await _privately(spot, message, context)
    elif replace:
        await client.chat_update(
            channel=spot.channel,
            ts=spot.ts,
            text=message.text,
            blocks=list(message.blocks),
            unfurl_links=False,
            unfurl_media=False,
        )
    else:
        await post(client, spot.channel, spot.thread, message)


async def _privately(spot: Interaction, message: Message, context: AsyncBoltContext) -> None:
    """Replace a private message; when its address is used up, send another one."""
    blocks = list(message.blocks)
    if context.response_url and context.respond:
        answer = await context.respond(
            text=message.text,
            blocks=blocks,
            response_type="ephemeral",
            replace_original=True,
            unfurl_links=False,
            unfurl_media=False,
        )
        if answer.status_code == HTTPStatus.OK:
            return
        _log.info("response_url answered %s", answer.status_code)
    await client_of(context).chat_postEphemeral(
        channel=spot.channel, user=spot.user, text=message.text, blocks=blocks
    )


def _any(*kinds: str) -> re.Pattern[str]:
    return re.compile(rf"^({'|'.join(kinds)}):")


def register(
    app: AsyncApp, engine: Engine, audiences: AudienceResolver, threads: Threads, feedback: Feedback
) -> None:
    """Answer clicks."""
    clicks = _Clicks(engine, audiences, threads, feedback)

    @app.action(_any(Action.SHOW))
    async def on_show(
        ack: AsyncAck, body: Payload, action: Payload, context: AsyncBoltContext
    ) -> None:
        await ack()
        await clicks.show(body, action, context, replace=False)

    @app.action(_any(Action.CHOOSE, Action.PAGE))
    async def on_choose(
        ack: AsyncAck, body: Payload, action: Payload, context: AsyncBoltContext
    ) -> None:
        await ack()
        await clicks.show(body, action, context, replace=True)

    @app.action(_any(Action.NONE_OF_THESE))
    async def on_none(ack: AsyncAck, body: Payload, context: AsyncBoltContext) -> None:
        await ack()
        await show_answer(spot_of(body, context), notice(_NONE_OF_THESE), context, replace=True)

    @app.action(_any(Action.ASK))
    async def on_ask(
        ack: AsyncAck, body: Payload, action: Payload, context: AsyncBoltContext
    ) -> None:
        await ack()
        await clicks.ask(body, action, context)

    @app.action(_any(Action.SEARCH))
    async def on_search(ack: AsyncAck, body: Payload, context: AsyncBoltContext) -> None:
        await ack()
        trigger = str(body.get("trigger_id") or "")
        await client_of(context).views_open(trigger_id=trigger, view=search_modal())
