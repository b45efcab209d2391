"""Hand-offs: questions for a person, as their owner and their asker see them."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Faq
from faqbot.slack.blockkit.blocks import (
    Action,
    Message,
    actions,
    button,
    context,
    header,
    mrkdwn_context,
    mrkdwn_section,
    remark,
    shorten,
)
from faqbot.slack.blockkit.rich_text import JsonObject, escape
from faqbot.slack.blockkit.views import NOT_NOW, modal, text_input
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.directory import mention
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.payloads import Interaction
from faqbot.slack.posts import post_to_first, send_ephemeral
from faqbot.storage.models import Handoff, HandoffState, QuestionRecord, StoreError, utc_now
from faqbot.storage.store import new_id

QUOTED: Final = 2_500
STATES: Final = {
    HandoffState.OPEN: "Open",
    HandoffState.CLAIMED: "Claimed",
    HandoffState.ANSWERED: "Answered",
    HandoffState.CLOSED: "Closed",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HandoffRequest:
    """A question for a person: its log record, its asker, and where the asker reads answers."""

    record: QuestionRecord
    asker: str
    question: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class HandoffService:
    """Hands a question to the owner of its entry, its role or its channel."""

    app: AppContext

    async def open(self, context: AsyncBoltContext, asked: HandoffRequest) -> None:
        """Post a question to its owner, and confirm it to the asker."""
        client = client_of(context)
        owner = await self._owner(asked.record)
        places = await self.app.owners.places(client, owner)
        group = await self.app.owners.group(client, owner)
        handoff = Handoff(
            id=new_id(),
            team=asked.record.team,
            question_id=asked.record.id,
            question=asked.question,
            asker=asked.asker,
            channel=asked.channel,
            thread=asked.thread,
            owner=group.id if group else owner,
            created=utc_now(),
            changed=utc_now(),
        )
        if not places:
            who = f" {mention(group.id if group else owner)} may know." if owner else ""
            await self.tell_asker(client, handoff, f"Nobody is set up to answer here.{who}")
            return
        try:
            async with self.app.services.store() as store:
                # Stored before it is shown, so that its buttons always find it.
                await store.handoffs.add(handoff)
            shown = await post_to_first(client, places, notice_of(handoff))
            async with self.app.services.store() as store:
                await store.handoffs.set_notice(
                    handoff.team, handoff.id, shown["channel"], shown["ts"]
                )
        except (StoreError, *SLACK_ERRORS) as error:
            _log.warning("a question could not be handed over: %s", describe_error(error))
            await self.tell_asker(client, handoff, NOT_NOW)
            return
        await self.tell_asker(
            client, handoff, "Your question is with a person now. I'll tell you what they say."
        )

    async def _owner(self, record: QuestionRecord) -> str:
        """Return the owner of a question: of its entry, else of its role, else of its channel."""
        knowledge_base = self.app.engine.knowledge_base
        for entry_id, _ in record.entries:
            entry = knowledge_base.entry(entry_id)
            if isinstance(entry, Faq) and entry.owner:
                return entry.owner
        role = knowledge_base.role(record.role)
        if role and role.owner:
            return role.owner
        try:
            async with self.app.services.store() as store:
                policy = await store.policies.get(record.team, record.channel)
        except StoreError:
            return ""
        return policy.owner if policy else ""

    async def tell_asker(
        self,
        client: AsyncWebClient,
        handoff: Handoff,
        text: str,
        *,
        openly: bool = True,
        more: Message | None = None,
    ) -> None:
        """Post a text in Slack's markup to the asker, in the thread of the question or directly.

        With `openly` false it is posted directly; `more` is a message that follows the text.
        """
        thread = handoff.thread if openly else ""
        place = handoff.channel if thread else handoff.asker
        messages = [remark(f"<@{handoff.asker}> {text}" if thread else text)]
        if more is not None:
            messages.append(more)
        try:
            for message in messages:
                await client.chat_postMessage(
                    channel=place, thread_ts=thread or None, **message.as_arguments()
                )
        except SLACK_ERRORS as error:
            _log.info("the asker could not be told: %s", describe_error(error))

    async def show(self, client: AsyncWebClient, handoff: Handoff) -> None:
        """Update the owner's message."""
        await client.chat_update(
            channel=handoff.notice_channel,
            ts=handoff.notice_ts,
            **notice_of(handoff).as_arguments(),
        )


def notice_of(handoff: Handoff) -> Message:
    """Return the message that shows a question to its owner."""
    quoted = "\n".join(
        f"> {line}" for line in escape(shorten(handoff.question, QUOTED)).splitlines()
    )
    said = f"<@{handoff.asker}> asks:\n{quoted}"
    blocks: list[JsonObject] = [
        header("A question for a person"),
        mrkdwn_section(said),
    ]
    if handoff.answer:
        blocks.append(mrkdwn_section(f"*Answer*\n{escape(shorten(handoff.answer, QUOTED))}"))
    by = f" by <@{handoff.claimed_by}>" if handoff.claimed_by else ""
    owner = f" · for {mention(handoff.owner)}" if handoff.owner else ""
    blocks.append(mrkdwn_context(f"{STATES[handoff.state]}{by}{owner}"))
    buttons = {
        HandoffState.OPEN: (
            (Action.CLAIM, "Claim", "primary"),
            (Action.REPLY, "Answer", ""),
            (Action.ASSIGN, "Point to an answer", ""),
            (Action.CLOSE, "Close", ""),
        ),
        HandoffState.CLAIMED: (
            (Action.REPLY, "Answer", "primary"),
            (Action.ASSIGN, "Point to an answer", ""),
            (Action.CLOSE, "Close", ""),
        ),
        HandoffState.ANSWERED: (
            (Action.SAVE_AS_FAQ, "Save as FAQ", ""),
            (Action.CLOSE, "Close", ""),
        ),
        HandoffState.CLOSED: (),
    }[handoff.state]
    elements = [
        button(kind, 0, label, handoff.id, **({"style": style} if style else {}))
        for kind, label, style in buttons
    ]
    if elements:
        blocks.append(actions(elements))
    return Message(f"A question for a person: {escape(handoff.question)}", tuple(blocks))


ANSWER_VIEW: Final = "answer-question"
_TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class HandoffActions:
    """What owners do with handed-off questions: claim, answer, close."""

    handoffs: HandoffService

    async def move(
        self, interaction: Interaction, context: AsyncBoltContext, *, close: bool
    ) -> None:
        """Claim or close a question."""
        if await shown_at(self.handoffs, interaction) is None:
            await send_ephemeral(interaction, "That question isn't yours to take.", context)
            return
        async with self.handoffs.app.services.store() as store:
            act = store.handoffs.close if close else store.handoffs.claim
            handoff, won = await act(interaction.team, interaction.value, interaction.user)
        if handoff is None or not won:
            await send_ephemeral(interaction, conflict_message(handoff), context)
            return
        client = client_of(context)
        await self.handoffs.show(client, handoff)
        if not close:
            said = f"<@{interaction.user}> is looking into your question."
        # The asker has the answer: that the question is closed too is no news.
        elif handoff.answer:
            return
        else:
            said = f"<@{interaction.user}> has closed your question without an answer."
        await self.handoffs.tell_asker(client, handoff, said)

    async def reply(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Open a modal for the answer."""
        handoff, refused = await visible_handoff(self.handoffs, interaction)
        if handoff is None or refused:
            await send_ephemeral(interaction, refused, context)
        else:
            view = _answer_modal(handoff)
            await client_of(context).views_open(trigger_id=interaction.trigger, view=view)

    async def answer(
        self, ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        """Store the answer, and post it to the asker."""
        user, text = interaction.user, interaction.view.input(_TEXT).value.strip()
        if not text:
            await ack(response_action="errors", errors={_TEXT: "Please write an answer."})
            return
        async with self.handoffs.app.services.store() as store:
            handoff, won = await store.handoffs.answer(
                interaction.team, interaction.view.metadata, user, text
            )
        if handoff is None or not won:
            await ack(
                response_action="errors", errors={_TEXT: conflict_message(handoff, named=False)}
            )
            return
        await ack()
        client = client_of(context)
        await self.handoffs.show(client, handoff)
        await self.handoffs.tell_asker(client, handoff, f"<@{user}> answers: {escape(text)}")


async def shown_at(handoffs: HandoffService, interaction: Interaction) -> Handoff | None:
    """Return the question of a click; None unless it was on the message that shows it."""
    async with handoffs.app.services.store() as store:
        handoff = await store.handoffs.get(interaction.team, interaction.value)
    if handoff is None:
        return None
    # A button's value can be forged, so only a click on the owner's message counts.
    place = (handoff.notice_channel, handoff.notice_ts)
    return handoff if place == (interaction.channel, interaction.ts) else None


async def visible_handoff(
    handoffs: HandoffService, interaction: Interaction
) -> tuple[Handoff | None, str]:
    """Return the question that a user wants to answer, and why they may not."""
    handoff = await shown_at(handoffs, interaction)
    if handoff is None:
        return None, "That question isn't yours to answer."
    if handoff.claimed_by not in ("", interaction.user):
        return handoff, f"<@{handoff.claimed_by}> has taken that question."
    return handoff, ""


def conflict_message(handoff: Handoff | None, *, named: bool = True) -> str:
    """Return the message for a user who acts on a question that another has taken."""
    if handoff is None:
        return "That question is no longer kept."
    state = STATES[handoff.state].lower()
    if named and handoff.claimed_by:
        return f"<@{handoff.claimed_by}> has already {state} this question."
    return f"This question is already {state}."


def _answer_modal(handoff: Handoff) -> JsonObject:
    answer = text_input(
        _TEXT,
        "Your answer",
        hint="The asker sees it with your name, where they asked.",
        max_length=QUOTED,
    )
    return modal(
        "Answer the question",
        [context(shorten(handoff.question, 1_500)), answer],
        callback=ANSWER_VIEW,
        submit="Send",
        metadata=handoff.id,
    )


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners by which owners claim, answer and close questions."""
    handoffs = HandoffActions(HandoffService(app_context))

    @app.action(re.compile(rf"^(?:{Action.CLAIM}|{Action.CLOSE}):0$"))
    @needs_storage
    async def on_move(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        close = interaction.action.startswith(Action.CLOSE)
        await handoffs.move(interaction, context, close=close)

    @app.action(f"{Action.REPLY}:0")
    @needs_storage
    async def on_reply(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await handoffs.reply(interaction, context)

    @app.view(ANSWER_VIEW)
    @needs_storage
    async def on_answer(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await handoffs.answer(ack, interaction, context)
