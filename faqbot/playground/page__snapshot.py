"""All that one person sees, as the page needs it: sent whole at every change."""

from __future__ import annotations

from typing import Final

from faqbot.playground.models import Channel, Message, Payload, User, View
from faqbot.playground.state import State

LATEST: Final = 300


def snapshot(state: State, user: User) -> Payload:
    """What this person sees now."""
    state.direct(user.id)
    mine = [c for c in state.channels.values() if user.id in c.members]
    modals = state.modals.get(user.id) or []
    home = state.homes.get(user.id)
    return {
        "me": user.id,
        "bot": state.setup.bot_user_id,
        "users": {u.id: _person(u) for u in state.users.values()},
        "channels": [_channel(state, channel, user) for channel in mine],
        "modal": _view(modals[-1]) if modals else None,
        "modals": len(modals),
        "home": _view(home) if home else None,
    }


def _person(user: User) -> Payload:
    return {
        "id": user.id,
        "name": user.name,
        "realName": user.real_name,
        "guest": user.guest,
        "bot": user.bot,
    }


def _channel(state: State, channel: Channel, user: User) -> Payload:
    suggestions = state.suggestions.get(channel.id)
    statuses = {
        thread: status for (place, thread), status in state.statuses.items() if place == channel.id
    }
    seen = [m for m in state.messages(channel.id) if m.visible_to in {"", user.id}]
    return {
        "id": channel.id,
        "name": channel.name,
        "direct": channel.direct,
        "topic": channel.topic,
        "hasBot": state.setup.bot_user_id in channel.members,
        "messages": [_message(m) for m in seen[-LATEST:]],
        "statuses": statuses,
        "prompts": {
            "title": suggestions.title,
            "prompts": [{"title": t, "message": m} for t, m in suggestions.prompts],
        }
        if suggestions
        else None,
    }


def _message(message: Message) -> Payload:
    return {
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": list(message.blocks),
        "attachments": [a.get("title") or a.get("fallback") or "" for a in message.attachments],
        "threadTs": message.thread_ts if message.is_reply else "",
        "private": bool(message.visible_to),
        "edited": message.edited,
        "reactions": [name for name, _ in message.reactions],
    }


def _view(view: View) -> Payload:
    return {"id": view.id, "hash": view.hash, **view.payload}
