"""Server of the insights pages: for this machine only, or for owners who sign in with Slack.

Owners who signed in may propose edits there, about which owners decide in Slack.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.types import ASGIApp

from faqbot.content.loader import check_folder, load_knowledge_base
from faqbot.errors import SettingsError, UsageError
from faqbot.insights.auth import OwnersOnly, Sessions, SlackIdentity
from faqbot.insights.views import InsightsPages
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.similarity import group_by_meaning
from faqbot.model import KnowledgeBase
from faqbot.runtime.processes import run_until_signal
from faqbot.runtime.web import LOCAL_HOSTS, Server, background_server, listen
from faqbot.settings.models import Settings, reveal
from faqbot.slack.blockkit.cards import ALONE, proposal_card
from faqbot.slack.client import SLACK_ERRORS, describe_error, team_id_of, web_client
from faqbot.slack.owners import OwnerDirectory
from faqbot.slack.posts import post_to_first
from faqbot.storage.models import Proposal, ProposalState
from faqbot.storage.store import Store, with_store

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


@dataclass(frozen=True, slots=True)
class BindAddress:
    """Address of the server."""

    host: str
    port: int

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


MakeEditor = Callable[[Callable[[Proposal], Awaitable[str]]], ASGIApp]
"""Returns the editor as an application, given what takes its edits to who decides."""


def serve_insights(
    database: str | None,
    knowledge: Path,
    address: BindAddress,
    settings: Settings | None,
    make_editor: MakeEditor | None = None,
) -> None:
    """Serve the insights pages until a signal; with settings, only to owners who sign in.

    Args:
        database: the address of the database.
        knowledge: the content folder.
        address: where to listen.
        settings: how owners sign in; None lets everybody read who can connect.
        make_editor: makes the editor for owners who sign in; None where content can't be edited.

    Raises:
        UsageError: there is no database.
        ContentError: the content has problems.
        SettingsError: other machines can connect, and sign-in isn't set up.
        ServiceError: the port is taken, or Slack can't be reached.
        StoreError: the database can't be used.
    """
    if settings is None and not address.is_local:
        raise SettingsError(
            f"On {address.host} the pages need signing in: set FAQBOT_INSIGHTS_URL."
        )
    content = CurrentContent(knowledge)
    grouping = partial(group_by_meaning, encoder=StaticEncoder())

    async def serve(store: Store) -> None:
        pages = partial(InsightsPages, store, lambda: content.knowledge_base, grouping)
        # Before the calls to Slack, so that a taken port is reported at once.
        listener = listen(address.host, address.port)
        try:
            async with insights_app(pages, content, store, settings, make_editor) as app:
                shown = settings.faqbot_insights_url if settings else ""
                _say(f"faqbot insights: {shown or f'http://{address.host}:{address.port}'}/")
                async with background_server(Server(app), listener) as serving:
                    await asyncio.shield(serving)
        finally:
            listener.close()

    run_until_signal(with_store(database, serve))


@asynccontextmanager
async def insights_app(
    make_pages: Callable[..., InsightsPages],
    content: CurrentContent,
    store: Store,
    settings: Settings | None,
    make_editor: MakeEditor | None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Starlette]:
    """Yield the application of the pages, while its connections to Slack are open.

    Args:
        make_pages: makes the pages of a workspace, or of all.
        content: the content.
        store: has the questions and the proposals.
        settings: how owners sign in; None lets everybody read who can connect.
        make_editor: makes the editor for owners who sign in; None where content can't be edited.
        clock: a monotonic clock, in seconds.
    """
    if settings is None:
        yield make_pages().app()
        return
    _check(settings)
    address = urlsplit(settings.faqbot_insights_url)
    async with (
        web_client(reveal(settings.slack_bot_token), settings.slack_api_url) as bot,
        web_client("", settings.slack_api_url) as anyone,
    ):
        team = await team_id_of(bot)
        owners = OwnerDirectory(settings.faqbot_default_owner, clock=clock)
        # An owner of one workspace may not read another's questions.
        pages = make_pages(team)
        if make_editor is not None:
            edits = EditProposals(store, bot, team, owners, content)
            editor = OwnersOnly(make_editor(edits.take), edits.may_edit, pages.refused, clock)
            pages = make_pages(team, editor=editor, folder=content.folder)
        identity = SlackIdentity(
            bot=bot,
            client=anyone,
            team=team,
            client_id=settings.slack_client_id,
            client_secret=reveal(settings.slack_client_secret),
            redirect_url=f"{settings.faqbot_insights_url}/sign-in/done",
            knowledge_base=lambda: content.knowledge_base,
            owners=owners,
        )
        sessions = Sessions(identity, pages.sign_in, secure=address.scheme == "https", clock=clock)
        yield pages.app((*LOCAL_HOSTS, address.hostname or ""), sessions)


def _check(settings: Settings) -> None:
    """Raise a SettingsError if settings for the sign-in are missing."""
    missing = [
        name.upper()
        for name in (
            "slack_bot_token",
            "slack_client_id",
            "slack_client_secret",
            "faqbot_insights_url",
        )
        if not getattr(settings, name)
    ]
    if missing:
        raise SettingsError(
            f"Signing in with Slack needs {', '.join(missing)}: the client's id and secret stand "
            "under “Basic Information” in the app's settings, and the redirect URL under “OAuth & "
            "Permissions” must be FAQBOT_INSIGHTS_URL with /sign-in/done."
        )


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the operator needs the address
