"""Server of the insights pages: for this machine only, or for owners who sign in with Slack."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette

from faqbot.content.loader import load_knowledge_base
from faqbot.errors import SettingsError
from faqbot.insights.auth import Sessions, SlackIdentity
from faqbot.insights.views import InsightsPages
from faqbot.matching.encoders import StaticEncoder
from faqbot.matching.similarity import group_by_meaning
from faqbot.model import KnowledgeBase
from faqbot.runtime.tasks import run_until_signal
from faqbot.runtime.web import LOCAL_HOSTS, Server, listen
from faqbot.settings.models import Settings, reveal
from faqbot.slack.client import team_id_of, web_client
from faqbot.slack.owners import OwnerDirectory
from faqbot.storage.store import Store, with_store


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


def serve_insights(
    database: str | None, knowledge: Path, address: BindAddress, settings: Settings | None
) -> None:
    """Serve the insights pages until a signal; with settings, only to owners who sign in.

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
    knowledge_base = load_knowledge_base(knowledge)
    grouping = partial(group_by_meaning, encoder=StaticEncoder())

    async def serve(store: Store) -> None:
        pages = partial(InsightsPages, store, lambda: knowledge_base, grouping)
        # Before the calls to Slack, so that a taken port is reported at once.
        listener = listen(address.host, address.port)
        try:
            async with _app(pages, knowledge_base, settings) as app:
                shown = settings.faqbot_insights_url if settings else ""
                _say(f"faqbot insights: {shown or f'http://{address.host}:{address.port}'}/")
                server = Server(app)
                try:
                    await server.serve(sockets=[listener])
                finally:
                    server.should_exit = True
        finally:
            listener.close()

    run_until_signal(with_store(database, serve))


@asynccontextmanager
async def _app(
    of_team: Callable[[str | None], InsightsPages],
    knowledge_base: KnowledgeBase,
    settings: Settings | None,
) -> AsyncIterator[Starlette]:
    if settings is None:
        yield of_team(None).app()
        return
    _check(settings)
    address = urlsplit(settings.faqbot_insights_url)
    async with (
        web_client(reveal(settings.slack_bot_token), settings.slack_api_url) as bot,
        web_client("", settings.slack_api_url) as anyone,
    ):
        team = await team_id_of(bot)
        pages = of_team(team)  # an owner of one workspace may not read another's questions
        identity = SlackIdentity(
            bot=bot,
            client=anyone,
            team=team,
            client_id=settings.slack_client_id,
            client_secret=reveal(settings.slack_client_secret),
            redirect_url=f"{settings.faqbot_insights_url}/sign-in/done",
            knowledge_base=lambda: knowledge_base,
            owners=OwnerDirectory(settings.faqbot_default_owner),
        )
        sessions = Sessions(identity, pages.sign_in, secure=address.scheme == "https")
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
