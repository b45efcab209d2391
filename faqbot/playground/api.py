"""One Web API call: its arguments, and the ways in which Slack refuses it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from faqbot.playground.delivery import EventDelivery
from faqbot.playground.models import Channel, Payload, User
from faqbot.playground.state import WorkspaceState


class Refusal(Exception):  # noqa: N818  (an answer of the API, not a failure of this program)
    """A call that Slack answers with `ok: false`; `more` is added to the answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


def invalid_arguments(*messages: str, error: str = "invalid_arguments") -> Refusal:
    """A refusal that says in detail what is wrong, as Slack does."""
    return Refusal(
        error,
        errors=list(messages),
        response_metadata={"messages": [f"[ERROR] {message}" for message in messages]},
    )


@dataclass(frozen=True, slots=True)
class Call:
    """What a method is given."""

    state: WorkspaceState
    delivery: EventDelivery
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """An argument as text; raises Refusal when it is required and missing."""
        value = self.arguments.get(name)
        if value is None or value == "":
            if default is None:
                raise invalid_arguments(f"missing required field: {name}")
            return default
        return str(value)

    def flag(self, name: str) -> bool:
        """An argument as yes or no; form bodies carry it as text or number."""
        return str(self.arguments.get(name, "")).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """An argument as a whole number; raises Refusal for anything else."""
        try:
            return int(self.arguments.get(name) or default)
        except (TypeError, ValueError):
            raise invalid_arguments(f"must be a number: {name}") from None

    def structure(self, name: str) -> Any:
        """An argument that is JSON: form bodies carry it as text; raises Refusal for bad JSON."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal("invalid_blocks_format" if name == "blocks" else "invalid_json") from None

    def channel(self, name: str = "channel") -> Channel:
        """The channel that is meant, also by a user's id; raises Refusal when there is none."""
        wanted = self.text(name, "")
        if wanted in self.state.users:
            if wanted == self.state.setup.bot_user_id:
                raise Refusal("channel_not_found")
            return self.state.direct(wanted)
        try:
            return self.state.channel(wanted)
        except LookupError:
            raise Refusal("channel_not_found") from None

    def joined_channel(self, name: str = "channel") -> Channel:
        """The same, and the bot is in it; raises Refusal when it is not."""
        channel = self.channel(name)
        if self.state.setup.bot_user_id not in channel.members:
            raise Refusal("not_in_channel" if not channel.direct else "channel_not_found")
        return channel

    def user(self, name: str = "user") -> User:
        """The user that is meant; raises Refusal when there is none."""
        try:
            return self.state.users[self.text(name, "")]
        except KeyError:
            raise Refusal("user_not_found") from None


Method = Callable[[Call], Awaitable[Payload]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method with the scopes of which it needs one, and the kind of token."""

    method: Method
    scopes: tuple[str, ...] = ()
    app_token: bool = False
