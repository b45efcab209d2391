"""The Web API client: one session, a queue for calls, retries that end, and the token's check."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, cast

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
from faqbot.runtime.logs import bolt_logger
from faqbot.slack.call_queue import POSTS, CallQueue

SLACK_ERRORS: Final = (SlackApiError, aiohttp.ClientError, TimeoutError)
"""What a call of the Web API raises: Slack refuses it, can't be reached, or doesn't answer."""

MAX_REPLIES: Final = 200
"""Messages of a thread or a channel that one call asks for."""


def reason_of(error: SlackApiError) -> str:
    """Return why Slack refused a call; the status where a proxy responds without a reason."""
    answer = getattr(error.response, "data", None)
    reason = answer.get("error") if isinstance(answer, Mapping) else None
    return str(reason or f"status {getattr(error.response, 'status_code', 'unknown')}")


_CANNOT_POST: Final[Mapping[str, str]] = {
    "is_archived": "the channel is archived",
    "not_in_channel": "I'm not in the channel",
    "channel_not_found": "I'm not in the channel",
    "thread_not_found": "the message that it belongs below is gone",
    "message_not_found": "the message that it belongs to is gone",
    "cant_update_message": "the message that it belongs to isn't mine",
    "edit_window_closed": "the message that it belongs to can no longer be edited",
    "cannot_reply_to_message": "that message takes no replies",
    "restricted_action_thread_locked": "the thread is locked",
    "restricted_action_non_threadable_channel": "the channel has no threads",
    "messages_tab_disabled": "my messages are switched off",
    "msg_too_long": "it is too long for one message",
    "msg_blocks_too_long": "it is too long for one message",
}
_RESTRICTED: Final = "restricted_action"
TOO_LONG: Final = frozenset({"msg_too_long", "msg_blocks_too_long"})
"""Slack's reasons that mean a message that no channel would take."""


def why_not_posted(error: BaseException) -> str:
    """Return in words why a channel or thread takes no post; empty for all other errors.

    Such a refusal is a fact about the channel. Nothing in faqbot is wrong, and nothing can be
    repeated: the post goes another way.
    """
    reason = reason_of(error) if isinstance(error, SlackApiError) else ""
    if reason in _CANNOT_POST:
        return _CANNOT_POST[reason]
    return "I may not post in the channel" if reason.startswith(_RESTRICTED) else ""


def describe_error(error: BaseException) -> str:
    """Return Slack's reason, or the type of another error: its message may quote somebody."""
    return reason_of(error) if isinstance(error, SlackApiError) else type(error).__name__


class QueuedSession:
    """An aiohttp session as far as the SDK uses one, whose calls wait in a queue.

    Bolt 1.30 creates a client of the SDK's own class for each request, so only the session is
    shared by all calls. aiohttp's client middleware sees bytes, not the channel of a post.

    Args:
        session: makes the calls.
        queue: delays calls.
        base_url: of the Web API; files are uploaded to other addresses.
    """

    def __init__(self, session: aiohttp.ClientSession, queue: CallQueue, base_url: str) -> None:
        self._session = session
        self._queue = queue
        self._base_url = base_url

    @property
    def closed(self) -> bool:
        """Whether the session is closed."""
        return self._session.closed

    @asynccontextmanager
    async def request(
        self, verb: str, url: str, **arguments: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Make a call in its turn."""
        if not url:  # the SDK uploads a file to whatever address Slack gives, also to none
            raise aiohttp.InvalidURL("none")
        to_api = url.startswith(self._base_url)
        method = url.removeprefix(self._base_url) if to_api else "file upload"
        call = partial(self._session.request, verb, url, **arguments)
        async with await self._queue.run(method, arguments, call) as response:
            yield response


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
"""Slack's reasons that mean an invalid token."""

_CONNECT_TIMEOUT: Final = 10.0
_READ_TIMEOUT: Final = 30.0
_MAX_CONNECTIONS: Final = 200
_KEEPALIVE_SECONDS: Final = 60.0


class ConnectionRetry(AsyncConnectionErrorRetryHandler):
    """Retries calls whose connection broke; the queue does all other retries.

    A post isn't retried: it may have arrived although the connection broke, and its sender looks
    for it.
    """

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if not request.url or request.url.rpartition("/")[2] in POSTS:
            return False
        return await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )


def client_of(context: AsyncBoltContext) -> AsyncWebClient:
    """Return the client that Bolt created for a request."""
    assert context.client is not None
    return context.client


@asynccontextmanager
async def web_client(
    token: str, base_url: str, queue: CallQueue | None = None
) -> AsyncIterator[AsyncWebClient]:
    """Open a client of the Web API, with one session for as long as the block runs.

    Args:
        token: the bot token.
        base_url: of the Web API.
        queue: keeps the calls to Slack's rate limits; clients of a process share it.
    """
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT_TIMEOUT, sock_read=_READ_TIMEOUT
        ),
        connector=aiohttp.TCPConnector(
            limit=_MAX_CONNECTIONS, keepalive_timeout=_KEEPALIVE_SECONDS
        ),
    ) as session:
        address = f"{base_url.rstrip('/')}/"
        queued = QueuedSession(session, queue or CallQueue(), address)
        yield AsyncWebClient(
            token=token,
            base_url=address,
            session=cast("aiohttp.ClientSession", queued),
            logger=bolt_logger(),
            retry_handlers=[ConnectionRetry(max_retry_count=2)],
        )


async def check_bot_token(client: AsyncWebClient) -> str:
    """Ask Slack who the bot is, and return the workspace's name.

    Raises:
        SettingsError: Slack refuses the token.
        ServiceError: the Web API can't be reached.
    """
    bot = await _bot(client)
    return str(bot.get("team") or bot.get("team_id") or "")


async def team_id_of(client: AsyncWebClient) -> str:
    """Return the id of the bot token's workspace; raises as `check_bot_token` does."""
    return str((await _bot(client)).get("team_id") or "")


async def _bot(client: AsyncWebClient) -> AsyncSlackResponse:
    try:
        return await client.auth_test()
    except SLACK_ERRORS as error:
        raise token_error("SLACK_BOT_TOKEN", client.base_url, error) from None


def token_error(setting: str, base_url: str, error: Exception) -> FaqbotError:
    """Return the error of a first call as advice.

    Args:
        setting: the name of the setting with the token.
        base_url: of the Web API.
        error: one of `SLACK_ERRORS`.
    """
    reason = describe_error(error)
    if not isinstance(error, SlackApiError):
        return ServiceError(
            f"Can't reach {base_url} ({reason}): check the network and SLACK_API_URL."
        )
    if reason in REFUSED:
        return SettingsError(
            f"Slack refuses {setting} ({reason}): copy it again from the app's settings at "
            "https://api.slack.com/apps, and install the app in the workspace."
        )
    return ServiceError(f"{base_url} answers with an error ({reason}).")
