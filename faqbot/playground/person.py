"""Acts as a user of the workspace: messages, commands, clicks, selections, modals."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from faqbot.playground import payloads
from faqbot.playground.api import Refusal
from faqbot.playground.api_workspace import MAX_MODALS, checked_view
from faqbot.playground.blocks import Element, find, missing, state_values
from faqbot.playground.delivery import EventDelivery
from faqbot.playground.models import (
    Ack,
    Channel,
    ModalView,
    Payload,
    SentPayload,
    SlackMessage,
    User,
)
from faqbot.playground.payloads import escaped, home_event, rich_text
from faqbot.playground.state import WorkspaceState
from faqbot.playground.web_api import ResponseUrls

_MENTION = re.compile(r"(?<![<\w])@([A-Za-z][\w-]*)")


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The result of an action: the acknowledgement, and the error that the person sees, if any.

    `since` returns the messages that the app has shown to the person in the channel since then.
    """

    ack: Ack
    error: str
    since: Callable[[], tuple[SlackMessage, ...]]
    errors: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """True if the app acknowledged in time and without errors."""
        return not self.error and not self.errors

    @property
    def messages(self) -> tuple[SlackMessage, ...]:
        """The messages that the app has shown since the action; later ones are added."""
        return self.since()


class SimulatedUser:
    """Acts for one user of the workspace, as their Slack client would."""

    def __init__(
        self, user: User, state: WorkspaceState, delivery: EventDelivery, responses: ResponseUrls
    ) -> None:
        self.user = user
        self._state = state
        self._delivery = delivery
        self._responses = responses

    @property
    def id(self) -> str:
        """The user's id."""
        return self.user.id

    @property
    def direct(self) -> Channel:
        """The direct message with the app."""
        return self._state.direct(self.user.id)

    # Messages

    async def say(self, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Post in a channel; `@name` of a member and `<@ID>` are mentions. Returns the ts."""
        return self._say(self._state.channel(channel), text, thread_ts or "")

    async def dm(self, text: str, thread_ts: str | None = None) -> str:
        """Post in the direct message with the app. Returns the ts."""
        return self._say(self.direct, text, thread_ts or "")

    def _say(self, channel: Channel, text: str, thread_ts: str) -> str:
        text = _MENTION.sub(self._mentioned, text)
        message = self._state.put(
            SlackMessage(
                ts=self._state.new_ts(),
                channel=channel.id,
                user=self.user.id,
                text=escaped(text),
                blocks=(rich_text(text),),
                thread_ts=thread_ts,
                # Slack's own clients send this, bots don't.
                client_msg_id=str(uuid.uuid4()),
            )
        )
        self._delivery.message_posted(message)
        return message.ts

    def _mentioned(self, match: re.Match[str]) -> str:
        for user in self._state.users.values():
            if user.name == match[1].lower():
                return f"<@{user.id}>"
        return match[0]

    async def invite(self, channel: str) -> None:
        """Add the app to a channel."""
        place = self._state.channel(channel)
        if place.direct:
            raise LookupError("the app can be invited to channels only")
        bot = self._state.setup.bot_user_id
        if bot in place.members:
            return
        self._state.set_membership(place.id, bot, member=True)
        joined = {"type": "member_joined_channel", "user": bot, "channel": place.id}
        joined |= {"channel_type": "C", "team": self._state.setup.team_id, "inviter": self.id}
        self._delivery.event("member_joined_channel", joined)

    async def edit(self, message: SlackMessage, text: str) -> None:
        """Edit one of the user's own messages; mentions are written as in `say`."""
        if message.user != self.user.id:
            raise LookupError("only its author can edit a message")
        text = _MENTION.sub(self._mentioned, text)
        edited = self._state.new_ts()
        new = replace(message, text=escaped(text), blocks=(rich_text(text),), edited=edited)
        self._delivery.message_changed(message, self._state.put(new))

    async def delete(self, message: SlackMessage) -> None:
        """Delete one of the user's own messages."""
        self._state.remove(message)
        self._delivery.message_deleted(message)

    async def command(self, command: str, text: str = "", channel: str = "") -> ActionResult:
        """Use a slash command, in a channel or (by default) in the direct message."""
        place = self._state.channel(channel) if channel else self.direct
        before = self._now()
        url = self._responses.make(place.id, self.user.id)
        typed = escaped(text)
        body = payloads.command_body(
            self._state, self.user, place, command=command, text=typed, response_url=url
        )
        ack = await self._delivery.command(body)
        error = "" if ack.ok else f"{command} failed because the app did not respond"
        # The acknowledgement of a command may contain the answer.
        if ack.body:
            try:
                self._responses.show_ack(place.id, self.user.id, ack.body)
            except Refusal as refusal:
                error = f"{command} failed: {refusal.error}"
                self._state.record(SentPayload("ack", ack.body, refusal.error))
        return self._result(ack, error, place.id, before)

    async def shortcut(self, callback_id: str, message: SlackMessage | None = None) -> ActionResult:
        """Use a shortcut, on a message or anywhere."""
        place = message.channel if message else self.direct.id
        before = self._now()
        url = self._responses.make(place, self.user.id, message) if message else ""
        body = payloads.shortcut_body(self._state, self.user, callback_id, message, url)
        return self._result(await self._delivery.interaction(body), "", place, before)

    # Blocks

    async def click(
        self,
        shown: SlackMessage | ModalView,
        *,
        action_id: str | None = None,
        value: str | None = None,
        label: str | None = None,
    ) -> ActionResult:
        """Click the one button that matches, in a message, a modal or App Home."""
        element = find(shown.blocks, action_id=action_id, value=value, label=label)
        return await self.act(shown, element.click())

    async def select(
        self, shown: SlackMessage | ModalView, option: str, *, action_id: str | None = None
    ) -> ActionResult:
        """Select an option of a select or overflow menu, by value or label."""
        element = self._with_options(shown, action_id)
        return await self.act(shown, element.pick(element.option(option)))

    def _with_options(self, shown: SlackMessage | ModalView, action_id: str | None) -> Element:
        if action_id is None:
            blocks = [b for b in shown.blocks if "options" in repr(b) or "option_groups" in repr(b)]
            return find(blocks)
        return find(shown.blocks, action_id=action_id)

    async def act(
        self,
        shown: SlackMessage | ModalView,
        action: Payload,
        given: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        """Send an action with the current values of the inputs."""
        before = self._now()
        values = state_values(shown.blocks, given)
        if isinstance(shown, SlackMessage):
            place = shown.channel
            # Only messages have a response_url; actions in views come without one.
            url = self._responses.make(place, self.user.id, shown)
            body = payloads.message_action_body(
                self._state, self.user, shown, action, response_url=url, values=values
            )
        else:
            place = self.direct.id
            body = payloads.view_action_body(self._state, self.user, shown, action, values)
        return self._result(await self._delivery.interaction(body), "", place, before)

    # Views

    async def open_home(self) -> None:
        """Open the app's Home tab."""
        self._delivery.event("app_home_opened", home_event(self._state, self.user, "home"))

    async def open_dm(self) -> None:
        """Open the app's Messages tab."""
        self._delivery.event("app_home_opened", home_event(self._state, self.user, "messages"))

    async def submit(self, view: ModalView, given: Mapping[str, Any] | None = None) -> ActionResult:
        """Submit a modal; `given` contains texts and option values by action_id."""
        before = self._now()
        values = state_values(view.blocks, given)
        incomplete = missing(view.blocks, values)
        if incomplete:
            return self._result(Ack(ok=False), "", self.direct.id, before, incomplete)
        body = payloads.submission_body(self._state, self.user, view, values)
        ack = await self._delivery.interaction(body)
        errors: dict[str, str] = {}
        error = ""
        if ack.ok:
            try:
                errors = self._apply_response_action(view, ack.body)
            except Refusal as refusal:
                error = f"We had some trouble connecting ({refusal.error}). Try again?"
                self._state.record(SentPayload("ack", ack.body, refusal.error))
        return self._result(ack, error, self.direct.id, before, errors)

    def _apply_response_action(self, view: ModalView, body: Payload) -> dict[str, str]:
        match body.get("response_action"):
            case None:
                self._state.close_modal(self.user.id, everything=False)
            case "clear":
                self._state.close_modal(self.user.id, everything=True)
            case "errors":
                return {str(k): str(v) for k, v in (body.get("errors") or {}).items()}
            case "update":
                self._state.replace_view(view, checked_view(body.get("view"), "modal"))
            case "push":
                payload = checked_view(body.get("view"), "modal")
                stack = self._state.modals.get(self.user.id, [])
                if len(stack) >= MAX_MODALS:
                    raise Refusal("push_limit_reached")
                new = self._state.new_view(
                    self.user.id, payload, root_id=view.root_id, previous_id=view.id
                )
                self._state.show_modal(new, push=True)
            case other:
                raise Refusal(f"unknown response_action {other!r}")
        return {}

    async def close(self, view: ModalView, *, everything: bool = False) -> None:
        """Close a modal; sends view_closed if the view has notify_on_close."""
        self._state.close_modal(self.user.id, everything=everything)
        if view.payload.get("notify_on_close"):
            body = payloads.closed_body(self._state, self.user, view, cleared=everything)
            await self._delivery.interaction(body)

    # Results

    def _now(self) -> str:
        return self._state.new_ts()

    def _result(
        self,
        ack: Ack,
        error: str,
        channel: str,
        before: str,
        errors: Mapping[str, str] | None = None,
    ) -> ActionResult:
        if not ack.ok and not error and not errors:
            error = "The app did not respond"

        def since() -> tuple[SlackMessage, ...]:
            return tuple(
                m
                for m in self._state.messages(channel)
                if float(m.ts) > float(before) and m.bot and m.visible_to in {"", self.user.id}
            )

        return ActionResult(ack, error, since, errors or {})
