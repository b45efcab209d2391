"""Edits that owners propose on the pages, and that owners decide about in Slack."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.loader import check_folder, load_knowledge_base
from faqbot.errors import UsageError
from faqbot.model import KnowledgeBase
from faqbot.slack.blockkit.cards import ALONE, proposal_card
from faqbot.slack.client import SLACK_ERRORS, describe_error
from faqbot.slack.owners import OwnerDirectory
from faqbot.slack.posts import post_to_first
from faqbot.storage.models import Proposal, ProposalState
from faqbot.storage.store import Store

_NOBODY = (
    "Nobody is set up to decide about this: name an owner in the role, or set "
    "FAQBOT_DEFAULT_OWNER. What you wrote is still on this page."
)


class CurrentContent:
    """The content of a folder: as it is now, or as it was before it got problems.

    Args:
        folder: the content folder.

    Raises:
        ContentError: the content has problems from the start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.knowledge_base = load_knowledge_base(folder)

    async def refresh(self) -> KnowledgeBase:
        """Read the folder again, and return what it holds."""
        try:
            found, _ = await asyncio.to_thread(check_folder, self.folder)
        except UsageError:
            found = None
        if found is not None:
            self.knowledge_base = found
        return self.knowledge_base


@dataclass(frozen=True, slots=True)
class EditProposals:
    """Takes proposed edits of a workspace to the owners of what is edited.

    Args:
        store: keeps the proposals.
        bot: a client with the bot token.
        team: the workspace.
        owners: looks up who owns what.
        content: says whose each role is.
    """

    store: Store
    bot: AsyncWebClient
    team: str
    owners: OwnerDirectory
    content: CurrentContent

    async def may_edit(self, person: str) -> bool:
        """Whether a user may propose edits: owners, by name."""
        knowledge_base = await self.content.refresh()
        return await self.owners.acts(self.bot, self.team, knowledge_base, person)

    async def take(self, proposal: Proposal) -> str:
        """Store a proposal and post it to its owners; returns what became of it, in words.

        Raises:
            UsageError: nobody can decide about it, or Slack can't be reached.
            StoreError: the database is down.
        """
        proposal = replace(proposal, team=self.team)
        role = (await self.content.refresh()).role(proposal.role)
        owner = role.owner if role else ""
        places = await self.owners.places(self.bot, owner)
        if not places:
            raise UsageError(_NOBODY)
        waiting = await self.store.proposals.all(self.team, (ProposalState.OPEN,))
        rivals = [one for one in waiting if one.file == proposal.file]
        # Stored before it is shown: an owner may click at once.
        await self.store.proposals.add(proposal)
        owners = await self.owners.owners(self.bot, owner)
        try:
            shown = await post_to_first(self.bot, places, proposal_card(proposal, "", owners))
        except SLACK_ERRORS as error:
            await self.store.proposals.decide(self.team, proposal.id, "", approve=False)
            raise UsageError(
                f"Slack didn't take the message to the owners ({describe_error(error)}): save "
                "again in a minute. What you wrote is still on this page."
            ) from error
        await self.store.proposals.set_notice(self.team, proposal.id, shown["channel"], shown["ts"])
        said = "Proposed: the owners decide in Slack, and you are told there."
        if not owners.besides(proposal.proposed_by):
            said = f"Proposed, and waits. {ALONE.replace('`', '')}"
        if rivals:
            said += (
                " Another change of this file waits too: of the two, the one that is approved "
                "second has to be made again."
            )
        return said
