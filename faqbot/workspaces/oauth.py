"""OAuth with Slack: codes become installations, and refresh tokens new tokens."""

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
    """Slack returned no token; `reason` is its error code, or "unreachable"."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack returned no token ({reason}).")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """The OAuth client of the app: install URLs, code exchange, token refresh.

    Args:
        client: a client of the Web API without a token.
        client_id: the app's client id.
        client_secret: the app's client secret.
        public_url: the address at which browsers reach faqbot, without a slash at its end.
    """

    client: AsyncWebClient
    client_id: str
    client_secret: str = field(repr=False)
    public_url: str

    @property
    def redirect_url(self) -> str:
        """The address that Slack redirects to. The app's settings must list it."""
        return f"{self.public_url}{REDIRECT_PATH}"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach faqbot by HTTPS."""
        return self.public_url.startswith("https://")

    def install_url(self, scopes: tuple[str, ...], state: str) -> str:
        """Return the address at which a person approves the installation."""
        parameters = {
            "client_id": self.client_id,
            "scope": ",".join(scopes),
            "state": state,
            "redirect_uri": self.redirect_url,
        }
        return f"{self.authorize_url}?{urlencode(parameters)}"

    @property
    def authorize_url(self) -> str:
        """Slack's page for approving an installation."""
        return urljoin(self.client.base_url, "/oauth/v2/authorize")

    def open_url(self, installation: Installation) -> str:
        """Return the address that opens faqbot in Slack."""
        parameters = {"app": installation.app_id, "team": installation.workspace.team}
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"{urljoin(self.client.base_url, '/app_redirect')}?{query}"

    async def exchange_code(self, code: str) -> tuple[Installation, Credentials]:
        """Exchange a code for an installation and its tokens.

        Raises:
            OAuthError: Slack refuses the code, returns no bot token, or can't be reached.
        """
        response = await self._access(code=code, redirect_uri=self.redirect_url)
        credentials = _credentials(response)
        # oauth.v2.access doesn't return the id of the bot.
        identity = await _data_of(self.client.auth_test(token=credentials.token))
        enterprise, team = _mapping(response.get("enterprise")), _mapping(response.get("team"))
        is_org_wide = bool(response.get("is_enterprise_install"))
        workspace = Workspace(
            str(enterprise.get("id") or ""), "" if is_org_wide else str(team.get("id") or "")
        )
        if not any((workspace.enterprise, workspace.team)):
            raise OAuthError("no_workspace_in_answer")
        installation = Installation(
            workspace,
            app_id=str(response.get("app_id") or ""),
            bot_id=str(identity.get("bot_id") or ""),
            bot_user_id=str(response.get("bot_user_id") or identity.get("user_id") or ""),
            scopes=tuple(filter(None, str(response.get("scope") or "").split(","))),
            team_name="" if is_org_wide else str(team.get("name") or ""),
            enterprise_name=str(enterprise.get("name") or ""),
            installer=str(_mapping(response.get("authed_user")).get("id") or ""),
            expires=credentials.expires,
        )
        return installation, credentials

    async def refresh(self, refresh_token: str) -> Credentials:
        """Exchange a refresh token, which is used up, for new tokens.

        Raises:
            OAuthError: Slack refuses the token, returns no bot token, or can't be reached.
        """
        response = await self._access(grant_type="refresh_token", refresh_token=refresh_token)
        return _credentials(response)

    async def works(self, token: str) -> bool:
        """Return whether Slack takes a token; False if it can't be reached."""
        try:
            await _data_of(self.client.auth_test(token=token))
        except OAuthError:
            return False
        return True

    async def _access(self, **grant: str) -> dict[str, Any]:
        call = self.client.oauth_v2_access(
            client_id=self.client_id, client_secret=self.client_secret, **grant
        )
        return await _data_of(call)


async def _data_of(call: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
    """Return the data of a response; raise an OAuthError for Slack's errors."""
    try:
        return _mapping((await call).data)
    except SlackApiError as error:
        raise OAuthError(reason_of(error)) from None
    except (aiohttp.ClientError, TimeoutError):
        raise OAuthError("unreachable") from None


def _credentials(response: dict[str, Any]) -> Credentials:
    token, seconds = str(response.get("access_token") or ""), response.get("expires_in")
    # With a user token faqbot would act as the person who installed it.
    if response.get("token_type") != "bot" or not token:
        raise OAuthError("no_bot_token_in_answer")
    expires = utc_now() + dt.timedelta(seconds=int(seconds)) if seconds else None
    return Credentials(token, str(response.get("refresh_token") or ""), expires)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
