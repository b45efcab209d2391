"""Private answers that somebody shares with everyone in the channel."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from faqbot.engine import Desk
from faqbot.model import Answered, Place, Question
from faqbot.slack.answers import Answer, show
from faqbot.slack.blockkit import blocks__addresses
from faqbot.slack.blockkit.blocks import Message, button
from faqbot.slack.blockkit.views import notice
from faqbot.slack.client import client_of, reason_of
from faqbot.slack.directory import Audiences, in_company
from faqbot.slack.interactions import Spot, spot_of, tell, value_of
from faqbot.slack.listeners.feedback import Feedback
from faqbot.slack.middleware.deduplication import Claims

Payload = dict[str, Any]
_OUTSIDE: Final = frozenset({"not_in_channel", "channel_not_found", "is_archived"})


@dataclass(frozen=True, slots=True)
class Sharing:
    """What it takes to share an answer."""

    desk: Desk
    audiences: Audiences
    claims: Claims
    feedback: Feedback

    def sign(self, answer: Answer, command: Payload) -> Answer:
        """Add the button to a private answer that was given in a channel, and remember it."""
        channel = str(command.get("channel_id") or "")
        signed = self.feedback.sign(answer, str(command.get("team_id") or ""), channel)
        answered = answer.receipt and isinstance(answer.receipt.outcome, Answered)
        if not answered or answer.address is None or not channel.startswith(("C", "G")):
            return signed
        share = button(blocks__addresses.SHARE, 0, "Share with everyone", str(answer.address))
        blocks = (*signed.message.blocks, {"type": "actions", "elements": [share]})
        return replace(signed, message=Message(signed.message.text, blocks))

    async def share(self, spot: Spot, value: str, context: AsyncBoltContext) -> None:
        """Post the answer anew for everyone: with what everyone there may read."""
        client = client_of(context)
        audience = await self.audiences.of(client, spot.team, spot.user)
        question = Question("", spot.user, in_company(audience), Place.CHANNEL)
        answer = await show(self.desk, blocks__addresses.parse(value), question)
        if answer.declined:
            await tell(spot, "That answer isn't for everyone here to read.", context)
            return
        if not await self.claims.claim("share", spot.team, spot.channel, spot.user, spot.ts):
            await tell(spot, "You have shared that already.", context)
            return
        line = {"type": "mrkdwn", "text": f"<@{spot.user}> shares an answer:"}
        blocks = [{"type": "context", "elements": [line]}, *answer.message.blocks]
        try:
            await client.chat_postMessage(
                channel=spot.channel,
                text=answer.message.text,
                blocks=blocks,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            if reason_of(error) not in _OUTSIDE:
                raise
            await self._say(
                spot,
                "I'm not in this channel: invite me with `/invite @faqbot`, then ask again.",
                context,
            )
            return
        await self._say(spot, "Shared with everyone here.", context)

    async def _say(self, spot: Spot, text: str, context: AsyncBoltContext) -> None:
        """Put a word in the place of the private answer, or beside it where it has no address."""
        if not context.response_url or context.respond is None:
            await tell(spot, text, context)
            return
        message = notice(text)
        await context.respond(
            text=message.text,
            blocks=list(message.blocks),
            response_type="ephemeral",
            replace_original=True,
        )


def register_sharing(app: AsyncApp, sharing: Sharing) -> None:
    """Share when asked to."""

    @app.action(re.compile(rf"^{blocks__addresses.SHARE}:"))
    async def on_share(
        ack: AsyncAck, body: Payload, action: Payload, context: AsyncBoltContext
    ) -> None:
        await ack()
        await sharing.share(spot_of(body, context), value_of(action), context)
