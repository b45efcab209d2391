"""Messages: chat.*, reactions.add."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from faqbot.playground.api import Call, Endpoint, Refusal, malformed
from faqbot.playground.models import Message, Payload
from faqbot.playground.payloads__objects import as_message
from faqbot.playground.validation import (
    MESSAGE_BLOCKS,
    MESSAGE_CHARACTERS,
    TEXT_CHARACTERS,
    UPDATE_BYTES,
    characters,
    message_problems,
)


def checked_blocks(blocks: Any) -> tuple[Payload, ...]:
    """The blocks of a message; raises Refusal when Slack would not take them."""
    if not blocks:
        return ()
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    found = message_problems(blocks)
    if len(blocks) <= MESSAGE_BLOCKS and characters(blocks) > MESSAGE_CHARACTERS:
        raise Refusal("msg_blocks_too_long")
    if found:
        raise malformed(*found, error="invalid_blocks")
    return tuple(blocks)


def content(call: Call) -> tuple[str, tuple[Payload, ...]]:
    """Text and blocks of a call; raises Refusal when both are empty or one is too long."""
    text = call.text("text", "")
    if len(text) > TEXT_CHARACTERS:
        raise Refusal("msg_too_long")
    blocks = checked_blocks(call.structure("blocks"))
    attachments = call.structure("attachments")
    if not text.strip() and not blocks and not attachments:
        raise Refusal("no_text")
    return text or _text_of_markdown(call), blocks


def _text_of_markdown(call: Call) -> str:
    return call.text("markdown_text", "")


async def post_message(call: Call) -> Payload:
    """chat.postMessage."""
    channel = call.joined_channel()
    text, blocks = content(call)
    state = call.state
    message = state.put(
        Message(
            ts=state.new_ts(),
            channel=channel.id,
            user=state.setup.bot_user_id,
            text=text,
            blocks=blocks,
            thread_ts=_thread(call, channel.id),
            bot=True,
            attachments=tuple(call.structure("attachments") or ()),
            metadata=call.structure("metadata"),
        )
    )
    call.delivery.message_posted(message)
    shown = as_message(state, message)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def _thread(call: Call, channel: str) -> str:
    thread_ts = call.text("thread_ts", "")
    if thread_ts:
        parent = call.state.message(channel, thread_ts)
        if parent is None or parent.visible_to:
            raise Refusal("thread_not_found")
        return parent.thread_ts or parent.ts
    return ""


async def post_ephemeral(call: Call) -> Payload:
    """chat.postEphemeral."""
    channel = call.joined_channel()
    user = call.user()
    if user.id not in channel.members:
        raise Refusal("user_not_in_channel")
    text, blocks = content(call)
    state = call.state
    message = state.put(
        Message(
            ts=state.new_ts(),
            channel=channel.id,
            user=state.setup.bot_user_id,
            text=text,
            blocks=blocks,
            thread_ts=_thread(call, channel.id),
            bot=True,
            visible_to=user.id,
        )
    )
    return {"message_ts": message.ts}


def _own_message(call: Call, *, denied: str) -> Message:
    channel = call.channel()
    message = call.state.message(channel.id, call.text("ts"))
    if message is None or message.visible_to:
        raise Refusal("message_not_found")
    if message.user != call.state.setup.bot_user_id:
        raise Refusal(denied)
    return message


async def update(call: Call) -> Payload:
    """chat.update."""
    old = _own_message(call, denied="cant_update_message")
    text, blocks = content(call)
    if len(text.encode()) > UPDATE_BYTES:
        raise Refusal("msg_too_long")
    if "blocks" not in call.arguments and "text" not in call.arguments:
        blocks = old.blocks
    message = call.state.put(replace(old, text=text, blocks=blocks, edited=True))
    call.delivery.message_changed(old, message)
    shown = as_message(call.state, message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


async def delete(call: Call) -> Payload:
    """chat.delete."""
    message = _own_message(call, denied="cant_delete_message")
    call.state.remove(message)
    call.delivery.message_deleted(message)
    return {"channel": message.channel, "ts": message.ts}


async def get_permalink(call: Call) -> Payload:
    """chat.getPermalink."""
    channel = call.channel()
    ts = call.text("message_ts")
    message = call.state.message(channel.id, ts)
    if message is None:
        raise Refusal("message_not_found")
    domain = call.state.setup.team_domain
    link = f"https://{domain}.slack.invalid/archives/{channel.id}/p{ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


async def add_reaction(call: Call) -> Payload:
    """reactions.add."""
    message = call.state.message(call.joined_channel().id, call.text("timestamp"))
    if message is None:
        raise Refusal("message_not_found")
    reaction = (call.text("name").strip(":"), call.state.setup.bot_user_id)
    if reaction in message.reactions:
        raise Refusal("already_reacted")
    call.state.put(replace(message, reactions=(*message.reactions, reaction)))
    return {}


MESSAGE_ENDPOINTS = {
    "chat.postMessage": Endpoint(post_message, ("chat:write",)),
    "chat.postEphemeral": Endpoint(post_ephemeral, ("chat:write",)),
    "chat.update": Endpoint(update, ("chat:write",)),
    "chat.delete": Endpoint(delete, ("chat:write",)),
    "chat.getPermalink": Endpoint(get_permalink),
    "reactions.add": Endpoint(add_reaction, ("reactions:write",)),
}
