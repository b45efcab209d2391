"""Factory of the apps of workspaces: loads their content, and gives each app what it needs."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cachetools import LRUCache
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.git import PREFIX
from faqbot.content.publisher import Publisher, ReadOnlyPublisher
from faqbot.engine import ConversationMemory
from faqbot.errors import FaqbotError
from faqbot.slack.app import create_app, create_unavailable_app
from faqbot.slack.client import SLACK_ERRORS, describe_error
from faqbot.slack.context import AppContext, Services
from faqbot.slack.listeners.reports import Reports
from faqbot.storage.installations import Installation
from faqbot.storage.models import ChannelMode
from faqbot.workspaces.app_pool import AppHandle, SendDigest, WorkspaceApp, WorkspaceKey
from faqbot.workspaces.config import WorkspaceConfig
from faqbot.workspaces.content_pool import RETRY_INTERVAL, ContentPool, LoadedContent
from faqbot.workspaces.oauth import TokenProvider, authorize_with

_log = logging.getLogger(__name__)

MAX_WORKSPACES: Final = 10_000
"""Workspaces whose conversations are kept; the least recently used are dropped first."""

MAX_THREADS: Final = 2_000
"""Conversations of a workspace that are kept."""

_CONTENT_IN_GIT: Final = (
    "This workspace's content comes from a git repository: propose the change to its maintainers."
)
_CONTENT_SHARED: Final = (
    "Several workspaces answer from this content, so none of them may change it: send your "
    "proposal to the operators of faqbot."
)


class ConversationCache:
    """The conversations of each workspace, kept while its app is closed."""

    def __init__(self) -> None:
        self._of: LRUCache[WorkspaceKey, ConversationMemory] = LRUCache(MAX_WORKSPACES)

    def conversations_of(self, key: WorkspaceKey) -> ConversationMemory:
        """Return the conversations of a workspace."""
        return self._of.setdefault(key, ConversationMemory(time.monotonic, MAX_THREADS))


@dataclass(frozen=True)
class AppFactory:
    """Opens the apps of workspaces.

    Args:
        pool: loads their content.
        config_of: returns what the file says of a team, given its id and its organisation's.
        owns_content: whether a team's content is used by no other team.
        default_content: the address of the content of teams that have none of their own.
        client: a client of the Web API without a token, whose session all apps share.
        tokens: returns bot tokens.
        services: shared by all apps of the process.
        default_owner: stands in for owners whom Slack doesn't know, if the file names nobody.
        channel_mode: when faqbot answers in channels without settings, if the file doesn't say.
    """

    pool: ContentPool
    config_of: Callable[[str, str], WorkspaceConfig]
    owns_content: Callable[[str], bool]
    default_content: str
    client: AsyncWebClient
    tokens: TokenProvider
    services: Services
    default_owner: str = ""
    channel_mode: ChannelMode = ChannelMode.MENTIONS
    conversations: ConversationCache = field(default_factory=ConversationCache)

    async def __call__(
        self, installation: Installation, team: str, handle: AppHandle
    ) -> WorkspaceApp:
        """Open the app of a team; an app that apologises if its content can't be loaded."""
        # Bolt 1.30 accepts None for “no token”, though its type of `authorize` doesn't.
        authorize: Any = authorize_with(installation, self.tokens)
        config = self.config_of(team, installation.workspace.enterprise)
        try:
            content = await self.pool.acquire(config.knowledge or self.default_content)
        except FaqbotError:
            _log.error("workspace %s gets no answers: its content can't be loaded", team)
            app = create_unavailable_app(self._client(), self.services, authorize)
            return WorkspaceApp(app, _no_digest, lifetime=RETRY_INTERVAL)
        conversations = self.conversations.conversations_of(
            WorkspaceKey(installation.workspace, team)
        )
        engine = content.engine(handle, conversations)
        app_context = AppContext(
            engine,
            content_state=lambda: content.reloader.state,
            services=self.services,
            default_owner=config.owners or self.default_owner,
            channel_mode=ChannelMode(config.speaks) if config.speaks else self.channel_mode,
            publisher=self._publisher(content, team),
        )
        return WorkspaceApp(
            create_app(app_context, self._client(), authorize),
            self._digest(installation, team, app_context),
            on_use=lambda: self.pool.touch(content),
            close=lambda: content.detach(engine),
        )

    async def teams_of(self, installation: Installation) -> tuple[str, ...]:
        """Return the teams that an installation serves; none if Slack refuses the list."""
        if not installation.is_org_wide:
            return (installation.workspace.team,)
        try:
            token = await self.tokens.token_of(installation.workspace)
            answer = await self._client(token or "").auth_teams_list(limit=1_000)
        except SLACK_ERRORS as error:
            _log.warning(
                "the teams of an organisation could not be listed: %s", describe_error(error)
            )
            return ()
        return tuple(str(one["id"]) for one in answer.get("teams") or ())

    def _publisher(self, content: LoadedContent, team: str) -> Publisher:
        if content.address.startswith(PREFIX):
            return ReadOnlyPublisher(_CONTENT_IN_GIT)
        return content.publisher if self.owns_content(team) else ReadOnlyPublisher(_CONTENT_SHARED)

    def _digest(self, installation: Installation, team: str, app_context: AppContext) -> SendDigest:
        if self.services.recorder is None:
            return _no_digest
        reports = Reports(app_context)

        async def digest(day: dt.date) -> int:
            token = await self.tokens.token_of(installation.workspace)
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
