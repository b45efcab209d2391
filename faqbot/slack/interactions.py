"""Where somebody clicked, and how to tell them something there that only they see."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Engine
from faqbot.slack.blockkit.blocks import Action, parse_entry_ref, remark
from faqbot.slack.blockkit.views import answer_modal
from faqbot.slack.client import client_of, reason_of
from faqbot.slack.payloads import Interaction, conversation_key

PATIENCE: Final = 3.0
_READ: Final = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What is known of a thread: whether faqbot has spoken there, and about which role."""

    spoken: bool = False
    role: str | None = None


class Threads:
    """What threads are about: from this process, else read back from Slack once.

    Args:
        engine: remembers the conversations of this process.
        capacity: how many threads are remembered.
    """

    def __init__(self, engine: Engine, capacity: int = 10_000) -> None:
        self._engine = engine
        self._capacity = capacity
        self._past: OrderedDict[str, ThreadState] = OrderedDict()

    def note(self, thread: str, role: str | None) -> None:
        """Faqbot spoke in a thread about a role; without one the thread keeps what it had."""
        known = self._past.get(thread, ThreadState())
        self._keep(thread, ThreadState(spoken=True, role=role or known.role))

    def known(self, thread: str) -> ThreadState:
        """What this process knows of a thread."""
        past = self._past.get(thread, ThreadState())
        return ThreadState(
            past.spoken or self._engine.knows(thread), past.role or self._engine.role_of(thread)
        )

    async def load(
        self, client: AsyncWebClient, team: str, channel: str, thread_ts: str, bot: str
    ) -> ThreadState:
        """What is known of a thread, read from Slack when this process doesn't know it."""
        thread = conversation_key(team, channel, thread_ts)
        known = self.known(thread)
        if known.spoken or thread in self._past:
            return known
        past = await self._read(client, channel, thread_ts, bot)
        self._keep(thread, past)
        return past

    async def _read(
        self, client: AsyncWebClient, channel: str, thread_ts: str, bot: str
    ) -> ThreadState:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await client.conversations_replies(
                    channel=channel, ts=thread_ts, limit=_READ
                )
        except (SlackApiError, TimeoutError, aiohttp.ClientError) as error:
            reason = reason_of(error) if isinstance(error, SlackApiError) else type(error).__name__
            _log.info("conversations.replies failed: %s", reason)
            return ThreadState()
        messages = answer.get("messages")
        own = [
            message
            for message in (messages if isinstance(messages, list) else ())
            if isinstance(message, Mapping) and message.get("user") == bot
        ]
        knowledge_base = self._engine.knowledge_base
        for message in reversed(own):
            for value in values(message.get("blocks")):
                role = parse_entry_ref(value).role
                if role and knowledge_base.role(role):
                    return ThreadState(spoken=True, role=role)
        return ThreadState(spoken=bool(own))

    def _keep(self, thread: str, past: ThreadState) -> None:
        self._past[thread] = past
        self._past.move_to_end(thread)
        while len(self._past) > self._capacity:
            self._past.popitem(last=False)


def values(blocks: Any) -> Iterator[str]:
    """The values of the buttons that lead on from an answer, in reading order."""
    if not isinstance(blocks, list):
        return
    shown = (f"{Action.SHOW}:", f"{Action.PAGE}:")
    for block in blocks:
        if not isinstance(block, Mapping) or block.get("type") != "actions":
            continue
        elements = block.get("elements")
        for element in elements if isinstance(elements, list) else ():
            if not isinstance(element, Mapping):
                continue
            if str(element.get("action_id", "")).startswith(shown) and element.get("value"):
                yield str(element["value"])


async def send_ephemeral(interaction: Interaction, text: str, context: AsyncBoltContext) -> None:
    """Tell somebody something that nobody else sees."""
    client, message = client_of(context), remark(text)
    try:
        if interaction.channel:
            in_thread = interaction.thread != interaction.ts
            await client.chat_postEphemeral(
                channel=interaction.channel,
                user=interaction.user,
                thread_ts=interaction.thread if in_thread else None,
                text=message.text,
                blocks=list(message.blocks),
            )
        elif interaction.trigger:
            await client.views_open(trigger_id=interaction.trigger, view=answer_modal(message))
    except SlackApiError as error:
        _log.info("a private message was refused: %s", reason_of(error))
