"""Where somebody clicked, and how to tell them something there that only they see."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faqbot.engine import Engine
from faqbot.slack.blockkit.blocks import Action, Message, parse_entry_ref, remark
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.views import answer_modal
from faqbot.slack.client import ATTEMPTS, client_of, reason_of
from faqbot.slack.payloads import IncomingMessage, Interaction, conversation_key

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


_EVENT: Final = "faqbot_answer"
_QUESTION: Final = "question"
_SHORTEST: Final = 0.25
_LONGEST: Final = 10.0


def answer_to(question: str) -> dict[str, Any]:
    """The metadata of an answer; `question` is the timestamp of the message it answers."""
    return {"event_type": _EVENT, "event_payload": {_QUESTION: question}}


async def post_once(client: AsyncWebClient, question: str, message: Mapping[str, Any]) -> None:
    """Post an answer once, also when it isn't known whether a first attempt arrived.

    Args:
        client: posts it.
        question: the timestamp of what it answers.
        message: the arguments of chat.postMessage, `channel` and `thread_ts` among them.

    Raises:
        SlackApiError: Slack refuses it.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    for attempt in range(ATTEMPTS):
        try:
            await client.chat_postMessage(**message, metadata=answer_to(question))
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            if attempt == ATTEMPTS - 1 or not _may_have_arrived(error):
                raise
        else:
            return
        await asyncio.sleep(min(_LONGEST, _SHORTEST * 2**attempt) * random.uniform(0.5, 1.0))  # noqa: S311
        if await was_answered(client, message["channel"], message["thread_ts"], question):
            return


def _may_have_arrived(error: Exception) -> bool:
    if isinstance(error, SlackApiError):
        return int(getattr(error.response, "status_code", 0)) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return True


async def was_answered(client: AsyncWebClient, channel: str, thread: str, question: str) -> bool:
    """Whether a thread holds the answer to a message; no when Slack doesn't let faqbot look."""
    try:
        found = await client.conversations_replies(
            channel=channel, ts=thread, oldest=question, limit=_READ, include_all_metadata=True
        )
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        reason = reason_of(error) if isinstance(error, SlackApiError) else type(error).__name__
        _log.info("whether a question was answered could not be told: %s", reason)
        return False
    return any(_answers(message, question) for message in found.get("messages") or ())


def _answers(message: Any, question: str) -> bool:
    metadata = message.get("metadata") if isinstance(message, Mapping) else None
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != _EVENT:
        return False
    payload = metadata.get("event_payload")
    return isinstance(payload, Mapping) and payload.get(_QUESTION) == question


async def post(
    client: AsyncWebClient, channel: str, thread: str, message: Message, *, question: str = ""
) -> None:
    """Post a message into a thread; links don't unfold.

    `question` is the timestamp of what it answers, so that it is posted once.
    """
    arguments: dict[str, Any] = {
        "channel": channel,
        "thread_ts": thread,
        "text": message.text,
        "blocks": list(message.blocks),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    if question:
        await post_once(client, question, arguments)
    else:
        await client.chat_postMessage(**arguments)


async def post_ephemeral(
    client: AsyncWebClient, question: IncomingMessage, message: Message
) -> None:
    """Show a message to the asker alone: what is for employees is not for a guest's eyes."""
    await client.chat_postEphemeral(
        channel=question.channel,
        user=question.user,
        thread_ts=question.thread_ts or None,
        text=message.text,
        blocks=list(message.blocks),
    )


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


async def show_answer(
    interaction: Interaction, message: Message, context: AsyncBoltContext, *, replace: bool
) -> None:
    """Show a message where the click came from; `replace` puts it in the place of the old one."""
    client = client_of(context)
    if not interaction.channel and interaction.modal:
        await client.views_update(view_id=interaction.modal, view=answer_modal(message))
    elif not interaction.channel:
        await client.views_open(trigger_id=interaction.trigger, view=answer_modal(message))
    elif interaction.private:
        await _privately(interaction, message, context)
    elif replace:
        await client.chat_update(
            channel=interaction.channel,
            ts=interaction.ts,
            text=message.text,
            blocks=list(message.blocks),
            unfurl_links=False,
            unfurl_media=False,
        )
    else:
        await post(client, interaction.channel, interaction.thread, message)


async def _privately(interaction: Interaction, message: Message, context: AsyncBoltContext) -> None:
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
        channel=interaction.channel, user=interaction.user, text=message.text, blocks=blocks
    )


async def first_taken(
    client: AsyncWebClient, places: Sequence[str], message: Message
) -> AsyncSlackResponse:
    """Post where Slack lets us first: we may not be in a group's channel.

    Raises:
        SlackApiError: nowhere.
    """
    *tried, last = places
    for place in tried:
        try:
            return await client.chat_postMessage(channel=place, **posted(message))
        except SlackApiError as error:
            _log.info("an owner could not be written to: %s", reason_of(error))
    return await client.chat_postMessage(channel=last, **posted(message))


def posted(message: Message) -> JsonObject:
    """The arguments that post a message; links don't unfold."""
    return {
        "text": message.text,
        "blocks": list(message.blocks),
        "unfurl_links": False,
        "unfurl_media": False,
    }
