"""The Web API client: one session, retries that end, and a token that is checked at the start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faqbot.errors import FaqbotError, ServiceError, SettingsError
from faqbot.slack.quiet import bolt_logger

_REFUSED: Final = frozenset(
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
_SERVER_ERRORS: Final = range(500, 600)


class _Counted(AsyncRetryHandler):
    """Counts its attempts: the SDK's base class doesn't, and would try a hundred times."""

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        await super().prepare_for_next_attempt_async(
            state=state, request=request, response=response, error=error
        )
        state.increment_current_attempt()


class ConnectionRetry(_Counted, AsyncConnectionErrorRetryHandler):
    """Tries again when the connection broke."""


class ServerErrorRetry(_Counted):
    """Tries again when Slack answers with a server error of any kind."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the base class fixes the names
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> bool:
        return response is not None and response.status_code in _SERVER_ERRORS


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
async def web_client(token: str, base_url: str) -> AsyncIterator[AsyncWebClient]:
    """A client of the Web API at an address, with one session for as long as the block runs."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield AsyncWebClient(
            token=token,
            base_url=base_url,
            session=session,
            logger=bolt_logger(),
            retry_handlers=[
                ConnectionRetry(max_retry_count=2),
                AsyncRateLimitErrorRetryHandler(max_retry_count=3),
                ServerErrorRetry(max_retry_count=2),
            ],
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
        if reason in _REFUSED:
            return SettingsError(
                f"Slack refuses {setting} ({reason}): copy it again from the app's settings at "
                "https://api.slack.com/apps, and install the app in the workspace."
            )
        return ServiceError(f"{base_url} answers with an error ({reason}).")
    return ServiceError(
        f"Can't reach {base_url} ({type(error).__name__}): check the network and SLACK_API_URL."
    )
