"""faqbot as a service, by Socket Mode or over HTTP, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette

from faqbot.engine import Desk
from faqbot.runtime.web import PATH, Server, asgi, served
from faqbot.runtime.web__headers import SafeHeaders, safe_headers
from faqbot.settings import Settings
from faqbot.slack.app import create_app
from faqbot.slack.client import check_bot_token
from faqbot.slack.context__backstage import Backstage
from faqbot.slack.context__following import Backing
from faqbot.slack.directory__owners import Owners
from faqbot.slack.health import Health, token_check
from faqbot.slack.listeners.reports import Reports
from faqbot.slack.service__house import House, plain
from faqbot.slack.socket_mode import SocketMode

Say = Callable[[str], None]

_THRESHOLDS: Final = (20_000, 20, 50)
"""Objects and rounds between two looks of the garbage collector: a request makes some thousands."""


def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run until SIGINT or SIGTERM, then finish what was begun; a second signal ends it at once."""
    # What was built for the answers stays as long as the process: looking through it again and
    # again cost a fifth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
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


async def over_http(
    settings: Settings, desk: Desk, say: Say, backing: Backing, listener: socket.socket
) -> None:
    """Serve Slack's requests at `/slack/events` until cancelled.

    Raises:
        SettingsError: Slack refuses the token.
        ServiceError: Slack can't be reached.
    """
    token, secret = plain(settings.slack_bot_token), plain(settings.slack_signing_secret)
    house = House.of(settings, backing, secret)
    async with house.web_client(token) as client, house.open():
        team = await check_bot_token(client)
        app = create_app(desk, client, house.shared, backstage=house.backstage)
        health = house.health(token_check(client))
        site = asgi(app.async_dispatch, secret, health.routes(), house.shared.metrics.request)
        async with (
            weekly(desk, house.backstage, client),
            house.working(app.async_dispatch),
            served(Server(site, settings.faqbot_trusted_proxies), listener) as serving,
            health.watching(),
        ):
            say(f"faqbot serves {team}: http://{settings.faqbot_host}:{settings.listens_on}{PATH}")
            await asyncio.shield(serving)


async def by_socket_mode(
    settings: Settings, desk: Desk, say: Say, backing: Backing, listener: socket.socket | None
) -> None:
    """Keep a Socket Mode connection until cancelled; a listener serves health and metrics.

    Raises:
        SettingsError: Slack refuses a token.
        ServiceError: Slack can't be reached, or not any more.
    """
    token = plain(settings.slack_bot_token)
    house = House.of(settings, backing, token)
    async with house.web_client(token) as client, house.open():
        team = await check_bot_token(client)
        app = create_app(desk, client, house.shared, backstage=house.backstage)
        link = SocketMode(app, plain(settings.slack_app_token))
        health = house.health(token_check(client), link.connected.is_set)
        async with (
            beside(health, listener, settings.faqbot_trusted_proxies),
            weekly(desk, house.backstage, client),
            connection(link, house.working(app.async_dispatch)),
            health.watching(),
        ):
            await link.run(lambda: say(f"faqbot serves {team} by Socket Mode."))


@asynccontextmanager
async def beside(
    health: Health, listener: socket.socket | None, proxies: str
) -> AsyncIterator[None]:
    """Serve health and metrics beside a Socket Mode connection, where there is a port for it."""
    if listener is None:
        yield
        return
    site = SafeHeaders(Starlette(routes=health.routes()), safe_headers({}))
    async with served(Server(site, proxies), listener):
        yield


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
async def connection(
    link: SocketMode, working: AbstractAsyncContextManager[None]
) -> AsyncIterator[None]:
    """A connection that takes nothing new at the end, and is left when the work is done."""
    try:
        async with working:
            try:
                yield
            finally:
                link.hold()
    finally:
        await link.close()
