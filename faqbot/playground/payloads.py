"""Payloads as Slack sends them: users, channels, messages, events, commands, interactions."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, Final

from faqbot.playground.models import Channel, ModalView, Payload, SlackMessage, User
from faqbot.playground.state import WorkspaceState

TOKEN: Final = "local-verification-token"  # noqa: S105  (Slack's legacy field; nothing reads it)


def as_user(state: WorkspaceState, user: User) -> Payload:
    """Return a user as users.info does."""
    return {
        "id": user.id,
        "team_id": state.setup.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "is_bot": user.bot,
        "is_app_user": False,
        "is_admin": user.admin,
        "is_restricted": user.guest,
        "is_ultra_restricted": False,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "locale": "en-US",
        "profile": {"real_name": user.real_name, "display_name": user.name, "email": user.email},
    }


def as_channel(state: WorkspaceState, channel: Channel) -> Payload:
    """Return a channel as conversations.info does."""
    bot = state.setup.bot_user_id
    shown: Payload = {
        "id": channel.id,
        "is_channel": not channel.direct,
        "is_im": channel.direct,
        "is_member": bot in channel.members,
        "is_archived": channel.archived,
        "is_private": channel.private,
        "is_general": channel.name == "general",
        "is_shared": channel.shared,
        "is_ext_shared": channel.shared,
    }
    if channel.direct:
        shown["user"] = next(iter(channel.members - {bot}))
    else:
        topic = {"value": channel.topic, "creator": "", "last_set": 0}
        shown |= {"name": channel.name, "topic": topic, "num_members": len(channel.members)}
    return shown


def as_message(state: WorkspaceState, message: SlackMessage) -> Payload:
    """Return a message as the Web API and the payloads contain it."""
    app = state.setup
    shown: Payload = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": app.team_id,
        "blocks": list(message.blocks),
    }
    if message.bot:
        shown |= {"bot_id": app.bot_id, "app_id": app.app_id, "bot_profile": _bot_profile(state)}
    if message.client_msg_id:
        shown["client_msg_id"] = message.client_msg_id
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.edited:
        # Slack tells the second only.
        shown["edited"] = {"user": message.user, "ts": f"{message.edited[:-7]}.000000"}
    if message.attachments:
        shown["attachments"] = list(message.attachments)
    if message.metadata:
        shown["metadata"] = message.metadata
    replies = state.replies(message.channel, message.ts)
    if replies:
        users = sorted({reply.user for reply in replies})
        shown |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
        }
    return shown


def _bot_profile(state: WorkspaceState) -> Payload:
    app = state.setup
    return {
        "id": app.bot_id,
        "deleted": False,
        "name": app.bot_name,
        "updated": 1,
        "app_id": app.app_id,
        "icons": {},
        "team_id": app.team_id,
    }


def event_body(state: WorkspaceState, event: Payload) -> Payload:
    """The envelope of the Events API around an event."""
    app = state.setup
    event_id = state.new_id("Ev")
    place = state.channels.get(str(event.get("channel") or ""))
    return {
        "token": TOKEN,
        "team_id": app.team_id,
        "enterprise_id": app.enterprise_id or None,
        "context_team_id": app.team_id,
        "context_enterprise_id": app.enterprise_id or None,
        "api_app_id": app.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": app.enterprise_id or None,
                "team_id": None if app.org_wide else app.team_id,
                "user_id": app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": app.org_wide,
            }
        ],
        "is_ext_shared_channel": place is not None and place.shared,
        "event_context": f"4-{event_id}",
    }


def message_event(state: WorkspaceState, message: SlackMessage) -> Payload:
    """A new message as a `message` event."""
    channel = state.channels[message.channel]
    event = as_message(state, message)
    event |= {"channel": channel.id, "channel_type": channel.type, "event_ts": message.ts}
    if message.is_reply:
        parent = state.message(channel.id, message.thread_ts)
        event["parent_user_id"] = parent.user if parent else ""
    return event


def mention_event(state: WorkspaceState, message: SlackMessage) -> Payload:
    """A new message as an `app_mention` event, which has no channel_type."""
    event = {**message_event(state, message), "type": "app_mention"}
    del event["channel_type"]
    return event


def changed_event(state: WorkspaceState, old: SlackMessage, new: SlackMessage) -> Payload:
    """An edited message as a `message_changed` event."""
    now, before = as_message(state, new), as_message(state, old)
    return _subtype_event(state, new, "message_changed", message=now, previous_message=before)


def deleted_event(state: WorkspaceState, message: SlackMessage) -> Payload:
    """A deleted message as a `message_deleted` event."""
    shown = as_message(state, message)
    return _subtype_event(
        state, message, "message_deleted", deleted_ts=message.ts, previous_message=shown
    )


def _subtype_event(
    state: WorkspaceState, about: SlackMessage, subtype: str, **more: Any
) -> Payload:
    ts = state.new_ts()
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": about.channel,
        "channel_type": state.channels[about.channel].type,
        "ts": ts,
        "event_ts": ts,
        **more,
    }


def home_event(state: WorkspaceState, user: User, tab: str) -> Payload:
    """A user opened the app's Home or Messages tab."""
    event: Payload = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": state.direct(user.id).id,
        "tab": tab,
        "event_ts": state.new_ts(),
    }
    if tab == "home" and user.id in state.homes:
        event["view"] = state.as_view(state.homes[user.id])
    return event


def command_body(
    state: WorkspaceState,
    user: User,
    channel: Channel,
    *,
    command: str,
    text: str,
    response_url: str,
) -> Payload:
    """A slash command."""
    app = state.setup
    return {
        "token": TOKEN,
        "team_id": app.team_id,
        "team_domain": app.team_domain,
        "channel_id": channel.id,
        "channel_name": channel.command_name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": app.app_id,
        "is_enterprise_install": str(app.org_wide).lower(),
        **_enterprise(state),
        "response_url": response_url,
        "trigger_id": state.new_trigger(user.id),
    }


def _enterprise(state: WorkspaceState) -> Payload:
    app = state.setup
    if not app.enterprise_id:
        return {}
    return {"enterprise_id": app.enterprise_id, "enterprise_name": app.enterprise_name}


def _interaction(state: WorkspaceState, user: User, kind: str) -> Payload:
    app = state.setup
    return {
        "type": kind,
        "team": {"id": app.team_id, "domain": app.team_domain},
        "enterprise": (
            {"id": app.enterprise_id, "name": app.enterprise_name} if app.enterprise_id else None
        ),
        "is_enterprise_install": app.org_wide,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": app.team_id,
        },
        "api_app_id": app.app_id,
        "token": TOKEN,
    }


def message_action_body(
    state: WorkspaceState,
    user: User,
    message: SlackMessage,
    action: Payload,
    *,
    response_url: str,
    values: Payload,
) -> Payload:
    """A block action in a message; private messages aren't shown to the app."""
    channel = state.channels[message.channel]
    container: Payload = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.visible_to),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body = _interaction(state, user, "block_actions") | {
        "container": container,
        "trigger_id": state.new_trigger(user.id),
        "channel": {
            "id": channel.id,
            "name": "directmessage" if channel.direct else channel.name,
        },
        "state": {"values": values},
        "response_url": response_url,
        "actions": [{**action, "action_ts": state.new_ts()}],
    }
    if not message.visible_to:
        body["message"] = as_message(state, message)
    return body


def view_action_body(
    state: WorkspaceState, user: User, view: ModalView, action: Payload, values: Payload
) -> Payload:
    """A block action in a modal or App Home."""
    shown = {**state.as_view(view), "state": {"values": values}}
    return _interaction(state, user, "block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": state.new_trigger(user.id),
        "view": shown,
        "actions": [{**action, "action_ts": state.new_ts()}],
    }


def submission_body(state: WorkspaceState, user: User, view: ModalView, values: Payload) -> Payload:
    """A modal was submitted."""
    shown = {**state.as_view(view), "state": {"values": values}}
    return _interaction(state, user, "view_submission") | {
        "trigger_id": state.new_trigger(user.id),
        "view": shown,
        "response_urls": [],
    }


def closed_body(state: WorkspaceState, user: User, view: ModalView, *, cleared: bool) -> Payload:
    """A modal was closed."""
    return _interaction(state, user, "view_closed") | {
        "view": state.as_view(view),
        "is_cleared": cleared,
    }


def shortcut_body(
    state: WorkspaceState,
    user: User,
    callback_id: str,
    message: SlackMessage | None,
    response_url: str,
) -> Payload:
    """A shortcut, on a message or anywhere."""
    body = _interaction(state, user, "message_action" if message else "shortcut") | {
        "callback_id": callback_id,
        "trigger_id": state.new_trigger(user.id),
        "action_ts": state.new_ts(),
    }
    if message:
        channel = state.channels[message.channel]
        name = "directmessage" if channel.direct else channel.name
        body |= {
            "response_url": response_url,
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": name},
            "message": as_message(state, message),
        }
    return body


_SPECIAL = re.compile(
    r"<(?:@[UW]\w+|#C\w+(?:\|[^<>|]*)?|!subteam\^\w+(?:\|[^<>|]*)?|!(?:here|channel|everyone))>"
)


def escaped(text: str) -> str:
    """Escape typed text as Slack's clients do; mentions stay."""
    parts: list[str] = []
    end = 0
    for match in _SPECIAL.finditer(text):
        parts += (_escaped(text[end : match.start()]), match.group())
        end = match.end()
    return "".join((*parts, _escaped(text[end:])))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rich_text(text: str) -> Payload:
    """Return the rich_text block that Slack makes of typed, unescaped text."""
    elements: list[Payload] = []
    for number, part in enumerate(text.split("```") if text.count("```") % 2 == 0 else [text]):
        if number % 2:
            code = [{"type": "text", "text": part.strip("\n")}]
            elements.append({"type": "rich_text_preformatted", "elements": code})
        elif part.strip("\n") or not text:
            found = list(_rich_parts(part.strip("\n") if number else part))
            elements.append({"type": "rich_text_section", "elements": found})
    return {"type": "rich_text", "elements": elements}


def _rich_parts(text: str) -> Iterator[Payload]:
    end = 0
    for match in _SPECIAL.finditer(text):
        if match.start() > end:
            yield {"type": "text", "text": text[end : match.start()]}
        inner = match.group()[1:-1]
        if inner.startswith("@"):
            yield {"type": "user", "user_id": inner[1:]}
        elif inner.startswith("#"):
            yield {"type": "channel", "channel_id": inner[1:].partition("|")[0]}
        elif inner.startswith("!subteam^"):
            group = inner.removeprefix("!subteam^").partition("|")[0]
            yield {"type": "usergroup", "usergroup_id": group}
        else:
            yield {"type": "broadcast", "range": inner[1:]}
        end = match.end()
    if text[end:]:
        yield {"type": "text", "text": text[end:]}
