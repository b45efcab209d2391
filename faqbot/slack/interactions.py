"""Where somebody clicked, and how to tell them something there that only they see."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError

from faqbot.slack.blockkit.blocks import remark
from faqbot.slack.blockkit.views import answer_modal
from faqbot.slack.client import client_of, reason_of
from faqbot.slack.interactions__threads import key

Payload = dict[str, Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something was clicked: a message, a private message, App Home or a modal."""

    team: str
    user: str
    channel: str
    ts: str
    thread: str
    private: bool
    view: str
    trigger: str

    @property
    def direct(self) -> bool:
        return self.channel.startswith("D")

    @property
    def key(self) -> str:
        """The key of the conversation; private messages and views belong to none."""
        if self.private or not self.channel:
            return ""
        return key(self.team, self.channel, self.thread)

    @property
    def answers_in(self) -> str:
        """The thread in which later answers are posted; empty: nowhere that others see."""
        return "" if self.private or not self.channel else self.thread


def part(body: Any, *names: str) -> Mapping[str, Any]:
    """An object inside a payload, by the names that lead to it; empty where there is none."""
    for name in names:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body if isinstance(body, Mapping) else {}


def entered(view: Any, block: str, action: str | None = None) -> Mapping[str, Any]:
    """What was entered into a block of a modal; empty where nothing was."""
    return part(view, "state", "values", block, action or block)


def spot_of(body: Payload, context: AsyncBoltContext) -> Spot:
    """Read where something was clicked."""
    container, message = part(body, "container"), part(body, "message")
    ts = str(container.get("message_ts") or message.get("ts") or "")
    thread = str(container.get("thread_ts") or message.get("thread_ts") or ts)
    view, channel = part(body, "view"), part(body, "channel")
    return Spot(
        team=str(context.team_id or ""),
        user=user_of(body),
        channel=str(container.get("channel_id") or channel.get("id") or ""),
        ts=ts,
        thread=thread,
        private=bool(container.get("is_ephemeral")),
        view=str(view.get("id") or "") if view.get("type") == "modal" else "",
        trigger=str(body.get("trigger_id") or ""),
    )


def user_of(body: Payload) -> str:
    """The id of who acted."""
    return str(part(body, "user").get("id") or "")


def value_of(action: Mapping[str, Any]) -> str:
    """What was clicked or picked."""
    return str(action.get("value") or part(action, "selected_option").get("value") or "")


async def tell(spot: Spot, text: str, context: AsyncBoltContext) -> None:
    """Tell somebody something that nobody else sees."""
    client, message = client_of(context), remark(text)
    try:
        if spot.channel:
            await client.chat_postEphemeral(
                channel=spot.channel,
                user=spot.user,
                thread_ts=spot.thread if spot.thread != spot.ts else None,
                text=message.text,
                blocks=list(message.blocks),
            )
        elif spot.trigger:
            await client.views_open(trigger_id=spot.trigger, view=answer_modal(message))
    except SlackApiError as error:
        _log.info("a private message was refused: %s", reason_of(error))
