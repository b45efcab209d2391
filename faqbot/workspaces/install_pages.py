"""The pages by which people install faqbot in their workspace."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from faqbot.pages import look
from faqbot.runtime.logs import log_error
from faqbot.runtime.web import SafeHeaders, safe_headers
from faqbot.slack.manifest import OPTIONAL_SCOPES, PURPOSES, SCOPES
from faqbot.storage.installations import STATE_LIFETIME, Workspace
from faqbot.storage.models import StoreError
from faqbot.storage.store import Store
from faqbot.workspaces.oauth import INSTALL_PATH, REDIRECT_PATH, OAuthClient, OAuthError
from faqbot.workspaces.tokens import TokenProvider


@dataclass(frozen=True, slots=True)
class InstallError:
    """An error page: its HTTP status, its title, and advice."""

    status: int
    title: str
    text: str


DENIED: Final = InstallError(
    403,
    "Nothing was installed",
    "You or the rules of your workspace didn't allow it. Nothing has changed. If only admins may "
    "install apps, ask one of them.",
)
STALE: Final = InstallError(
    400,
    "This link can't be used",
    "It was used before, is older than ten minutes, or comes from another browser. Start again on "
    "this page, and allow cookies for it. If you have just installed faqbot, it is in your "
    "workspace already.",
)
REFUSED: Final = InstallError(
    400,
    "Slack did not confirm it",
    "Slack's code has expired or was used before. Start again.",
)
MISCONFIGURED: Final = InstallError(
    502,
    "faqbot is misconfigured",
    "Slack refuses this faqbot, so it can't be installed. Please tell its operators, who find the "
    "reason in its log.",
)
UNREACHABLE: Final = InstallError(
    503,
    "Slack can't be reached",
    "Nothing was installed. Try again in a few minutes.",
)
UNAVAILABLE: Final = InstallError(
    503,
    "The installation can't be stored",
    "faqbot can't reach its database. Try again in a few minutes; if the problem persists, tell "
    "the operators of faqbot.",
)
_ERRORS: Final = {
    "code_already_used": REFUSED,
    "code_expired": REFUSED,
    "invalid_code": REFUSED,
    "oauth_authorization_url_mismatch": REFUSED,
    "access_denied": DENIED,
    "internal_error": UNREACHABLE,
    "ratelimited": UNREACHABLE,
    "service_unavailable": UNREACHABLE,
    "unreachable": UNREACHABLE,
}


def install_error(reason: str) -> InstallError:
    """Return the page for Slack's reason for returning no token."""
    if reason.startswith("status 5"):
        return UNREACHABLE
    return _ERRORS.get(reason, MISCONFIGURED)


def unexpected_error(reference: str) -> InstallError:
    """Return the page for an unexpected error."""
    text = f"Try again. If it happens again, report the reference {reference} to the operators."
    return InstallError(500, "Something went wrong on our side", text)


HERE: Final = Path(__file__).parent / "templates"
_MAX_LENGTH: Final = 1000
_BROWSER: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SAME_SITE: Final = ("same-origin", "none", "")
_RETRY_AFTER: Final = "60"
_log = logging.getLogger(__name__)

OnInstalled = Callable[[Workspace], Awaitable[None]]
"""Called with a new or changed installation, to close its open apps."""


class InstallPages:
    """The install page, the redirect to Slack, and the page that Slack redirects to.

    A state is issued when somebody presses the button, not when the page is shown: link previews
    and crawlers write nothing. It is bound to the browser by a cookie, so that nobody can make
    others finish an installation that they began themselves.

    Args:
        oauth_client: exchanges codes for tokens.
        store: stores states and installations.
        tokens: caches tokens, and drops those that changed.
        on_installed: called with each new or changed installation.
        scopes: what the app needs.
    """

    def __init__(
        self,
        oauth_client: OAuthClient,
        store: Store,
        tokens: TokenProvider,
        on_installed: OnInstalled,
        scopes: tuple[str, ...] = SCOPES,
    ) -> None:
        self._oauth_client = oauth_client
        self._store = store
        self._tokens = tokens
        self._on_installed = on_installed
        self._scopes = scopes
        self._templates = Jinja2Templates(directory=HERE)
        # Inline, allowed by its hash, so that these pages need no route for files.
        style = look() + (HERE / "install.css").read_text(encoding="utf-8")
        self._style = Markup(style)  # noqa: S704 - our own file
        prefix = "__Host-" if oauth_client.is_https else ""  # no other host can set such a cookie
        self._cookie = f"{prefix}faqbot-install"
        slack = urlsplit(oauth_client.authorize_url)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._headers = safe_headers(
            {
                "style-src": f"'sha256-{digest}'",
                # Browsers check redirects of a form too: Slack redirects to the workspace's own
                # address, and that to the sign-in page of its organisation.
                "form-action": f"'self' {slack.scheme}://{slack.netloc} https:",
            },
            https=oauth_client.is_https,
        )

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        safe = [Middleware(SafeHeaders, headers=self._headers)]
        return [
            Route(INSTALL_PATH, self._guarded(self._show), methods=["GET"], middleware=safe),
            Route(INSTALL_PATH, self._guarded(self._start), methods=["POST"], middleware=safe),
            Route(REDIRECT_PATH, self._guarded(self._finish), methods=["GET"], middleware=safe),
        ]

    def _guarded(
        self, page: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a page so that its errors are pages too."""

        async def guarded(request: Request) -> Response:
            try:
                return await page(request)
            except OAuthError as error:
                _log.warning("an installation failed: %s", error.reason)
                return self._error_page(request, install_error(error.reason))
            except StoreError as error:
                _log.warning("an installation could not be kept: %s", error)
                return self._error_page(request, UNAVAILABLE)
            except Exception as error:  # noqa: BLE001 - a person looks at it
                return self._error_page(request, unexpected_error(log_error(_log, error)))

        return guarded

    async def _show(self, request: Request, status: int = 200) -> Response:
        return self._page(
            request,
            "install.html",
            status,
            needed=[(scope, PURPOSES[scope]) for scope in self._scopes],
            optional=[(scope, PURPOSES[scope]) for scope in OPTIONAL_SCOPES],
        )

    async def _start(self, request: Request) -> Response:
        """Redirect to Slack, with a state that is bound to this browser."""
        if request.headers.get("sec-fetch-site", "") not in _SAME_SITE:
            return await self._show(request, 403)  # another site pressed the button
        browser = request.cookies.get(self._cookie, "")
        if not _BROWSER.fullmatch(browser):  # kept for several tabs of one browser
            browser = secrets.token_urlsafe(32)
        state = await self._store.oauth_states.issue(browser)
        address = self._oauth_client.install_url((*self._scopes, *OPTIONAL_SCOPES), state)
        answer = RedirectResponse(address, 303)
        answer.set_cookie(
            self._cookie,
            browser,
            max_age=int(STATE_LIFETIME.total_seconds()),
            secure=self._oauth_client.is_https,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def _finish(self, request: Request) -> Response:
        """Exchange the code, and store the installation and its tokens."""
        state, code, browser = (
            given if len(given) <= _MAX_LENGTH else ""
            for given in (
                request.query_params.get("state", ""),
                request.query_params.get("code", ""),
                request.cookies.get(self._cookie, ""),
            )
        )
        # Also when Slack reports an error: a state is valid once.
        is_own = bool(state and browser) and await self._store.oauth_states.consume(state, browser)
        if request.query_params.get("error"):
            return self._error_page(request, DENIED)
        if not is_own or not code:
            return self._error_page(request, STALE)
        installation, credentials = await self._oauth_client.exchange_code(code)
        await self._store.installations.save(
            installation, credentials.token, credentials.refresh_token
        )
        workspace = installation.workspace
        # After the row is stored: a look-up in between would cache the old token once more.
        self._tokens.forget(workspace)
        await self._on_installed(workspace)
        _log.info("faqbot was installed in %s", workspace.team or workspace.enterprise)
        opens = self._oauth_client.open_url(installation)
        return self._page(request, "done.html", installation=installation, opens=opens)

    def _error_page(self, request: Request, error: InstallError) -> Response:
        answer = self._page(request, "error.html", error.status, error=error)
        if error.status == UNAVAILABLE.status:
            answer.headers["Retry-After"] = _RETRY_AFTER
        return answer

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        install = f"{self._oauth_client.public_url}{INSTALL_PATH}"
        context = {"style": self._style, "install": install, **values}
        return self._templates.TemplateResponse(request, name, context, status_code=status)
