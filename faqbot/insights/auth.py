"""Sign-in to the insights pages with Slack, and sessions in memory."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urljoin

from cachetools import TTLCache
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from faqbot.model import KnowledgeBase
from faqbot.slack.client import SLACK_ERRORS, describe_error
from faqbot.slack.owners import OwnerDirectory

SESSION_LIFETIME: Final = 8 * 3600.0
"""Seconds of a session."""

OWNER_CHECK_INTERVAL: Final = 600.0
"""Seconds after which a session checks again that its user is an owner."""

SIGN_IN_TIMEOUT: Final = 600.0
"""Seconds that signing in may take."""

ISSUER: Final = "https://slack.com"
"""Who issues the ID tokens, also where another address of the Web API is set."""

CLOCK_SKEW: Final = 60.0
"""Seconds that Slack's clock and ours may differ."""

_MAX_SESSIONS: Final = 10_000
_SESSION_COOKIE: Final = "faqbot-session"
_BROWSER_COOKIE: Final = "faqbot-signing-in"
_HOST_ONLY: Final = "__Host-"
"""Prefix of cookies that only this host can set, over HTTPS."""

_PUBLIC_PATHS: Final = ("/sign-in", "/sign-out", "/static/")
_CALLS: Final = "/calls/"
"""What the paths of a script's calls have."""

Page = Callable[[Request, int, str], Response]
"""Returns a page, with a status and a message."""


class IdentityProvider(Protocol):
    """Identifies users, and decides who may read."""

    def sign_in_url(self, state: str, nonce: str) -> str:
        """Return the address at which a user signs in."""
        ...

    async def identify(self, code: str, nonce: str) -> str | None:
        """Return the id of the user that a code identifies; None if it is invalid."""
        ...

    async def may_read(self, person: str) -> bool:
        """Whether a user may read the pages."""
        ...


@dataclass(frozen=True, slots=True)
class _Attempt:
    browser: str
    nonce: str


class Sessions:
    """Sessions of users whom an identity provider has identified.

    Args:
        identity: identifies users.
        page: returns the sign-in page.
        secure: whether the pages are served by HTTPS, so that cookies are sent by HTTPS only.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        identity: IdentityProvider,
        page: Page,
        *,
        secure: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._page = page
        self._secure = secure
        self._prefix = _HOST_ONLY if secure else ""
        self._users: TTLCache[str, str] = TTLCache(_MAX_SESSIONS, SESSION_LIFETIME, clock)
        self._checked: TTLCache[str, bool] = TTLCache(_MAX_SESSIONS, OWNER_CHECK_INTERVAL, clock)
        self._attempts: TTLCache[str, _Attempt] = TTLCache(_MAX_SESSIONS, SIGN_IN_TIMEOUT, clock)

    def routes(self) -> list[Route]:
        """Return the routes for signing in and out."""
        return [
            Route("/sign-in", self._sign_in),
            Route("/sign-in/start", self._start),
            Route("/sign-in/done", self._done),
            Route("/sign-out", self._sign_out, methods=["POST"]),
        ]

    async def person_of(self, request: Request) -> str:
        """Return who has the session of a request; empty without one, or who may read no longer."""
        key = self._cookie(request, _SESSION_COOKIE)
        user = self._users.get(key)
        if user is None:
            return ""
        if key not in self._checked:
            # A user may leave, or stop being an owner, during a session.
            if not await self._identity.may_read(user):
                self._users.pop(key, None)
                return ""
            self._checked[key] = True
        return user

    async def _sign_in(self, request: Request) -> Response:
        return self._page(request, 200, "")

    async def _start(self, request: Request) -> Response:
        del request
        browser, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        state = secrets.token_urlsafe(32)
        self._attempts[state] = _Attempt(browser, nonce)
        answer = RedirectResponse(self._identity.sign_in_url(state, nonce), 303)
        self._set_cookie(answer, _BROWSER_COOKIE, browser, SIGN_IN_TIMEOUT)
        return answer

    async def _done(self, request: Request) -> Response:
        asked = request.query_params
        # Removed by reading: a state is valid once, even if the attempt fails.
        attempt = self._attempts.pop(asked.get("state", ""), None)
        browser = self._cookie(request, _BROWSER_COOKIE)
        # As bytes: compare_digest refuses text that isn't ASCII, and a cookie may be anything.
        if attempt is None or not secrets.compare_digest(
            attempt.browser.encode(), browser.encode()
        ):
            return self._page(request, 400, "That took too long, or began in another browser.")
        if asked.get("error"):
            return self._page(request, 403, "You were not signed in.")
        person = await self._identity.identify(asked.get("code", ""), attempt.nonce)
        if person is None:
            return self._page(request, 403, "Slack did not confirm who you are. Try again.")
        if not await self._identity.may_read(person):
            said = "Only the owners of content, and admins of the workspace, can read this."
            return self._page(request, 403, said)
        answer = RedirectResponse("/", 303)
        # A new key at each sign-in, against session fixation.
        key = secrets.token_urlsafe(32)
        self._users[key], self._checked[key] = person, True
        self._set_cookie(answer, _SESSION_COOKIE, key, SESSION_LIFETIME)
        self._delete_cookie(answer, _BROWSER_COOKIE)
        return answer

    async def _sign_out(self, request: Request) -> Response:
        self._users.pop(self._cookie(request, _SESSION_COOKIE), None)
        answer = RedirectResponse("/sign-in", 303)
        self._delete_cookie(answer, _SESSION_COOKIE)
        return answer

    def _set_cookie(self, answer: Response, name: str, value: str, lifetime: float) -> None:
        answer.set_cookie(
            f"{self._prefix}{name}",
            value,
            max_age=int(lifetime),
            httponly=True,
            secure=self._secure,
            samesite="lax",  # with strict, Slack's redirect wouldn't send it
        )

    def _delete_cookie(self, answer: Response, name: str) -> None:
        # Browsers refuse a cookie with this prefix unless it is secure, even to delete it.
        name = f"{self._prefix}{name}"
        answer.delete_cookie(name, secure=self._secure, httponly=True, samesite="lax")

    def _cookie(self, request: Request, name: str) -> str:
        return request.cookies.get(f"{self._prefix}{name}", "")


class RequireSignIn:
    """ASGI middleware that redirects users without a session to the sign-in page.

    A script of a page gets advice instead: what somebody wrote is on that page, and stays there.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a page, or redirect to the sign-in page."""
        if scope["type"] == "http" and not scope["path"].startswith(_PUBLIC_PATHS):
            request = Request(scope)
            person = await self._sessions.person_of(request)
            if not person:
                said = "Your session has ended. Sign in again in another tab, then go on."
                refused = _advice(scope, 401, said) or RedirectResponse("/sign-in", 303)
                await refused(scope, receive, send)
                return
            scope["person"] = person
        await self._app(scope, receive, send)


class OwnersOnly:
    """ASGI middleware that refuses people who signed in, and may not edit.

    Args:
        app: the application.
        may_edit: whether a user may edit.
        page: returns a page that says a text.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        may_edit: Callable[[str], Awaitable[bool]],
        page: Page,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._may_edit = may_edit
        self._page = page
        self._known: TTLCache[str, bool] = TTLCache(_MAX_SESSIONS, OWNER_CHECK_INTERVAL, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the editor, or say who may use it."""
        if scope["type"] == "http":
            person = str(scope.get("person") or "")
            if person not in self._known:
                if not person or not await self._may_edit(person):
                    said = "Only owners of content can propose changes of it, and no guests."
                    page = self._page(Request(scope), 403, said)
                    await (_advice(scope, 403, said) or page)(scope, receive, send)
                    return
                self._known[person] = True
        await self._app(scope, receive, send)


def _advice(scope: Scope, status: int, said: str) -> Response | None:
    """Return a response for the script of a page; None where a person reads it."""
    return JSONResponse({"error": said}, status) if _CALLS in scope["path"] else None


AUTHORIZE_PATH: Final = "/openid/connect/authorize"
_TEAM, _USER = "https://slack.com/team_id", "https://slack.com/user_id"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SlackIdentity:
    """Identity provider for owners of content: Sign in with Slack (OpenID Connect).

    Args:
        bot: a client with the bot token, to look up owners.
        client: a client without a token, to exchange codes.
        team: the id of the workspace whose members may sign in.
        client_id: of the app.
        client_secret: of the app.
        redirect_url: the address that Slack redirects to; the app's settings must list it.
        knowledge_base: returns the present content.
        owners: looks up who is an owner.
    """

    bot: AsyncWebClient
    client: AsyncWebClient
    team: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_url: str
    knowledge_base: Callable[[], KnowledgeBase]
    owners: OwnerDirectory

    def sign_in_url(self, state: str, nonce: str) -> str:
        """Return the address at which a user signs in."""
        asked = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self.client_id,
            "state": state,
            "nonce": nonce,
            "team": self.team,
            "redirect_uri": self.redirect_url,
        }
        return f"{urljoin(self.client.base_url, AUTHORIZE_PATH)}?{urlencode(asked)}"

    async def identify(self, code: str, nonce: str) -> str | None:
        """Return the id of the user that a code identifies; None if it is invalid."""
        try:
            answer = await self.client.openid_connect_token(
                self.client_id,
                self.client_secret,
                code=code,
                redirect_uri=self.redirect_url,
                grant_type="authorization_code",
            )
        except SLACK_ERRORS as error:
            _log.warning("somebody could not be signed in: %s", describe_error(error))
            return None
        claims = _claims(str(answer.get("id_token") or ""))
        expected = {"iss": ISSUER, "aud": self.client_id, "nonce": nonce, _TEAM: self.team}
        wrong = [name for name, value in expected.items() if claims.get(name) != value]
        if not _is_current(claims.get("exp")):
            wrong.append("exp")
        if wrong:
            _log.warning(
                "somebody was refused: their ID token is from elsewhere, for another app, team or "
                "attempt, or has expired (%s)",
                ", ".join(wrong),
            )
            return None
        return str(claims.get(_USER) or "") or None

    async def may_read(self, person: str) -> bool:
        """Whether a user is an owner of content or an admin."""
        knowledge_base = self.knowledge_base()
        if await self.owners.owns(self.bot, knowledge_base, person):
            return True
        return await self.owners.acts(self.bot, self.team, knowledge_base, person)


def _is_current(expires: object) -> bool:
    """Return whether the time of an `exp` claim is to come, for clocks that differ a little."""
    is_number = isinstance(expires, int | float) and not isinstance(expires, bool)
    return is_number and time.time() < float(expires) + CLOCK_SKEW  # type: ignore[arg-type]


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of an ID token.

    Its signature needn't be checked, since it comes from Slack over TLS (OpenID Connect Core 1.0,
    section 3.1.3.7, point 6).
    """
    parts = token.split(".")
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = json.loads(payload)
    except (IndexError, ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
