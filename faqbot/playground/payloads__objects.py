"""Users, channels and messages, as the Web API and all payloads show them."""

from __future__ import annotations

from typing import Final

from faqbot.playground.models import Channel, Message, Payload, User
from faqbot.playground.state import State

TOKEN: Final = "local-verification-token"  # noqa: S105  (Slack's legacy field; nothing reads it)


def as_user(state: State, user: User) -> Payload:
    """A user as users.info shows one."""
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


def as_channel(state: State, channel: Channel) -> Payload:
    """A channel as conversations.info shows one."""
    bot = state.setup.bot_user_id
    shown: Payload = {
        "id": channel.id,
        "is_channel": not channel.direct,
        "is_im": channel.direct,
        "is_member": bot in channel.members,
        "is_archived": False,
        "is_private": False,
        "is_general": channel.name == "general",
    }
    if channel.direct:
        shown["user"] = next(iter(channel.members - {bot}))
    else:
        topic = {"value": channel.topic, "creator": "", "last_set": 0}
        shown |= {"name": channel.name, "topic": topic, "num_members": len(channel.members)}
    return shown


def as_message(state: State, message: Message) -> Payload:
    """A message as the API and the payloads show it."""
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
        shown["edited"] = {"user": message.user, "ts": message.ts}
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


def _bot_profile(state: State) -> Payload:
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
