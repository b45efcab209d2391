"""Posts in Slack: each answer once, where it was asked, and privately where Slack refuses it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faqbot.slack.blockkit.blocks import Message, mrkdwn_context, mrkdwn_section, remark
from faqbot.slack.blockkit.blocks import context as grey
from faqbot.slack.blockkit.rich_text import JsonObject
from faqbot.slack.blockkit.views import answer_modal
from faqbot.slack.call_queue import MAX_ATTEMPTS, PausedError
from faqbot.slack.client import (
    MAX_REPLIES,
    SLACK_ERRORS,
    TOO_LONG,
    client_of,
    describe_error,
    why_not_posted,
)
from faqbot.slack.payloads import IncomingMessage, Interaction

_MIN_BACKOFF: Final = 0.25
_MAX_BACKOFF: Final = 10.0
_SHORTENED: Final = 2_900
_ASK_FOR_LESS: Final = "Ask me for one part of it to read the rest."
_ANSWER_EVENT: Final = "faqbot_answer"
_QUESTION_FIELD: Final = "question"
_log = logging.getLogger(__name__)


Respond = Callable[..., Awaitable[Any]]
"""Acknowledges a command, or replaces what was said to it."""


class Asker(Protocol):
    """Who asked, and where: a message, a click, or a question that was handed over."""

    @property
    def user(self) -> str:
        """Who asked."""
        ...

    @property
    def channel(self) -> str:
        """Where."""
        ...

    @property
    def ts(self) -> str:
        """The timestamp of the message; empty if it isn't known."""
        ...

    @property
    def thread(self) -> str:
        """The thread that is posted to; empty for the top level."""
        ...

    @property
    def direct(self) -> bool:
        """Whether it is the direct conversation with faqbot."""
        ...


async def deliver(
    client: AsyncWebClient,
    to: Asker,
    message: Message,
    *,
    question: str = "",
) -> str:
    """Post a message where somebody asked, or show it to them alone where Slack refuses the post.

    Args:
        client: posts it.
        to: the message or the click that it answers.
        message: what is posted.
        question: the timestamp of the message that it answers, so that it is answered once.

    Returns:
        The timestamp of the post; empty if it wasn't posted, or if its timestamp isn't known.

    Raises:
        SlackApiError: Slack refuses the message for another reason.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    try:
        posted = await post(client, to.channel, to.thread, message, question=question)
    except SlackApiError as error:
        why = why_not_posted(error)
        if not why:
            raise
        await _tell_privately(client, to, message, why, describe_error(error))
        return ""
    if posted is None:
        return ""
    shown = posted.get("message")
    if to.thread and isinstance(shown, Mapping) and not shown.get("thread_ts"):
        # The thread's first message was deleted meanwhile: nobody in the channel asked for this.
        await client.chat_delete(channel=to.channel, ts=str(posted["ts"]))
        why = "the message that it belongs below is gone"
        await _tell_privately(client, to, message, why, "deleted thread")
        return ""
    return str(posted.get("ts") or "")


async def revise(client: AsyncWebClient, to: IncomingMessage, message: Message, answer: str) -> str:
    """Replace the answer to a message that was edited; deliver another one where it is gone.

    Args:
        client: updates the answer.
        to: the edited message.
        message: what is posted.
        answer: the timestamp of the present answer.

    Returns:
        As `deliver`, which also tells what it raises.
    """
    try:
        await client.chat_update(
            channel=to.channel, ts=answer, metadata=_metadata(to.ts), **message.as_arguments()
        )
    except SlackApiError as error:
        if not why_not_posted(error):
            raise
        return await deliver(client, to, message, question=to.ts)
    return answer


async def _tell_privately(
    client: AsyncWebClient,
    to: Asker,
    message: Message,
    why: str,
    reason: str,
) -> None:
    """Show what couldn't be posted to who asked: where they asked, else in a direct message."""
    where = "" if to.direct else f" in <#{to.channel}>"
    line = mrkdwn_context(f"I couldn't post this{where}: {why}.")
    blocks = message.blocks
    if reason in TOO_LONG:
        blocks = mrkdwn_section(f"{message.text[:_SHORTENED]}…"), grey(_ASK_FOR_LESS)
    private = Message(message.text[:_SHORTENED], (line, *blocks))
    _log.info("an answer was not posted (%s): its asker gets it privately", reason)
    try:
        await client.chat_postEphemeral(
            channel=to.channel,
            user=to.user,
            thread_ts=to.thread if to.thread != to.ts else None,
            **private.as_content(),
        )
    except SLACK_ERRORS as error:
        _log.info("it was not shown where it was asked (%s)", describe_error(error))
        try:
            await client.chat_postMessage(channel=to.user, **private.as_arguments())
        except SLACK_ERRORS as failure:
            _log.info("nor in a direct message (%s)", describe_error(failure))


async def post(
    client: AsyncWebClient, channel: str, thread: str, message: Message, *, question: str = ""
) -> AsyncSlackResponse | None:
    """Post a message into a thread, or at the top level.

    Args:
        client: posts it.
        channel: where the thread is.
        thread: the timestamp of the thread's first message; empty for the top level.
        message: what is posted.
        question: the timestamp of the message that it answers, so that it is answered once.

    Returns:
        Slack's response; None if an attempt arrived whose response was lost.

    Raises:
        SlackApiError: Slack refuses the message.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    arguments = {"channel": channel, "thread_ts": thread or None, **message.as_arguments()}
    if question:
        return await post_once(client, question, arguments)
    return await client.chat_postMessage(**arguments)


async def post_once(
    client: AsyncWebClient, question: str, arguments: JsonObject
) -> AsyncSlackResponse | None:
    """Post an answer once, also when it isn't known whether a first attempt arrived.

    Args:
        client: posts it.
        question: the timestamp of the message that it answers.
        arguments: of `chat.postMessage`, `channel` and `thread_ts` among them.

    Returns:
        Slack's response; None if an attempt arrived whose response was lost.

    Raises:
        SlackApiError: Slack refuses the message.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    metadata = _metadata(question)
    thread = arguments["thread_ts"] or ""
    for attempt in range(MAX_ATTEMPTS):
        try:
            return await client.chat_postMessage(**arguments, metadata=metadata)
        except SLACK_ERRORS as error:
            if attempt == MAX_ATTEMPTS - 1 or not _may_have_arrived(error):
                raise
        longest = min(_MAX_BACKOFF, _MIN_BACKOFF * 2**attempt)
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads calls
        # After the pause, not before: a post that Slack is still storing isn't in the thread yet.
        if await was_answered(client, arguments["channel"], thread, question):
            return None
    return None


def _metadata(question: str) -> JsonObject:
    """Return what Slack keeps with an answer and returns with its thread, unseen by people."""
    return {"event_type": _ANSWER_EVENT, "event_payload": {_QUESTION_FIELD: question}}


def _may_have_arrived(error: BaseException) -> bool:
    if isinstance(error, SlackApiError):
        return int(getattr(error.response, "status_code", 0)) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return not isinstance(error, PausedError)


async def was_answered(client: AsyncWebClient, channel: str, thread: str, question: str) -> bool:
    """Return whether the answer to a message was posted; arguments as for `find_answer`."""
    return bool(await find_answer(client, channel, thread, question))


async def find_answer(client: AsyncWebClient, channel: str, thread: str, question: str) -> str:
    """Return the timestamp of the answer to a message; "" if Slack doesn't show one.

    Args:
        client: asks Slack.
        channel: where the message is.
        thread: where its answer is posted; empty for the top level.
        question: the message's timestamp.
    """
    wanted: JsonObject = {"oldest": question, "limit": MAX_REPLIES, "include_all_metadata": True}
    try:
        if thread:
            found = await client.conversations_replies(channel=channel, ts=thread, **wanted)
        else:
            found = await client.conversations_history(channel=channel, **wanted)
    except SLACK_ERRORS as error:
        # Without channels:history nothing is found: a second answer is better than a lost one.
        _log.info("an answer could not be searched for: %s", describe_error(error))
        return ""
    answers = (one for one in found.get("messages") or () if answered_question(one) == question)
    return next((str(one.get("ts") or "") for one in answers), "")


def answered_question(message: Any) -> str:
    """Return the timestamp of the message that one of faqbot's messages answers; "" for none."""
    metadata = message.get("metadata") if isinstance(message, Mapping) else None
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != _ANSWER_EVENT:
        return ""
    payload = metadata.get("event_payload")
    return str(payload.get(_QUESTION_FIELD) or "") if isinstance(payload, Mapping) else ""


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
            in_thread = interaction.thread not in ("", interaction.ts)
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
        await deliver(client, interaction, message)


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
