"""Web API methods of messages: chat.*, reactions.add, files.*, assistant.threads.*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from faqbot.playground.api import Call, Endpoint, Refusal, invalid_arguments
from faqbot.playground.models import Payload, SlackMessage, Suggestions
from faqbot.playground.payloads import as_message
from faqbot.playground.validation import (
    MAX_MESSAGE_BLOCKS,
    MAX_MESSAGE_CHARACTERS,
    MAX_PROMPTS,
    MAX_TEXT_CHARACTERS,
    MAX_UPDATE_BYTES,
    characters,
    message_problems,
)


def checked_blocks(blocks: Any) -> tuple[Payload, ...]:
    """Return the blocks of a message; raises Refusal if Slack would reject them."""
    if not blocks:
        return ()
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    found = message_problems(blocks)
    if len(blocks) <= MAX_MESSAGE_BLOCKS and characters(blocks) > MAX_MESSAGE_CHARACTERS:
        raise Refusal("msg_blocks_too_long")
    if found:
        raise invalid_arguments(*found, error="invalid_blocks")
    return tuple(blocks)


def content(call: Call) -> tuple[str, tuple[Payload, ...]]:
    """Return text and blocks of a call; raises Refusal if both are empty or one is too long."""
    text = call.text("text", "")
    if len(text) > MAX_TEXT_CHARACTERS:
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
    channel = call.open_channel()
    if channel.read_only:
        raise Refusal("restricted_action_read_only_channel")
    text, blocks = content(call)
    state = call.state
    message = state.put(
        SlackMessage(
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
        if (channel, thread_ts) in call.state.deleted:
            # Slack posts a reply to a message that was deleted at the top of the channel.
            return ""
        parent = call.state.message(channel, thread_ts)
        if parent is None or parent.visible_to:
            raise Refusal("thread_not_found")
        # A thread has one level: a reply to a reply belongs to the same first message.
        return parent.thread_ts or parent.ts
    return ""


async def post_ephemeral(call: Call) -> Payload:
    """chat.postEphemeral."""
    channel = call.open_channel()
    user = call.user()
    if user.id not in channel.members:
        raise Refusal("user_not_in_channel")
    text, blocks = content(call)
    state = call.state
    message = state.put(
        SlackMessage(
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


def _own_message(call: Call, *, denied: str) -> SlackMessage:
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
    if len(text.encode()) > MAX_UPDATE_BYTES:
        raise Refusal("msg_too_long")
    # A call with attachments alone leaves the blocks as they are.
    if "blocks" not in call.arguments and "text" not in call.arguments:
        blocks = old.blocks
    # Metadata that aren't given stay.
    metadata = call.structure("metadata") or old.metadata
    edited = call.state.new_ts()
    message = call.state.put(
        replace(old, text=text, blocks=blocks, edited=edited, metadata=metadata)
    )
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


async def get_upload_url(call: Call) -> Payload:
    """files.getUploadURLExternal."""
    name, length = call.text("filename"), call.number("length", 0)
    if length <= 0:
        raise invalid_arguments("must be more than 0: length")
    file_id = call.state.new_id("F")
    call.state.files[file_id] = {"id": file_id, "name": name, "title": name, "size": length}
    return {"upload_url": f"{call.text('_base')}upload/{file_id}", "file_id": file_id}


async def complete_upload(call: Call) -> Payload:
    """files.completeUploadExternal."""
    asked = call.structure("files")
    if not isinstance(asked, list) or not asked:
        raise invalid_arguments("missing required field: files")
    files = [_uploaded(call, file) for file in asked]
    if call.text("channel_id", ""):
        channel = call.joined_channel("channel_id")
        state = call.state
        names = ", ".join(str(file["title"]) for file in files)
        message = state.put(
            SlackMessage(
                ts=state.new_ts(),
                channel=channel.id,
                user=state.setup.bot_user_id,
                text=call.text("initial_comment", ""),
                thread_ts=call.text("thread_ts", ""),
                bot=True,
                attachments=({"fallback": names, "title": names, "files": files},),
            )
        )
        call.delivery.message_posted(message)
    return {"files": files}


def _uploaded(call: Call, file: object) -> Payload:
    kept = call.state.files.get(str(file.get("id"))) if isinstance(file, Mapping) else None
    if kept is None or "content" not in kept or not isinstance(file, Mapping):
        raise Refusal("file_not_found")
    kept["title"] = str(file.get("title") or kept["name"])
    return {key: value for key, value in kept.items() if key != "content"}


FILE_ENDPOINTS = {
    "files.getUploadURLExternal": Endpoint(get_upload_url, ("files:write",)),
    "files.completeUploadExternal": Endpoint(complete_upload, ("files:write",)),
}


async def set_suggested_prompts(call: Call) -> Payload:
    """assistant.threads.setSuggestedPrompts; with a thread it changes nothing."""
    channel = call.channel("channel_id")
    prompts = call.structure("prompts")
    if not isinstance(prompts, list) or not prompts:
        raise invalid_arguments("missing required field: prompts")
    if len(prompts) > MAX_PROMPTS:
        raise invalid_arguments(f"prompts: {len(prompts)} prompts, {MAX_PROMPTS} are allowed")
    for prompt in prompts:
        if not isinstance(prompt, Mapping) or not prompt.get("title") or not prompt.get("message"):
            raise invalid_arguments("prompts: each needs a title and a message")
    # In a thread the call succeeds without effect, as in Slack's messages tab.
    if not call.text("thread_ts", ""):
        call.state.suggestions[channel.id] = Suggestions(
            call.text("title", ""),
            tuple((str(prompt["title"]), str(prompt["message"])) for prompt in prompts),
        )
        call.state.changes.notify()
    return {}


async def set_status(call: Call) -> Payload:
    """assistant.threads.setStatus; an empty status takes the line away."""
    place = (call.channel("channel_id").id, call.text("thread_ts"))
    status = call.text("status", "")
    if status:
        call.state.statuses[place] = status
    else:
        call.state.statuses.pop(place, None)
    call.state.changes.notify()
    return {}


async def set_title(call: Call) -> Payload:
    """assistant.threads.setTitle."""
    place = (call.channel("channel_id").id, call.text("thread_ts"))
    call.state.titles[place] = call.text("title")
    call.state.changes.notify()
    return {}


STATUS_SCOPES = ("assistant:write", "chat:write")

ASSISTANT_ENDPOINTS = {
    "assistant.threads.setSuggestedPrompts": Endpoint(set_suggested_prompts, STATUS_SCOPES[:1]),
    "assistant.threads.setStatus": Endpoint(set_status, STATUS_SCOPES),
    "assistant.threads.setTitle": Endpoint(set_title, STATUS_SCOPES[:1]),
}
