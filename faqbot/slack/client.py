"""The Web API client: one session, a queue for calls, retries that end, and the token's check."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast
from weakref import WeakSet

import aiohttp
from cachetools import LRUCache
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

SLACK_ERRORS: Final = (SlackApiError, aiohttp.ClientError, TimeoutError)
"""What a call of the Web API raises: Slack refuses it, can't be reached, or doesn't answer."""

POSTS: Final = frozenset({"chat.postMessage", "chat.postEphemeral"})
BURST: Final = 3
"""Posts to a channel without a pause; then one a second (https://docs.slack.dev/apis/web-api/rate-limits)."""

POST_TIMEOUT: Final = 600.0
"""Seconds that a post waits for its turn."""

CALL_TIMEOUT: Final = 6.0
"""Seconds that other calls wait for their turn: a person waits for them."""

TRIGGER_TIMEOUT: Final = 2.5
"""Seconds for calls that need a trigger, which Slack accepts for three."""

MAX_ATTEMPTS: Final = 8
"""Calls until a server error is believed."""

MAX_REPLIES: Final = 200
"""Messages of a thread or a channel that one call asks for."""

_MAX_BACKOFF: Final = 10.0
_MAX_KEYS: Final = 10_000

_Key = tuple[str, ...]


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


class PausedError(TimeoutError):
    """Slack has asked for a longer pause than a call may wait, so the call isn't made."""


class CallQueue:
    """Keeps the calls of a process to Slack's rate limits.

    Posts to a channel follow each other at an interval. Calls that Slack answers with 429 are
    repeated after the time in the response, calls with a server error after a growing time. A post
    with metadata isn't: it may have arrived, and its sender looks for it (`post_once`).

    Args:
        interval: seconds between two posts to a channel; 0 for no pause.
        backoff: seconds before a call with a server error is repeated, doubled each time.
        on_call: called after each attempt with its method, status and seconds.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        interval: float = 0.0,
        backoff: float = 0.25,
        on_call: Callable[[str, str, float], None] = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = interval
        self._backoff = backoff
        self._on_call = on_call
        self._clock = clock
        # Bounded, since keys name channels, of which a large workspace has more each day.
        self._next_turns: MutableMapping[_Key, float] = LRUCache(_MAX_KEYS)
        self._paused_until: MutableMapping[_Key, float] = LRUCache(_MAX_KEYS)
        self._posting: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.waiting = 0

    def has_posted(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task has sent a post, of which it may not know whether it arrived."""
        return task in self._posting

    async def run(
        self,
        method: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        """Make a call in its turn, repeat it as the class says, and return the last response.

        Args:
            method: of the Web API.
            arguments: as the SDK passes them to its session.
            call: makes the call.

        Raises:
            PausedError: Slack has asked for a longer pause than the call may wait.
        """
        key = _key(method, arguments)
        retries_server_errors = method not in POSTS or not _body(arguments).get("metadata")
        until = self._clock() + max_wait(method)
        attempt = 0
        while True:
            await self._wait_for_turn(key, until, smooth=method in POSTS)
            attempt += 1
            response = await self._attempt(method, call)
            wait = self._wait(response, attempt if retries_server_errors else MAX_ATTEMPTS)
            if wait is not None and response.status == HTTPStatus.TOO_MANY_REQUESTS:
                # All calls of the key share Slack's limit, so the longest pause holds for each.
                paused = max(self._clock() + wait, self._paused_until.get(key, 0.0))
                self._paused_until[key] = paused
            if wait is None or self._clock() + wait > until:
                return response
            # Nobody else will read this response, so its connection wouldn't be free again.
            response.release()
            if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                await self._sleep(wait)

    async def _attempt(
        self, method: str, call: Callable[[], Awaitable[aiohttp.ClientResponse]]
    ) -> aiohttp.ClientResponse:
        began, status = self._clock(), "error"
        task = asyncio.current_task()
        if method in POSTS and task is not None:
            self._posting.add(task)
        try:
            response = await call()
            status = str(response.status)
        finally:
            self._on_call(method, status, self._clock() - began)
        return response

    def _wait(self, response: aiohttp.ClientResponse, attempt: int) -> float | None:
        """Return the seconds until the call is repeated; None if it isn't."""
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            after = response.headers.get("Retry-After", "1")
            # A proxy's 429 may name a date instead of seconds.
            return float(after) if after.isascii() and after.isdigit() else 1.0
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and attempt < MAX_ATTEMPTS:
            longest = min(_MAX_BACKOFF, self._backoff * 2 ** (attempt - 1))
            spread: float = longest * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads calls
            return spread
        return None

    async def _wait_for_turn(self, key: _Key, until: float, *, smooth: bool) -> None:
        if smooth and self._interval:
            now = self._clock()
            turn = max(now, self._next_turns.get(key, 0.0))
            self._next_turns[key] = turn + self._interval
            # The turn is taken before the wait, so that posts keep their order.
            await self._sleep(turn - (BURST - 1) * self._interval - now)
        # A loop: another call may have met a 429 and lengthened the pause meanwhile.
        while (paused := self._paused_until.get(key, 0.0) - self._clock()) > 0:
            if self._paused_until[key] > until:
                raise PausedError
            await self._sleep(paused)

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self.waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waiting -= 1


def _key(method: str, arguments: Mapping[str, Any]) -> _Key:
    """Return what Slack counts calls by: workspace, method, and the channel of a post."""
    headers = arguments.get("headers") or {}
    # The token identifies the workspace. Hashed, since keys must not hold tokens.
    token = hashlib.sha256(str(headers.get("Authorization", "")).encode()).hexdigest()[:16]
    if method not in POSTS:
        return token, method
    return token, method, str(_body(arguments).get("channel", ""))


def _body(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments of a method before they are serialised."""
    body = arguments.get("json")
    return body if isinstance(body, Mapping) else {}


def max_wait(method: str) -> float:
    """Return the seconds that a call may wait for its turn."""
    if method in POSTS:
        return POST_TIMEOUT
    return TRIGGER_TIMEOUT if method in ("views.open", "views.push") else CALL_TIMEOUT


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
