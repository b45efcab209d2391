"""What an answer carries so that another process can see that it was sent."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.slack.client import reason_of
from faqbot.slack.client__pacing import ATTEMPTS

_EVENT: Final = "faqbot_answer"
_QUESTION: Final = "question"
_READ: Final = 200
_SHORTEST: Final = 0.25
_LONGEST: Final = 10.0
_log = logging.getLogger(__name__)


def answer_to(question: str) -> dict[str, Any]:
    """The metadata of an answer; `question` is the timestamp of the message it answers."""
    return {"event_type": _EVENT, "event_payload": {_QUESTION: question}}


async def post_answer(client: AsyncWebClient, question: str, message: Mapping[str, Any]) -> None:
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
