"""Many workspaces over HTTP: each installs faqbot itself, and has an app of its own here."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from platformdirs import user_cache_path
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.content.git import PREFIX
from faqbot.index.builder import Encoders
from faqbot.index.builder__loader import Loader
from faqbot.index.cache import Snapshots
from faqbot.index.reloader import run_periodically
from faqbot.index.reloader__status import noting
from faqbot.matching.clustering import group_by_meaning
from faqbot.runtime.web import Server, asgi, served
from faqbot.settings import Settings
from faqbot.slack.context__following import Backing, Work, going_on
from faqbot.slack.service import until_stopped
from faqbot.slack.service__house import House, plain, seal_of
from faqbot.storage.store import Store
from faqbot.storage.store__opening import open_store
from faqbot.workspaces.config import NOTHING, Assigned, WorkspacesFile
from faqbot.workspaces.content_pool import Shelf, following
from faqbot.workspaces.content_pool__books import Book
from faqbot.workspaces.digests import Digests
from faqbot.workspaces.install_pages import InstallPages
from faqbot.workspaces.oauth import INSTALL, Exchange
from faqbot.workspaces.router import Workspaces
from faqbot.workspaces.server__opening import Opener
from faqbot.workspaces.tokens import Tokens
from faqbot.workspaces.tokens__uninstalling import Gone, let_go

LOOK: Final = 10.0
"""Seconds after which the file that names content is looked at again."""

BUILT: Final = 1_500
"""Folders of which what was built is kept on disk."""

_MEGABYTE: Final = 2**20
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Content:
    """The content of all workspaces: what is loaded, and who has which.

    Args:
        shelf: what is loaded.
        file: names the content of single workspaces; None: all have the same.
        default: the address of the content of those that have none of their own.
        folder: where that stands.
        encoders: what understands it.
    """

    shelf: Shelf
    file: WorkspacesFile | None
    default: str
    folder: Path
    encoders: Encoders

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> Content:
        """The content that the settings name.

        Raises:
            ContentError: the file that names content has problems.
        """
        encoders = Encoders.of(settings.encoder)
        kept = Snapshots(settings.cache, BUILT) if settings.cache else None
        clones = user_cache_path("faqbot", appauthor=False)
        load = Loader(settings.encoder, encoders, kept)
        shelf = Shelf(load, settings.faqbot_workspaces_memory * _MEGABYTE, clones)
        named = settings.faqbot_workspaces
        file = WorkspacesFile(Path(named)) if named else None
        configured = settings.faqbot_knowledge or ""
        default = configured if configured.startswith(PREFIX) else str(folder.resolve())
        return cls(shelf, file, default, folder, encoders)

    def assigned(self, team: str, enterprise: str) -> Assigned:
        """What a workspace has of its own."""
        return self.file.of(team, enterprise) if self.file else NOTHING

    def owns(self, team: str) -> bool:
        """Whether a workspace's content is its alone."""
        return self.file is not None and self.file.owns(team, self.folder)

    def works(self, pull_every: float) -> tuple[Work, ...]:
        """What keeps content as it is elsewhere."""
        return (partial(following, self.shelf, pull_every),)


def serve_many(settings: Settings, folder: Path, listener: socket.socket, say: Say) -> None:
    """Serve all workspaces in which faqbot is installed, until told to stop.

    Raises:
        FaqbotError: the content or the file that names it has problems, or the database can't be
            used.
    """
    content = Content.of(settings, folder)
    until_stopped(_served(settings, content, listener, say))


async def _served(settings: Settings, content: Content, listener: socket.socket, say: Say) -> None:
    assert settings.database is not None, "the settings demand it"
    secret = plain(settings.slack_signing_secret)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(content.shelf.close)
        book = await content.shelf.pin(content.default)
        house = House.of(settings, _backing(settings, content, book), secret)
        seal = seal_of(settings, secret)
        store = await open_store(settings.database, settings.faqbot_database_pool, seal)
        stack.push_async_callback(store.close)
        if seal.has_older:
            await store.installations.reseal()
        client = await stack.enter_async_context(house.web_client(""))
        await stack.enter_async_context(house.open())
        many = _Many.of(settings, content, house, store, client)
        stack.push_async_callback(many.workspaces.close)
        health = house.health(workspaces=lambda: many.workspaces.count)
        site = asgi(
            many.workspaces.dispatch,
            secret,
            [*health.routes(), *many.pages.routes()],
            house.shared.metrics.request,
        )
        server = Server(site, settings.faqbot_trusted_proxies)
        refresh = partial(run_periodically, LOOK, partial(_refresh, content, many.workspaces))
        await stack.enter_async_context(going_on([many.digests.every_week, refresh]))
        await stack.enter_async_context(house.working(many.workspaces.dispatch))
        serving = await stack.enter_async_context(served(server, listener))
        await stack.enter_async_context(health.watching())
        say(f"faqbot serves many workspaces; install it at {settings.faqbot_public_url}{INSTALL}")
        await asyncio.shield(serving)


async def _refresh(content: Content, workspaces: Workspaces) -> None:
    """Give workspaces the content that the file names now."""
    if content.file is not None and await asyncio.to_thread(content.file.refresh):
        await workspaces.renew()


@dataclass(frozen=True, slots=True)
class _Many:
    """The parts that only many workspaces need."""

    workspaces: Workspaces
    pages: InstallPages
    digests: Digests

    @classmethod
    def of(
        cls,
        settings: Settings,
        content: Content,
        house: House,
        store: Store,
        client: AsyncWebClient,
    ) -> _Many:
        secret = plain(settings.slack_client_secret)
        url = settings.faqbot_public_url
        exchange = Exchange(client, settings.slack_client_id, secret, url)
        tokens = Tokens(store.installations, exchange)
        opener = Opener(
            content.shelf,
            content.assigned,
            content.owns,
            content.default,
            client,
            tokens,
            house.shared,
            house.backstage,
        )

        async def left(body: Mapping[str, Any], gone: Gone) -> None:
            await let_go(body, store.installations, tokens, gone)

        workspaces = Workspaces(store.installations, opener, left, done=house.shared.claims.done)
        return cls(
            workspaces,
            InstallPages(exchange, store, tokens, workspaces.gone),
            Digests(store.installations, workspaces, opener.teams, house.shared.claims),
        )


def _backing(settings: Settings, content: Content, book: Book) -> Backing:
    """What stands behind the answers of all workspaces; `faqbot status` tells of the default's."""
    note = noting(str(content.folder.resolve()), settings.mode.value)

    async def noted() -> None:
        note(book.reloader.state)

    note(book.reloader.state)
    works: tuple[Work, ...] = (
        *content.works(settings.pull_every),
        partial(run_periodically, LOOK, noted),
    )
    grouping = partial(group_by_meaning, encoder=content.encoders.bundled)
    return Backing(grouping, lambda: book.reloader.state, works)
