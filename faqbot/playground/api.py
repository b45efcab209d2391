"""A Web API call: typed access to its arguments, and the errors that Slack responds with."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from faqbot.playground.delivery import EventDelivery
from faqbot.playground.models import Channel, Payload, User
from faqbot.playground.state import WorkspaceState


class Refusal(Exception):  # noqa: N818 - a response of the API, not a failure of this program
    """An `ok: false` response to a call; `more` is added to its body."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


def invalid_arguments(*messages: str, error: str = "invalid_arguments") -> Refusal:
    """Return a refusal that lists the problems, as Slack does."""
    return Refusal(
        error,
        errors=list(messages),
        response_metadata={"messages": [f"[ERROR] {message}" for message in messages]},
    )


@dataclass(frozen=True, slots=True)
class Call:
    """A call: its arguments, the workspace's state, and the delivery of events."""

    state: WorkspaceState
    delivery: EventDelivery
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return an argument as text; raises Refusal if it is missing and has no default."""
        value = self.arguments.get(name)
        if value is None or value == "":
            if default is None:
                raise invalid_arguments(f"missing required field: {name}")
            return default
        return str(value)

    def flag(self, name: str) -> bool:
        """Return an argument as a boolean; form bodies contain it as text or number."""
        return str(self.arguments.get(name, "")).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """Return an argument as a whole number; raises Refusal for anything else."""
        try:
            return int(self.arguments.get(name) or default)
        except (TypeError, ValueError):
            raise invalid_arguments(f"must be a number: {name}") from None

    def structure(self, name: str) -> Any:
        """Return a JSON argument, which form bodies contain as text; raises Refusal if invalid."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal("invalid_blocks_format" if name == "blocks" else "invalid_json") from None

    def channel(self, name: str = "channel") -> Channel:
        """Return the channel of a channel's or user's id; raises Refusal if there is none."""
        wanted = self.text(name, "")
        if wanted in self.state.users:
            # A bot has no direct message with itself.
            if wanted == self.state.setup.bot_user_id:
                raise Refusal("channel_not_found")
            return self.state.direct(wanted)
        try:
            return self.state.channel(wanted)
        except LookupError:
            raise Refusal("channel_not_found") from None

    def joined_channel(self, name: str = "channel") -> Channel:
        """Return the channel; raises Refusal if the bot isn't a member."""
        channel = self.channel(name)
        if self.state.setup.bot_user_id not in channel.members:
            # Slack doesn't reveal that a direct message between others exists.
            raise Refusal("not_in_channel" if not channel.direct else "channel_not_found")
        return channel

    def open_channel(self, name: str = "channel") -> Channel:
        """Return the channel; raises Refusal if the bot isn't a member, or it is archived."""
        channel = self.joined_channel(name)
        if channel.archived:
            raise Refusal("is_archived")
        return channel

    def user(self, name: str = "user") -> User:
        """Return the user of an id; raises Refusal if there is none."""
        try:
            return self.state.users[self.text(name, "")]
        except KeyError:
            raise Refusal("user_not_found") from None


Method = Callable[[Call], Awaitable[Payload]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method, the scopes of which it requires one, and the kind of token."""

    method: Method
    scopes: tuple[str, ...] = ()
    app_token: bool = False
