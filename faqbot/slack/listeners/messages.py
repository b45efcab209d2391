"""Direct messages, mentions, and follow-ups in threads where faqbot has spoken."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Final

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Audience, Prompt, Question, Reason, Surface
from faqbot.slack.answers import AnswerMessage, ask, wants_help
from faqbot.slack.blockkit.blocks import Message, mrkdwn_context
from faqbot.slack.blockkit.views import help_message, notice
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.conversations import HISTORY_TIMEOUT, ThreadState, question_above
from faqbot.slack.directory import channel_audience
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.payloads import IncomingMessage, MessageKind
from faqbot.slack.posts import deliver, find_answer, post_ephemeral, revise, was_answered
from faqbot.storage.models import ChannelMode, ChannelPolicy

_OFF: Final = "I'm switched off in this channel. Write to me directly, or use `/faq`."
_NO_SCOPE: Final = (
    "I can't read this thread. Mention me again with the question itself. To let me read threads, "
    "an admin adds `channels:history` (in private channels `groups:history`) to my app and "
    "installs it again."
)
_UNREAD: Final = "Slack didn't show me this thread. Mention me again with the question itself."
_NOTHING_ASKED: Final = "I see no question of yours above. Write to me what you want to know."
_NOTHING_ABOVE: Final = "I see no question above. Mention me again with the question itself."
_TWICE: Final = "You may see this answer twice: I was interrupted."
_PAUSES: Final = (0.0, 0.5, 1.0)
"""Seconds before an edit looks for the answer that another process may be posting."""

_log = logging.getLogger(__name__)


async def _was_answered_before(message: IncomingMessage, client: AsyncWebClient) -> bool:
    """Whether a process answered the message before it died. An edit may be answered again."""
    if message.edited or not message.may_be_answered:
        return False
    return await was_answered(client, message.channel, message.thread, message.ts)


def _is_sensitive(answer: AnswerMessage) -> bool:
    """Whether a question is about a matter that nobody else should see replied to."""
    return answer.result is not None and answer.result.reason is Reason.SENSITIVE


@dataclass(frozen=True, slots=True)
class MessageHandler:
    """Answers messages."""

    app: AppContext
    feedback: Feedback

    async def handle(self, message: IncomingMessage, client: AsyncWebClient) -> None:
        """Answer a message by its kind, unless a later edit of it was answered."""
        async with self.app.versions.taking_up(message) as is_newer:
            if not is_newer:
                return
            match message.kind:
                case MessageKind.DIRECT | MessageKind.MENTION:
                    await self.answer_question(message, client)
                case MessageKind.ASIDE:
                    await self.answer_aside(message, client)
                case MessageKind.FOLLOW_UP:
                    await self.answer_follow_up(message, client)
                case MessageKind.UNPROMPTED:
                    await self.answer_unprompted(message, client)

    async def answer_question(self, message: IncomingMessage, client: AsyncWebClient) -> None:
        """Answer a direct message or a mention."""
        if await _was_answered_before(message, client):
            return
        policy = await self._policy(message)
        if policy.mode is ChannelMode.OFF:
            await self._note(message, client, _OFF)
            return
        past = await self._thread_state(message, client)
        text, borrowed = message.question, False
        if await self._is_call(message):
            above = await self._read_above(message, client)
            if above is None:
                return
            text, borrowed = above or text, bool(above)
        answer = await self._answer(message, text, past, client, borrowed=borrowed)
        # A public answer must be fit for every reader; the asker alone may be allowed one.
        if answer.declined and not (message.direct or message.shared):
            private = await self._answer(
                message, text, past, client, private=True, borrowed=borrowed
            )
            if not private.declined:
                signed = self.feedback.attach_feedback(private, message.team, message.channel)
                await self._answer_alone(message, signed.message, client)
                return
        if _is_sensitive(answer) and not message.direct:
            await self._answer_alone(message, answer.message, client)
            return
        await self._deliver(message, answer, client)

    async def _is_call(self, message: IncomingMessage) -> bool:
        """Whether a message asks for an answer to what stands elsewhere."""
        own = message.own_words
        if wants_help(own) and own:
            return False
        # A mention alone asks for help, unless something stands there to be answered. At the top
        # level of the direct conversation each message above has its answer.
        stands = message.quoted or message.thread_ts or (own and not message.direct)
        if not stands:
            return False
        await self.app.services.questions.prepare(self.app.engine, Question(own))
        return self.app.engine.is_call(own)

    async def _read_above(self, message: IncomingMessage, client: AsyncWebClient) -> str | None:
        """Return what a call points to, "" for nothing; None when it was said why it is unread."""
        if message.quoted:
            return message.quoted
        try:
            async with asyncio.timeout(HISTORY_TIMEOUT):
                above = await question_above(message, client, self.app.engine.is_call)
        except SLACK_ERRORS as error:
            _log.info("what a call points to could not be read: %s", describe_error(error))
            if not message.thread_ts:
                above = ""
            else:
                missing = describe_error(error) == "missing_scope"
                await self._note(message, client, _NO_SCOPE if missing else _UNREAD)
                return None
        if above or wants_help(message.own_words):
            return above
        if not message.thread_ts:
            await self._deliver(message, self._help(), client)
        elif message.direct:
            await self._deliver(message, AnswerMessage(notice(_NOTHING_ASKED)), client)
        else:
            await self._note(message, client, _NOTHING_ABOVE)
        return None

    async def answer_aside(self, message: IncomingMessage, client: AsyncWebClient) -> None:
        """Answer a line to somebody else that names faqbot, if it holds a sure question."""
        if (await self._policy(message)).mode is ChannelMode.OFF:
            return
        if await _was_answered_before(message, client):
            return
        past = await self._thread_state(message, client)
        await self._answer_if_sure(message, message.question, past, client, Prompt.UNPROMPTED)

    async def answer_follow_up(self, message: IncomingMessage, client: AsyncWebClient) -> None:
        """Answer a reply in a thread where faqbot has spoken, if it is a sure question for it."""
        mode = (await self._policy(message)).mode
        if wants_help(message.text) or mode in (ChannelMode.OFF, ChannelMode.ONLY_MENTIONS):
            return
        past = await self._thread_state(message, client)
        # In this order: most threads aren't faqbot's, and the second look is a call to Slack.
        if not past.has_answer or await _was_answered_before(message, client):
            return
        prompt = Prompt.FOLLOW_UP if past.asker == message.user else Prompt.UNPROMPTED
        await self._answer_if_sure(message, message.text, past, client, prompt)

    async def answer_unprompted(self, message: IncomingMessage, client: AsyncWebClient) -> None:
        """Answer a message addressed to nobody, if the channel's mode and confidence allow it."""
        policy = await self._policy(message)
        if policy.mode not in (ChannelMode.QUESTIONS, ChannelMode.ALL) or wants_help(message.text):
            return
        # The middleware doesn't claim these: that would be a transaction for each message of
        # every channel, and most of them get no answer.
        if not await self.app.services.claims.claim(*message.key, until_known=True):
            return
        prompt = Prompt.OPEN if policy.mode is ChannelMode.ALL else Prompt.UNPROMPTED
        await self._answer_if_sure(message, message.text, ThreadState(), client, prompt)

    async def _answer_if_sure(
        self,
        message: IncomingMessage,
        text: str,
        past: ThreadState,
        client: AsyncWebClient,
        prompt: Prompt,
    ) -> None:
        """Answer a line that wasn't put to faqbot; say nothing else about it."""
        answer = await self._answer(message, text, past, client, prompt=prompt)
        if answer.answered and await self.app.services.limiter.admits(message, client):
            await self._deliver(message, answer, client)

    async def _policy(self, message: IncomingMessage) -> ChannelPolicy:
        if message.direct:
            return ChannelPolicy(message.team, message.channel)
        return await self.app.channels.policy(message.team, message.channel)

    async def _thread_state(self, message: IncomingMessage, client: AsyncWebClient) -> ThreadState:
        if not message.thread_ts:
            return self.app.threads.known(message.conversation)
        return await self.app.threads.load(message, client)

    def _help(self) -> AnswerMessage:
        return AnswerMessage(help_message(self.app.engine.knowledge_base))

    async def _answer(
        self,
        message: IncomingMessage,
        text: str,
        past: ThreadState,
        client: AsyncWebClient,
        *,
        private: bool = False,
        prompt: Prompt = Prompt.ADDRESSED,
        borrowed: bool = False,
    ) -> AnswerMessage:
        """Return the answer for all readers of the conversation, or for the asker only."""
        if wants_help(text):
            return self._help()
        self.app.audiences.channels.note(message.team, message.channel, shared=message.shared)
        audience = await self.app.audiences.of(client, message.team, message.user)
        if not (private or message.direct):
            # People of another company read along in a shared channel.
            audience = Audience.EVERYONE if message.shared else channel_audience(audience)
        # What was put to faqbot is counted already. Of other lines, one above the limit gets no
        # answer, so the conversation must not be about its role.
        is_counted = prompt is Prompt.ADDRESSED
        room = is_counted or self.app.services.limiter.has_room(message.team, message.user)
        question = Question(
            text=text,
            asker=message.user,
            audience=audience,
            surface=Surface.DIRECT if message.direct else Surface.CHANNEL,
            thread=message.conversation if room else "",
            role=past.role,
            prompt=prompt,
            brief=not message.thread,
            borrowed=borrowed,
        )
        return await ask(self.app, question)

    async def _note(self, message: IncomingMessage, client: AsyncWebClient, text: str) -> None:
        """Tell the asker alone why there is no answer."""
        if await self.app.services.is_ours(message):
            await post_ephemeral(client, message, notice(text))

    async def _deliver(
        self, message: IncomingMessage, answer: AnswerMessage, client: AsyncWebClient
    ) -> None:
        signed = self.feedback.attach_feedback(
            answer, message.team, message.channel, message.thread or message.ts
        )
        if (await self._policy(message)).private:
            await self._answer_alone(message, signed.message, client)
            return
        if not await self.app.services.is_ours(message):
            return
        former = await self._former_answer(message, client)
        if former:
            posted = await revise(client, message, signed.message, former)
        else:
            posted = await deliver(client, message, signed.message, question=message.ts)
        self.app.versions.record_answer(message, posted)
        self.app.threads.record_answer(message, answer.role, posted)

    async def _answer_alone(
        self, message: IncomingMessage, answer: Message, client: AsyncWebClient
    ) -> None:
        """Show an answer to the asker alone; what was answered before an edit is taken back."""
        if not await self.app.services.is_ours(message):
            return
        former = await self._former_answer(message, client)
        if former:
            await client.chat_delete(channel=message.channel, ts=former)
        # Slack shows nobody an ephemeral message again, so nothing tells whether one was sent. Its
        # mark tells that it was about to be.
        elif await self._may_have_been_shown(message):
            answer = replace(answer, blocks=(mrkdwn_context(_TWICE), *answer.blocks))
        await post_ephemeral(client, message, answer)
        self.app.versions.record_answer(message, "")

    async def _may_have_been_shown(self, message: IncomingMessage) -> bool:
        """Mark that a private answer is about to be sent; whether an earlier attempt did so."""
        is_first = await self.app.services.claims.claim_if_known("private answer", *message.key)
        return message.may_be_answered and not is_first

    async def _former_answer(self, message: IncomingMessage, client: AsyncWebClient) -> str:
        """Return the timestamp of the answer to a message before it was edited; "" for none."""
        if not message.edited:
            return ""
        known = self.app.versions.answer_to(message)
        if known is not None:
            return known
        # Who gets this claim knows that no process has begun to answer the message as it was.
        is_first = await self.app.services.claims.claim(*message.first_key)
        for pause in _PAUSES[:1] if is_first else _PAUSES:
            await asyncio.sleep(pause)
            found = await find_answer(client, message.channel, message.thread, message.ts)
            if found:
                return found
        return ""


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners of messages."""
    handler = MessageHandler(app_context, Feedback(app_context.services))

    @app.event("app_mention")
    async def on_mention(incoming: IncomingMessage | None, context: AsyncBoltContext) -> None:
        if incoming is not None:
            await handler.handle(incoming, client_of(context))

    @app.event("message")
    async def on_message(incoming: IncomingMessage | None, context: AsyncBoltContext) -> None:
        if incoming is not None:
            await handler.handle(incoming, client_of(context))
