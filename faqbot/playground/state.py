"""The state of the local workspace, and the signal that it changed."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from faqbot.playground.models import (
    Channel,
    ModalView,
    Payload,
    SentPayload,
    Setup,
    SlackMessage,
    Suggestions,
    Timing,
    User,
    UserGroup,
)

T = TypeVar("T")


class ChangeSignal:
    """Counts changes and wakes the tasks that wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Count a change and wake all waiting tasks."""
        self.count += 1
        waiting, self._next = self._next, asyncio.Event()
        waiting.set()

    async def wait_after(self, count: int) -> int:
        """Wait until more than `count` changes happened. Returns their number."""
        while self.count <= count:
            await self._next.wait()
        return self.count

    async def until(self, true: Callable[[], T | None], within: float) -> T:
        """Wait until `true()` is truthy and return it; raises TimeoutError after `within`."""
        async with asyncio.timeout(within):
            while not (value := true()):
                await self.wait_after(self.count)
            return value


class WorkspaceState:
    """Users, channels, messages, views, and the payloads that the app sent."""

    def __init__(self, setup: Setup, timing: Timing) -> None:
        self.setup = setup
        self.timing = timing
        self.changes = ChangeSignal()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}
        self.sent: list[SentPayload] = []
        self.homes: dict[str, ModalView] = {}
        self.modals: dict[str, list[ModalView]] = {}
        self.suggestions: dict[str, Suggestions] = {}
        self.statuses: dict[tuple[str, str], str] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.files: dict[str, Payload] = {}
        self.deleted: set[tuple[str, str]] = set()
        self.busy = 0
        self._messages: dict[str, dict[str, SlackMessage]] = {}
        self._triggers: dict[str, tuple[str, float, bool]] = {}
        self._last_ts = 0
        self._numbers = itertools.count(1)
        self._populate()

    def _populate(self) -> None:
        bot, mark = self.setup, self.setup.mark
        for user in (
            User(f"U0MAYA001{mark}", "maya", "Maya Hassan", admin=True),
            User(f"U0JONAS01{mark}", "jonas", "Jonas Berg"),
            User(f"U0GUEST01{mark}", "guest", "Gil Guest", guest=True),
            User(bot.bot_user_id, bot.bot_name, bot.bot_name, bot=True),
        ):
            self.users[user.id] = user
        everyone = frozenset(self.users)
        for channel in (
            Channel(f"C0GENERAL{mark}", "general", topic="All together", members=everyone),
            Channel(
                f"C0HIRING1{mark}", "hiring", topic="Open roles and interviews", members=everyone
            ),
            Channel(f"C0RANDOM1{mark}", "random", members=everyone - {bot.bot_user_id}),
        ):
            self.add_channel(channel)

    # Users and channels

    def add_channel(self, channel: Channel) -> None:
        """Add a channel or replace one of the same id."""
        self.channels[channel.id] = channel
        self._messages.setdefault(channel.id, {})
        self.changes.notify()

    def add_group(self, group: UserGroup) -> None:
        """Add a user group or replace one of the same id."""
        self.groups[group.id] = group
        self.changes.notify()

    def add_user(self, user: User) -> None:
        """Add a user who is in no channel yet."""
        self.users[user.id] = user
        self.changes.notify()

    def user(self, name: str) -> User:
        """Return a user by name or id; raises LookupError that lists the known names."""
        for user in self.users.values():
            if name in {user.id, user.name}:
                return user
        known = ", ".join(user.name for user in self.users.values())
        raise LookupError(f"no user {name!r} in the local workspace; there are {known}")

    def channel(self, name: str) -> Channel:
        """Return a channel by id or name; raises LookupError that lists the known names."""
        wanted = name.removeprefix("#")
        for channel in self.channels.values():
            if name == channel.id or (not channel.direct and wanted == channel.name):
                return channel
        known = ", ".join(f"#{c.name}" for c in self.channels.values() if not c.direct)
        raise LookupError(f"no channel {name!r} in the local workspace; there are {known}")

    def direct(self, user_id: str) -> Channel:
        """Return the direct message between a user and the bot; opens it if needed."""
        members = frozenset({user_id, self.setup.bot_user_id})
        for channel in self.channels.values():
            if channel.direct and channel.members == members:
                return channel
        channel = Channel("D0" + user_id.removeprefix("U0"), "", direct=True, members=members)
        self.add_channel(channel)
        return channel

    def set_membership(self, channel_id: str, user_id: str, *, member: bool) -> None:
        """Add a user to a channel or remove them."""
        channel = self.channels[channel_id]
        members = channel.members | {user_id} if member else channel.members - {user_id}
        self.add_channel(replace(channel, members=members))

    # Messages

    def new_ts(self) -> str:
        """Return a unique message timestamp."""
        # A ts identifies a message, so two in one microsecond must differ.
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def put(self, message: SlackMessage) -> SlackMessage:
        """Store a new or changed message; blocks without an id get one."""
        blocks = tuple(
            block if block.get("block_id") else {**block, "block_id": self.new_id("b")}
            for block in message.blocks
        )
        message = replace(message, blocks=blocks)
        self._messages[message.channel][message.ts] = message
        if message.bot:
            # Slack removes the status of a thread when the app posts in it.
            self.statuses.pop((message.channel, message.thread_ts or message.ts), None)
        self.changes.notify()
        return message

    def remove(self, message: SlackMessage) -> None:
        """Delete a message."""
        self.deleted.add((message.channel, message.ts))
        self._messages[message.channel].pop(message.ts, None)
        self.changes.notify()

    def message(self, channel_id: str, ts: str) -> SlackMessage | None:
        """Return a channel's message with a timestamp, or None."""
        return self._messages.get(channel_id, {}).get(ts)

    def messages(self, channel_id: str) -> Iterable[SlackMessage]:
        """Return all messages of a channel in order, ephemeral ones included."""
        return sorted(self._messages[channel_id].values(), key=lambda m: float(m.ts))

    def replies(self, channel_id: str, thread_ts: str) -> tuple[SlackMessage, ...]:
        """Return a thread's replies, without ephemeral ones."""
        return tuple(
            m
            for m in self.messages(channel_id)
            if m.is_reply and m.thread_ts == thread_ts and not m.visible_to
        )

    # Views

    def new_view(self, user: str, payload: Payload, **places: str) -> ModalView:
        """Return a new view for a user, with its own ids; it isn't shown yet."""
        view_id = self.new_id("V")
        blocks = [
            block if block.get("block_id") else {**block, "block_id": self.new_id("b")}
            for block in payload.get("blocks") or ()
        ]
        places.setdefault("root_id", view_id)
        return ModalView(view_id, self.new_hash(), user, {**payload, "blocks": blocks}, **places)

    def show_modal(self, view: ModalView, *, push: bool) -> None:
        """Show a modal to a user: pushed onto the stack, or as a new stack."""
        stack = self.modals.setdefault(view.user, [])
        if not push:
            stack.clear()
        stack.append(view)
        self.changes.notify()

    def replace_view(self, old: ModalView, payload: Payload) -> ModalView:
        """Replace the content of a view that is shown."""
        # The id stays and the hash changes: an update that was made for the old content is refused.
        fresh = replace(
            self.new_view(old.user, payload),
            id=old.id,
            root_id=old.root_id,
            previous_id=old.previous_id,
        )
        stack = self.modals.get(old.user, [])
        for index, view in enumerate(stack):
            if view.id == old.id:
                stack[index] = fresh
        if self.homes.get(old.user) is not None and self.homes[old.user].id == old.id:
            self.homes[old.user] = fresh
        self.changes.notify()
        return fresh

    def close_modal(self, user: str, *, everything: bool) -> None:
        """Close a user's topmost modal, or all of them."""
        stack = self.modals.get(user, [])
        if everything:
            stack.clear()
        elif stack:
            stack.pop()
        self.changes.notify()

    def publish_home(self, user: str, payload: Payload) -> ModalView:
        """Show an App Home to a user."""
        old = self.homes.get(user)
        if old is not None:
            return self.replace_view(old, payload)
        self.homes[user] = self.new_view(user, payload)
        self.changes.notify()
        return self.homes[user]

    def view(self, view_id: str = "", external_id: str = "") -> ModalView | None:
        """Return a shown view by its id or its external id, or None."""
        shown = [view for stack in self.modals.values() for view in stack]
        for view in (*shown, *self.homes.values()):
            if view_id == view.id or (
                external_id and external_id == view.payload.get("external_id")
            ):
                return view
        return None

    # Triggers and sent payloads

    def new_trigger(self, user: str) -> str:
        """Return a trigger id, with which the app can open one modal for a short time."""
        trigger = self.new_id("trigger.")
        self._triggers[trigger] = (user, time.monotonic() + self.timing.trigger_lifetime, False)
        return trigger

    def use_trigger(self, trigger: str) -> str:
        """Invalidate a trigger id and return its user; raises LookupError with Slack's error."""
        if trigger not in self._triggers:
            raise LookupError("invalid_trigger_id")
        user, until, used = self._triggers[trigger]
        if used:
            raise LookupError("exchanged_trigger_id")
        if time.monotonic() > until:
            raise LookupError("expired_trigger_id")
        # Kept as used: Slack tells a used trigger from one that never existed.
        self._triggers[trigger] = (user, until, True)
        return user

    def record(self, sent: SentPayload) -> None:
        """Record a payload that the app sent."""
        self.sent.append(sent)
        self.changes.notify()

    def new_id(self, prefix: str) -> str:
        """Return a unique id."""
        return f"{prefix}{next(self._numbers):06d}{secrets.token_hex(2).upper()}"

    def new_hash(self) -> str:
        """Return a new hash, which identifies a version of a view."""
        return f"{int(time.time())}.{secrets.token_hex(4)}"

    def started(self) -> None:
        """Count a delivery or call that begins."""
        self.busy += 1
        self.changes.notify()

    def finished(self) -> None:
        """Count a delivery or call that has ended."""
        self.busy -= 1
        self.changes.notify()

    def as_view(self, view: ModalView) -> Payload:
        """Return a view as Slack sends it to the app, with its ids and an empty state."""
        app = self.setup
        shown: dict[str, Any] = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "submit": None,
            "close": None,
            "title": {"type": "plain_text", "text": "View Title", "emoji": True},
            **view.payload,
            "id": view.id,
            "team_id": app.team_id,
            "state": {"values": {}},
            "hash": view.hash,
            "root_view_id": view.root_id,
            "previous_view_id": view.previous_id or None,
            "app_id": app.app_id,
            "app_installed_team_id": app.team_id,
            "bot_id": app.bot_id,
        }
        return shown
