"""Signed payloads that Slack would not send: real shapes, with parts changed for something else."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlencode

from hypothesis import strategies as st

from faqbot.playground.models import Setup

Payload = dict[str, Any]
SETUP: Final = Setup()
USER: Final = "U0MAYA001"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
_count = itertools.count(1)

VIEWS: Final = {
    "search": ("question", "text"),
    "rate": ("comment", "comment"),
    "person": ("question", "question"),
    "answer-question": ("text", "text"),
    "assign-entry": ("entry", "entry"),
    "propose-faq": ("question", "question"),
    "channel-settings": ("speaks", "speaks"),
    "somebody-elses": ("block", "action"),
}
ACTIONS: Final = (
    "show:0", "choose:0", "page:1", "none:0", "ask:0", "search:0", "rate:0", "person:0", "claim:0",
    "reply:0", "assign:0", "turn", "close:0", "share:0", "save:0", "approve:0", "reject:0",
    "take:0", "leave:0", "another-bots-button",
)  # fmt: skip
COMMANDS: Final = ("/faq", "/role", "/roles", "/unknown")
TEXTS: Final = (
    "", "help", "settings", "report", "python backend skills", "compare data analyst and qa",
    "advert data analyst", "<!channel> <@U0MAYA001>", "what? " * 1_500, "a\0b", "🧭\u202e",
)  # fmt: skip
HOSTILE: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1.5, 10**30, float("nan"), "", " ", "\0", "\ud800", "x" * 5_000, "1.2.3",
    "<!channel>", "../../etc/passwd", "faq/../..", "a|b|c|d", "=", "*|full|999", "true", 1700000000,
    [], {}, [[]], [None], ["id"], {"id": 5}, {"id": None}, {"values": []}, {"value": {"value": 1}},
    {"type": "home"}, [{"team_id": []}], [{"type": 1}], {"selected_option": []},
)  # fmt: skip


def fresh() -> str:
    """A number that no payload had before: what comes twice is not handled again."""
    return f"{1_700_000_000 + next(_count)}.000100"


def event(inner: Payload) -> Payload:
    """An event as Slack sends it."""
    ts = fresh()
    return {
        "token": "t",
        "team_id": SETUP.team_id,
        "enterprise_id": None,
        "api_app_id": SETUP.app_id,
        "type": "event_callback",
        "event_id": f"Ev{ts}",
        "event_time": 1_700_000_000,
        "is_ext_shared_channel": False,
        "authorizations": [
            {"enterprise_id": None, "team_id": SETUP.team_id, "user_id": SETUP.bot_user_id}
        ],
        "event": {"user": USER, "channel": "C0GENERAL", "ts": ts, "event_ts": ts, **inner},
    }


def said(kind: str, text: str, **more: Any) -> Payload:
    """A message or a mention."""
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}
    return event({"type": kind, "text": text, "team": SETUP.team_id, "blocks": [block], **more})


def _acted(kind: str) -> Payload:
    return {
        "type": kind,
        "team": {"id": SETUP.team_id, "domain": "local"},
        "user": {"id": USER, "username": "maya", "team_id": SETUP.team_id},
        "enterprise": None,
        "api_app_id": SETUP.app_id,
        "trigger_id": f"{fresh()}.x",
        "is_enterprise_install": False,
    }


def clicked(action: str, value: str, ts: str) -> Payload:
    """A click on a button of an answer."""
    picked = {"type": "static_select", "selected_option": {"text": {}, "value": value}}
    button = {"type": "button", "value": value}
    return {
        **_acted("block_actions"),
        "container": {"type": "message", "message_ts": ts, "channel_id": "C0GENERAL"},
        "channel": {"id": "C0GENERAL", "name": "general"},
        "message": {"type": "message", "ts": ts, "text": "", "blocks": []},
        "actions": [
            {
                **(picked if action == "turn" else button),
                "action_id": action,
                "block_id": "question:known" if action == "choose:0" else "b",
                "action_ts": ts,
            }
        ],
    }


def submitted(callback: str, value: str, metadata: str) -> Payload:
    """A modal that was sent."""
    block, action = VIEWS[callback]
    typed = {
        "type": "plain_text_input",
        "value": value,
        "selected_option": {"value": value},
        "selected_options": [{"value": "yes"}],
    }
    view = {
        "id": "V0HOSTILE",
        "team_id": SETUP.team_id,
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "hash": "1.h",
        "blocks": [],
        "state": {"values": {block: {action: typed}, "hand-over": {"hand-over": typed}}},
        "app_installed_team_id": SETUP.team_id,
    }
    return {**_acted("view_submission"), "view": view, "response_urls": []}


def proposed(text: str) -> Payload:
    """“Save as FAQ” in the menu of a message."""
    return {
        **_acted("message_action"),
        "callback_id": "save-faq",
        "channel": {"id": "C0GENERAL"},
        "message": {"type": "message", "ts": fresh(), "text": text},
    }


def command(name: str, text: str) -> Payload:
    """A slash command, whose fields are all text."""
    return {
        "token": "t",
        "team_id": SETUP.team_id,
        "channel_id": "C0GENERAL",
        "user_id": USER,
        "command": name,
        "text": text,
        "response_url": "http://127.0.0.1:9/x",
        "trigger_id": f"{fresh()}.x",
        "is_enterprise_install": "false",
    }


@st.composite
def payloads(
    draw: st.DrawFn, known: tuple[str, ...] = (), thread: str = "1700000000.000100"
) -> Payload:
    """A payload of any kind as Slack could send it.

    `known` are ids that the store has, `thread` a message that is in the channel.
    """
    text = draw(st.sampled_from(TEXTS))
    value = draw(st.sampled_from((*known, "data-analyst/skills", "up nothing", "", *TEXTS[1:4])))
    carried = json.dumps({"question_id": value, "channel": "C0GENERAL", "thread": ""})
    metadata = draw(st.sampled_from((carried, value, "{", "[]", '{"question_id": []}')))
    kind = draw(st.sampled_from(("app_home_opened", "app_uninstalled", "tokens_revoked")))
    edited = {"ts": "1.2", "text": text, "user": USER}
    made: tuple[Callable[[], Payload], ...] = (
        lambda: said("app_mention", f"<@{SETUP.bot_user_id}> {text}", thread_ts=thread),
        lambda: said("message", text, channel_type="im", channel="D0MAYA001"),
        lambda: said("message", text, channel_type="channel", thread_ts=thread),
        lambda: said("message", "", subtype="message_changed", message=edited, hidden=True),
        lambda: event({"type": kind, "tab": "home" if value else "messages"}),
        lambda: clicked(draw(st.sampled_from(ACTIONS)), value, thread),
        lambda: submitted(draw(st.sampled_from(tuple(VIEWS))), text, metadata),
        lambda: proposed(text),
    )
    return draw(st.sampled_from(made))()


@st.composite
def changed(draw: st.DrawFn, sources: st.SearchStrategy[Payload]) -> Payload:
    """A payload of which up to three parts are missing, or something else."""
    payload = copy.deepcopy(draw(sources))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(payload))
        if not places:
            break
        holder, name = draw(st.sampled_from(range(len(places))).map(places.__getitem__))
        match draw(st.integers(0, 3)):
            case 0:
                del holder[name]
            case 1:
                holder[name] = [holder[name]]
            case 2:
                holder[name] = nested(holder[name], draw(st.sampled_from((1, 50, 120))))
            case _:
                holder[name] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
    return payload


def nested(value: Any, depth: int) -> Any:
    """A value inside many objects."""
    for _ in range(depth):
        value = {"id": value}
    return value


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for name, inner in items:
        yield node, name
        if isinstance(inner, dict | list):
            yield from _places(inner)


def encoded(payload: Payload) -> tuple[bytes, str]:
    """A payload's bytes and content type, as Slack sends its kind."""
    kind = payload.get("type")
    if kind in ("block_actions", "view_submission", "message_action"):
        return urlencode({"payload": json.dumps(payload)}).encode(), FORM
    return json.dumps(payload).encode(), JSON
