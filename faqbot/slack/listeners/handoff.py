"""Hand-offs: questions for a person, as their owner and their asker see them."""

from __future__ import annotations

import datetime as dt
import logging
import re
from dataclasses import dataclass, replace
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.slack.blockkit.blocks import Action, Message, context, mrkdwn_section, shorten
from faqbot.slack.blockkit.cards import QUOTED, STATES, handoff_card, moment
from faqbot.slack.blockkit.modals import modal, text_input
from faqbot.slack.blockkit.rich_text import JsonObject, as_markdown, escape, quote
from faqbot.slack.blockkit.views import NOT_NOW
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.owners import mention, owner_of
from faqbot.slack.payloads import Interaction
from faqbot.slack.posts import deliver, post_to_first, send_ephemeral
from faqbot.storage.models import Handoff, HandoffState, QuestionRecord, StoreError, utc_now
from faqbot.storage.store import new_id

_LOST: Final = dt.timedelta(minutes=1)
"""Time after which a hand-off without a card is taken for one whose process died."""

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
class _Asker:
    """Where the asker of a question is told what becomes of it."""

    user: str
    channel: str
    thread: str
    direct: bool
    ts: str = ""


@dataclass(frozen=True, slots=True)
class HandoffService:
    """Hands a question to the owner of its entry, its role or its channel."""

    app: AppContext

    async def open(self, client: AsyncWebClient, asked: HandoffRequest) -> Handoff | None:
        """Post a question to its owner, and confirm it to the asker.

        Returns:
            The hand-off, also if the asker had opened it before; None if nobody got the question.
        """
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
            who = f" {mention(handoff.owner)} may know." if owner else ""
            await self.tell_asker(client, handoff, f"Nobody is set up to answer here.{who}")
            return None
        try:
            async with self.app.services.store() as store:
                # Stored before it is shown, so that its buttons always find it.
                handoff, added = await store.handoffs.add(handoff)
            if added or _is_lost(handoff):
                handoff = await self._post(client, handoff, places)
        except (StoreError, *SLACK_ERRORS) as error:
            _log.warning("a question could not be handed over: %s", describe_error(error))
            await self.tell_asker(client, handoff, NOT_NOW)
            return None
        said = "Your question is with a person now. I'll tell you what they say."
        await self.tell_asker(
            client, handoff, said if added else await self.whereabouts(client, handoff)
        )
        return handoff

    async def _post(
        self, client: AsyncWebClient, handoff: Handoff, places: tuple[str, ...]
    ) -> Handoff:
        owners = await self.app.owners.owners(client, handoff.owner)
        try:
            shown = await post_to_first(client, places, handoff_card(handoff, owners))
        except SLACK_ERRORS:
            # Nobody sees it, so the asker may hand it over again.
            async with self.app.services.store() as store:
                await store.handoffs.remove(handoff.team, handoff.id)
            raise
        place = {"channel": str(shown["channel"]), "ts": str(shown["ts"])}
        async with self.app.services.store() as store:
            await store.handoffs.set_notice(handoff.team, handoff.id, **place)
        return replace(handoff, notice_channel=place["channel"], notice_ts=place["ts"])

    async def _owner(self, record: QuestionRecord) -> str:
        """Return the owner of a question: of its entries, else of its role, else of its channel."""
        knowledge_base = self.app.engine.knowledge_base
        owners = [owner_of(knowledge_base, entry_id) for entry_id, _ in record.entries]
        owners = list(dict.fromkeys(filter(None, owners)))
        # Of choices none was meant for sure, so they tell an owner only where they have one.
        if len(owners) == 1 or (owners and record.outcome == "answer"):
            return owners[0]
        role = knowledge_base.role(record.role)
        if role and role.owner:
            return role.owner
        try:
            async with self.app.services.store() as store:
                policy = await store.policies.get(record.team, record.channel)
        except StoreError:
            return ""
        return policy.owner if policy else ""

    async def whereabouts(self, client: AsyncWebClient, handoff: Handoff) -> str:
        """Return who has a question, in Slack's markup."""
        who, when = f"<@{handoff.claimed_by}>", moment(handoff.changed)
        match handoff.state:
            case HandoffState.OPEN:
                owners = await self.app.owners.owners(client, handoff.owner)
                return f"Your question is with {owners} already. I'll tell you what they say."
            case HandoffState.CLAIMED:
                return f"{who} is looking into your question already."
            case HandoffState.ANSWERED:
                return f"{who} answered your question {when}."
            case HandoffState.CLOSED:
                return f"{who} closed your question {when}. If you still need to know, ask anew."

    async def tell_asker(
        self,
        client: AsyncWebClient,
        handoff: Handoff,
        text: str,
        *,
        openly: bool = True,
        said: str = "",
        more: Message | None = None,
    ) -> None:
        """Post a text in Slack's markup to the asker, in the thread of the question or directly.

        With `openly` false it is posted directly; `said` is Markdown that is set off below the
        text, `more` a message that follows it. Nothing is posted to somebody outside of Slack.
        """
        if handoff.mail:
            return
        thread = handoff.thread if openly else ""
        place = handoff.channel if thread else handoff.asker
        lead = f"<@{handoff.asker}> {text}" if thread else text
        # Elsewhere than below the question it isn't clear which one is meant.
        asked = (
            () if thread or not said else (context(f"You asked: {shorten(handoff.question, 300)}"),)
        )
        quoted = ({"type": "rich_text", "elements": quote(said)},) if said else ()
        first = Message(f"{lead} {escape(said)}".strip(), (mrkdwn_section(lead), *quoted, *asked))
        messages = [first, more] if more else [first]
        to = _Asker(handoff.asker, place, thread, direct=not thread)
        try:
            for message in messages:
                # Where Slack takes no post, to the asker alone: there, else in a direct message.
                await deliver(client, to, message)
        except SLACK_ERRORS as error:
            _log.info("the asker could not be told: %s", describe_error(error))

    async def show(self, client: AsyncWebClient, handoff: Handoff) -> None:
        """Update the owners' card."""
        owners = await self.app.owners.owners(client, handoff.owner)
        await client.chat_update(
            channel=handoff.notice_channel,
            ts=handoff.notice_ts,
            **handoff_card(handoff, owners).as_arguments(),
        )

    async def refusal(self, client: AsyncWebClient, handoff: Handoff, user: str) -> str:
        """Return why a user may not act on a question, in Slack's markup; empty if they may."""
        return await self.app.owners.refusal(
            client, handoff.team, user, handoff.owner, handoff.notice_channel
        )


ANSWER_VIEW: Final = "answer-question"
NOT_AN_OWNER: Final = "Only the owners of this question may answer it; its card says who they are."
_TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class HandoffActions:
    """What owners do with handed-off questions: claim, answer, give back, close."""

    handoffs: HandoffService

    async def move(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Claim, give back or close a question."""
        client, user = client_of(context), interaction.user
        known = await shown_at(self.handoffs, interaction)
        if known is None:
            await send_ephemeral(interaction, "That question isn't yours to take.", context)
            return
        if refused := await self.handoffs.refusal(client, known, user):
            await send_ephemeral(interaction, refused, context)
            return
        team, handoff_id = known.team, known.id
        async with self.handoffs.app.services.store() as store:
            match interaction.action.partition(":")[0]:
                case Action.CLAIM:
                    handoff, won = await store.handoffs.claim(team, handoff_id, user)
                    said = f"<@{user}> is looking into your question."
                case Action.GIVE_BACK:
                    handoff, won = await store.handoffs.give_back(team, handoff_id)
                    said = "Your question is with all of its owners again."
                case _:
                    handoff, won = await store.handoffs.close(team, handoff_id, user)
                    said = f"<@{user}> has closed your question without an answer."
        if handoff is None or not won:
            await send_ephemeral(interaction, conflict_message(handoff), context)
            return
        await self.handoffs.show(client, handoff)
        await self.handoffs.tell_asker(client, handoff, said)

    async def reply(self, interaction: Interaction, context: AsyncBoltContext) -> None:
        """Open a modal for the answer."""
        client = client_of(context)
        handoff, refused = await visible_handoff(self.handoffs, interaction, client)
        if handoff is None or refused:
            await send_ephemeral(interaction, refused, context)
        else:
            view = _answer_modal(handoff)
            await client.views_open(trigger_id=interaction.trigger, view=view)

    async def answer(
        self, ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        """Store the answer, and post it to the asker."""
        user, text = interaction.user, interaction.view.input(_TEXT).value.strip()
        if not text:
            await ack(response_action="errors", errors={_TEXT: "Please write an answer."})
            return
        client = client_of(context)
        async with self.handoffs.app.services.store() as store:
            handoff = await store.handoffs.get(interaction.team, interaction.view.metadata)
        # Checked again: since the modal was opened, somebody may have stopped to be an owner.
        if handoff and await self.handoffs.refusal(client, handoff, user):
            await ack(response_action="errors", errors={_TEXT: NOT_AN_OWNER})
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
        await self.handoffs.show(client, handoff)
        said = as_markdown(text, escaped=False)
        await self.handoffs.tell_asker(
            client, handoff, f"<@{user}> answers your question:", said=said
        )


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
    handoffs: HandoffService, interaction: Interaction, client: AsyncWebClient
) -> tuple[Handoff | None, str]:
    """Return the question that a user wants to answer, and why they may not."""
    handoff = await shown_at(handoffs, interaction)
    if handoff is None:
        return None, "That question isn't yours to answer."
    if refused := await handoffs.refusal(client, handoff, interaction.user):
        return handoff, refused
    if handoff.state in (HandoffState.ANSWERED, HandoffState.CLOSED):
        return handoff, conflict_message(handoff)
    if handoff.claimed_by not in ("", interaction.user):
        taken = f"<@{handoff.claimed_by}> has taken that question."
        return handoff, f"{taken} “Give back” opens it for you and the other owners."
    return handoff, ""


def conflict_message(handoff: Handoff | None, *, named: bool = True) -> str:
    """Return the message for a user who acts on a question that another has taken."""
    if handoff is None:
        return "That question is no longer kept."
    if handoff.state is HandoffState.OPEN:
        return "This question is open: nobody has taken it, or it was given back."
    state, when = STATES[handoff.state].lower(), moment(handoff.changed, marked=named)
    if named:
        return f"<@{handoff.claimed_by}> has {state} this question {when}."
    return f"This question was {state} {when}."


def _is_lost(handoff: Handoff) -> bool:
    """Whether a process died before it showed a hand-off to anybody."""
    return not handoff.notice_ts and handoff.created < utc_now() - _LOST


def _answer_modal(handoff: Handoff) -> JsonObject:
    answer = text_input(
        _TEXT,
        "Your answer",
        hint="The asker sees it with your name, where they asked. *bold*, _italic_ and lists work.",
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

    @app.action(re.compile(rf"^(?:{Action.CLAIM}|{Action.GIVE_BACK}|{Action.CLOSE}):0$"))
    @needs_storage
    async def on_move(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await handoffs.move(interaction, context)

    @app.action(f"{Action.REPLY}:0")
    @needs_storage
    async def on_reply(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await ack()
        await handoffs.reply(interaction, context)

    @app.view(ANSWER_VIEW)
    @needs_storage
    async def on_answer(ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext) -> None:
        await handoffs.answer(ack, interaction, context)
