"""What a payload of Slack looks like, as far as faqbot and Bolt read it; all else is malformed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from slack_bolt.request.async_request import AsyncBoltRequest

DEEPEST: Final = 100
"""How deep a payload may nest; Slack's are below twenty."""

_FIELDS: Final = 1_000
"""Fields of a form; a command has some fifteen."""

_HEADERS: Final = ("content-type", "x-slack-retry-num", "x-slack-retry-reason")
"""What is read besides the body."""

_CONTEXT: Final = (
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


def _written(text: str) -> str:
    """The text, if it is one: half a surrogate pair can't be written anywhere."""
    text.encode()
    return text


Id = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x20]*$")]
Name = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00]*$")]
Value = Annotated[str, StringConstraints(max_length=12_000, pattern=r"^[^\x00]*$")]
Text = Annotated[str, AfterValidator(_written)]
Address = Annotated[
    str, StringConstraints(max_length=2_000, pattern=r"^(https?://[^\x00-\x20]+)?$")
]
Many = Annotated[list[Any], Field(max_length=1_000)]


class Malformed(ValueError):  # noqa: N818 - it says what the payload is
    """A payload that Slack doesn't send; says nothing of what is in it."""


class _Shape(BaseModel):
    """Fields that are read; numbers aren't taken for text, and what isn't named may be anything."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class _Named(_Shape):
    id: Id | None = None
    team_id: Id | None = None
    enterprise_id: Id | None = None


class _Option(_Shape):
    value: Value | None = None


class _Element(_Shape):
    value: Value | None = None
    selected_option: _Option | None = None
    selected_options: Many | None = None
    selected_user: Id | None = None


class _Action(_Element):
    action_id: Name | None = None
    block_id: Name | None = None


class _BlockAction(_Action):
    action_id: Name


class _State(_Shape):
    values: dict[Name, dict[Name, _Element]] | None = None


class _View(_Shape):
    id: Id | None = None
    type: Id | None = None
    hash: Id | None = None
    callback_id: Value | None = None
    private_metadata: Value | None = None
    state: _State | None = None


class _Container(_Shape):
    message_ts: Id | None = None
    thread_ts: Id | None = None
    channel_id: Id | None = None


class _Message(_Shape):
    ts: Id | None = None
    thread_ts: Id | None = None
    text: Text | None = None


class _Event(_Shape):
    type: Id


class _Said(_Event):
    """A message, a mention, or App Home that was opened."""

    user: Id | None = None
    channel: Id | None = None
    team: Id | None = None
    ts: Id | None = None
    thread_ts: Id | None = None
    bot_id: Id | None = None
    subtype: Id | None = None
    channel_type: Id | None = None
    tab: Id | None = None
    text: Text | None = None


class _Payload(_Shape):
    """An event, a click, a submission or a command."""

    type: Id | None = None
    challenge: Value | None = None
    event_id: Id | None = None
    trigger_id: Id | None = None
    callback_id: Value | None = None
    team_id: Id | None = None
    channel_id: Id | None = None
    user_id: Id | None = None
    command: Id | None = None
    text: Text | None = None
    response_url: Address | None = None
    event: dict[str, Any] | None = None
    team: _Named | None = None
    user: _Named | None = None
    channel: _Named | None = None
    container: _Container | None = None
    message: _Message | None = None
    view: _View | None = None
    actions: Annotated[Sequence[_Action], Field(max_length=100)] | None = None


class _Attached(_Payload):
    actions: Annotated[Sequence[_Action], Field(min_length=1, max_length=100)]


class _Clicked(_Payload):
    actions: Annotated[Sequence[_BlockAction], Field(min_length=1, max_length=100)]


class _Sent(_View):
    type: Literal["modal", "home"]


class _Submitted(_Payload):
    view: _Sent


class _Step(_Payload):
    workflow_step: dict[str, Any]


class _Happened(_Payload):
    event: dict[str, Any]


_KINDS: Final[Mapping[str, type[_Payload]]] = {
    "block_actions": _Clicked,
    "interactive_message": _Attached,
    "view_submission": _Submitted,
    "view_closed": _Submitted,
    "event_callback": _Happened,
    "workflow_step_edit": _Step,
}
_SAID: Final = frozenset({"message", "app_mention", "app_home_opened"})


def read(body: bytes, headers: Mapping[str, str]) -> AsyncBoltRequest:
    """The request as Bolt takes it; read as Bolt reads it, so that nothing can mean two things.

    Raises:
        Malformed: Slack sends no such payload.
    """
    if body.count(b"&") > _FIELDS and not body.lstrip().startswith(b"{"):
        raise Malformed
    try:
        told: dict[str, str | Sequence[str]] = {
            name: headers[name] for name in _HEADERS if name in headers
        }
        request = AsyncBoltRequest(body=body.decode(), headers=told)
        _check(request.body, deep=body.count(b"{") + body.count(b"[") + body.count(b"%") > DEEPEST)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        # Bolt reads what isn't there, or text as if it were an object.
        raise Malformed from None
    if request.body.get("view", ...) is None:
        # Bolt takes a view that is named for one that is there.
        del request.body["view"]
    known = [request.context.get(name) or "" for name in _CONTEXT]
    if not all(isinstance(value, str) and value.isascii() for value in known):
        raise Malformed
    return request


def _check(payload: Any, *, deep: bool) -> None:
    if not isinstance(payload, dict) or (deep and _nests(payload)):
        raise Malformed
    kind = payload.get("type")
    if not isinstance(kind, str | None):
        raise Malformed
    _KINDS.get(kind or "", _Payload).model_validate(payload)
    event = payload.get("event")
    if event is not None:
        shape = _Said if _Event.model_validate(event).type in _SAID else _Event
        shape.model_validate(event)


def _nests(payload: Any) -> bool:
    """Whether it nests too deep; what reads it calls itself for each level."""
    layer = [payload]
    for _ in range(DEEPEST):
        layer = [
            inner
            for one in layer
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not layer:
            return False
    return True
