"""The app of a workspace, put together from its content, its token and what all share."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.git import PREFIX
from faqbot.content.publisher import Publishing, Unwritable
from faqbot.engine import Desk
from faqbot.engine__conversations import Conversations
from faqbot.errors import FaqbotError
from faqbot.slack.app import create_app
from faqbot.slack.client import reason_of
from faqbot.slack.context import Shared
from faqbot.slack.context__backstage import Backstage
from faqbot.slack.directory__owners import Owners
from faqbot.slack.listeners.reports import Reports
from faqbot.storage.installations import Installation, Workspace
from faqbot.storage.models import Speaks
from faqbot.workspaces.app_pool__occupied import Digest, Occupied, Opened
from faqbot.workspaces.config import Assigned
from faqbot.workspaces.content_pool import AGAIN, Shelf
from faqbot.workspaces.content_pool__books import Book
from faqbot.workspaces.router__unavailable import create_unavailable
from faqbot.workspaces.tokens import Tokens
from faqbot.workspaces.tokens__authorizing import authorizing

REMEMBERED: Final = 10_000
"""Workspaces whose conversations are remembered while their content is not loaded."""

THREADS: Final = 2_000
"""Conversations that are remembered of each."""

_GIT: Final = (
    "This workspace's content comes from a git repository: propose the change to whoever keeps it."
)
_SHARED: Final = (
    "Several workspaces answer from this content, so it isn't changed from one of them: send your "
    "proposal to whoever runs faqbot."
)
_log = logging.getLogger(__name__)


class Remembered:
    """The conversations of each workspace, kept while its app is not open."""

    def __init__(self) -> None:
        self._of: OrderedDict[tuple[Workspace, str], Conversations] = OrderedDict()

    def of(self, workspace: Workspace, team: str) -> Conversations:
        """The conversations of a team, and of nobody else."""
        key = (workspace, team)
        found = self._of.setdefault(key, Conversations(time.monotonic, THREADS))
        self._of.move_to_end(key)
        while len(self._of) > REMEMBERED:
            self._of.popitem(last=False)
        return found


@dataclass(frozen=True)
class Opener:
    """Opens the apps of workspaces.

    Args:
        shelf: has their content.
        assigned: says what a team has of its own, given its id and its organisation's.
        owns: says whether a team's content is its alone.
        default: the address of the content of those that have none of their own.
        client: a client of the Web API without a token, whose session all share.
        tokens: give the bot tokens.
        shared: what the apps of the process have in common.
        backstage: what remembers; its owners and manners hold where a workspace has none.
    """

    shelf: Shelf
    assigned: Callable[[str, str], Assigned]
    owns: Callable[[str], bool]
    default: str
    client: AsyncWebClient
    tokens: Tokens
    shared: Shared
    backstage: Backstage | None
    remembered: Remembered = field(default_factory=Remembered)

    async def __call__(self, installation: Installation, team: str, occupied: Occupied) -> Opened:
        """Open the app of a team; where its content can't be loaded, one that says so."""
        # Bolt takes None for “no token”, which its types do not say.
        authorize: Any = authorizing(installation, self.tokens)
        assigned = self.assigned(team, installation.workspace.enterprise)
        try:
            book = await self.shelf.take(assigned.knowledge or self.default)
        except FaqbotError:
            _log.error("workspace %s gets no answers: its content can't be loaded", team)
            app = create_unavailable(self._client(), self.shared, authorize)
            return Opened(app, _no_digest, lifetime=AGAIN)
        desk = book.desk(occupied, self.remembered.of(installation.workspace, team))
        backstage = self._backstage(book, assigned, team)
        return Opened(
            create_app(desk, self._client(), self.shared, backstage=backstage, authorize=authorize),
            self._digest(installation, team, desk, backstage),
            used=lambda: self.shelf.used(book),
            close=lambda: book.leave(desk),
        )

    async def teams(self, installation: Installation) -> tuple[str, ...]:
        """The teams that an installation serves; none where Slack doesn't tell."""
        if not installation.org_wide:
            return (installation.workspace.team,)
        try:
            token = await self.tokens.of(installation.workspace)
            answer = await self._client(token or "").auth_teams_list(limit=1_000)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            reason = reason_of(error) if isinstance(error, SlackApiError) else type(error).__name__
            _log.warning("the teams of an organisation could not be listed: %s", reason)
            return ()
        return tuple(str(one["id"]) for one in answer.get("teams") or ())

    def _backstage(self, book: Book, assigned: Assigned, team: str) -> Backstage | None:
        if self.backstage is None:
            return None
        return replace(
            self.backstage,
            owners=assigned.owners or self.backstage.owners,
            speaks=Speaks(assigned.speaks) if assigned.speaks else self.backstage.speaks,
            publisher=self._publisher(book, team),
            content=lambda: book.reloader.state,
        )

    def _publisher(self, book: Book, team: str) -> Publishing:
        if book.address.startswith(PREFIX):
            return Unwritable(_GIT)
        return book.publisher if self.owns(team) else Unwritable(_SHARED)

    def _digest(
        self, installation: Installation, team: str, desk: Desk, backstage: Backstage | None
    ) -> Digest:
        if backstage is None:
            return _no_digest
        reports = Reports(desk, backstage, Owners(backstage.owners))

        async def digest(day: dt.date) -> int:
            token = await self.tokens.of(installation.workspace)
            return await reports.send_digest(self._client(token or ""), team, day)

        return digest

    def _client(self, token: str | None = None) -> AsyncWebClient:
        return AsyncWebClient(
            token=token,
            base_url=self.client.base_url,
            session=self.client.session,
            logger=self.client._logger,  # noqa: SLF001 - it has no other name
            retry_handlers=self.client.retry_handlers,
        )


async def _no_digest(_: object) -> int:
    return 0
