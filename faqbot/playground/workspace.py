"""The local Slack workspace: Web API, event delivery, OAuth and the page on one address.

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
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeVar

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from faqbot.errors import SettingsError
from faqbot.playground import validation
from faqbot.playground.delivery import EventDelivery, SocketConnections
from faqbot.playground.models import (
    Channel,
    FaultInjector,
    Faults,
    ModalView,
    SentPayload,
    Setup,
    SlackMessage,
    Suggestions,
    Timing,
    User,
)
from faqbot.playground.oauth import OpenIdServer
from faqbot.playground.page import HEADERS, PlaygroundPage
from faqbot.playground.person import SimulatedUser
from faqbot.playground.state import WorkspaceState
from faqbot.playground.web_api import ResponseUrls, WebApi
from faqbot.runtime.web import LocalServer, SafeHeaders, SameOrigin, listen

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1")
"""Names of this machine: the workspace has no login, so it listens nowhere else."""

T = TypeVar("T")


class LocalWorkspace:
    """A Slack workspace on this machine, for the page and for tests."""

    def __init__(self, setup: Setup, timing: Timing) -> None:
        self.setup = setup
        self.state = WorkspaceState(setup, timing)
        self._faults = FaultInjector()
        self._sockets = SocketConnections(self.state, self._faults)
        self._delivery = EventDelivery(self.state, self._faults, self._sockets)
        self._responses = ResponseUrls(self.state, self._delivery)
        self._api = WebApi(self.state, self._faults, self._delivery, self._sockets, self._responses)
        self._page = PlaygroundPage(self.state, self.person)
        self._server: LocalServer | None = None
        self._app = Starlette()
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
        routes: Sequence[BaseRoute] = (),
    ) -> AsyncIterator[LocalWorkspace]:
        """Run a workspace in this event loop until the block ends.

        Args:
            host: this machine, by name or address.
            port: the port; 0 takes a free one.
            setup: the installation of the app.
            timing: Slack's timeouts and delays.
            routes: further pages, such as those of `setup.pages`, with the same guards.

        Raises:
            SettingsError: The host isn't this machine, or a token is a real one.
            ServiceError: The port is taken.
        """
        setup = setup or Setup()
        check_local_only(host, setup)
        workspace = cls(setup, timing or Timing())
        listener = listen(host, port)
        server = LocalServer(workspace.asgi(routes))
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
        """Set the server and the address at which it serves the workspace."""
        self._server = server
        self.address = address
        self._responses.base = f"{address}/response/"

    async def close(self) -> None:
        """Stop all deliveries and close the web sockets."""
        # First: an open page waits for changes, and the server waits for the page.
        self._page.closing = True
        self.state.changes.notify()
        await self._delivery.close()
        for connection in tuple(self._sockets.connections):
            with contextlib.suppress(RuntimeError):
                await connection.socket.close(1001)

    def add_routes(self, routes: Sequence[BaseRoute]) -> None:
        """Serve further pages, which go before all others."""
        self._app.router.routes[:0] = routes

    def asgi(self, further: Sequence[BaseRoute] = ()) -> Starlette:
        """Return the workspace as one ASGI application, with further routes."""
        routes: list[BaseRoute] = [
            *further,
            *OpenIdServer(self.state, self._faults).routes(),
            Route("/api/{method:path}", self._api.call, methods=["GET", "POST"]),
            Route("/response/{token}", self._api.respond, methods=["POST"]),
            Route("/upload/{file}", self._api.upload, methods=["POST"]),
            WebSocketRoute("/link/", self._sockets.serve),
            *self._page.routes(),
        ]
        hosts = [f"[{host}]" if ":" in host else host for host in LOCAL_HOSTS]
        middleware = [
            Middleware(SafeHeaders, headers=HEADERS),
            # DNS rebinding: another site's name that resolves to this machine is refused.
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(SameOrigin, unsafe_paths=("/api/", "/link/")),
        ]
        self._app = Starlette(routes=routes, middleware=middleware)
        return self._app

    # Addresses and tokens for the app

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
        """The secret that signs requests to the app."""
        return self.setup.signing_secret

    @property
    def bot_user_id(self) -> str:
        """The app's bot user: `<@ID>` mentions it."""
        return self.setup.bot_user_id

    def deliver_to(self, url: str) -> None:
        """Deliver by HTTP to a URL; an open web socket takes precedence."""
        self._delivery.url = url

    # People, channels and messages

    def person(self, name: str) -> SimulatedUser:
        """Return a user to act as, by name: maya, jonas (employees) or guest."""
        return SimulatedUser(self.state.user(name), self.state, self._delivery, self._responses)

    async def open_with(self, asked: str, others: Sequence[str], *, title: str) -> None:
        """Let somebody ask the app in the first channel, and suggest other questions there.

        Args:
            asked: the question that is asked; nobody asks if it is empty.
            others: the questions that the page suggests in the channel.
            title: what the page says above them.
        """
        channel = next(c for c in self.state.channels.values() if not c.direct)
        mention = f"@{self.setup.bot_name}"
        prompts = tuple((text, f"{mention} {text}") for text in others)
        self.state.suggestions[channel.id] = Suggestions(title, prompts)
        self.state.changes.notify()
        if asked:
            await self.person("jonas").say(channel.id, f"{mention} {asked}")

    def add_person(self, user: User) -> SimulatedUser:
        """Add a user and return them to act as."""
        self.state.add_user(user)
        return self.person(user.name)

    def channel(self, name: str) -> Channel:
        """Return a channel by name; "@maya" is maya's direct message with the app."""
        if name.startswith("@"):
            return self.state.direct(self.state.user(name[1:]).id)
        return self.state.channel(name)

    def messages(self, channel: str, thread_ts: str | None = None) -> tuple[SlackMessage, ...]:
        """Return the messages that all members see: a channel's top level, or a thread's replies.

        `channel` is "#general", an id, or "@maya" for maya's direct message with the app.
        """
        place = self.channel(channel)
        if thread_ts:
            return self.state.replies(place.id, thread_ts)
        everything = self.state.messages(place.id)
        return tuple(m for m in everything if not m.is_reply and not m.visible_to)

    def answers(self, channel: str, thread_ts: str | None = None) -> tuple[SlackMessage, ...]:
        """Return those of `messages` that the app sent."""
        return tuple(m for m in self.messages(channel, thread_ts) if m.bot)

    def answers_since(self, channel: str, ts: str) -> tuple[SlackMessage, ...]:
        """Return what the app said at the top level of a channel after a message."""
        return tuple(m for m in self.answers(channel) if float(m.ts) > float(ts))

    def private_messages(self, person: str) -> tuple[SlackMessage, ...]:
        """Return the ephemeral messages to a person, in order."""
        user = self.state.user(person)
        found = [
            message
            for channel in self.state.channels
            for message in self.state.messages(channel)
            if message.visible_to == user.id
        ]
        return tuple(sorted(found, key=lambda message: float(message.ts)))

    def message(self, channel: str, ts: str) -> SlackMessage | None:
        """Return a message as it is now, or None."""
        return self.state.message(self.channel(channel).id, ts)

    def home(self, person: str) -> ModalView | None:
        """Return the App Home of a person, or None."""
        return self.state.homes.get(self.state.user(person).id)

    def modal(self, person: str) -> ModalView | None:
        """Return the topmost modal of a person, or None."""
        stack = self.state.modals.get(self.state.user(person).id)
        return stack[-1] if stack else None

    @property
    def sent(self) -> tuple[SentPayload, ...]:
        """All payloads that the app sent, refused ones included."""
        return tuple(self.state.sent)

    def problems(self) -> tuple[str, ...]:
        """Return what Slack would refuse in the payloads that the app sent."""
        return tuple(
            f"{sent.by}: {problem}"
            for sent in self.sent
            for problem in validation.problems(sent.payload)
        )

    # Faults and waiting

    @property
    def faults(self) -> Faults:
        """The faults in effect; counts decrease with each fault."""
        return self._faults.current

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults.current = faults

    @property
    def connections(self) -> int:
        """The number of the app's open web sockets."""
        return len(self._sockets.connections)

    def drop_sockets(self) -> None:
        """Abort all web sockets, as a broken network does."""
        if self._server is not None:
            self._server.abort_sockets()

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect, as Slack does every few hours ("warning" announces it)."""
        await self._sockets.disconnect(reason)

    def post_as_other_bot(self, channel: str, text: str) -> SlackMessage:
        """Post in a channel as another app's bot."""
        place = self.channel(channel)
        return self._delivery.from_other_bot(place.id, text)

    def event(self, name: str, event: dict[str, object]) -> None:
        """Deliver any event, such as `tokens_revoked`, if the app subscribed to it."""
        self._delivery.event(name, event)

    async def until(self, true: Callable[[], T | None], within: float = 60.0) -> T:
        """Wait until `true()` is truthy and return it; raises TimeoutError after `within`."""
        return await self.state.changes.until(true, within)

    async def settled(self, quiet: float = 0.05, within: float = 60.0) -> None:
        """Wait until no delivery or call runs, and nothing changed for `quiet` seconds.

        The workspace can't see whether the app still computes: prefer `until`.
        """
        async with asyncio.timeout(within):
            while True:
                await self.state.changes.until(lambda: self.state.busy == 0, within)
                count = self.state.changes.count
                await asyncio.sleep(quiet)
                if self.state.changes.count == count and self.state.busy == 0:
                    return


def check_local_only(host: str, setup: Setup) -> None:
    """Check that the workspace listens on this machine only, and has no real tokens.

    Raises:
        SettingsError: The host isn't this machine, or a token is a real one.
    """
    # By name, not by what the name resolves to: that can change.
    if host not in LOCAL_HOSTS:
        raise SettingsError(
            f"The local workspace has no login, so it can't listen on {host}: use 127.0.0.1."
        )
    for name, token, start in (
        ("SLACK_BOT_TOKEN", setup.bot_token, "xoxb-local-"),
        ("SLACK_APP_TOKEN", setup.app_token, "xapp-local-"),
        ("SLACK_SIGNING_SECRET", setup.signing_secret, "local-"),
        ("SLACK_CLIENT_SECRET", setup.client_secret, "local-"),
    ):
        if not token.startswith(start):
            raise SettingsError(
                f"The local workspace accepts only made-up tokens, which start with {start}: "
                f"unset {name} to use it."
            )
