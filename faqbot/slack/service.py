"""faqbot as a service, by Socket Mode or over HTTP, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.desk import Desk
from faqbot.errors import FaqbotError
from faqbot.publishing import Publisher
from faqbot.reloading import Reloader, every
from faqbot.settings import Settings
from faqbot.slack.app import create_app
from faqbot.slack.backstage import Backstage
from faqbot.slack.owners import Owners
from faqbot.slack.reporting import Reports
from faqbot.slack.running import Running
from faqbot.slack.server import PATH, Server, asgi, listen
from faqbot.slack.socket import SocketMode
from faqbot.slack.web import check_bot_token, web_client
from faqbot.store.figures import Grouping
from faqbot.store.memory import Memory
from faqbot.store.opening import address as check_address
from faqbot.store.values import Consent, Speaks

Say = Callable[[str], None]
_log = logging.getLogger(__name__)


def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run until SIGINT or SIGTERM, then finish what was begun; a second signal ends it at once."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_stopped(work))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)

    def stopped() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()
        task.cancel()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped)
    try:
        await task
    except asyncio.CancelledError:
        if not stop.is_set():
            raise


async def over_http(settings: Settings, desk: Desk, say: Say, backing: Backing) -> None:
    """Serve Slack's requests at `/slack/events`.

    Raises:
        SettingsError: Slack refuses the token.
        ServiceError: the port is taken, or Slack can't be reached.
    """
    listener = listen(settings.faqbot_host, settings.listens_on)
    secret = _plain(settings.slack_signing_secret)
    try:
        async with web_client(_plain(settings.slack_bot_token), settings.slack_api_url) as client:
            team = await check_bot_token(client)
            running = Running()
            async with (
                behind(settings, backing) as backstage,
                weekly(desk, backstage, client),
                following(backing),
            ):
                app = create_app(
                    desk, client, signing_secret=secret, running=running, backstage=backstage
                )
                server = Server(asgi(app, secret))
                place = f"http://{settings.faqbot_host}:{settings.listens_on}{PATH}"
                say(f"faqbot serves {team}: {place}")
                serving = asyncio.ensure_future(server.serve(sockets=[listener]))
                try:
                    await asyncio.shield(serving)
                finally:
                    server.should_exit = True
                    await serving
                    await running.drain()
    finally:
        listener.close()


async def by_socket_mode(settings: Settings, desk: Desk, say: Say, backing: Backing) -> None:
    """Keep a Socket Mode connection.

    Raises:
        SettingsError: Slack refuses a token.
        ServiceError: Slack can't be reached, or not any more.
    """
    token = _plain(settings.slack_bot_token)
    async with (
        web_client(token, settings.slack_api_url) as client,
        behind(settings, backing) as backstage,
        weekly(desk, backstage, client),
        following(backing),
    ):
        team = await check_bot_token(client)
        running = Running()
        app = create_app(desk, client, running=running, backstage=backstage)
        async with connection(app, _plain(settings.slack_app_token), running) as link:
            await link.run(lambda: say(f"faqbot serves {team} by Socket Mode."))


@dataclass(frozen=True, slots=True)
class Following:
    """How content is kept as it is elsewhere: `newer` fetches it, every so many seconds."""

    reloader: Reloader
    newer: Callable[[], None] | None = None
    seconds: float = 0.0

    async def fetch(self) -> None:
        """Fetch what is newer, and answer from it; what fails is tried again the next time."""
        if self.newer is None:
            return
        try:
            await asyncio.to_thread(self.newer)
        except FaqbotError as error:
            _log.warning("newer content could not be fetched: %s", error)
            return
        await self.reloader.try_again()


@asynccontextmanager
async def following(backing: Backing) -> AsyncIterator[None]:
    """Keep content as it is elsewhere as long as the block runs."""
    found = backing.following
    tasks = [asyncio.create_task(found.reloader.watch())]
    if found.newer is not None and found.seconds:
        tasks.append(asyncio.create_task(every(found.seconds, found.fetch)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Backing:
    """What boot puts behind the answers besides the memory."""

    publisher: Publisher
    grouping: Grouping
    following: Following
    owners: str = ""


@asynccontextmanager
async def behind(settings: Settings, backing: Backing) -> AsyncIterator[Backstage | None]:
    """What stands behind the answers as long as the block runs; None where nothing is kept."""
    if settings.database is None:
        yield None
        return
    check_address(settings.database)
    consent = Consent(settings.faqbot_remember)
    owners = settings.faqbot_owners or backing.owners
    memory = Memory(settings.database, consent, settings.faqbot_retention_days)
    async with memory.running():
        yield Backstage(
            memory,
            owners,
            backing.publisher,
            Speaks(settings.faqbot_speaks),
            backing.grouping,
            lambda: backing.following.reloader.state,
        )


@asynccontextmanager
async def weekly(
    desk: Desk, backstage: Backstage | None, client: AsyncWebClient
) -> AsyncIterator[None]:
    """Send the digest every week as long as the block runs."""
    owners = Owners(backstage.owners if backstage else "")
    task = asyncio.create_task(Reports(desk, backstage, owners).every_week(client))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def connection(app: AsyncApp, token: str, running: Running) -> AsyncIterator[SocketMode]:
    """A connection that is left only when what came in over it was answered."""
    link = SocketMode(app, token)
    try:
        yield link
    finally:
        await running.drain()
        await link.close()


def _plain(secret: Any) -> str:
    return str(secret.get_secret_value()) if secret else ""
