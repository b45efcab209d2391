"""Conversations in Slack: the state of threads, and posts."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from cachetools import LRUCache
from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faqbot.engine import Engine
from faqbot.slack.blockkit.blocks import Action, Message, parse_entry_ref, remark
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.views import answer_modal
from faqbot.slack.client import MAX_ATTEMPTS, SLACK_ERRORS, client_of, describe_error
from faqbot.slack.payloads import IncomingMessage, Interaction, conversation_key

HISTORY_TIMEOUT: Final = 3.0
"""Seconds to wait for the messages of a thread."""

_MAX_THREADS: Final = 10_000
_MAX_REPLIES: Final = 200
_MIN_BACKOFF: Final = 0.25
_MAX_BACKOFF: Final = 10.0
_ANSWER_EVENT: Final = "faqbot_answer"
_QUESTION_FIELD: Final = "question"
_log = logging.getLogger(__name__)


# ---------------------------------------------------------------------------------- threads


@dataclass(frozen=True, slots=True)
class ThreadState:
    """Whether faqbot has spoken in a thread, about which role, and to whom it spoke last."""

    has_answer: bool = False
    role: str | None = None
    asker: str = ""


class Threads:
    """The states of threads: from this process, else read back from Slack once.

    Args:
        engine: remembers the conversations of this process.
        max_threads: how many states are kept; the least recently used goes first.
    """

    def __init__(self, engine: Engine, max_threads: int = _MAX_THREADS) -> None:
        self._engine = engine
        self._states: LRUCache[str, ThreadState] = LRUCache(max_threads)

    def record_answer(self, to: IncomingMessage | Interaction, role: str | None) -> None:
        """Record an answer about a role; without a role, the conversation keeps the one it had."""
        # In a direct conversation the next question may stand in the thread or beside it.
        threads = [to.thread, ""] if to.direct else [to.thread]
        for thread in threads:
            conversation = conversation_key(to.team, to.channel, thread)
            known = self._states.get(conversation, ThreadState())
            self._states[conversation] = ThreadState(True, role or known.role, to.user)

    def known(self, conversation: str) -> ThreadState:
        """Return what this process knows of a conversation."""
        state = self._states.get(conversation, ThreadState())
        return ThreadState(
            state.has_answer or self._engine.knows(conversation),
            state.role or self._engine.role_of(conversation),
            state.asker,
        )

    async def load(self, message: IncomingMessage, client: AsyncWebClient) -> ThreadState:
        """Return the state of a message's thread, read from Slack if this process has none."""
        conversation = conversation_key(message.team, message.channel, message.thread_ts)
        known = self.known(conversation)
        if known.has_answer or conversation in self._states:
            return known
        state = await self._read(message, client)
        self._states[conversation] = state
        return state

    async def _read(self, message: IncomingMessage, client: AsyncWebClient) -> ThreadState:
        try:
            async with asyncio.timeout(HISTORY_TIMEOUT):
                answer = await client.conversations_replies(
                    channel=message.channel, ts=message.thread_ts, limit=_MAX_REPLIES
                )
        except SLACK_ERRORS as error:
            _log.info("conversations.replies failed: %s", describe_error(error))
            return ThreadState()
        messages = answer.get("messages")
        own = [
            one
            for one in (messages if isinstance(messages, list) else ())
            if isinstance(one, Mapping) and one.get("user") == message.bot
        ]
        knowledge_base = self._engine.knowledge_base
        # The newest answer first: a thread may have gone on to another role.
        for one in reversed(own):
            for value in entry_buttons(one.get("blocks")):
                role = parse_entry_ref(value).role
                if role and knowledge_base.role(role):
                    return ThreadState(has_answer=True, role=role)
        # Answers about no role count too, or follow-ups to them would be ignored.
        return ThreadState(has_answer=bool(own))


def entry_buttons(blocks: Any) -> Iterator[str]:
    """Yield the values of an answer's buttons that show entries, in reading order."""
    if not isinstance(blocks, list):
        return
    actions = (f"{Action.SHOW}:", f"{Action.PAGE}:")
    for block in blocks:
        if not isinstance(block, Mapping) or block.get("type") != "actions":
            continue
        elements = block.get("elements")
        for element in elements if isinstance(elements, list) else ():
            if not isinstance(element, Mapping):
                continue
            if str(element.get("action_id", "")).startswith(actions) and element.get("value"):
                yield str(element["value"])


# ------------------------------------------------------------------------------------ posts


async def post(
    client: AsyncWebClient, channel: str, thread: str, message: Message, *, question: str = ""
) -> None:
    """Post a message into a thread.

    Args:
        client: posts it.
        channel: where the thread is.
        thread: the timestamp of the thread's first message.
        message: what is posted.
        question: the timestamp of the message that it answers, so that it is answered once.

    Raises:
        SlackApiError: Slack refuses the message.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    arguments = {"channel": channel, "thread_ts": thread, **message.as_arguments()}
    if question:
        await post_once(client, question, arguments)
    else:
        await client.chat_postMessage(**arguments)


async def post_once(client: AsyncWebClient, question: str, arguments: JsonObject) -> None:
    """Post an answer once, also when it isn't known whether a first attempt arrived.

    Args:
        client: posts it.
        question: the timestamp of the message that it answers.
        arguments: of `chat.postMessage`, `channel` and `thread_ts` among them.

    Raises:
        SlackApiError: Slack refuses the message.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    # Slack keeps metadata with a message and returns it with the thread, unseen by people.
    metadata = {"event_type": _ANSWER_EVENT, "event_payload": {_QUESTION_FIELD: question}}
    for attempt in range(MAX_ATTEMPTS):
        try:
            await client.chat_postMessage(**arguments, metadata=metadata)
        except SLACK_ERRORS as error:
            if attempt == MAX_ATTEMPTS - 1 or not _may_have_arrived(error):
                raise
        else:
            return
        longest = min(_MAX_BACKOFF, _MIN_BACKOFF * 2**attempt)
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads calls
        # After the pause, not before: a post that Slack is still storing isn't in the thread yet.
        if await was_answered(client, arguments["channel"], arguments["thread_ts"], question):
            return


def _may_have_arrived(error: BaseException) -> bool:
    if isinstance(error, SlackApiError):
        return int(getattr(error.response, "status_code", 0)) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return True


async def was_answered(client: AsyncWebClient, channel: str, thread: str, question: str) -> bool:
    """Return whether a thread holds the answer to a message; False if Slack doesn't show it."""
    try:
        found = await client.conversations_replies(
            channel=channel,
            ts=thread,
            oldest=question,
            limit=_MAX_REPLIES,
            include_all_metadata=True,
        )
    except SLACK_ERRORS as error:
        # Without channels:history nothing is found: a second answer is better than a lost one.
        _log.info("a thread could not be searched for an answer: %s", describe_error(error))
        return False
    return any(_answers(message, question) for message in found.get("messages") or ())


def _answers(message: Any, question: str) -> bool:
    metadata = message.get("metadata") if isinstance(message, Mapping) else None
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != _ANSWER_EVENT:
        return False
    payload = metadata.get("event_payload")
    return isinstance(payload, Mapping) and payload.get(_QUESTION_FIELD) == question


async def post_ephemeral(
    client: AsyncWebClient, question: IncomingMessage, message: Message
) -> None:
    """Show a message to the asker only, where they asked."""
    await client.chat_postEphemeral(
        channel=question.channel,
        user=question.user,
        thread_ts=question.thread_ts or None,
        **message.as_content(),
    )


async def post_to_first(
    client: AsyncWebClient, channels: Sequence[str], message: Message
) -> AsyncSlackResponse:
    """Post to the first channel that Slack lets faqbot post to, and return its response.

    Raises:
        SlackApiError: Slack refuses all of them.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    *others, last = channels
    for channel in others:
        try:
            return await client.chat_postMessage(channel=channel, **message.as_arguments())
        except SlackApiError as error:
            # faqbot may not be in the default channel of a user group.
            _log.info("an owner could not be written to: %s", describe_error(error))
    return await client.chat_postMessage(channel=last, **message.as_arguments())


# ------------------------------------------------------------------------------- interactions


async def send_ephemeral(interaction: Interaction, text: str, context: AsyncBoltContext) -> None:
    """Show a text to the person who clicked only, in the channel or in a modal."""
    client, message = client_of(context), remark(text)
    try:
        if interaction.channel:
            # A message outside threads is its own thread; naming it would open a new one.
            in_thread = interaction.thread != interaction.ts
            await client.chat_postEphemeral(
                channel=interaction.channel,
                user=interaction.user,
                thread_ts=interaction.thread if in_thread else None,
                **message.as_content(),
            )
        elif interaction.trigger:
            await client.views_open(trigger_id=interaction.trigger, view=answer_modal(message))
    except SLACK_ERRORS as error:
        _log.info("a private message was not sent: %s", describe_error(error))


async def show_answer(
    interaction: Interaction, message: Message, context: AsyncBoltContext, *, replace: bool
) -> None:
    """Show a message where somebody clicked; `replace` replaces the message with the button."""
    client = client_of(context)
    if not interaction.channel and interaction.modal:
        await client.views_update(view_id=interaction.modal, view=answer_modal(message))
    elif not interaction.channel:
        await client.views_open(trigger_id=interaction.trigger, view=answer_modal(message))
    # chat.update doesn't find ephemeral messages; only their response_url replaces them.
    elif interaction.private:
        await _replace_private(interaction, message, context)
    elif replace:
        await client.chat_update(
            channel=interaction.channel, ts=interaction.ts, **message.as_arguments()
        )
    else:
        await post(client, interaction.channel, interaction.thread, message)


async def _replace_private(
    interaction: Interaction, message: Message, context: AsyncBoltContext
) -> None:
    """Replace a private message; send another one when its response_url is used up."""
    if context.response_url and context.respond:
        # respond() doesn't raise (https://github.com/slackapi/python-slack-sdk/issues/1296).
        answer = await context.respond(
            response_type="ephemeral", replace_original=True, **message.as_arguments()
        )
        if answer.status_code == HTTPStatus.OK:
            return
        _log.info("response_url answered %s", answer.status_code)
    await client_of(context).chat_postEphemeral(
        channel=interaction.channel, user=interaction.user, **message.as_content()
    )
