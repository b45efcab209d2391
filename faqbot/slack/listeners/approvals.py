"""Decisions of owners about proposals and suggestions; approved ones become content."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.publisher import ApprovedFaq
from faqbot.errors import FaqbotError
from faqbot.model import Audience
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
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.payloads import Interaction
from faqbot.slack.posts import post_to_first, send_ephemeral
from faqbot.storage.models import PHRASING, Proposal, ProposalState, utc_now

_QUOTED: Final = 2_500
_STATES: Final = {
    ProposalState.OPEN: "Waiting for a decision",
    ProposalState.APPROVED: "Approved",
    ProposalState.REJECTED: "Rejected",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProposalReview:
    """Review of proposals: notices to owners, decisions, publication."""

    app: AppContext

    async def take(self, proposal: Proposal, client: AsyncWebClient) -> None:
        """Store a proposal, and post it to its owner.

        Raises:
            StoreError: the database is down.
        """
        role = self.app.engine.knowledge_base.role(proposal.role)
        places = await self.app.owners.places(client, role.owner if role else "")
        if not places:
            await self._tell(client, proposal, "Nobody is set up here to decide about proposals.")
            return
        async with self.app.services.store() as store:
            # Stored before it is shown: an owner may click at once.
            await store.proposals.add(proposal)
        shown = await post_to_first(client, places, notice_of(proposal, self._about(proposal)))
        async with self.app.services.store() as store:
            await store.proposals.set_notice(
                proposal.team, proposal.id, shown["channel"], shown["ts"]
            )
        await self._tell(
            client, proposal, "Thank you! The owners decide about your proposal, and I tell you."
        )

    async def decide(
        self, interaction: Interaction, context: AsyncBoltContext, *, approve: bool
    ) -> None:
        """Approve or reject a proposal, at the message that shows it to its owners."""
        known = await self._proposal(interaction)
        # A value can be forged, so only a click on the message that the owners got counts.
        place = known and (known.notice_channel, known.notice_ts)
        if known is None or place != (interaction.channel, interaction.ts):
            await send_ephemeral(interaction, "That proposal isn't yours to decide about.", context)
            return
        proposal = await self._decided(interaction, context, approve=approve)
        if proposal is None:
            return
        client = client_of(context)
        shown = notice_of(proposal, self._about(proposal)).as_arguments()
        await client.chat_update(channel=proposal.notice_channel, ts=proposal.notice_ts, **shown)
        question = escape(shorten(proposal.question, 300))
        said = "is answered from now on" if approve else "was not taken up"
        await self._tell(client, proposal, f"Your proposal “{question}” {said}.")

    async def decide_suggestion(
        self, interaction: Interaction, context: AsyncBoltContext, *, approve: bool
    ) -> None:
        """Accept or dismiss a suggested phrasing, in App Home."""
        known = await self._proposal(interaction)
        # An id of another kind of proposal would decide here what only its own owner may decide.
        if known is None or known.kind != PHRASING or known.entry is None:
            await send_ephemeral(interaction, "That suggestion is no longer there.", context)
            return
        await self._decided(interaction, context, approve=approve)

    async def _proposal(self, interaction: Interaction) -> Proposal | None:
        async with self.app.services.store() as store:
            return await store.proposals.get(interaction.team, interaction.value)

    async def _decided(
        self, interaction: Interaction, context: AsyncBoltContext, *, approve: bool
    ) -> Proposal | None:
        """Record a decision and publish what is approved. Returns None if nothing was decided.

        None is returned if somebody else was faster, or if the content can't be written, which
        reopens the proposal. The user gets the reason.
        """
        async with self.app.services.store() as store:
            proposal, won = await store.proposals.decide(
                interaction.team, interaction.value, interaction.user, approve=approve
            )
        if proposal is None or not won:
            who = f"<@{proposal.decided_by}>" if proposal and proposal.decided_by else "Somebody"
            await send_ephemeral(interaction, f"{who} has already decided about this.", context)
            return None
        why = await self._publish(proposal) if approve else ""
        if not why:
            return proposal
        async with self.app.services.store() as store:
            await store.proposals.reopen(proposal.team, proposal.id)
        said = f"It could not be written, so it stays open: {escape(shorten(why, 1_000))}"
        await send_ephemeral(interaction, said, context)
        return None

    async def _publish(self, proposal: Proposal) -> str:
        """Make content of a proposal. Returns why that isn't possible, or an empty string."""
        publisher = self.app.publisher
        if publisher is None:
            return "the content can't be written here."
        try:
            if proposal.kind == PHRASING and proposal.entry is not None:
                await publisher.add_phrasing(proposal.entry, proposal.question)
            else:
                await publisher.publish(
                    ApprovedFaq(
                        proposal.question,
                        proposal.answer,
                        proposal.role,
                        Audience(proposal.audience),
                        utc_now().date(),
                    )
                )
        except FaqbotError as error:
            _log.warning("a proposal could not become content: %s", type(error).__name__)
            return str(error)
        return ""

    def _about(self, proposal: Proposal) -> str:
        role = self.app.engine.knowledge_base.role(proposal.role)
        return role.title if role else "General"

    async def _tell(self, client: AsyncWebClient, proposal: Proposal, text: str) -> None:
        try:
            await client.chat_postMessage(
                channel=proposal.proposed_by, **remark(text).as_arguments()
            )
        except SLACK_ERRORS as error:
            _log.info("who proposed could not be told: %s", describe_error(error))


def notice_of(proposal: Proposal, about: str) -> Message:
    """Return the message that shows a proposal to its owner."""
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


def register(app: AsyncApp, app_context: AppContext) -> None:
    """Register the listeners by which owners decide about proposals and suggestions."""
    review, reports = ProposalReview(app_context), Reports(app_context)

    @app.action(re.compile(rf"^(?:{Action.APPROVE}|{Action.REJECT}):0$"))
    @needs_storage
    async def on_decision(
        ack: AsyncAck, interaction: Interaction, context: AsyncBoltContext
    ) -> None:
        await ack()
        approve = interaction.action.startswith(Action.APPROVE)
        await review.decide(interaction, context, approve=approve)

    @app.action(re.compile(rf"^(?:{Action.ACCEPT_SUGGESTION}|{Action.DISMISS_SUGGESTION}):\d+$"))
    @needs_storage
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
        await review.decide_suggestion(interaction, context, approve=approve)
        view = await reports.home(interaction.team)
        await client.views_publish(user_id=interaction.user, view=view)
