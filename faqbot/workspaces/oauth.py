"""What Slack gives for a code or a refresh token."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urljoin

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faqbot.errors import FaqbotError
from faqbot.slack.client import reason_of
from faqbot.storage.installations import Credentials, Installation, Workspace
from faqbot.storage.models import utc_now

INSTALL_PATH: Final = "/slack/install"
REDIRECT_PATH: Final = "/slack/oauth_redirect"


class OAuthError(FaqbotError):
    """Slack gave no tokens; `reason` is its word for why, or `unreachable`."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack gave no token ({reason}).")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """The app as Slack's OAuth knows it.

    Args:
        client: a client without a token.
        client_id: of the app.
        client_secret: of the app.
        public_url: where browsers reach faqbot, without a slash at its end.
    """

    client: AsyncWebClient
    client_id: str
    client_secret: str = field(repr=False)
    public_url: str

    @property
    def redirect_url(self) -> str:
        """Where Slack leads back to: the app's settings must list it."""
        return f"{self.public_url}{REDIRECT_PATH}"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach faqbot by HTTPS."""
        return self.public_url.startswith("https://")

    def install_url(self, scopes: tuple[str, ...], state: str) -> str:
        """Where somebody goes to install."""
        asked = {
            "client_id": self.client_id,
            "scope": ",".join(scopes),
            "state": state,
            "redirect_uri": self.redirect_url,
        }
        return f"{self.authorize_url}?{urlencode(asked)}"

    @property
    def authorize_url(self) -> str:
        """Slack's page on which somebody allows it."""
        return urljoin(self.client.base_url, "/oauth/v2/authorize")

    def open_url(self, installation: Installation) -> str:
        """The address that opens faqbot in Slack."""
        asked = {"app": installation.app_id, "team": installation.workspace.team}
        given = urlencode({name: value for name, value in asked.items() if value})
        return f"{urljoin(self.client.base_url, '/app_redirect')}?{given}"

    async def exchange_code(self, code: str) -> tuple[Installation, Credentials]:
        """What a code stands for.

        Raises:
            ExchangeError: Slack refuses it, gives no bot token, or can't be reached.
        """
        given = await self._access(code=code, redirect_uri=self.redirect_url)
        credentials = _credentials(given)
        # The answer doesn't say which bot it is.
        who = await _answer_of(self.client.auth_test(token=credentials.token))
        enterprise, team = _mapping(given.get("enterprise")), _mapping(given.get("team"))
        org_wide = bool(given.get("is_enterprise_install"))
        workspace = Workspace(
            str(enterprise.get("id") or ""), "" if org_wide else str(team.get("id") or "")
        )
        if not any((workspace.enterprise, workspace.team)):
            raise OAuthError("no_workspace_in_answer")
        installation = Installation(
            workspace,
            app_id=str(given.get("app_id") or ""),
            bot_id=str(who.get("bot_id") or ""),
            bot_user_id=str(given.get("bot_user_id") or who.get("user_id") or ""),
            scopes=tuple(filter(None, str(given.get("scope") or "").split(","))),
            team_name="" if org_wide else str(team.get("name") or ""),
            enterprise_name=str(enterprise.get("name") or ""),
            installer=str(_mapping(given.get("authed_user")).get("id") or ""),
            expires=credentials.expires,
        )
        return installation, credentials

    async def refresh(self, refresh_token: str) -> Credentials:
        """Fresh tokens for a refresh token, which is used up by it; errors as above."""
        given = await self._access(grant_type="refresh_token", refresh_token=refresh_token)
        return _credentials(given)

    async def _access(self, **grant: str) -> dict[str, Any]:
        called = self.client.oauth_v2_access(
            client_id=self.client_id, client_secret=self.client_secret, **grant
        )
        return await _answer_of(called)


async def _answer_of(call: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
    """What Slack answers, or why it doesn't."""
    try:
        return _mapping((await call).data)
    except SlackApiError as error:
        raise OAuthError(reason_of(error)) from None
    except (aiohttp.ClientError, TimeoutError):
        raise OAuthError("unreachable") from None


def _credentials(given: dict[str, Any]) -> Credentials:
    token, seconds = str(given.get("access_token") or ""), given.get("expires_in")
    # A user token would let faqbot act as the person who installed it.
    if given.get("token_type") != "bot" or not token:
        raise OAuthError("no_bot_token_in_answer")
    expires = utc_now() + dt.timedelta(seconds=int(seconds)) if seconds else None
    return Credentials(token, str(given.get("refresh_token") or ""), expires)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
