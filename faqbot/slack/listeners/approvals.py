"""Owners decide about proposals; an approved one answers at once."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.publisher import ApprovedFaq, Publisher
from faqbot.engine import Engine
from faqbot.errors import FaqbotError
from faqbot.model import Audience, KnowledgeBase
from faqbot.slack.blockkit.blocks import (
    Action,
    Message,
    actions,
    button,
    header,
    mrkdwn_context,
    mrkdwn_section,
    remark,
    shorten,
)
from faqbot.slack.blockkit.rich_text import JsonObject, escape
from faqbot.slack.blockkit.views import NOT_NOW, home
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.conversations import post_to_first, send_ephemeral
from faqbot.slack.directory import OwnerDirectory
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.payloads import Interaction
from faqbot.storage.models import PHRASING, Proposal, ProposalState, StoreError, utc_now
from faqbot.storage.recorder import QuestionRecorder

_QUOTED: Final = 2_500
_STATES: Final = {
    ProposalState.OPEN: "Waiting for a decision",
    ProposalState.APPROVED: "Approved",
    ProposalState.REJECTED: "Rejected",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProposalReview:
    """What it takes to decide about proposals.

    Args:
        engine: knows the roles' owners.
        memory: keeps the proposals.
        publisher: makes content of them; None where the content can't be written.
        owners: knows where owners are reached.
    """

    engine: Engine
    memory: QuestionRecorder
    publisher: Publisher | None
    owners: OwnerDirectory

    async def take(self, proposal: Proposal, client: AsyncWebClient) -> None:
        """Keep a proposal and show it to its owner.

        Raises:
            StoreError: the database is down.
        """
        role = self.engine.knowledge_base.role(proposal.role)
        places = await self.owners.places(client, role.owner if role else "")
        if not places:
            await self._tell(client, proposal, "Nobody is set up here to decide about proposals.")
            return
        async with self.memory.store() as store:
            # Stored before it is shown: an owner may click at once.
            await store.proposals.add(proposal)
        shown = await post_to_first(client, places, notice_of(proposal, self._about(proposal)))
        async with self.memory.store() as store:
            await store.proposals.set_notice(
                proposal.team, proposal.id, shown["channel"], shown["ts"]
            )
        await self._tell(
            client, proposal, "Thank you! The owners decide about your proposal, and I tell you."
        )

    async def decide(
        self, interaction: Interaction, context: AsyncBoltContext, *, approve: bool
    ) -> None:
        """Approve or reject, where the owners were shown it."""
        async with self.memory.store() as store:
            known = await store.proposals.get(interaction.team, interaction.value)
        # A value can be forged, so only a click on the message that the owners got counts.
        place = known and (known.notice_channel, known.notice_ts)
        if known is None or place != (interaction.channel, interaction.ts):
            await send_ephemeral(interaction, "That proposal isn't yours to decide about.", context)
            return
        async with self.memory.store() as store:
            proposal, won = await store.proposals.decide(
                interaction.team, interaction.value, interaction.user, approve=approve
            )
        if proposal is None or not won:
            by = f" by <@{proposal.decided_by}>" if proposal and proposal.decided_by else ""
            await send_ephemeral(
                interaction, f"You are a moment late: it was decided{by} already.", context
            )
            return
        client = client_of(context)
        if approve and not await self._published(interaction, proposal, context):
            return
        shown = notice_of(proposal, self._about(proposal)).as_arguments()
        await client.chat_update(channel=proposal.notice_channel, ts=proposal.notice_ts, **shown)
        question = escape(shorten(proposal.question, 300))
        said = "is answered from now on" if approve else "was not taken up"
        await self._tell(client, proposal, f"Your proposal “{question}” {said}.")

    async def decide_suggestion(
        self, interaction: Interaction, context: AsyncBoltContext, *, approve: bool
    ) -> None:
        """Take up a suggested phrasing or not, in App Home; refused to who is no owner."""
        async with self.memory.store() as store:
            known = await store.proposals.get(interaction.team, interaction.value)
        # An id of another kind of proposal would decide here what only its own owner may decide.
        if known is None or known.kind != PHRASING or known.entry is None:
            await send_ephemeral(interaction, "That suggestion is no longer there.", context)
            return
        async with self.memory.store() as store:
            proposal, won = await store.proposals.decide(
                interaction.team, interaction.value, interaction.user, approve=approve
            )
        if proposal is None or not won:
            by = f" by <@{proposal.decided_by}>" if proposal and proposal.decided_by else ""
            await send_ephemeral(
                interaction, f"You are a moment late: it was decided{by} already.", context
            )
            return
        if not approve:
            return
        why = "the content can't be written here."
        try:
            if self.publisher is not None:
                await self.publisher.add_phrasing(known.entry, known.question)
                return
        except FaqbotError as error:
            _log.warning("a suggestion could not become content: %s", type(error).__name__)
            why = str(error)
        async with self.memory.store() as store:
            await store.proposals.reopen(proposal.team, proposal.id)
        said = f"It could not be written, so it stays open: {escape(shorten(why, 1_000))}"
        await send_ephemeral(interaction, said, context)

    async def _published(
        self, interaction: Interaction, proposal: Proposal, context: AsyncBoltContext
    ) -> bool:
        """Whether the proposal is content now; if not, it is open again and says why."""
        draft = ApprovedFaq(
            proposal.question,
            proposal.answer,
            proposal.role,
            Audience(proposal.audience),
            utc_now().date(),
        )
        why = "the content can't be written here."
        try:
            if self.publisher is not None:
                await self.publisher.publish(draft)
                return True
        except FaqbotError as error:
            _log.warning("a proposal could not become content: %s", type(error).__name__)
            why = str(error)
        async with self.memory.store() as store:
            await store.proposals.reopen(proposal.team, proposal.id)
        said = f"It could not be written, so it stays open: {escape(shorten(why, 1_000))}"
        await send_ephemeral(interaction, said, context)
        return False

    def _about(self, proposal: Proposal) -> str:
        role = self.engine.knowledge_base.role(proposal.role)
        return role.title if role else "General"

    async def _tell(self, client: AsyncWebClient, proposal: Proposal, text: str) -> None:
        try:
            await client.chat_postMessage(
                channel=proposal.proposed_by, **remark(text).as_arguments()
            )
        except SLACK_ERRORS as error:
            _log.info("who proposed could not be told: %s", describe_error(error))


def notice_of(proposal: Proposal, about: str) -> Message:
    """The message that shows a proposal to its owner."""
    facts = (
        f"{_STATES[proposal.state]}"
        f"{f' by <@{proposal.decided_by}>' if proposal.decided_by else ''}"
        f" · {escape(about)} · for {proposal.audience}"
    )
    blocks: list[JsonObject] = [
        header("A proposal for an FAQ"),
        mrkdwn_section(f"<@{proposal.proposed_by}> proposes:"),
        mrkdwn_section(f"*{escape(shorten(proposal.question, _QUOTED))}*"),
        mrkdwn_section(escape(shorten(proposal.answer, _QUOTED))),
        mrkdwn_context(facts),
    ]
    if proposal.state is ProposalState.OPEN:
        elements = [
            button(Action.APPROVE, 0, "Approve", proposal.id, style="primary"),
            button(Action.REJECT, 0, "Reject", proposal.id),
        ]
        blocks.append(actions(elements))
    return Message(f"A proposal for an FAQ: {escape(proposal.question)}", tuple(blocks))


def register(app: AsyncApp, deciding: ProposalReview) -> None:
    """Let owners approve and reject."""

    @app.action(re.compile(rf"^(?:{Action.APPROVE}|{Action.REJECT}):0$"))
    async def on_decision(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await ack()
        approve = interaction.action.startswith(Action.APPROVE)
        try:
            await deciding.decide(interaction, context, approve=approve)
        except StoreError:
            await send_ephemeral(interaction, NOT_NOW, context)


MOST = 5
_WORDS = 200


def suggestions(proposals: Sequence[Proposal], knowledge_base: KnowledgeBase) -> list[JsonObject]:
    """Blocks with the suggestions that wait, each with its two buttons."""
    blocks: list[JsonObject] = []
    for number, proposal in enumerate(proposals[:MOST]):
        entry = knowledge_base.entry(proposal.entry or "")
        role = knowledge_base.role(proposal.role)
        named = " · ".join(part.title for part in (role, entry) if part)
        said = f"“{escape(shorten(proposal.question, _WORDS))}”\nleads to *{escape(named)}*"
        blocks += [
            mrkdwn_section(said),
            actions(
                [
                    button(Action.ACCEPT_SUGGESTION, number, "Take it up", proposal.id),
                    button(Action.DISMISS_SUGGESTION, number, "Leave it", proposal.id),
                ]
            ),
        ]
    return blocks


def register_suggestions(app: AsyncApp, reports: Reports, deciding: ProposalReview) -> None:
    """Let owners decide about suggestions."""

    @app.action(re.compile(rf"^(?:{Action.ACCEPT_SUGGESTION}|{Action.DISMISS_SUGGESTION}):\d+$"))
    async def on_suggestion(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await ack()
        client = client_of(context)
        if not await reports.may_read(client, interaction.user):
            await send_ephemeral(
                interaction, "Only the owners of content, and admins, can decide that.", context
            )
            return
        approve = interaction.action.startswith(Action.ACCEPT_SUGGESTION)
        try:
            await deciding.decide_suggestion(interaction, context, approve=approve)
        except StoreError:
            await send_ephemeral(interaction, NOT_NOW, context)
            return
        view = home(reports.engine.knowledge_base)
        view["blocks"] = [*view["blocks"], *await reports.home(interaction.team)][:100]
        await client.views_publish(user_id=interaction.user, view=view)
