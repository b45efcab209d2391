"""What a call points to: the question that stands above it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from faqbot.matching.dialogue import asks, is_general_question
from faqbot.matching.text import normalise
from faqbot.slack.message_text import BY_PERSONS, read_text, without_mention
from faqbot.slack.payloads import IncomingMessage

_MAX_REPLIES: Final = 200
_MAX_BEFORE: Final = 5
"""Messages of a channel among which the one before is looked for: bots may have posted since."""


async def question_above(
    message: IncomingMessage, client: AsyncWebClient, is_call: Callable[[str], bool]
) -> str:
    """Return the question that a call points to; "" if there is none.

    In a thread it is the nearest line that asks something, else what the thread began with. In a
    channel it is the message before.

    Args:
        message: the call.
        client: reads the thread or the channel.
        is_call: whether a line is itself a call.

    Raises:
        SlackApiError: Slack doesn't show the messages, mostly for want of a scope.
        aiohttp.ClientError: Slack can't be reached.
        TimeoutError: Slack doesn't answer.
    """
    if message.thread_ts:
        answer = await client.conversations_replies(
            channel=message.channel, ts=message.thread_ts, latest=message.ts, limit=_MAX_REPLIES
        )
        lines = [line for line in _lines(answer.get("messages"), message) if not is_call(line)]
        return _nearest_question(lines)
    answer = await client.conversations_history(
        channel=message.channel, latest=message.ts, limit=_MAX_BEFORE
    )
    return next(_lines(answer.get("messages"), message), "")


def _lines(messages: Any, call: IncomingMessage) -> Iterator[str]:
    """Yield what people wrote before a call, in Slack's order."""
    for one in messages if isinstance(messages, list) else ():
        if not isinstance(one, Mapping) or one.get("subtype", "") not in BY_PERSONS:
            continue
        ts, is_bot = str(one.get("ts") or ""), one.get("bot_id") or one.get("user") == call.bot
        if is_bot or not ts or ts >= call.ts:
            continue
        said = read_text(one)
        text = without_mention(str(one.get("text") or ""), call.bot).strip()
        if text or said.forwarded:
            yield text or said.forwarded


def _nearest_question(lines: list[str]) -> str:
    """Return the last line that asks for something in general, or asks at all; else the first."""
    for is_question in (is_general_question, asks):
        for line in reversed(lines):
            if is_question(normalise(line)):
                return line
    return lines[0] if lines else ""
