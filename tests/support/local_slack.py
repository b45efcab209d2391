"""Several local workspaces behind one address, as slack.com stands before all of Slack.

async with LocalSlack.start(several("Alpha", "Beta"), lifetime=HOURS_12) as slack:
    client = AsyncWebClient(base_url=slack.api_url)   # tokens come by /oauth/v2/authorize
    slack.deliver_to("http://127.0.0.1:3000/slack/events")
    await slack["T0ALPHA"].person("maya").say("#general", ...)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from faqbot.playground.models import FaultInjector, Faults, Setup, Timing
from faqbot.playground.oauth import ACCESS_METHOD, Grants, IssuedToken, OAuthServer
from faqbot.playground.workspace import LocalWorkspace, check_local_only
from faqbot.runtime.web import LocalServer, SafeHeaders, listen, safe_headers

HOST: Final = "127.0.0.1"
_PLACES: Final = ("channel", "channel_id", "user", "user_id", "users")


def several(*names: str, enterprise: str = "", org_wide: bool = False) -> tuple[Setup, ...]:
    """Workspaces by name, with ids of their own; the app has one id and one secret in all."""
    return tuple(
        Setup(
            team_id=f"T0{name.upper()}",
            team_name=name,
            team_domain=name.lower(),
            enterprise_id=f"E0{enterprise.upper()}" if enterprise else "",
            enterprise_name=enterprise,
            org_wide=org_wide,
            mark=name.upper(),
            bot_id=f"B0{(enterprise if org_wide else name).upper()}",
            bot_user_id=f"U0BOT{(enterprise if org_wide else name).upper()}",
            bot_token=f"xoxb-local-{name.lower()}-faqbot",
        )
        for name in names
    )


class LocalSlack:
    """Local workspaces that share one Web API; a token says which of them is meant."""

    def __init__(self, setups: Iterable[Setup], timing: Timing, grants: Grants) -> None:
        self.grants = grants
        self._line = FaultInjector()
        self.workspaces = {setup.team_id: LocalWorkspace(setup, timing) for setup in setups}
        self.address = ""
        states = {team: one.state for team, one in self.workspaces.items()}
        self._oauth = Starlette(
            routes=OAuthServer(states, grants, self._line).routes(),
            middleware=[
                Middleware(SafeHeaders, headers=safe_headers({})),
                Middleware(TrustedHostMiddleware, allowed_hosts=[HOST], www_redirect=False),
            ],
        )
        self._apps: dict[str, Starlette] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, setups: Iterable[Setup], *, timing: Timing | None = None, lifetime: float = 0.0
    ) -> AsyncIterator[LocalSlack]:
        """Run the workspaces in this event loop; `lifetime` in seconds rotates tokens.

        Raises:
            SettingsError: a token is a real one.
        """
        setups = tuple(setups)
        for setup in setups:
            check_local_only(HOST, setup)
        slack = cls(setups, timing or Timing(), Grants(lifetime))
        listener = listen(HOST, 0)
        server = LocalServer(slack)
        slack.address = f"http://{HOST}:{listener.getsockname()[1]}"
        for team, workspace in slack.workspaces.items():
            workspace.set_address(server, f"{slack.address}/w/{team}")
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.ready.wait()
            yield slack
        finally:
            for workspace in slack.workspaces.values():
                await workspace.close()
            server.stopped.set()
            await running
            listener.close()

    def __getitem__(self, team: str) -> LocalWorkspace:
        return self.workspaces[team]

    @property
    def api_url(self) -> str:
        """The base address of the Web API."""
        return f"{self.address}/api/"

    @property
    def faults(self) -> Faults:
        """The faults of oauth.v2.access; each workspace has its own for the other methods."""
        return self._line.current

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._line.current = faults

    def deliver_to(self, url: str) -> None:
        """Deliver what happens in all of them to one address."""
        for workspace in self.workspaces.values():
            workspace.deliver_to(url)

    def uninstall(self, team: str) -> None:
        """Take the app out of a workspace, or of the organisation that it is installed in."""
        self.grants.revoke(team, "account_inactive")
        self[team].event("tokens_revoked", self._revoked(team))
        self[team].event("app_uninstalled", {"type": "app_uninstalled"})

    def revoke(self, team: str) -> None:
        """Revoke the bot token of a workspace."""
        self.grants.revoke(team, "token_revoked")
        self[team].event("tokens_revoked", self._revoked(team))

    def _revoked(self, team: str) -> dict[str, object]:
        bots = [self[team].bot_user_id]
        return {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": bots}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bring a request to the workspace that its address or its token names."""
        path = str(scope["path"])
        if path.startswith("/w/"):
            team = path.split("/")[2]
            if team in self.workspaces:
                await self._app(team)({**scope, "root_path": f"/w/{team}"}, receive, send)
                return
        if not path.startswith("/api/") or path == f"/api/{ACCESS_METHOD}":
            await self._oauth(scope, receive, send)
            return
        method = path.removeprefix("/api/")
        body = await _whole(receive)
        arguments = _arguments(scope, body)
        try:
            if method == "apps.uninstall":
                self._check_client(arguments)
            team, issued = self._meant(scope, arguments)
        except LookupError as error:
            refused = JSONResponse({"ok": False, "error": str(error.args[0])})
            await refused(scope, receive, send)
            return
        own = self._own(method, team, issued, arguments)
        if own is not None:
            await JSONResponse(own)(scope, receive, send)
            return
        inner = {**scope, "headers": list(scope["headers"]), "root_path": f"/w/{team}"}
        inner["path"] = f"/w/{team}{path}"
        MutableHeaders(scope=inner)["authorization"] = f"Bearer {self[team].bot_token}"
        await self._app(team)(inner, _again(body, receive), send)

    def _app(self, team: str) -> Starlette:
        if team not in self._apps:
            self._apps[team] = self[team].asgi()
        return self._apps[team]

    def _meant(self, scope: Scope, arguments: Mapping[str, Any]) -> tuple[str, IssuedToken]:
        """The workspace that a call is for; raises LookupError with Slack's error.

        A token of an organisation is good in several: the arguments say where.
        """
        token = Headers(scope=scope).get("authorization", "").removeprefix("Bearer ").strip()
        if not token:
            raise LookupError("not_authed")
        issued = self.grants.find(token)
        teams = issued.grant.teams
        if arguments.get("team_id") in teams:
            return str(arguments["team_id"]), issued
        ids = {str(arguments[name]) for name in _PLACES if arguments.get(name)}
        for team in teams:
            state = self[team].state
            if ids & (state.channels.keys() | state.users.keys() - {state.setup.bot_user_id}):
                return team, issued
        return teams[0], issued

    def _check_client(self, arguments: Mapping[str, Any]) -> None:
        app = next(iter(self.workspaces.values())).setup
        if arguments.get("client_id") != app.client_id:
            raise LookupError("invalid_client_id")
        if arguments.get("client_secret") != app.client_secret:
            raise LookupError("bad_client_secret")

    def _own(
        self, method: str, team: str, issued: IssuedToken, arguments: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The answer to a method that is about the token itself."""
        if method == "auth.revoke":
            if arguments.get("test") not in ("1", "true", True):
                self.revoke(team)
            return {"ok": True, "revoked": True}
        if method == "apps.uninstall":
            self.uninstall(team)
            return {"ok": True}
        if method == "auth.test" and issued.grant.org_wide:
            app = self[team].setup
            return {
                "ok": True,
                "url": f"https://{app.enterprise_name.lower()}.enterprise.slack.invalid/",
                "team": app.enterprise_name,
                "team_id": app.enterprise_id,
                "enterprise_id": app.enterprise_id,
                "user": app.bot_name,
                "user_id": app.bot_user_id,
                "bot_id": app.bot_id,
                "is_enterprise_install": True,
            }
        return None


async def _whole(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _again(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _arguments(scope: Scope, body: bytes) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    if Headers(scope=scope).get("content-type", "").startswith("application/json"):
        with contextlib.suppress(ValueError):
            given = json.loads(body)
            return arguments | given if isinstance(given, dict) else arguments
    return arguments | dict(parse_qsl(body.decode("utf-8", "replace")))
