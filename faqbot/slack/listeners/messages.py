"""Direct messages, mentions, and follow-ups in threads where faqbot has spoken."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Engine
from faqbot.model import Answer, Audience, Question, Surface
from faqbot.runtime.leases import DeliveryClaims
from faqbot.slack.answers import AnswerMessage, ask, wants_help
from faqbot.slack.blockkit.blocks import Message
from faqbot.slack.blockkit.views import help_message, notice
from faqbot.slack.client import ATTEMPTS, client_of, reason_of
from faqbot.slack.directory import AudienceResolver, channel_audience
from faqbot.slack.interactions import Threads, ThreadState, key
from faqbot.slack.listeners.channel_settings import SURE, ChannelPolicies, is_question
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.middleware.deduplication import AGAIN
from faqbot.storage.models import ChannelMode, ChannelPolicy

_EVENT: Final = "faqbot_answer"
_QUESTION: Final = "question"
_READ: Final = 200
_SHORTEST: Final = 0.25
_LONGEST: Final = 10.0
_log = logging.getLogger(__name__)


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


Payload = dict[str, Any]

_SAID: Final = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of messages that a person wrote; all others are edits, joins and the like."""

_OFF: Final = "I'm switched off in this channel. Write to me directly, or use `/faq`."

_TO_SOMEBODY: Final = re.compile(r"\s*<@[A-Z0-9]+(\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """What a person said, and where."""

    team: str
    channel: str
    user: str
    text: str
    ts: str
    thread_ts: str
    direct: bool
    shared: bool
    again: bool = False

    @property
    def thread(self) -> str:
        """The timestamp of the thread that the answer goes to."""
        return self.thread_ts or self.ts

    @property
    def key(self) -> str:
        """The key of the conversation; top-level direct messages are one conversation."""
        whole = self.direct and not self.thread_ts
        return key(self.team, self.channel, "" if whole else self.thread)


def read(event: Payload, context: AsyncBoltContext, body: Payload) -> IncomingMessage | None:
    """What a person said in an event; nothing when it was a bot, an edit or a join."""
    by_bot = event.get("bot_id") or event.get("user") == context.bot_user_id
    if by_bot or event.get("hidden") or event.get("subtype") not in _SAID:
        return None
    if not (event.get("user") and event.get("channel") and event.get("ts")):
        return None
    return IncomingMessage(
        team=str(context.team_id or event.get("team") or ""),
        channel=str(event["channel"]),
        user=str(event["user"]),
        text=str(event.get("text") or ""),
        ts=str(event["ts"]),
        thread_ts=str(event.get("thread_ts") or ""),
        direct=event.get("channel_type") == "im" or str(event["channel"]).startswith("D"),
        shared=bool(body.get("is_ext_shared_channel")),
        again=bool(context.get(AGAIN)),
    )


def without_mention(text: str, bot: str | None) -> str:
    """The text without the mentions of faqbot itself."""
    return re.sub(rf"<@{re.escape(bot)}(\|[^>]*)?>", " ", text).strip() if bot else text.strip()


async def post(
    client: AsyncWebClient, channel: str, thread: str, message: Message, *, question: str = ""
) -> None:
    """Post a message into a thread; links don't unfold.

    `question` is the timestamp of what it answers, so that it is posted once.
    """
    arguments: Payload = {
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


async def _answered_before(said: IncomingMessage, context: AsyncBoltContext) -> bool:
    """Whether a process that has died had answered already."""
    client = client_of(context)
    return said.again and await was_answered(client, said.channel, said.thread, said.ts)


async def post_ephemeral(client: AsyncWebClient, said: IncomingMessage, message: Message) -> None:
    """Show a message to the asker alone: what is for employees is not for a guest's eyes."""
    await client.chat_postEphemeral(
        channel=said.channel,
        user=said.user,
        thread_ts=said.thread_ts or None,
        text=message.text,
        blocks=list(message.blocks),
    )


@dataclass(frozen=True, slots=True)
class MessageHandler:
    """What it takes to answer somebody."""

    engine: Engine
    audiences: AudienceResolver
    threads: Threads
    claims: DeliveryClaims
    feedback: Feedback
    channels: ChannelPolicies

    async def answer_direct(self, said: IncomingMessage, context: AsyncBoltContext) -> None:
        """Answer somebody who speaks to faqbot."""
        if await _answered_before(said, context):
            return
        policy = await self._policy(said)
        if policy.mode is ChannelMode.OFF:
            await post_ephemeral(client_of(context), said, notice(_OFF))
            return
        past = await self._past_of(said, context)
        text = without_mention(said.text, context.bot_user_id)
        answer = await self._answer_to(said, text, past, context)
        if answer.declined and not (said.direct or said.shared):
            alone = await self._answer_to(said, text, past, context, alone=True)
            if not alone.declined:
                signed = self.feedback.attach_feedback(alone, said.team, said.channel)
                await post_ephemeral(client_of(context), said, signed.message)
                return
        await self._deliver(said, answer, context)

    async def answer_follow_up(self, said: IncomingMessage, context: AsyncBoltContext) -> None:
        """Answer what goes on in a thread without naming faqbot; rather silent than declining."""
        if not said.thread_ts or _TO_SOMEBODY.match(said.text) or wants_help(said.text):
            return
        if (await self._policy(said)).mode is ChannelMode.OFF:
            return
        past = await self._past_of(said, context)
        if not past.spoken:
            return
        if await _answered_before(said, context):
            return
        answer = await self._answer_to(said, said.text, past, context)
        if not answer.declined:
            await self._deliver(said, answer, context)

    async def answer_unprompted(self, said: IncomingMessage, context: AsyncBoltContext) -> None:
        """Answer who asked nobody in particular, where the channel wants that, when sure."""
        policy = await self._policy(said)
        if said.thread_ts or policy.mode not in (ChannelMode.QUESTIONS, ChannelMode.ALL):
            return
        if _TO_SOMEBODY.match(said.text) or wants_help(said.text):
            return
        if policy.mode is ChannelMode.QUESTIONS and not is_question(said.text):
            return
        if not await self.claims.claim("message", said.team, said.channel, said.ts):
            return
        answer = await self._answer_to(said, said.text, ThreadState(), context)
        outcome = answer.result.outcome if answer.result else None
        needed = SURE if policy.mode is ChannelMode.QUESTIONS else 0.0
        if isinstance(outcome, Answer) and outcome.entries[0].confidence >= needed:
            await self._deliver(said, answer, context)

    async def _policy(self, said: IncomingMessage) -> ChannelPolicy:
        if said.direct:
            return ChannelPolicy(said.team, said.channel)
        return await self.channels.policy(said.team, said.channel)

    async def _past_of(self, said: IncomingMessage, context: AsyncBoltContext) -> ThreadState:
        if not said.thread_ts:
            return self.threads.known(said.key)
        bot = context.bot_user_id or ""
        client = client_of(context)
        return await self.threads.load(client, said.team, said.channel, said.thread_ts, bot)

    async def _answer_to(
        self,
        said: IncomingMessage,
        text: str,
        past: ThreadState,
        context: AsyncBoltContext,
        *,
        alone: bool = False,
    ) -> AnswerMessage:
        """The answer that is fit for those who read along, or for the asker alone."""
        if wants_help(text):
            return AnswerMessage(help_message(self.engine.knowledge_base))
        audience = await self.audiences.of(client_of(context), said.team, said.user)
        if not (alone or said.direct):
            # People of another company read along in a shared channel.
            audience = Audience.EVERYONE if said.shared else channel_audience(audience)
        question = Question(
            text=text,
            asker=said.user,
            audience=audience,
            surface=Surface.DIRECT if said.direct else Surface.CHANNEL,
            thread=said.key,
            role=past.role,
        )
        return ask(self.engine, question)

    async def _deliver(
        self, said: IncomingMessage, answer: AnswerMessage, context: AsyncBoltContext
    ) -> None:
        signed = self.feedback.attach_feedback(answer, said.team, said.channel)
        if (await self._policy(said)).private:
            await post_ephemeral(client_of(context), said, signed.message)
            return
        await post(client_of(context), said.channel, said.thread, signed.message, question=said.ts)
        self.threads.note(key(said.team, said.channel, said.thread), answer.role)
        if said.direct:
            self.threads.note(key(said.team, said.channel), answer.role)


def register(
    app: AsyncApp,
    engine: Engine,
    audiences: AudienceResolver,
    threads: Threads,
    *,
    claims: DeliveryClaims,
    feedback: Feedback,
    channels: ChannelPolicies,
) -> None:
    """Answer what people say to faqbot."""
    talk = MessageHandler(engine, audiences, threads, claims, feedback, channels)

    @app.event("app_mention")
    async def on_mention(event: Payload, body: Payload, context: AsyncBoltContext) -> None:
        said = read(event, context, body)
        if said:
            await talk.answer_direct(said, context)

    @app.event("message")
    async def on_message(event: Payload, body: Payload, context: AsyncBoltContext) -> None:
        said = read(event, context, body)
        if said is None:
            return
        if said.direct:
            await talk.answer_direct(said, context)
        elif f"<@{context.bot_user_id}" not in said.text:  # a mention comes as app_mention too
            await (talk.answer_follow_up if said.thread_ts else talk.answer_unprompted)(
                said, context
            )
