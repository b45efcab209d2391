"""Slack's OAuth and OpenID Connect: the authorisation pages and the exchange of codes."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from faqbot.playground.models import FaultInjector, Payload, fault_response
from faqbot.playground.state import WorkspaceState

ROTATED_TOKEN_LIFETIME: Final = 43_200
"""The lifetime of a rotated token in seconds, 12 hours."""


@dataclass(frozen=True, slots=True)
class Grant:
    """An authorisation; its token is valid in `teams`."""

    teams: tuple[str, ...]
    scopes: tuple[str, ...]
    person: str
    org_wide: bool = False


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token of a grant, valid until a time; `error` says why it was revoked."""

    token: str
    grant: Grant
    refresh: str = ""
    replaces: str = ""
    until: float = float("inf")
    error: str = ""


class Grants:
    """Issues codes, tokens and refresh tokens; a `lifetime` of 0 turns token rotation off.

    Slack says that a refresh token is revoked when it is exchanged, and not at which moment: at
    once, or with `is_lenient` when the token is used that was given for it.
    """

    def __init__(self, lifetime: float = 0.0, clock: Callable[[], float] = time.time) -> None:
        self.lifetime = lifetime
        self.is_lenient = False
        self.refreshes = 0
        self._clock = clock
        self._codes: dict[str, tuple[Grant, str] | None] = {}
        self._tokens: dict[str, IssuedToken] = {}
        self._refresh: dict[str, IssuedToken] = {}

    def code(self, grant: Grant, redirect_uri: str) -> str:
        """Return a code for a grant, which is redeemed with the same redirect URI."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = (grant, redirect_uri)
        return code

    def redeem(self, code: str, redirect_uri: str) -> IssuedToken:
        """Exchange a code for a token; raises LookupError with Slack's error."""
        if code not in self._codes:
            raise LookupError("invalid_code")
        kept = self._codes[code]
        # Kept as used: Slack tells a code that was used from one that never existed.
        self._codes[code] = None
        if kept is None:
            raise LookupError("code_already_used")
        grant, expected = kept
        if redirect_uri != expected:
            raise LookupError("bad_redirect_uri")
        return self._issue(grant)

    def refresh(self, token: str) -> IssuedToken:
        """Exchange a refresh token for a new token; raises LookupError with Slack's error."""
        # Slack takes a refresh token once, so a second refresh has to fail here too.
        old = self._refresh.get(token)
        if not self.is_lenient:
            self._refresh.pop(token, None)
        if old is None or self._tokens[old.token].error:
            raise LookupError("invalid_refresh_token")
        self.refreshes += 1
        return self._issue(old.grant, token)

    def find(self, token: str) -> IssuedToken:
        """Return a valid token's grant; raises LookupError with Slack's error."""
        issued = self._tokens.get(token)
        if issued is None:
            raise LookupError("invalid_auth")
        if issued.error:
            raise LookupError(issued.error)
        if self._clock() >= issued.until:
            raise LookupError("token_expired")
        self._refresh.pop(issued.replaces, None)
        return issued

    def revoke(self, team: str, error: str) -> None:
        """Revoke all tokens that are valid in a workspace."""
        for token, issued in self._tokens.items():
            if team in issued.grant.teams and not issued.error:
                self._tokens[token] = replace(issued, error=error)

    def _issue(self, grant: Grant, replaces: str = "") -> IssuedToken:
        made = secrets.token_urlsafe(16)
        if not self.lifetime:
            issued = IssuedToken(f"xoxb-local-{made}", grant)
        else:
            until = self._clock() + self.lifetime
            name = f"xoxe.xoxb-local-{made}"
            issued = IssuedToken(name, grant, f"xoxe-local-{made}-r", replaces, until)
            self._refresh[issued.refresh] = issued
        self._tokens[issued.token] = issued
        return issued


ACCESS_METHOD: Final = "oauth.v2.access"
_LOCAL_HOSTS: Final = ("127.0.0.1", "localhost")


class OAuthServer:
    """Serves the installation in one of several workspaces, or in a whole organisation."""

    def __init__(
        self, states: Mapping[str, WorkspaceState], grants: Grants, faults: FaultInjector
    ) -> None:
        self._states = states
        self._grants = grants
        self._faults = faults
        self._app = next(iter(states.values())).setup

    def routes(self) -> list[Route]:
        """The addresses that Slack serves for this."""
        return [
            Route("/oauth/v2/authorize", self._authorize),
            Route(f"/api/{ACCESS_METHOD}", self._access, methods=["POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        parameters = dict(request.query_params)
        redirect_uri = parameters.get("redirect_uri", "")
        if parameters.get("client_id") != self._app.client_id or not parameters.get("scope"):
            return HTMLResponse("Invalid client_id or scope.", 400)
        if urlsplit(redirect_uri).hostname not in _LOCAL_HOSTS:
            return HTMLResponse("redirect_uri did not match any configured URIs.", 400)
        state = parameters.get("state", "")
        if parameters.get("deny"):
            return RedirectResponse(
                f"{redirect_uri}?{urlencode({'error': 'access_denied', 'state': state})}", 303
            )
        chosen = self._states.get(parameters.get("team", ""))
        if chosen is None:
            return HTMLResponse(self._page(parameters))
        code = self._grants.code(self._grant(chosen, parameters["scope"]), redirect_uri)
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}", 303)

    def _grant(self, chosen: WorkspaceState, scope: str) -> Grant:
        setup = chosen.setup
        teams = tuple(
            one.setup.team_id
            for one in self._states.values()
            if one is chosen or (setup.org_wide and one.setup.enterprise_id == setup.enterprise_id)
        )
        scopes = tuple(name for name in scope.split(",") if name in setup.scopes)
        admin = next(user.id for user in chosen.users.values() if user.admin)
        return Grant(teams, scopes, admin, setup.org_wide)

    def _page(self, parameters: Mapping[str, str]) -> str:
        def link(text: str, **more: str) -> str:
            address = html.escape(f"?{urlencode({**parameters, **more})}")
            return f'<li><a href="{address}">{html.escape(text)}</a></li>'

        allowed = "".join(
            link(f"Allow in {state.setup.enterprise_name or 'the organisation'}", team=team)
            if state.setup.org_wide
            else link(f"Allow in {state.setup.team_name}", team=team)
            for team, state in self._states.items()
        )
        scopes = html.escape(parameters["scope"].replace(",", ", "))
        return (
            '<!doctype html><html lang="en"><title>Allow the app</title>'
            f"<h1>{html.escape(self._app.bot_name)} asks for access</h1><p>{scopes}</p>"
            f"<ul>{allowed}{link('Cancel', deny='1')}</ul></html>"
        )

    async def _access(self, request: Request) -> Response:
        await asyncio.sleep(self._faults.delay(ACCESS_METHOD))
        if self._faults.call_fails(ACCESS_METHOD):
            return fault_response(self._faults.current)
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        error = self._credentials_error(request, fields)
        if error:
            return JSONResponse({"ok": False, "error": error})
        try:
            if fields.get("grant_type") == "refresh_token":
                issued = self._grants.refresh(fields.get("refresh_token", ""))
            else:
                code, redirect_uri = fields.get("code", ""), fields.get("redirect_uri", "")
                issued = self._grants.redeem(code, redirect_uri)
        except LookupError as refused:
            return JSONResponse({"ok": False, "error": str(refused.args[0])})
        return JSONResponse(self._answer(issued))

    def _credentials_error(self, request: Request, fields: Mapping[str, str]) -> str:
        header = request.headers.get("authorization", "").removeprefix("Basic ")
        try:
            name, _, secret = base64.b64decode(header, validate=True).decode().partition(":")
        except ValueError:
            name, secret = "", ""
        if (name or fields.get("client_id")) != self._app.client_id:
            return "invalid_client_id"
        if (secret or fields.get("client_secret")) != self._app.client_secret:
            return "bad_client_secret"
        return ""

    def _answer(self, issued: IssuedToken) -> Payload:
        grant = issued.grant
        setup = self._states[grant.teams[0]].setup
        enterprise = {"id": setup.enterprise_id, "name": setup.enterprise_name}
        answer: Payload = {
            "ok": True,
            "app_id": setup.app_id,
            "authed_user": {"id": grant.person},
            "scope": ",".join(grant.scopes),
            "token_type": "bot",
            "access_token": issued.token,
            "bot_user_id": setup.bot_user_id,
            "team": None if grant.org_wide else {"id": setup.team_id, "name": setup.team_name},
            "enterprise": enterprise if setup.enterprise_id else None,
            "is_enterprise_install": grant.org_wide,
        }
        if issued.refresh:
            seconds = int(self._grants.lifetime)
            answer |= {"expires_in": seconds, "refresh_token": issued.refresh}
        return answer


ISSUER: Final = "https://slack.com"
ID_TOKEN_LIFETIME: Final = 300
"""The lifetime of an ID token in seconds."""


class OpenIdServer:
    """Serves "Sign in with Slack": the authorisation page and the exchange of its codes."""

    def __init__(self, state: WorkspaceState, faults: FaultInjector) -> None:
        self._state = state
        self._faults = faults
        self._codes: dict[str, tuple[str, str, str]] = {}

    def routes(self) -> list[Route]:
        """The addresses that Slack serves for this."""
        return [
            Route("/openid/connect/authorize", self._authorize),
            Route("/api/openid.connect.token", self._token, methods=["POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        parameters, setup = request.query_params, self._state.setup
        redirect_uri = parameters.get("redirect_uri", "")
        if (
            parameters.get("client_id") != setup.client_id
            or parameters.get("response_type") != "code"
        ):
            return HTMLResponse("Invalid client_id or response_type.", 400)
        # A redirect to any other host would hand the code to a stranger.
        if urlsplit(redirect_uri).hostname not in ("127.0.0.1", "localhost"):
            return HTMLResponse("redirect_uri did not match any configured URIs.", 400)
        person = self._state.users.get(parameters.get("as", ""))
        if person is not None:
            code = secrets.token_urlsafe(16)
            self._codes[code] = (person.id, redirect_uri, parameters.get("nonce", ""))
            query = urlencode({"code": code, "state": parameters.get("state", "")})
            return RedirectResponse(f"{redirect_uri}?{query}", 303)
        people = "".join(
            f'<li><a href="?{html.escape(urlencode({**parameters, "as": user.id}))}">'
            f"Continue as {html.escape(user.real_name)}</a></li>"
            for user in self._state.users.values()
            if not user.bot
        )
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in to '
            f"{html.escape(setup.team_name)}</h1><ul>{people}</ul></html>"
        )

    async def _token(self, request: Request) -> Response:
        setup = self._state.setup
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        known = base64.b64encode(f"{setup.client_id}:{setup.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {known}":
            return JSONResponse({"ok": False, "error": "invalid_client_id"})
        person, redirect_uri, nonce = self._codes.pop(fields.get("code", ""), ("", "", ""))
        if not person:
            return JSONResponse({"ok": False, "error": "invalid_code"})
        if fields.get("redirect_uri") != redirect_uri:
            return JSONResponse({"ok": False, "error": "bad_redirect_uri"})
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "iat": now,
            "exp": now + ID_TOKEN_LIFETIME,
            "sub": person,
            "aud": setup.client_id,
            "nonce": nonce,
            "https://slack.com/user_id": person,
            "https://slack.com/team_id": setup.team_id,
            **self._faults.current.id_claims,
        }
        # Without a signature: the app gets the token from Slack itself, over TLS.
        token = ".".join(_base64_json(part) for part in ({"alg": "none"}, claims, {}))
        return JSONResponse(
            {"ok": True, "access_token": "xoxp-local-0000-signed-in", "id_token": token}
        )


def _base64_json(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
