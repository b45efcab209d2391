"""Sign in with Slack as the local workspace does it: choose who you are, and go back."""

from __future__ import annotations

import base64
import html
import json
import secrets
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from faqbot.playground.state import State

ISSUER = "https://slack.com"


class OpenId:
    """The authorisation page, and the exchange of its codes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._codes: dict[str, tuple[str, str, str]] = {}

    def routes(self) -> list[Route]:
        """The addresses that Slack serves for this."""
        return [
            Route("/openid/connect/authorize", self._authorize),
            Route("/api/openid.connect.token", self._token, methods=["POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        asked, setup = request.query_params, self._state.setup
        back = asked.get("redirect_uri", "")
        if asked.get("client_id") != setup.client_id or asked.get("response_type") != "code":
            return HTMLResponse("Invalid client_id or response_type.", 400)
        if urlsplit(back).hostname not in ("127.0.0.1", "localhost"):
            return HTMLResponse("redirect_uri did not match any configured URIs.", 400)
        person = self._state.users.get(asked.get("as", ""))
        if person is not None:
            code = secrets.token_urlsafe(16)
            self._codes[code] = (person.id, back, asked.get("nonce", ""))
            led = urlencode({"code": code, "state": asked.get("state", "")})
            return RedirectResponse(f"{back}?{led}", 303)
        people = "".join(
            f'<li><a href="?{html.escape(urlencode({**asked, "as": user.id}))}">'
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
            given = {name: str(value) for name, value in form.items()}
        known = base64.b64encode(f"{setup.client_id}:{setup.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {known}":
            return JSONResponse({"ok": False, "error": "invalid_client_id"})
        person, back, nonce = self._codes.pop(given.get("code", ""), ("", "", ""))
        if not person:
            return JSONResponse({"ok": False, "error": "invalid_code"})
        if given.get("redirect_uri") != back:
            return JSONResponse({"ok": False, "error": "bad_redirect_uri"})
        claims = {
            "iss": ISSUER,
            "sub": person,
            "aud": setup.client_id,
            "nonce": nonce,
            "https://slack.com/user_id": person,
            "https://slack.com/team_id": setup.team_id,
        }
        token = ".".join(_part(part) for part in ({"alg": "none"}, claims, {}))
        return JSONResponse(
            {"ok": True, "access_token": "xoxp-local-0000-signed-in", "id_token": token}
        )


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
