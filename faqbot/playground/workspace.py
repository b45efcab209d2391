"""The local workspace as one thing: state, Web API, delivery and page on one address.

async with LocalWorkspace.start() as workspace:
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    workspace.deliver_to("http://127.0.0.1:3000/slack/events")  # or connect by Socket Mode
    maya = workspace.person("maya")
    ts = await maya.say("#general", f"<@{workspace.bot_user_id}> hello")
    answer = await workspace.until(lambda: workspace.messages("#general", thread_ts=ts))
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from faqbot.errors import SettingsError
from faqbot.playground import validation
from faqbot.playground.delivery import EventDelivery
from faqbot.playground.models import (
    Channel,
    FaultInjector,
    Faults,
    ModalView,
    SentPayload,
    Setup,
    SlackMessage,
    Timing,
    User,
)
from faqbot.playground.oauth import OpenIdServer
from faqbot.playground.page import HEADERS, PlaygroundPage
from faqbot.playground.person import SimulatedUser
from faqbot.playground.socket_mode import SocketConnections
from faqbot.playground.state import WorkspaceState
from faqbot.playground.web_api import ResponseUrls, WebApi
from faqbot.runtime.web import LocalServer, SafeHeaders, SameOrigin, listen

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1")
"""Where it can listen: this machine has no other names in a browser."""

T = TypeVar("T")


class LocalWorkspace:
    """A Slack workspace on this machine, for the page and for tests."""

    def __init__(self, setup: Setup, timing: Timing) -> None:
        self.setup = setup
        self.state = WorkspaceState(setup, timing)
        self._line = FaultInjector()
        self._sockets = SocketConnections(self.state, self._line)
        self._delivery = EventDelivery(self.state, self._line, self._sockets)
        self._responses = ResponseUrls(self.state, self._delivery)
        self._api = WebApi(self.state, self._line, self._delivery, self._sockets, self._responses)
        self._page = PlaygroundPage(self.state, self.person)
        self._server: LocalServer | None = None
        self.address = ""

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        setup: Setup | None = None,
        timing: Timing | None = None,
    ) -> AsyncIterator[LocalWorkspace]:
        """Run a workspace in this event loop until the block ends.

        Raises:
            SettingsError: the address is reachable from elsewhere, or a token is a real one.
            ServiceError: the port is taken.
        """
        setup = setup or Setup()
        check_local_only(host, setup)
        workspace = cls(setup, timing or Timing())
        listener = listen(host, port)
        server = LocalServer(workspace.asgi())
        shown = f"[{host}]" if ":" in host else host
        workspace.set_address(server, f"http://{shown}:{listener.getsockname()[1]}")
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.ready.wait()
            yield workspace
        finally:
            await workspace.close()
            server.stopped.set()
            await running
            listener.close()

    def set_address(self, server: LocalServer, address: str) -> None:
        """It is served at this address."""
        self._server = server
        self.address = address
        self._responses.base = f"{address}/response/"

    async def close(self) -> None:
        """Stop all deliveries, and close what is open."""
        self._page.closing = True
        self.state.changes.notify()
        await self._delivery.close()
        for connection in tuple(self._sockets.connections):
            with contextlib.suppress(RuntimeError):
                await connection.socket.close(1001)

    def asgi(self) -> Starlette:
        """The whole workspace as one ASGI application."""
        routes: list[BaseRoute] = [
            *OpenIdServer(self.state).routes(),
            Route("/api/{method:path}", self._api.call, methods=["GET", "POST"]),
            Route("/response/{token}", self._api.respond, methods=["POST"]),
            Route("/upload/{file}", self._api.upload, methods=["POST"]),
            WebSocketRoute("/link/", self._sockets.serve),
            *self._page.routes(),
        ]
        hosts = [f"[{host}]" if ":" in host else host for host in LOCAL_HOSTS]
        middleware = [
            Middleware(SafeHeaders, headers=HEADERS),
            # A name that somebody lets lead here is none of ours.
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(SameOrigin, unsafe_paths=("/api/", "/link/")),
        ]
        return Starlette(routes=routes, middleware=middleware)

    # Where the app finds it

    @property
    def api_url(self) -> str:
        """The base address of the Web API."""
        return f"{self.address}/api/"

    @property
    def bot_token(self) -> str:
        """The app's bot token."""
        return self.setup.bot_token

    @property
    def app_token(self) -> str:
        """The app's token for Socket Mode."""
        return self.setup.app_token

    @property
    def signing_secret(self) -> str:
        """What requests to the app are signed with."""
        return self.setup.signing_secret

    @property
    def bot_user_id(self) -> str:
        """The app's bot user: `<@ID>` mentions it."""
        return self.setup.bot_user_id

    def deliver_to(self, url: str) -> None:
        """Deliver by HTTP to this address; an open web socket goes first."""
        self._delivery.url = url

    # Who is there, and what there is to see

    def person(self, name: str) -> SimulatedUser:
        """A person to act for, by name: maya, jonas (employees), guest."""
        return SimulatedUser(self.state.user(name), self.state, self._delivery, self._responses)

    def add_person(self, user: User) -> SimulatedUser:
        """Let somebody new in."""
        self.state.add_user(user)
        return self.person(user.name)

    def channel(self, name: str) -> Channel:
        """A channel by name; `@maya` is that person's direct message with the app."""
        if name.startswith("@"):
            return self.state.direct(self.state.user(name[1:]).id)
        return self.state.channel(name)

    def messages(self, channel: str, thread_ts: str | None = None) -> tuple[SlackMessage, ...]:
        """Messages that all members see: of a channel's top level, or the replies of a thread.

        `channel` is "#general", an id, or "@maya" for maya's direct message with the app.
        """
        place = self.channel(channel)
        if thread_ts:
            return self.state.replies(place.id, thread_ts)
        everything = self.state.messages(place.id)
        return tuple(m for m in everything if not m.is_reply and not m.visible_to)

    def answers(self, channel: str, thread_ts: str | None = None) -> tuple[SlackMessage, ...]:
        """The same, from the app only."""
        return tuple(m for m in self.messages(channel, thread_ts) if m.bot)

    def private_messages(self, person: str) -> tuple[SlackMessage, ...]:
        """Messages that only this person sees, in order."""
        user = self.state.user(person)
        found = [
            message
            for channel in self.state.channels
            for message in self.state.messages(channel)
            if message.visible_to == user.id
        ]
        return tuple(sorted(found, key=lambda message: float(message.ts)))

    def message(self, channel: str, ts: str) -> SlackMessage | None:
        """One message as it is now, private or not."""
        return self.state.message(self.channel(channel).id, ts)

    def home(self, person: str) -> ModalView | None:
        """The App Home that this person sees."""
        return self.state.homes.get(self.state.user(person).id)

    def modal(self, person: str) -> ModalView | None:
        """The topmost modal on this person's screen."""
        stack = self.state.modals.get(self.state.user(person).id)
        return stack[-1] if stack else None

    @property
    def sent(self) -> tuple[SentPayload, ...]:
        """Every payload that left the app, refused ones included."""
        return tuple(self.state.sent)

    def problems(self) -> tuple[str, ...]:
        """What Slack would refuse in all that left the app."""
        return tuple(
            f"{sent.by}: {problem}"
            for sent in self.sent
            for problem in validation.problems(sent.payload)
        )

    # Faults and waiting

    @property
    def faults(self) -> Faults:
        """The faults that are set; counted ones shrink as they are used up."""
        return self._line.current

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._line.current = faults

    @property
    def connections(self) -> int:
        """How many web sockets of the app are open."""
        return len(self._sockets.connections)

    def drop_sockets(self) -> None:
        """Cut all web sockets as a broken network does."""
        if self._server is not None:
            self._server.abort_sockets()

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect, as Slack does every few hours ("warning" announces it)."""
        await self._sockets.disconnect(reason)

    def post_as_other_bot(self, channel: str, text: str) -> SlackMessage:
        """Let another app's bot write in a channel."""
        place = self.channel(channel)
        return self._delivery.from_other_bot(place.id, text)

    def event(self, name: str, event: dict[str, object]) -> None:
        """Deliver any event, such as `tokens_revoked`, if the app subscribed to it."""
        self._delivery.event(name, event)

    async def until(self, true: Callable[[], T | None], within: float = 60.0) -> T:
        """Wait until `true()` is truthy and return it; raises TimeoutError after `within`."""
        return await self.state.changes.until(true, within)

    async def settled(self, quiet: float = 0.05, within: float = 60.0) -> None:
        """Wait until nothing is in delivery or in flight, and nothing happened for `quiet` seconds.

        What the app still computes can't be seen from here: prefer `until`.
        """
        async with asyncio.timeout(within):
            while True:
                await self.state.changes.until(lambda: self.state.busy == 0, within)
                count = self.state.changes.count
                await asyncio.sleep(quiet)
                if self.state.changes.count == count and self.state.busy == 0:
                    return


def check_local_only(host: str, setup: Setup) -> None:
    """Keep what has no login on this machine, and real tokens out of it.

    Raises:
        SettingsError: the address is reachable from elsewhere, or a token is a real one.
    """
    if host not in LOCAL_HOSTS:  # nor is another name, whatever it leads to now
        raise SettingsError(
            f"the local workspace has no login, so it can't listen on {host}: use 127.0.0.1"
        )
    for name, token, start in (
        ("SLACK_BOT_TOKEN", setup.bot_token, "xoxb-local-"),
        ("SLACK_APP_TOKEN", setup.app_token, "xapp-local-"),
        ("SLACK_SIGNING_SECRET", setup.signing_secret, "local-"),
        ("SLACK_CLIENT_SECRET", setup.client_secret, "local-"),
    ):
        if not token.startswith(start):
            raise SettingsError(
                f"the local workspace takes made-up tokens only, which start with {start}: "
                f"unset {name} to use it"
            )
