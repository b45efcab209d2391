"""What people do with the app: commands, actions, submissions, shortcuts."""

from __future__ import annotations

from faqbot.playground.models import Channel, Message, Payload, User, View
from faqbot.playground.payloads__objects import TOKEN, as_message
from faqbot.playground.state import State


def command_body(
    state: State, user: User, channel: Channel, *, command: str, text: str, response_url: str
) -> Payload:
    """A slash command."""
    app = state.setup
    return {
        "token": TOKEN,
        "team_id": app.team_id,
        "team_domain": app.team_domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.direct else channel.name,
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


def _enterprise(state: State) -> Payload:
    app = state.setup
    if not app.enterprise_id:
        return {}
    return {"enterprise_id": app.enterprise_id, "enterprise_name": app.enterprise_name}


def _interaction(state: State, user: User, kind: str) -> Payload:
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
    state: State,
    user: User,
    message: Message,
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
    state: State, user: User, view: View, action: Payload, values: Payload
) -> Payload:
    """A block action in a modal or App Home."""
    shown = {**state.as_view(view), "state": {"values": values}}
    return _interaction(state, user, "block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": state.new_trigger(user.id),
        "view": shown,
        "actions": [{**action, "action_ts": state.new_ts()}],
    }


def submission_body(state: State, user: User, view: View, values: Payload) -> Payload:
    """A modal was submitted."""
    shown = {**state.as_view(view), "state": {"values": values}}
    return _interaction(state, user, "view_submission") | {
        "trigger_id": state.new_trigger(user.id),
        "view": shown,
        "response_urls": [],
    }


def closed_body(state: State, user: User, view: View, *, cleared: bool) -> Payload:
    """A modal was closed."""
    return _interaction(state, user, "view_closed") | {
        "view": state.as_view(view),
        "is_cleared": cleared,
    }


def shortcut_body(
    state: State, user: User, callback_id: str, message: Message | None, response_url: str
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
