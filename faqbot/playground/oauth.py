"""OAuth as Slack does it: the page on which somebody allows the app, and oauth.v2.access."""

from __future__ import annotations

import asyncio
import base64
import html
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from faqbot.playground.models import Payload
from faqbot.playground.models__faults import FaultLine, failure
from faqbot.playground.oauth__grants import Grant, Grants, Issued
from faqbot.playground.state import State

METHOD: Final = "oauth.v2.access"
_LOCAL: Final = ("127.0.0.1", "localhost")


class OAuth:
    """Lets people install the app in one of several workspaces, or in a whole organisation."""

    def __init__(self, states: Mapping[str, State], grants: Grants, line: FaultLine) -> None:
        self._states = states
        self._grants = grants
        self._line = line
        self._app = next(iter(states.values())).setup

    def routes(self) -> list[Route]:
        """The addresses that Slack serves for this."""
        return [
            Route("/oauth/v2/authorize", self._authorize),
            Route(f"/api/{METHOD}", self._access, methods=["POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        back = asked.get("redirect_uri", "")
        if asked.get("client_id") != self._app.client_id or not asked.get("scope"):
            return HTMLResponse("Invalid client_id or scope.", 400)
        if urlsplit(back).hostname not in _LOCAL:
            return HTMLResponse("redirect_uri did not match any configured URIs.", 400)
        state = asked.get("state", "")
        if asked.get("deny"):
            return RedirectResponse(
                f"{back}?{urlencode({'error': 'access_denied', 'state': state})}", 303
            )
        chosen = self._states.get(asked.get("team", ""))
        if chosen is None:
            return HTMLResponse(self._page(asked))
        code = self._grants.code(self._grant(chosen, asked["scope"]), back)
        return RedirectResponse(f"{back}?{urlencode({'code': code, 'state': state})}", 303)

    def _grant(self, chosen: State, scope: str) -> Grant:
        setup = chosen.setup
        teams = tuple(
            one.setup.team_id
            for one in self._states.values()
            if one is chosen or (setup.org_wide and one.setup.enterprise_id == setup.enterprise_id)
        )
        scopes = tuple(name for name in scope.split(",") if name in setup.scopes)
        admin = next(user.id for user in chosen.users.values() if user.admin)
        return Grant(teams, scopes, admin, setup.org_wide)

    def _page(self, asked: Mapping[str, str]) -> str:
        def link(text: str, **more: str) -> str:
            address = html.escape(f"?{urlencode({**asked, **more})}")
            return f'<li><a href="{address}">{html.escape(text)}</a></li>'

        allowed = "".join(
            link(f"Allow in {state.setup.enterprise_name or 'the organisation'}", team=team)
            if state.setup.org_wide
            else link(f"Allow in {state.setup.team_name}", team=team)
            for team, state in self._states.items()
        )
        scopes = html.escape(asked["scope"].replace(",", ", "))
        return (
            '<!doctype html><html lang="en"><title>Allow the app</title>'
            f"<h1>{html.escape(self._app.bot_name)} asks for access</h1><p>{scopes}</p>"
            f"<ul>{allowed}{link('Cancel', deny='1')}</ul></html>"
        )

    async def _access(self, request: Request) -> Response:
        await asyncio.sleep(self._line.delay(METHOD))
        if self._line.call_fails(METHOD):
            return failure(self._line.current)
        async with request.form() as form:
            given = {name: str(value) for name, value in form.items()}
        error = self._credentials_error(request, given)
        if error:
            return JSONResponse({"ok": False, "error": error})
        try:
            if given.get("grant_type") == "refresh_token":
                issued = self._grants.refresh(given.get("refresh_token", ""))
            else:
                code, back = given.get("code", ""), given.get("redirect_uri", "")
                issued = self._grants.redeem(code, back)
        except LookupError as refused:
            return JSONResponse({"ok": False, "error": str(refused.args[0])})
        return JSONResponse(self._answer(issued))

    def _credentials_error(self, request: Request, given: Mapping[str, str]) -> str:
        header = request.headers.get("authorization", "").removeprefix("Basic ")
        try:
            name, _, secret = base64.b64decode(header, validate=True).decode().partition(":")
        except ValueError:
            name, secret = "", ""
        if (name or given.get("client_id")) != self._app.client_id:
            return "invalid_client_id"
        if (secret or given.get("client_secret")) != self._app.client_secret:
            return "bad_client_secret"
        return ""

    def _answer(self, issued: Issued) -> Payload:
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
