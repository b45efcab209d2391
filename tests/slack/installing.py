"""faqbot's install pages beside several local workspaces, and browsers that visit both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from starlette.applications import Starlette

from faqbot.playground.models import Faults, Setup
from faqbot.runtime.web import LocalServer, listen
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.client import web_client
from faqbot.slack.manifest import SCOPES
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.installations import Workspace
from faqbot.storage.store import Store, open_store
from faqbot.workspaces.install_pages import InstallPages
from faqbot.workspaces.oauth import INSTALL_PATH, REDIRECT_PATH, OAuthClient
from faqbot.workspaces.tokens import TokenProvider
from tests.support.local_slack import LocalSlack


@dataclass(frozen=True)
class Visit:
    """A page as somebody sees it."""

    status: int
    text: str
    headers: Any


@dataclass
class Browser:
    """Somebody's browser: it keeps cookies, and follows nothing by itself."""

    session: aiohttp.ClientSession
    base: str

    async def open(self, path: str, **asked: str) -> Visit:
        url = f"{self.base}{path}" if path.startswith("/") else path
        if asked:
            url += f"?{urlencode(asked)}"
        async with self.session.get(url, allow_redirects=False) as answer:
            return Visit(answer.status, await answer.text(), answer.headers)

    async def press(self, **headers: str) -> Visit:
        """Press "Add to Slack"."""
        async with self.session.post(
            f"{self.base}{INSTALL_PATH}", allow_redirects=False, headers=headers
        ) as answer:
            return Visit(answer.status, await answer.text(), answer.headers)

    async def allowed(self, team: str) -> dict[str, str]:
        """Press the button and allow it at Slack; what Slack leads back with."""
        pressed = await self.press()
        assert pressed.status == 303, pressed.text
        consent = pressed.headers["Location"]
        assert "Allow in" in (await self.open(consent)).text
        back = (await self.open(f"{consent}&{urlencode({'team': team})}")).headers["Location"]
        assert back.startswith(f"{self.base}{REDIRECT_PATH}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}

    async def install(self, team: str) -> Visit:
        return await self.open(REDIRECT_PATH, **await self.allowed(team))


@dataclass
class Site:
    """faqbot's pages, its store, and Slack."""

    slack: LocalSlack
    store: Store
    tokens: TokenProvider
    exchange: OAuthClient
    base: str
    url: str
    key: str
    changed: list[Workspace] = field(default_factory=list)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        jar = aiohttp.CookieJar(unsafe=True)  # of addresses without a name too
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Browser(session, self.base)

    async def cleared(self) -> None:
        """Nothing is installed, and nothing fails."""
        for one in await self.store.installations.all():
            await self.store.installations.remove(one.workspace)
        self.changed.clear()
        self.slack.faults = Faults()
        for workspace in self.slack.workspaces.values():
            workspace.faults = Faults()

    async def installed(self, team: str) -> Visit:
        async with self.browser() as browser:
            return await browser.install(team)


@asynccontextmanager
async def site(
    url: str,
    setups: Iterable[Setup],
    *,
    lifetime: float = 0.0,
    secret: str = "",
    api: str = "",
    public: str = "",
    scopes: tuple[str, ...] = SCOPES,
) -> AsyncIterator[Site]:
    """The pages over a database at a URL.

    `api` is where they look for Slack, if not there; `public` where they believe to be reached;
    `scopes` what the app needs.
    """
    listener = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    key = TokenCipher.new_key()
    store = await open_store(url, cipher=TokenCipher([key]))
    async with (
        LocalSlack.start(setups, lifetime=lifetime) as slack,
        web_client("", api or slack.api_url, CallQueue(backoff=0.001)) as client,
    ):
        app = next(iter(slack.workspaces.values())).setup
        exchange = OAuthClient(client, app.client_id, secret or app.client_secret, public or base)
        tokens = TokenProvider(store.installations, exchange)
        made = Site(slack, store, tokens, exchange, base, url, key)

        async def changed(workspace: Workspace) -> None:
            made.changed.append(workspace)

        pages = InstallPages(exchange, store, tokens, changed, scopes)
        server = LocalServer(Starlette(routes=pages.routes()))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        try:
            yield made
        finally:
            server.stopped.set()
            await running
            listener.close()
            await tokens.close()
            await store.close()
