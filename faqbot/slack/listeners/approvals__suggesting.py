"""Suggested phrasings in the owners' part of App Home."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from faqbot.model import Library
from faqbot.slack.blockkit import blocks__addresses
from faqbot.slack.blockkit.blocks import Payload, button, shorten
from faqbot.slack.blockkit.rich_text import escape
from faqbot.slack.blockkit.views import NOT_NOW, home
from faqbot.slack.client import client_of
from faqbot.slack.interactions import spot_of, tell, value_of
from faqbot.slack.listeners.approvals import Deciding
from faqbot.slack.listeners.reports import Reports
from faqbot.storage.models import Proposal, StoreError

MOST = 5
_WORDS = 200


def suggestions(proposals: Sequence[Proposal], library: Library) -> list[Payload]:
    """Blocks with the suggestions that wait, each with its two buttons."""
    blocks: list[Payload] = []
    for number, proposal in enumerate(proposals[:MOST]):
        entry = library.entry(proposal.entry or "")
        role = library.role(proposal.role)
        named = " · ".join(part.title for part in (role, entry) if part)
        said = f"“{escape(shorten(proposal.question, _WORDS))}”\nleads to *{escape(named)}*"
        blocks += [
            {"type": "section", "text": {"type": "mrkdwn", "text": said}},
            {
                "type": "actions",
                "elements": [
                    button(blocks__addresses.TAKE, number, "Take it up", proposal.id),
                    button(blocks__addresses.LEAVE, number, "Leave it", proposal.id),
                ],
            },
        ]
    return blocks


def register_suggestions(app: AsyncApp, reports: Reports, deciding: Deciding) -> None:
    """Let owners decide about suggestions."""

    @app.action(re.compile(rf"^(?:{blocks__addresses.TAKE}|{blocks__addresses.LEAVE}):\d+$"))
    async def on_suggestion(
        ack: AsyncAck, body: Payload, action: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        await ack()
        spot, client = spot_of(body, context), client_of(context)
        if not await reports.may_read(client, spot.user):
            await tell(spot, "Only the owners of content, and admins, can decide that.", context)
            return
        approve = str(action.get("action_id", "")).startswith(blocks__addresses.TAKE)
        try:
            await deciding.decide_suggestion(spot, value_of(action), context, approve=approve)
        except StoreError:
            await tell(spot, NOT_NOW, context)
            return
        view = home(reports.desk.library)
        view["blocks"] = [*view["blocks"], *await reports.home(spot.team)][:100]
        await client.views_publish(user_id=spot.user, view=view)
