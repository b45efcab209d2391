"""The Web API client: one session, retries that end, and a token that is checked at the start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faqbot.errors import FaqbotError, ServiceError, SettingsError
from faqbot.runtime.logs__quiet import bolt_logger
from faqbot.slack.client__pacing import POSTS, Pacer

REFUSED: Final = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
    }
)
"""Slack's reasons that say the token itself is no good."""

_CONNECT: Final = 10.0
_READ: Final = 30.0
_CONNECTIONS: Final = 200
_KEPT: Final = 60.0


class ConnectionRetry(AsyncConnectionErrorRetryHandler):
    """Tries again when the connection broke; all else is the pacer's.

    A post may have arrived although its answer was lost, so that whoever posts looks first.
    """

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if request.url.rpartition("/")[2] in POSTS:
            return False
        return await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Wait, and count: the SDK's base class doesn't, and would try a hundred times."""
        await super().prepare_for_next_attempt_async(
            state=state, request=request, response=response, error=error
        )
        state.increment_current_attempt()


def reason_of(error: SlackApiError) -> str:
    """Why Slack refused a call; a proxy or a broken server answers with no reason but a status."""
    answer = getattr(error.response, "data", None)
    reason = answer.get("error") if isinstance(answer, Mapping) else None
    return str(reason or f"status {getattr(error.response, 'status_code', 'unknown')}")


def client_of(context: AsyncBoltContext) -> AsyncWebClient:
    """The client that Bolt made for one request."""
    assert context.client is not None
    return context.client


@asynccontextmanager
async def web_client(
    token: str, base_url: str, pacer: Pacer | None = None
) -> AsyncIterator[AsyncWebClient]:
    """A client of the Web API at an address, with one session for as long as the block runs.

    `pacer` keeps Slack's pace; what shares one must share the session, or count together.
    """
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=_READ),
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEPT),
        middlewares=(pacer or Pacer(),),
    ) as session:
        yield AsyncWebClient(
            token=token,
            base_url=base_url,
            session=session,
            logger=bolt_logger(),
            retry_handlers=[ConnectionRetry(max_retry_count=2)],
        )


async def check_bot_token(client: AsyncWebClient) -> str:
    """Ask Slack who the bot is, and return the workspace's name.

    Raises:
        SettingsError: Slack refuses the token.
        ServiceError: the Web API can't be reached.
    """
    answer = await _bot(client)
    return str(answer.get("team") or answer.get("team_id") or "")


async def team_of(client: AsyncWebClient) -> str:
    """The id of the workspace that the bot token is of; errors as above."""
    return str((await _bot(client)).get("team_id") or "")


async def _bot(client: AsyncWebClient) -> AsyncSlackResponse:
    try:
        return await client.auth_test()
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        raise refusal("SLACK_BOT_TOKEN", client.base_url, error) from None


def refusal(setting: str, base_url: str, error: Exception) -> FaqbotError:
    """The error of a first call as advice."""
    if isinstance(error, SlackApiError):
        reason = reason_of(error)
        if reason in REFUSED:
            return SettingsError(
                f"Slack refuses {setting} ({reason}): copy it again from the app's settings at "
                "https://api.slack.com/apps, and install the app in the workspace."
            )
        return ServiceError(f"{base_url} answers with an error ({reason}).")
    return ServiceError(
        f"Can't reach {base_url} ({type(error).__name__}): check the network and SLACK_API_URL."
    )
