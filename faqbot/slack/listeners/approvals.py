"""Decisions of owners about proposals and suggestions; approved ones become content."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.publisher import ApprovedFaq, FileEdit
from faqbot.errors import FaqbotError
from faqbot.model import Audience
from faqbot.slack.blockkit.blocks import Action, remark, shorten
from faqbot.slack.blockkit.cards import ALONE, moment, proposal_card
from faqbot.slack.blockkit.rich_text import escape
from faqbot.slack.client import SLACK_ERRORS, client_of, describe_error
from faqbot.slack.context import AppContext
from faqbot.slack.listeners.errors import needs_storage
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.owners import owner_of
from faqbot.slack.payloads import Interaction
from faqbot.slack.posts import post_to_first, send_ephemeral
from faqbot.storage.models import EDIT, PHRASING, Proposal, ProposalState, utc_now

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
        places = await self.app.owners.places(client, self._owner(proposal))
        if not places:
            await self._tell(client, proposal, "Nobody is set up here to decide about proposals.")
            return
        async with self.app.services.store() as store:
            # Stored before it is shown: an owner may click at once.
            await store.proposals.add(proposal)
        owners = await self.app.owners.owners(client, self._owner(proposal))
        card = proposal_card(proposal, self._about(proposal), owners)
        shown = await post_to_first(client, places, card)
        async with self.app.services.store() as store:
            await store.proposals.set_notice(
                proposal.team, proposal.id, shown["channel"], shown["ts"]
            )
        said = "Thank you! The owners decide about your proposal, and I tell you."
        if not owners.besides(proposal.proposed_by):
            said = f"Thank you! Your proposal waits. {ALONE}"
        await self._tell(client, proposal, said)

    async def decide(
        self, interaction: Interaction, context: AsyncBoltContext, *, approve: bool
    ) -> None:
        """Approve or reject a proposal, at the message that shows it to its owners."""
        client = client_of(context)
        known = await self._proposal(interaction)
        # A value can be forged, so only a click on the message that the owners got counts.
        place = known and (known.notice_channel, known.notice_ts)
        if known is None or place != (interaction.channel, interaction.ts):
            await send_ephemeral(interaction, "That proposal isn't yours to decide about.", context)
            return
        refused = await self._refusal(client, interaction, known)
        if not refused and approve and interaction.user == known.proposed_by:
            refused = await self._own_proposal(client, known)
        if refused:
            await send_ephemeral(interaction, refused, context)
            return

        async def on_decided(decided: Proposal) -> None:
            # Writing and loading the content takes seconds, in which the card would look unheard.
            await self._show(client, decided, written=not approve)

        proposal = await self._decided(interaction, context, on_decided, approve=approve)
        if proposal is None:
            return
        if approve:
            await self._show(client, proposal)
        question = escape(shorten(proposal.question, 300))
        taken_up = "is in the content now" if proposal.kind == EDIT else "is answered from now on"
        said = taken_up if approve else "was not taken up"
        await self._tell(client, proposal, f"Your proposal “{question}” {said}.")

    async def decide_suggestion(
        self,
        interaction: Interaction,
        context: AsyncBoltContext,
        on_decided: Callable[[Proposal], Awaitable[None]],
        *,
        approve: bool,
    ) -> None:
        """Accept or dismiss a suggested phrasing, in App Home."""
        known = await self._proposal(interaction)
        # An id of another kind of proposal would decide here what only its own owner may decide.
        if known is None or known.kind != PHRASING or known.entry is None:
            await send_ephemeral(interaction, "That suggestion is no longer there.", context)
            return
        if refused := await self._refusal(client_of(context), interaction, known):
            await send_ephemeral(interaction, refused, context)
            return
        await self._decided(interaction, context, on_decided, approve=approve)

    async def _refusal(
        self, client: AsyncWebClient, interaction: Interaction, proposal: Proposal
    ) -> str:
        return await self.app.owners.refusal(
            client,
            interaction.team,
            interaction.user,
            self._owner(proposal),
            proposal.notice_channel,
        )

    async def _own_proposal(self, client: AsyncWebClient, proposal: Proposal) -> str:
        """Return why who proposed something can't approve it."""
        owners = await self.app.owners.owners(client, self._owner(proposal))
        if not owners.besides(proposal.proposed_by):
            return f"You proposed this yourself. {ALONE}"
        return f"You proposed this yourself, so somebody else of {owners} approves it."

    def _owner(self, proposal: Proposal) -> str:
        """Return the owner of what is proposed: of the entry of a phrasing, of an FAQ's role."""
        knowledge_base = self.app.engine.knowledge_base
        if proposal.entry is not None:
            return owner_of(knowledge_base, proposal.entry)
        role = knowledge_base.role(proposal.role)
        return role.owner if role else ""

    async def _show(
        self, client: AsyncWebClient, proposal: Proposal, *, written: bool = True
    ) -> None:
        """Bring the card of a proposal up to date."""
        owners = await self.app.owners.owners(client, self._owner(proposal))
        card = proposal_card(proposal, self._about(proposal), owners, written=written)
        try:
            await client.chat_update(
                channel=proposal.notice_channel, ts=proposal.notice_ts, **card.as_arguments()
            )
        except SLACK_ERRORS as error:
            _log.info("a proposal's card was not updated: %s", describe_error(error))

    async def _proposal(self, interaction: Interaction) -> Proposal | None:
        async with self.app.services.store() as store:
            return await store.proposals.get(interaction.team, interaction.value)

    async def _decided(
        self,
        interaction: Interaction,
        context: AsyncBoltContext,
        on_decided: Callable[[Proposal], Awaitable[None]],
        *,
        approve: bool,
    ) -> Proposal | None:
        """Record a decision and publish what is approved. Returns None if nothing was decided.

        None is returned if somebody else was faster, or if the content can't be written, which
        reopens the proposal. The user gets the reason. `on_decided` is called in between.
        """
        async with self.app.services.store() as store:
            proposal, won = await store.proposals.decide(
                interaction.team, interaction.value, interaction.user, approve=approve
            )
        if proposal is None:
            await send_ephemeral(interaction, "That proposal is no longer kept.", context)
            return None
        if not won:
            # A second click of who has decided needs no reply: the first one had it.
            if proposal.decided_by != interaction.user:
                state, when = proposal.state.value, moment(proposal.changed)
                said = f"<@{proposal.decided_by}> has {state} this {when}."
                await send_ephemeral(interaction, said, context)
            return None
        await on_decided(proposal)
        why = await self._publish(proposal, client_of(context)) if approve else ""
        if not why:
            return proposal
        async with self.app.services.store() as store:
            await store.proposals.reopen(proposal.team, proposal.id)
        if proposal.notice_ts:
            await self._show(
                client_of(context), replace(proposal, state=ProposalState.OPEN, decided_by="")
            )
        said = f"It could not be written, so it stays open: {escape(shorten(why, 1_000))}"
        await send_ephemeral(interaction, said, context)
        return None

    async def _publish(self, proposal: Proposal, client: AsyncWebClient) -> str:
        """Make content of a proposal. Returns why that isn't possible, or an empty string."""
        publisher = self.app.publisher
        if publisher is None:
            return "the content can't be written here."
        try:
            if proposal.kind == PHRASING and proposal.entry is not None:
                await publisher.add_phrasing(proposal.entry, proposal.question)
            elif proposal.kind == EDIT:
                edit = FileEdit(proposal.file, proposal.version, proposal.text)
                await publisher.write_edit(edit)
            else:
                await publisher.publish(
                    ApprovedFaq(
                        proposal.question,
                        proposal.answer,
                        proposal.role,
                        Audience(proposal.audience),
                        utc_now().date(),
                        await self._owner_of_faq(proposal, client),
                    )
                )
        except FaqbotError as error:
            _log.warning("a proposal could not become content: %s", type(error).__name__)
            return str(error)
        return ""

    async def _owner_of_faq(self, proposal: Proposal, client: AsyncWebClient) -> str:
        """Return the owner to write into a new FAQ; empty where the role's owner owns it."""
        if not proposal.owner and self._owner(proposal):
            return ""
        return await self.app.owners.written(client, proposal.owner or proposal.decided_by)

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

        async def publish(_: Proposal | None = None) -> None:
            view = await reports.home(interaction.team, client)
            await client.views_publish(user_id=interaction.user, view=view)

        approve = interaction.action.startswith(Action.ACCEPT_SUGGESTION)
        await review.decide_suggestion(interaction, context, publish, approve=approve)
        await publish()
