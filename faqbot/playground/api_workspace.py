"""Web API methods of the workspace: users.*, usergroups.*, conversations.*, views.* and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faqbot.playground.api import Call, Endpoint, Refusal, invalid_arguments
from faqbot.playground.models import Channel, ModalView, Payload, SlackMessage
from faqbot.playground.payloads import as_channel, as_message, as_user
from faqbot.playground.validation import view_problems

READ_SCOPES = ("channels:read", "im:read", "groups:read", "mpim:read")


async def auth_test(call: Call) -> Payload:
    """auth.test."""
    app = call.state.setup
    return {
        "url": f"https://{app.team_domain}.slack.invalid/",
        "team": app.team_name,
        "user": app.bot_name,
        "team_id": app.team_id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


async def users_info(call: Call) -> Payload:
    """users.info."""
    return {"user": as_user(call.state, call.user())}


async def users_list(call: Call) -> Payload:
    """users.list."""
    members = [as_user(call.state, user) for user in call.state.users.values()]
    return {"members": members, "response_metadata": {"next_cursor": ""}}


async def bots_info(call: Call) -> Payload:
    """bots.info."""
    app = call.state.setup
    if call.text("bot", app.bot_id) != app.bot_id:
        raise Refusal("bot_not_found")
    bot = {
        "id": app.bot_id,
        "deleted": False,
        "name": app.bot_name,
        "app_id": app.app_id,
        "user_id": app.bot_user_id,
    }
    return {"bot": bot}


async def usergroup_users(call: Call) -> Payload:
    """usergroups.users.list."""
    group = call.state.groups.get(call.text("usergroup"))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"users": sorted(group.users)}


async def usergroups_list(call: Call) -> Payload:
    """usergroups.list."""
    include_users = call.text("include_users", "").lower() in ("1", "true")
    return {
        "usergroups": [
            {
                "id": group.id,
                "team_id": call.state.setup.team_id,
                "is_usergroup": True,
                "name": group.name,
                "handle": group.handle,
                "prefs": {"channels": list(group.channels), "groups": []},
                "user_count": len(group.users),
                **({"users": sorted(group.users)} if include_users else {}),
            }
            for group in call.state.groups.values()
        ]
    }


async def conversations_open(call: Call) -> Payload:
    """conversations.open, for a direct message with one user."""
    users = [name for name in call.text("users", "").split(",") if name]
    if call.text("channel", ""):
        return {"channel": {"id": call.channel().id}}
    if len(users) != 1:
        raise Refusal("users_list_not_supplied" if not users else "too_many_users")
    user = call.state.users.get(users[0])
    if user is None or user.bot:
        raise Refusal("user_not_found")
    return {"channel": {"id": call.state.direct(user.id).id}}


async def conversations_info(call: Call) -> Payload:
    """conversations.info."""
    return {"channel": as_channel(call.state, call.channel())}


async def conversations_list(call: Call) -> Payload:
    """conversations.list."""
    types = set(call.text("types", "public_channel").split(","))
    shown = [
        as_channel(call.state, channel)
        for channel in call.state.channels.values()
        if ("im" if channel.direct else "public_channel") in types
    ]
    return {"channels": shown, "response_metadata": {"next_cursor": ""}}


async def conversations_members(call: Call) -> Payload:
    """conversations.members."""
    members = sorted(call.channel().members)
    return {"members": members, "response_metadata": {"next_cursor": ""}}


async def conversations_join(call: Call) -> Payload:
    """conversations.join."""
    channel = call.channel()
    if channel.direct:
        raise Refusal("method_not_supported_for_channel_type")
    call.state.set_membership(channel.id, call.state.setup.bot_user_id, member=True)
    return {"channel": as_channel(call.state, call.state.channels[channel.id])}


def _readable_channel(call: Call) -> Channel:
    channel = call.joined_channel()
    names = {"im": "im:history", "group": "groups:history", "channel": "channels:history"}
    needed = names[channel.type]
    scopes = call.state.setup.scopes
    if needed not in scopes:
        raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(scopes)))
    return channel


def _page(call: Call, messages: Sequence[SlackMessage]) -> Payload:
    oldest, latest = float(call.text("oldest", "0")), float(call.text("latest", "inf"))
    limit = max(1, min(call.number("limit", 100), 999))
    within = [m for m in messages if oldest <= float(m.ts) <= latest]
    shown = [as_message(call.state, m) for m in within[:limit]]
    return {"messages": shown, "has_more": len(within) > limit}


async def conversations_history(call: Call) -> Payload:
    """conversations.history, newest first."""
    channel = _readable_channel(call)
    top = [m for m in call.state.messages(channel.id) if not m.is_reply and not m.visible_to]
    return _page(call, top[::-1])


async def conversations_replies(call: Call) -> Payload:
    """conversations.replies, the first message included."""
    channel = _readable_channel(call)
    parent = call.state.message(channel.id, call.text("ts"))
    if parent is None or parent.visible_to:
        raise Refusal("thread_not_found")
    return _page(call, (parent, *call.state.replies(channel.id, parent.ts)))


HISTORY_SCOPES = ("channels:history", "im:history", "groups:history", "mpim:history")

WORKSPACE_ENDPOINTS = {
    "auth.test": Endpoint(auth_test),
    "users.info": Endpoint(users_info, ("users:read",)),
    "users.list": Endpoint(users_list, ("users:read",)),
    "bots.info": Endpoint(bots_info, ("users:read",)),
    "usergroups.list": Endpoint(usergroups_list, ("usergroups:read",)),
    "usergroups.users.list": Endpoint(usergroup_users, ("usergroups:read",)),
    "conversations.open": Endpoint(conversations_open, ("im:write",)),
    "conversations.info": Endpoint(conversations_info, READ_SCOPES),
    "conversations.list": Endpoint(conversations_list, READ_SCOPES),
    "conversations.members": Endpoint(conversations_members, READ_SCOPES),
    "conversations.join": Endpoint(conversations_join, ("channels:join",)),
    "conversations.history": Endpoint(conversations_history, HISTORY_SCOPES),
    "conversations.replies": Endpoint(conversations_replies, HISTORY_SCOPES),
}

MAX_MODALS = 3


def checked_view(view: Any, kind: str) -> Payload:
    """Return the view of a call or acknowledgement; raises Refusal if Slack would reject it."""
    if not isinstance(view, Mapping):
        raise invalid_arguments("missing required field: view")
    if view.get("type") != kind:
        raise invalid_arguments(f"view.type: must be {kind!r}, not {view.get('type')!r}")
    found = view_problems(view)
    if found:
        raise invalid_arguments(*found)
    return dict(view)


def _trigger_user(call: Call) -> str:
    name = "trigger_id" if call.arguments.get("trigger_id") else "interactivity_pointer"
    try:
        return call.state.use_trigger(call.text(name))
    except LookupError as error:
        raise Refusal(str(error.args[0])) from None


async def open_view(call: Call) -> Payload:
    """views.open."""
    payload = checked_view(call.structure("view"), "modal")
    user = _trigger_user(call)
    view = call.state.new_view(user, payload)
    call.state.show_modal(view, push=False)
    return {"view": call.state.as_view(view)}


async def push(call: Call) -> Payload:
    """views.push."""
    payload = checked_view(call.structure("view"), "modal")
    user = _trigger_user(call)
    stack = call.state.modals.get(user, [])
    if not stack:
        raise Refusal("not_found")
    if len(stack) >= MAX_MODALS:
        raise Refusal("push_limit_reached")
    view = call.state.new_view(user, payload, root_id=stack[0].id, previous_id=stack[-1].id)
    call.state.show_modal(view, push=True)
    return {"view": call.state.as_view(view)}


def _requested_view(call: Call) -> ModalView:
    view = call.state.view(call.text("view_id", ""), call.text("external_id", ""))
    if view is None:
        raise Refusal("not_found")
    _check_hash(call, view)
    return view


def _check_hash(call: Call, view: ModalView) -> None:
    wanted = call.text("hash", "")
    if wanted and wanted != view.hash:
        raise Refusal("hash_conflict")


async def update(call: Call) -> Payload:
    """views.update."""
    payload = call.structure("view")
    old = _requested_view(call)
    checked = checked_view(payload, str(old.payload.get("type")))
    return {"view": call.state.as_view(call.state.replace_view(old, checked))}


async def publish(call: Call) -> Payload:
    """views.publish."""
    user = call.user("user_id")
    payload = checked_view(call.structure("view"), "home")
    old = call.state.homes.get(user.id)
    if old is not None:
        _check_hash(call, old)
    return {"view": call.state.as_view(call.state.publish_home(user.id, payload))}


VIEW_ENDPOINTS = {
    "views.open": Endpoint(open_view),
    "views.push": Endpoint(push),
    "views.update": Endpoint(update),
    "views.publish": Endpoint(publish),
}
