"""Sign in with Slack (OpenID Connect): who somebody is, and whether they own content."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urljoin

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from faqbot.model import Library
from faqbot.slack.client import reason_of
from faqbot.slack.directory__owners import Owners

AUTHORIZE: Final = "/openid/connect/authorize"
_TEAM, _USER = "https://slack.com/team_id", "https://slack.com/user_id"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SlackIdentity:
    """Signs owners of content in through their workspace.

    Args:
        bot: the client with the bot token, for who owns what.
        anyone: a client without a token, for exchanging codes.
        team: the id of the workspace whose members may sign in.
        client_id: of the app.
        client_secret: of the app.
        redirect: where Slack leads back to, as the app's settings list it.
        library: the content, at each request as it is then.
        owners: knows who owns it.
    """

    bot: AsyncWebClient
    anyone: AsyncWebClient
    team: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect: str
    library: Callable[[], Library]
    owners: Owners

    def address(self, state: str, nonce: str) -> str:
        """Where somebody goes to sign in."""
        asked = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self.client_id,
            "state": state,
            "nonce": nonce,
            "team": self.team,
            "redirect_uri": self.redirect,
        }
        return f"{urljoin(self.anyone.base_url, AUTHORIZE)}?{urlencode(asked)}"

    async def person(self, code: str, nonce: str) -> str | None:
        """The id of who came back with a code; None when the code proves nothing."""
        try:
            answer = await self.anyone.openid_connect_token(
                self.client_id,
                self.client_secret,
                code=code,
                redirect_uri=self.redirect,
                grant_type="authorization_code",
            )
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            reason = reason_of(error) if isinstance(error, SlackApiError) else type(error).__name__
            _log.warning("somebody could not be signed in: %s", reason)
            return None
        claims = _claims(str(answer.get("id_token") or ""))
        expected = {"aud": self.client_id, "nonce": nonce, _TEAM: self.team}
        if any(claims.get(name) != value for name, value in expected.items()):
            _log.warning("somebody was refused: the token is for another app, team or attempt")
            return None
        return str(claims.get(_USER) or "") or None

    async def may_read(self, person: str) -> bool:
        """Whether somebody owns content or is an admin."""
        return await self.owners.owns(self.bot, self.library(), person)


def _claims(token: str) -> dict[str, Any]:
    """What an ID token says.

    It comes from Slack itself over TLS, which stands in for checking its signature (OpenID Connect
    Core 1.0, section 3.1.3.7, point 6).
    """
    parts = token.split(".")
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = json.loads(payload)
    except (IndexError, ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
