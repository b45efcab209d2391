"""Conversations in Slack: what threads are about, which messages are answered, and where.

And the question that stands above a call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakValueDictionary

from cachetools import LRUCache
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.engine import Engine
from faqbot.matching.dialogue import asks, is_general_question
from faqbot.matching.text import normalise
from faqbot.slack.blockkit.blocks import Action, parse_entry_ref
from faqbot.slack.client import MAX_REPLIES, REFUSED, SLACK_ERRORS, describe_error
from faqbot.slack.message_text import BY_PERSONS, read_text, without_mention
from faqbot.slack.payloads import IncomingMessage, Interaction, conversation_key
from faqbot.slack.posts import answered_question
from faqbot.storage.models import QuestionRecord

HISTORY_TIMEOUT: Final = 3.0
"""Seconds to wait for the messages of a thread."""

_MAX_THREADS: Final = 10_000
_MAX_MESSAGES: Final = 10_000
_MAX_BEFORE: Final = 5
"""Messages of a channel among which the one before is looked for: bots may have posted since."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ThreadState:
    """Whether faqbot has spoken in a thread, about which role, and to whom it spoke last."""

    has_answer: bool = False
    role: str | None = None
    asker: str = ""


Recorded = Callable[[IncomingMessage], Awaitable[Sequence[QuestionRecord]]]
"""Returns what the database knows of a message's thread, the newest question first."""


class Threads:
    """The states of threads: from this process, else read back once from Slack or the database.

    Args:
        engine: remembers the conversations of this process.
        recorded: asked where Slack doesn't show a thread.
        max_threads: how many states are kept; the least recently used goes first.
    """

    def __init__(self, engine: Engine, recorded: Recorded, max_threads: int = _MAX_THREADS) -> None:
        self._engine = engine
        self._recorded = recorded
        self._states: LRUCache[str, ThreadState] = LRUCache(max_threads)

    def record_answer(
        self, to: IncomingMessage | Interaction, role: str | None, posted: str = ""
    ) -> None:
        """Record an answer about a role; without a role, the conversation keeps the one it had.

        Args:
            to: the message or click that was answered.
            role: what the answer is about.
            posted: the timestamp of the answer.
        """
        # At the top level the next question may stand below the last one, or below its answer.
        # What the top level itself is about changes: the engine's memory knows for how long.
        for thread in filter(None, [to.thread] if to.thread else [to.ts, posted]):
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
        try:
            state = await self._read(message, client)
        except SLACK_ERRORS as error:
            reason = describe_error(error)
            _log.info("conversations.replies failed: %s", reason)
            state = self._state_of(await self._recorded(message))
            # A refusal for good is remembered; what fails now may succeed for the next message.
            if not (state.has_answer or reason in REFUSED):
                return state
        self._states[conversation] = state
        return state

    def _state_of(self, recorded: Sequence[QuestionRecord]) -> ThreadState:
        knows = self._engine.knowledge_base.role
        roles = (record.role for record in recorded if record.role and knows(record.role))
        return ThreadState(
            has_answer=bool(recorded),
            role=next(roles, None),
            asker=next((record.asker for record in recorded), ""),
        )

    async def _read(self, message: IncomingMessage, client: AsyncWebClient) -> ThreadState:
        async with asyncio.timeout(HISTORY_TIMEOUT):
            answer = await client.conversations_replies(
                channel=message.channel,
                ts=message.thread_ts,
                limit=MAX_REPLIES,
                include_all_metadata=True,
            )
        listed = answer.get("messages")
        messages = [one for one in listed or () if isinstance(one, Mapping)]
        own = [one for one in messages if one.get("user") == message.bot]
        authors = {one.get("ts"): str(one.get("user") or "") for one in messages}
        # Whoever asked last: what faqbot posts itself, such as news of a hand-off, answers nobody.
        asked = filter(None, (authors.get(answered_question(one)) for one in reversed(own)))
        asker = next(asked, "")
        knowledge_base = self._engine.knowledge_base
        # The newest answer first: a thread may have gone on to another role.
        for one in reversed(own):
            for value in entry_buttons(one.get("blocks")):
                role = parse_entry_ref(value).role
                if role and knowledge_base.role(role):
                    return ThreadState(has_answer=True, role=role, asker=asker)
        # Answers about no role count too, or follow-ups to them would be ignored.
        return ThreadState(has_answer=bool(own), asker=asker)


@dataclass(frozen=True, slots=True)
class _Version:
    """What a message was when it was taken up: when it was edited, and where its answer is."""

    edited: str = ""
    answer: str = ""


class MessageVersions:
    """The versions of messages that this process has taken up, and their answers.

    Args:
        max_messages: how many are kept; the least recently used goes first.
    """

    def __init__(self, max_messages: int = _MAX_MESSAGES) -> None:
        self._versions: LRUCache[tuple[str, ...], _Version] = LRUCache(max_messages)
        self._locks: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def taking_up(self, message: IncomingMessage) -> AsyncIterator[bool]:
        """Hold a message while the block runs, so that an edit finds the answer to what was.

        Gives whether the message is newer than what was taken up before: of two edits, the first
        may arrive last.
        """
        key = message.first_key
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._versions.get(key)
            is_newer = known is None or known.edited <= message.edited
            yield is_newer
            if is_newer:
                answer = self._versions.get(key, _Version()).answer
                self._versions[key] = _Version(message.edited, answer)

    def record_answer(self, message: IncomingMessage, posted: str) -> None:
        """Record the timestamp of the answer to a message; empty if only its author sees it."""
        known = self._versions.get(message.first_key, _Version())
        self._versions[message.first_key] = replace(known, answer=posted)

    def answer_to(self, message: IncomingMessage) -> str | None:
        """Return the timestamp of the answer to a message, "" for none; None if it isn't known."""
        known = self._versions.get(message.first_key)
        return None if known is None else known.answer


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
            channel=message.channel, ts=message.thread_ts, latest=message.ts, limit=MAX_REPLIES
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
