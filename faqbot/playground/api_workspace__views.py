"""Modals and App Home: views.*."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faqbot.playground.api import Call, Endpoint, Refusal, malformed
from faqbot.playground.models import Payload, View
from faqbot.playground.validation import view_problems

STACK = 3


def checked_view(view: Any, kind: str) -> Payload:
    """The view of a call or an acknowledgement; raises Refusal when Slack would not take it."""
    if not isinstance(view, Mapping):
        raise malformed("missing required field: view")
    if view.get("type") != kind:
        raise malformed(f"view.type: must be {kind!r}, not {view.get('type')!r}")
    found = view_problems(view)
    if found:
        raise malformed(*found)
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
    if len(stack) >= STACK:
        raise Refusal("push_limit_reached")
    view = call.state.new_view(user, payload, root_id=stack[0].id, previous_id=stack[-1].id)
    call.state.show_modal(view, push=True)
    return {"view": call.state.as_view(view)}


def _shown(call: Call) -> View:
    view = call.state.view(call.text("view_id", ""), call.text("external_id", ""))
    if view is None:
        raise Refusal("not_found")
    _check_hash(call, view)
    return view


def _check_hash(call: Call, view: View) -> None:
    wanted = call.text("hash", "")
    if wanted and wanted != view.hash:
        raise Refusal("hash_conflict")


async def update(call: Call) -> Payload:
    """views.update."""
    payload = call.structure("view")
    old = _shown(call)
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
