"""The Web API client: one session, retries that end, and a token that is checked at the start."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
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

POSTS: Final = frozenset({"chat.postMessage", "chat.postEphemeral"})
BURST: Final = 3
"""Posts to a channel that may follow at once; then one a second, as Slack's documentation says."""

PATIENCE: Final = 600.0
"""Seconds for which a post waits for Slack; other calls wait `SHORTLY`, for someone waits too."""

SHORTLY: Final = 6.0
TRIGGERED: Final = 2.5
"""Seconds for calls that need a trigger, which ends after three."""

ATTEMPTS: Final = 8
"""Calls until a server error is believed."""

_TOO_MANY: Final = 429
_BROKEN: Final = 500
_LONGEST: Final = 10.0
_CAPACITY: Final = 10_000

_CHANNEL: Final = re.compile(rb'"channel":\s*"(\w{1,40})"')  # inside texts quotes are escaped

Seen = Callable[[str, str, float], None]
_Key = tuple[str, ...]


class RateLimitedClient:
    """A client middleware that every call to Slack passes.

    A call that Slack refuses as too many is made again after the time that Slack says, and so is a
    call that met a server error; not a post whose answer bears metadata, since it may have arrived.

    Args:
        every: seconds between two posts to a channel; 0 doesn't smooth them.
        backoff: seconds before a call that met a server error is made again, doubled each time.
        seen: is told of each attempt: method, status, seconds.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        every: float = 0.0,
        backoff: float = 0.25,
        seen: Seen = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every = every
        self._backoff = backoff
        self._seen = seen
        self._clock = clock
        self._free: OrderedDict[_Key, float] = OrderedDict()
        self._paused: OrderedDict[_Key, float] = OrderedDict()
        self.waiting = 0

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Make a call when it is its turn, again when Slack says so, and return the last answer."""
        method = request.url.name
        body = await _body(request) if method in POSTS else b""
        key = _key(request, method, body)
        looked_after = b'"metadata":' in body  # whoever sent it looks whether it arrived
        until = self._clock() + max_wait(method)
        attempt = 0
        while True:
            await self._turn(key, smooth=method in POSTS)
            attempt += 1
            response = await self._call(method, request, handler)
            wait = self._wait(response, ATTEMPTS if looked_after else attempt)
            if wait is None or self._clock() + wait > until:
                return response
            response.release()
            if response.status == _TOO_MANY:
                self._pause(key, wait)
            else:
                await self._sleep(wait)

    async def _call(
        self, method: str, request: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse:
        began, status = self._clock(), "error"
        try:
            response = await handler(request)
            status = str(response.status)
        finally:
            self._seen(method, status, self._clock() - began)
        return response

    def _wait(self, response: ClientResponse, attempt: int) -> float | None:
        """Seconds until the call is to be made again; None: never."""
        if response.status == _TOO_MANY:
            after = response.headers.get("Retry-After", "1")
            return float(after) if after.isascii() and after.isdigit() else 1.0
        if response.status >= _BROKEN and attempt < ATTEMPTS:
            longest = min(_LONGEST, self._backoff * 2 ** (attempt - 1))
            spread: float = longest * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads calls
            return spread
        return None

    async def _turn(self, key: _Key, *, smooth: bool) -> None:
        """Wait until a call may be made."""
        if smooth and self._every:
            now = self._clock()
            free = max(now, self._free.get(key, 0.0))
            self._put(self._free, key, free + self._every)
            await self._sleep(free - (BURST - 1) * self._every - now)
        while (paused := self._paused.get(key, 0.0) - self._clock()) > 0:
            await self._sleep(paused)

    def _pause(self, key: _Key, seconds: float) -> None:
        until = self._clock() + seconds
        self._put(self._paused, key, max(until, self._paused.get(key, 0.0)))

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self.waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waiting -= 1

    @staticmethod
    def _put(times: OrderedDict[_Key, float], key: _Key, value: float) -> None:
        times[key] = value
        times.move_to_end(key)
        while len(times) > _CAPACITY:
            times.popitem(last=False)


async def _body(request: ClientRequest) -> bytes:
    return request.body if isinstance(request.body, bytes) else await request.body.as_bytes()


def _key(request: ClientRequest, method: str, body: bytes) -> _Key:
    """What Slack counts by: the app in a workspace, the method, and the channel of a post."""
    token = request.headers.get("Authorization", "")
    who = hashlib.sha256(token.encode()).hexdigest()[:16]
    if method not in POSTS:
        return who, method
    channel = _CHANNEL.search(body)
    return who, method, channel[1].decode() if channel else ""


def max_wait(method: str) -> float:
    if method in POSTS:
        return PATIENCE
    return TRIGGERED if method in ("views.open", "views.push") else SHORTLY


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
    token: str, base_url: str, pacer: RateLimitedClient | None = None
) -> AsyncIterator[AsyncWebClient]:
    """A client of the Web API at an address, with one session for as long as the block runs.

    `pacer` keeps Slack's pace; what shares one must share the session, or count together.
    """
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=_READ),
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEPT),
        middlewares=(pacer or RateLimitedClient(),),
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
