"""Events and their envelope, as the Events API sends them."""

from __future__ import annotations

import time
from typing import Any

from faqbot.playground.models import Message, Payload, User
from faqbot.playground.payloads__objects import TOKEN, as_message
from faqbot.playground.state import State


def event_body(state: State, event: Payload) -> Payload:
    """The envelope of the Events API around an event."""
    app = state.setup
    event_id = state.new_id("Ev")
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
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def message_event(state: State, message: Message) -> Payload:
    """A new message as a `message` event."""
    channel = state.channels[message.channel]
    event = as_message(state, message)
    event |= {"channel": channel.id, "channel_type": channel.type, "event_ts": message.ts}
    if message.is_reply:
        parent = state.message(channel.id, message.thread_ts)
        event["parent_user_id"] = parent.user if parent else ""
    return event


def mention_event(state: State, message: Message) -> Payload:
    """A new message as an `app_mention` event, which has no channel_type."""
    event = {**message_event(state, message), "type": "app_mention"}
    del event["channel_type"]
    return event


def changed_event(state: State, old: Message, new: Message) -> Payload:
    """An edited message as a `message_changed` event."""
    return _subtype_event(
        state,
        new,
        "message_changed",
        message=as_message(state, new),
        previous_message=as_message(state, old),
    )


def deleted_event(state: State, message: Message) -> Payload:
    """A deleted message as a `message_deleted` event."""
    shown = as_message(state, message)
    return _subtype_event(
        state, message, "message_deleted", deleted_ts=message.ts, previous_message=shown
    )


def _subtype_event(state: State, about: Message, subtype: str, **more: Any) -> Payload:
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


def home_event(state: State, user: User, tab: str) -> Payload:
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
