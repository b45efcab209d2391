"""Owners claim, answer and close questions; of two at the same moment one wins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from faqbot.slack.blockkit import blocks__addresses
from faqbot.slack.blockkit.blocks import Payload, context, plain, shorten
from faqbot.slack.blockkit.rich_text import escape
from faqbot.slack.blockkit.views import NOT_NOW
from faqbot.slack.client import client_of
from faqbot.slack.interactions import Spot, entered, spot_of, tell, user_of, value_of
from faqbot.slack.listeners.handoff import QUOTED, STATES, People
from faqbot.storage.models import Handover, StoreError

ANSWER_VIEW: Final = "answer-question"
_TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class _Claiming:
    """What it takes to let owners act."""

    people: People

    async def move(
        self, spot: Spot, handover_id: str, context: AsyncBoltContext, *, close: bool
    ) -> None:
        """Claim or close."""
        if await shown_at(self.people, spot, handover_id) is None:
            await tell(spot, "That question isn't yours to take.", context)
            return
        async with self.people.memory.store() as store:
            act = store.handovers.close if close else store.handovers.claim
            handover, won = await act(spot.team, handover_id, spot.user)
        if handover is None or not won:
            await tell(spot, late(handover), context)
            return
        client = client_of(context)
        await self.people.show(client, handover)
        if not close:
            said = f"<@{spot.user}> is looking into your question."
        elif handover.answer:
            return
        else:
            said = f"<@{spot.user}> has closed your question without an answer."
        await self.people.tell_asker(client, handover, said)

    async def reply(self, spot: Spot, handover_id: str, context: AsyncBoltContext) -> None:
        """Ask for the answer."""
        handover, refused = await whose(self.people, spot, handover_id)
        if handover is None or refused:
            await tell(spot, refused, context)
        else:
            view = _answer_modal(handover)
            await client_of(context).views_open(trigger_id=spot.trigger, view=view)

    async def answer(
        self, ack: AsyncAck, view: Payload, user: str, context: AsyncBoltContext
    ) -> None:
        """Take the answer, and give it to the asker."""
        text = str(entered(view, _TEXT).get("value") or "").strip()
        if not text:
            await ack(response_action="errors", errors={_TEXT: "Please write an answer."})
            return
        async with self.people.memory.store() as store:
            handover, won = await store.handovers.answer(
                str(context.team_id or ""), str(view.get("private_metadata") or ""), user, text
            )
        if handover is None or not won:
            await ack(response_action="errors", errors={_TEXT: late(handover, named=False)})
            return
        await ack()
        client = client_of(context)
        await self.people.show(client, handover)
        await self.people.tell_asker(client, handover, f"<@{user}> answers: {escape(text)}")


async def shown_at(people: People, spot: Spot, handover_id: str) -> Handover | None:
    """The question that is shown where somebody clicked, and nowhere else."""
    async with people.memory.store() as store:
        handover = await store.handovers.get(spot.team, handover_id)
    if handover is None:
        return None
    place = (handover.notice_channel, handover.notice_ts)
    return handover if place == (spot.channel, spot.ts) else None


async def whose(people: People, spot: Spot, handover_id: str) -> tuple[Handover | None, str]:
    """The question that somebody wants to answer, or why they may not."""
    handover = await shown_at(people, spot, handover_id)
    if handover is None:
        return None, "That question isn't yours to answer."
    if handover.taken_by not in ("", spot.user):
        return handover, f"<@{handover.taken_by}> has taken that question."
    return handover, ""


def late(handover: Handover | None, *, named: bool = True) -> str:
    """What to tell who comes second."""
    if handover is None:
        return "That question is no longer kept."
    by = f" by <@{handover.taken_by}>" if named and handover.taken_by else ""
    return f"You are a moment late: it is {STATES[handover.state].lower()}{by} already."


def _answer_modal(handover: Handover) -> Payload:
    return {
        "type": "modal",
        "callback_id": ANSWER_VIEW,
        "title": plain("Answer the question"),
        "submit": plain("Send"),
        "close": plain("Cancel"),
        "private_metadata": handover.id,
        "blocks": [
            context(shorten(handover.question, 1_500)),
            {
                "type": "input",
                "block_id": _TEXT,
                "label": plain("Your answer"),
                "hint": plain("The asker sees it with your name, where they asked."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": _TEXT,
                    "multiline": True,
                    "max_length": QUOTED,
                },
            },
        ],
    }


def register(app: AsyncApp, people: People) -> None:
    """Let owners claim, answer and close."""
    claiming = _Claiming(people)

    @app.action(re.compile(rf"^(?:{blocks__addresses.CLAIM}|{blocks__addresses.CLOSE}):0$"))
    async def on_move(
        ack: AsyncAck, body: Payload, action: Payload, context: AsyncBoltContext
    ) -> None:
        await ack()
        spot = spot_of(body, context)
        close = str(action.get("action_id", "")).startswith(blocks__addresses.CLOSE)
        try:
            await claiming.move(spot, value_of(action), context, close=close)
        except StoreError:
            await tell(spot, NOT_NOW, context)

    @app.action(f"{blocks__addresses.REPLY}:0")
    async def on_reply(
        ack: AsyncAck, body: Payload, action: Payload, context: AsyncBoltContext
    ) -> None:
        await ack()
        spot = spot_of(body, context)
        try:
            await claiming.reply(spot, value_of(action), context)
        except StoreError:
            await tell(spot, NOT_NOW, context)

    @app.view(ANSWER_VIEW)
    async def on_answer(
        ack: AsyncAck, view: Payload, body: Payload, context: AsyncBoltContext
    ) -> None:
        try:
            await claiming.answer(ack, view, user_of(body), context)
        except StoreError:
            await ack(response_action="errors", errors={_TEXT: NOT_NOW})
