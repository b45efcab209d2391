"""response_url: five uses within half an hour, private answers unless told otherwise."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from faqbot.playground.api import Refusal
from faqbot.playground.api_messages import checked_blocks
from faqbot.playground.delivery import Delivery
from faqbot.playground.models import Message, Payload
from faqbot.playground.state import State
from faqbot.playground.validation import TEXT_CHARACTERS

USES: Final = 5


@dataclass(frozen=True, slots=True)
class _Place:
    channel: str
    user: str
    message_ts: str
    until: float
    uses: int = 0


class ResponseUrls:
    """Makes response URLs and does what the app posts to them."""

    def __init__(self, state: State, delivery: Delivery) -> None:
        self.base = ""
        self._state = state
        self._delivery = delivery
        self._places: dict[str, _Place] = {}

    def make(self, channel: str, user: str, message: Message | None = None) -> str:
        """A response URL for what a user did in a channel, on a message or by a command."""
        token = secrets.token_urlsafe(12)
        until = time.monotonic() + self._state.timing.response_url_lifetime
        self._places[token] = _Place(channel, user, message.ts if message else "", until)
        return f"{self.base}{token}"

    def use(self, token: str, body: Any) -> None:
        """Do what was posted to a response URL; raises Refusal when it is used up or malformed."""
        place = self._places.get(token)
        if place is None or time.monotonic() > place.until:
            raise Refusal("expired_url", status=404)
        if place.uses >= USES:
            raise Refusal("used_url", status=404)
        if not isinstance(body, Mapping):
            raise Refusal("invalid_payload", status=400)
        self._places[token] = replace(place, uses=place.uses + 1)
        original = self._state.message(place.channel, place.message_ts)
        if body.get("delete_original"):
            if original is not None:
                self._state.remove(original)
            return
        text, blocks = read(body)
        if body.get("replace_original") and original is not None:
            self._state.put(replace(original, text=text, blocks=blocks, edited=True))
        else:
            self._post(place.channel, place.user, body, text, blocks)

    def show(self, channel: str, user: str, body: Mapping[str, Any]) -> None:
        """Show what came back in the acknowledgement of a command; raises Refusal."""
        text, blocks = read(body)
        self._post(channel, user, body, text, blocks)

    def _post(
        self,
        channel: str,
        user: str,
        body: Mapping[str, Any],
        text: str,
        blocks: tuple[Payload, ...],
    ) -> None:
        state = self._state
        public = body.get("response_type") == "in_channel"
        message = state.put(
            Message(
                ts=state.new_ts(),
                channel=channel,
                user=state.setup.bot_user_id,
                text=text,
                blocks=blocks,
                thread_ts=str(body.get("thread_ts") or ""),
                bot=True,
                visible_to="" if public else user,
            )
        )
        if public:
            self._delivery.message_posted(message)


def read(body: Mapping[str, Any]) -> tuple[str, tuple[Payload, ...]]:
    """Text and blocks of a response; raises Refusal when Slack would not take them."""
    text = str(body.get("text") or "")
    if len(text) > TEXT_CHARACTERS:
        raise Refusal("msg_too_long", status=400)
    try:
        blocks = checked_blocks(body.get("blocks"))
    except Refusal as refusal:
        raise Refusal(refusal.error, **{**refusal.more, "status": 400}) from None
    if not text.strip() and not blocks:
        raise Refusal("no_text", status=400)
    return text, blocks
