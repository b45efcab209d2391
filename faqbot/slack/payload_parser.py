"""Payload parser of the HTTP endpoint and the Socket Mode handler.

Bolt parses the same payload itself. Fields that only Bolt reads are checked here too, so that a
malformed payload is rejected instead of raising inside Bolt.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from faqbot.slack.message_text import BY_PERSONS, MessageText, read_text
from faqbot.slack.payloads import (
    HomeOpened,
    IncomingMessage,
    Input,
    Interaction,
    MessageKind,
    OtherPayload,
    Payload,
    SlashCommand,
    View,
    set_payload,
)

Dispatch = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
"""Handles a parsed request: the dispatch of an app, or of the app of the request's workspace."""

MAX_DEPTH: Final = 100
"""How deep a payload may nest; Slack's are below twenty."""

MAX_EDIT_SECONDS: Final = 300.0
"""How long after it was written a message may still be edited for another answer."""

_MAX_FORM_FIELDS: Final = 1_000
"""Fields of a form; a command has some fifteen."""

_HEADERS: Final = ("content-type", "x-slack-retry-num", "x-slack-retry-reason")
"""The headers that are passed to Bolt."""

_BOLT_CONTEXT: Final = (
    "enterprise_id",
    "team_id",
    "user_id",
    "channel_id",
    "thread_ts",
    "response_url",
    "actor_enterprise_id",
    "actor_team_id",
    "actor_user_id",
)
"""What Bolt reads from a payload by itself, by its names in Bolt's context."""


class MalformedPayload(ValueError):  # noqa: N818 - it says what the payload is
    """A payload that Slack doesn't send. Holds nothing of the payload."""


def parse_request(body: bytes, headers: Mapping[str, str]) -> AsyncBoltRequest:
    """Parse the body of an HTTP request as Bolt reads it, so that nothing can mean two things.

    Raises:
        MalformedPayload: Slack sends no such payload.
    """
    # Counted before it is parsed, since parsing many fields is what an attack would cost.
    if body.count(b"&") > _MAX_FORM_FIELDS and not body.lstrip().startswith(b"{"):
        raise MalformedPayload
    # Bolt 1.30 obeys x-slack-bolt-* headers, by which a client could run half a listener
    # (lazy listeners: https://github.com/slackapi/bolt-python/issues/34).
    given: dict[str, str | Sequence[str]] = {
        name: headers[name] for name in _HEADERS if name in headers
    }
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise MalformedPayload from None
    # Only what has that many brackets can nest too deep; of a form they may be escaped.
    deep = body.count(b"{") + body.count(b"[") + body.count(b"%") > MAX_DEPTH
    return _request({"body": text, "headers": given}, deep=deep)


def make_request(
    payload: Mapping[str, Any],
    headers: Mapping[str, str | Sequence[str]] | None = None,
    context: Mapping[str, Any] | None = None,
) -> AsyncBoltRequest:
    """Parse a payload that came by Socket Mode, or that was kept since it came.

    Raises:
        MalformedPayload: Slack sends no such payload.
    """
    arguments = {"body": dict(payload), "headers": headers, "context": context}
    return _request({**arguments, "mode": "socket_mode"}, deep=True)


def _request(arguments: dict[str, Any], *, deep: bool) -> AsyncBoltRequest:
    try:
        request = AsyncBoltRequest(**arguments)
        body = request.body
        if deep and _nests_too_deep(body):
            raise MalformedPayload
        if body.get("view", ...) is None:
            # Bolt 1.30 takes a payload with the key `view` for one with a view.
            del body["view"]
        elif not isinstance(body.get("view", {}), dict):
            raise MalformedPayload
        known = [request.context.get(name) or "" for name in _BOLT_CONTEXT]
        if not all(isinstance(value, str) and value.isascii() for value in known):
            raise MalformedPayload
        set_payload(request, parse(body, str(request.context.get("team_id") or "")))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        # Raised by Bolt: it reads absent fields, and text as if it were an object.
        raise MalformedPayload from None
    return request


def _nests_too_deep(payload: Any) -> bool:
    """Whether a payload nests too deep for readers that call themselves for each level."""
    # Level by level: a recursive check would itself fail at the depth that it looks for.
    layer = [payload]
    for _ in range(MAX_DEPTH):
        layer = [
            inner
            for one in layer
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not layer:
            return False
    return True


# ----------------------------------------------------------------------------------- parsing

_INTERACTIONS: Final = frozenset(
    {"block_actions", "block_suggestion", "message_action", "shortcut"}
    | {"view_submission", "view_closed"}
)
_UNUSED: Final = frozenset({"", "url_verification", "app_rate_limited"})
"""Types of payloads that Bolt answers by itself. `ssl_check` has no type."""

_ID: Final = re.compile(r"[^\x00-\x20]{0,255}")
_NAME: Final = re.compile(r"[^\x00]{0,255}")
_VALUE: Final = re.compile(r"[^\x00]{0,12000}")
_TEXT: Final = re.compile(r".*", re.DOTALL)
_URL: Final = re.compile(r"(https?://[^\x00-\x20]{1,1990})?")


def parse(body: Mapping[str, Any], team: str) -> Payload:
    """Parse a payload; `team` is the workspace that Bolt reads from it.

    Raises:
        MalformedPayload: a field that is read has another type, or Slack sends no such payload.
    """
    fields = _Fields(body)
    kind = fields.string("type")
    fields.string("response_url", _URL)
    for name in ("team", "user", "channel"):  # Bolt takes the ids of these
        fields.object(name).string("id")
    # Bolt infers the kind of a payload from its fields, so none may be of two kinds.
    if ("event" in body) != (kind == "event_callback") or ("command" in body and kind):
        raise MalformedPayload
    if "command" in body:
        return _command(fields, team)
    if kind == "event_callback":
        return _event(fields, team)
    if kind in _INTERACTIONS:
        return _interaction(fields, kind, team)
    if kind not in _UNUSED:
        raise MalformedPayload
    return OtherPayload(kind or "request", team)


class _Fields:
    """The fields of an object, each checked when it is read; absent ones are empty."""

    def __init__(self, raw: Any) -> None:
        if not isinstance(raw, dict | None):
            raise MalformedPayload
        self._raw: dict[str, Any] = raw or {}

    def string(self, name: str, pattern: re.Pattern[str] = _ID) -> str:
        value = self._raw.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise MalformedPayload
        value.encode()  # half a surrogate pair can't be written anywhere
        return value

    @property
    def raw(self) -> Mapping[str, Any]:
        """All fields, unchecked."""
        return self._raw

    def flag(self, name: str) -> bool:
        return bool(self._raw.get(name))

    def object(self, name: str) -> _Fields:
        return _Fields(self._raw.get(name))

    def first(self, name: str) -> _Fields:
        """Return the first object of a list; one without fields if the list is empty."""
        listed = self._raw.get(name) or [None]
        if not isinstance(listed, list):
            raise MalformedPayload
        return _Fields(listed[0])

    def listed(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Return the objects of a list as they are."""
        listed = self._raw.get(name) or []
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise MalformedPayload
        return tuple(listed)

    def objects(self) -> Iterator[tuple[str, _Fields]]:
        for name, value in self._raw.items():
            if not _NAME.fullmatch(name):
                raise MalformedPayload
            name.encode()
            yield name, _Fields(value)


def _event(fields: _Fields, team: str) -> Payload:
    event = fields.object("event")
    name, event_id = event.string("type"), fields.string("event_id")
    if not name:
        raise MalformedPayload
    if name == "app_home_opened":
        user, channel = event.string("user"), event.string("channel")
        return HomeOpened(name, event_id, team, user, channel, event.string("tab"))
    message = _message(fields, event, name, team) if name in ("message", "app_mention") else None
    return message or OtherPayload(name, team, event_id)


def _message(fields: _Fields, event: _Fields, name: str, team: str) -> IncomingMessage | None:
    """Return the message of an event; None unless a person wrote it, or has just edited it."""
    is_changed = event.string("subtype") == "message_changed"
    written = event.object("message") if is_changed else event
    # Bolt drops faqbot's own messages only; two bots that answer each other would never stop.
    by_person = written.string("subtype") in BY_PERSONS and not written.string("bot_id")
    channel, user, ts = event.string("channel"), written.string("user"), written.string("ts")
    text, thread_ts = written.string("text", _TEXT), written.string("thread_ts")
    direct = event.string("channel_type") == "im" or channel.startswith("D")
    bot = fields.first("authorizations").string("user_id")
    said, edited = read_text(written.raw), written.object("edited").string("ts")
    if thread_ts == ts:  # only edits tell it of a thread's first message
        thread_ts = ""
    if not (by_person and channel and user and ts) or (event.flag("hidden") and not is_changed):
        return None
    if is_changed or edited:
        before = event.object("previous_message") if is_changed else None
        if not _counts(written, before, edited, bot):
            return None
        # Slack sends an edited mention as app_mention too, but an app needn't have that event.
        name = "app_mention" if bot in said.called and not direct else "message"
    return IncomingMessage(
        name=name,
        event_id=fields.string("event_id"),
        team=team or written.string("team"),
        channel=channel,
        user=user,
        bot=bot,
        text=text,
        ts=ts,
        thread_ts=thread_ts,
        kind=MessageKind.DIRECT if direct else _kind(name, said, thread_ts, bot),
        direct=direct,
        shared=fields.flag("is_ext_shared_channel"),
        quoted=said.quoted or said.forwarded,
        edited=edited,
    )


def _counts(message: _Fields, before: _Fields | None, edited: str, bot: str) -> bool:
    """Whether an edit may change what is answered.

    Slack reports as a change of the message too when it shows a link's preview, recognises the
    language, or deletes the first message of a thread.

    Args:
        message: as it is now.
        before: as it was; None where Slack doesn't tell.
        edited: when it was edited.
        bot: faqbot's own user.
    """
    if not edited or message.object("edited").string("user") != message.string("user"):
        return False
    if before is not None:
        if before.string("text", _TEXT) == message.string("text", _TEXT):
            return False
        # However late somebody adds a mention, they wait for an answer.
        if bot in read_text(message.raw).called - read_text(before.raw).called:
            return True
    # Slack tells the second of an edit, so the message may seem to be younger.
    return -1 <= float(edited) - float(message.string("ts")) <= MAX_EDIT_SECONDS


def _kind(name: str, said: MessageText, thread_ts: str, bot: str) -> MessageKind:
    """Return how a message in a channel reaches faqbot."""
    if name == "app_mention":
        if bot in said.named and bot not in said.called:
            # In code or a quote: nobody calls faqbot, and the message event is one among others.
            return MessageKind.FOR_OTHERS
        if said.addressed and bot and bot not in said.addressed:
            return MessageKind.ASIDE
        return MessageKind.MENTION
    # Slack sends a mention in a channel twice: as app_mention, and as message.
    if bot in said.called or said.named - {bot}:
        return MessageKind.FOR_OTHERS
    return MessageKind.FOLLOW_UP if thread_ts else MessageKind.UNPROMPTED


def _command(fields: _Fields, team: str) -> SlashCommand:
    name = fields.string("command")
    if not name:
        raise MalformedPayload
    return SlashCommand(
        name,
        team,
        channel=fields.string("channel_id"),
        user=fields.string("user_id"),
        text=fields.string("text", _TEXT),
        trigger=fields.string("trigger_id"),
        private=fields.string("channel_name", _NAME) == "privategroup",
    )


def _interaction(fields: _Fields, name: str, team: str) -> Interaction:
    fields.string("callback_id", _VALUE)
    view = _view(fields.object("view"))
    if name.startswith("view_") and view.type not in ("modal", "home"):
        raise MalformedPayload
    container, message = fields.object("container"), fields.object("message")
    ts = container.string("message_ts") or message.string("ts")
    channel = container.string("channel_id") or fields.object("channel").string("id")
    thread = container.string("thread_ts") or message.string("thread_ts") or ts
    if channel.startswith("D") and thread == ts:
        thread = ""  # at the top level, where direct messages are answered
    action = fields.first("actions") if name == "block_actions" else fields
    action_id = action.string("action_id", _NAME)
    if name == "block_actions" and not action_id:
        raise MalformedPayload
    return Interaction(
        name,
        team,
        user=fields.object("user").string("id"),
        trigger=fields.string("trigger_id"),
        channel=channel,
        ts=ts,
        thread=thread,
        private=container.flag("is_ephemeral"),
        text=message.string("text", _TEXT),
        blocks=message.listed("blocks"),
        action=action_id,
        block=action.string("block_id", _NAME),
        value=_input(action).value,
        view=view,
    )


def _view(fields: _Fields) -> View:
    fields.string("callback_id", _VALUE)
    values = fields.object("state").object("values")
    return View(
        id=fields.string("id"),
        type=fields.string("type"),
        hash=fields.string("hash"),
        metadata=fields.string("private_metadata", _VALUE),
        inputs={
            block: {action: _input(element) for action, element in actions.objects()}
            for block, actions in values.objects()
        },
    )


def _input(element: _Fields) -> Input:
    option = element.object("selected_option").string("value", _VALUE)
    return Input(
        value=element.string("value", _VALUE) or option,
        checked=element.flag("selected_options"),
        user=element.string("selected_user"),
    )
