"""Parsed payloads: messages, interactions and slash commands as frozen values.

The HTTP endpoint and the Socket Mode handler parse each payload once (`payload_parser`). The value
travels in Bolt's context, from which Bolt passes it to listeners as the argument `incoming`,
`home_opened`, `slash_command` or `interaction`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b
from typing import Any, Final, TypeAlias

from slack_bolt.request.async_request import AsyncBoltRequest

from faqbot.slack.message_text import without_mention, without_quotes

_COPIED: Final = re.compile(r"(?i)\b(?:cc|fyi)\b[:,]?(?:\s*<[@!][^>]*>,?)+")


class MessageKind(Enum):
    """How a message reaches faqbot."""

    DIRECT = "direct"  # in the direct conversation with faqbot
    MENTION = "mention"  # names faqbot in a channel
    ASIDE = "aside"  # names faqbot in a channel, in a line to somebody else
    FOLLOW_UP = "follow-up"  # in a thread of a channel, addressed to nobody
    UNPROMPTED = "unprompted"  # in a channel, addressed to nobody
    FOR_OTHERS = "for others"  # names somebody else, or arrives as a mention too


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message that a person wrote, as a `message` or an `app_mention` event.

    Args:
        name: the event's type.
        event_id: Slack's id of the event, the same when Slack sends it again.
        team: the workspace whose installation may read the message.
        channel: where it was written.
        user: who wrote it.
        bot: faqbot's own user in the workspace.
        text: in Slack's markup.
        ts: the message's timestamp, its id in the channel.
        thread_ts: the timestamp of the thread's first message; empty outside threads.
        kind: how the message reaches faqbot.
        direct: whether it was written in the direct conversation with faqbot.
        shared: whether people of other companies read along.
        quoted: what it quotes, or the text of the message that it forwards.
        edited: when its author edited it; empty for a new message.
        may_be_answered: whether an earlier delivery of it may have been answered.
    """

    name: str
    event_id: str
    team: str
    channel: str
    user: str
    bot: str
    text: str
    ts: str
    thread_ts: str
    kind: MessageKind
    direct: bool
    shared: bool
    quoted: str = ""
    edited: str = ""
    may_be_answered: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """What identifies the message, and an edit of it: Slack sends each more than once."""
        if not self.edited:
            return self.first_key
        # Slack tells the second of an edit only.
        words = blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return (*self.first_key, self.edited, words)

    @property
    def first_key(self) -> tuple[str, ...]:
        """What identifies the message as it was before any edit."""
        return ("message", self.team, self.channel, self.ts)

    @property
    def is_question(self) -> bool:
        """Whether the message is put to faqbot, which owes it an answer.

        Whether a follow-up or an unprompted message is one as well depends on its thread and its
        channel, which `MessageHandler` looks up.
        """
        return self.kind in (MessageKind.DIRECT, MessageKind.MENTION)

    @property
    def thread(self) -> str:
        """The timestamp of the thread that the answer goes to; empty for the top level."""
        # Direct messages are answered in line: a thread below each would hide the answer.
        return self.thread_ts or ("" if self.direct else self.ts)

    @property
    def conversation(self) -> str:
        """The key of the conversation; top-level direct messages are one conversation."""
        return conversation_key(self.team, self.channel, self.thread)

    @property
    def question(self) -> str:
        """The text without the mentions of faqbot, and of those who get a copy."""
        text = _COPIED.sub(" ", self.text)
        if self.kind is MessageKind.ASIDE:
            # What comes before is said to somebody else.
            text = text.partition(f"<@{self.bot}")[2].partition(">")[2]
        return without_mention(text, self.bot).strip()

    @property
    def own_words(self) -> str:
        """The question without what it quotes."""
        return without_quotes(self.question)


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """Somebody opened a tab of the app: `home` or `messages`."""

    name: str
    event_id: str
    team: str
    user: str
    channel: str
    tab: str


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A slash command: `name` begins with its slash, `text` is what follows.

    `private` tells that it was used in a private channel.
    """

    name: str
    team: str
    channel: str
    user: str
    text: str
    trigger: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """The value of an input: a text or option, a checked box, or a user."""

    value: str = ""
    checked: bool = False
    user: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A modal or App Home, with its inputs by block and action."""

    id: str = ""
    type: str = ""
    hash: str = ""
    metadata: str = ""
    inputs: Mapping[str, Mapping[str, Input]] = field(default_factory=dict)

    def input(self, block: str, action: str = "") -> Input:
        """Return the input of a block, whose action has the name of the block unless given."""
        return self.inputs.get(block, {}).get(action or block, Input())


@dataclass(frozen=True, slots=True)
class Interaction:
    """A click on a button, a choice, a submitted modal, or a message shortcut.

    Args:
        name: Slack's type, such as `block_actions`.
        team: the workspace.
        user: who did it.
        trigger: opens a modal, for three seconds.
        channel: where the message is; empty in modals and App Home.
        ts: the message's timestamp.
        thread: the timestamp of the message's thread, or its own; empty at the top level of the
            direct conversation.
        private: whether only this person sees the message.
        text: the message's text, where Slack sends it.
        blocks: the message's blocks, where Slack sends them.
        action: the action id of the element that was used.
        block: the id of its block.
        value: what the element carries, or the option that was picked.
        view: the modal or App Home that it happened in.
    """

    name: str
    team: str
    user: str
    trigger: str
    channel: str = ""
    ts: str = ""
    thread: str = ""
    private: bool = False
    text: str = ""
    blocks: tuple[Mapping[str, Any], ...] = ()
    action: str = ""
    block: str = ""
    value: str = ""
    view: View = View()

    @property
    def direct(self) -> bool:
        """Whether the message is in the direct conversation with faqbot."""
        return self.channel.startswith("D")

    @property
    def modal(self) -> str:
        """The id of the modal that it happened in; empty elsewhere."""
        return self.view.id if self.view.type == "modal" else ""

    @property
    def conversation(self) -> str:
        """The key of the conversation; private messages and views belong to none."""
        if self.private or not self.channel:
            return ""
        return conversation_key(self.team, self.channel, self.thread)

    @property
    def public_thread(self) -> str:
        """The thread in which later answers are posted; empty where there is none."""
        # A direct conversation goes on in line; a thread below its message would hide the answer.
        in_line = self.direct and self.thread == self.ts
        return "" if self.private or in_line or not self.channel else self.thread


@dataclass(frozen=True, slots=True)
class OtherPayload:
    """A payload that faqbot needs nothing of: other bots' messages, the end of a token."""

    name: str
    team: str
    event_id: str = ""


Payload: TypeAlias = IncomingMessage | HomeOpened | SlashCommand | Interaction | OtherPayload


def string_fields(text: str) -> dict[str, str]:
    """Return the fields of the JSON object that a button or modal carries; {} of another text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def conversation_key(team: str, channel: str, thread_ts: str = "") -> str:
    """Return the key of a conversation; without a thread, of a whole direct conversation."""
    return "/".join(filter(None, (team, channel, thread_ts)))


CONTEXT_NAMES: Final[Mapping[str, type]] = {
    "incoming": IncomingMessage,
    "home_opened": HomeOpened,
    "slash_command": SlashCommand,
    "interaction": Interaction,
}
"""The names of parsed payloads as arguments of listeners; what a payload isn't is None."""

_PARSED: Final = "faqbot_payload"


def payload_of(request: AsyncBoltRequest) -> Payload:
    """Return the parsed payload of a request."""
    found: Payload = request.context[_PARSED]
    return found


def set_payload(request: AsyncBoltRequest, payload: Payload) -> None:
    """Put a parsed payload into the context of a request."""
    request.context[_PARSED] = payload
    for name, shape in CONTEXT_NAMES.items():
        # Bolt 1.30 logs a warning for listener arguments that its context doesn't contain.
        request.context[name] = payload if isinstance(payload, shape) else None
