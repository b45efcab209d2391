"""Queue of calls to the Web API: keeps them to Slack's rate limits, and repeats what failed."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any, Final
from weakref import WeakSet

import aiohttp
from cachetools import LRUCache

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

_MAX_BACKOFF: Final = 10.0
_MAX_KEYS: Final = 10_000

_Key = tuple[str, ...]


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
        # Bounded, since keys name channels, of which a large workspace has more each day. A turn
        # that is over is forgotten.
        self._next_turns: OrderedDict[_Key, float] = OrderedDict()
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
            # Put at the end again, so that the first is the one that was used the longest ago.
            turn = max(now, self._next_turns.pop(key, 0.0))
            self._next_turns[key] = turn + self._interval
            self._forget_turns(now)
            # The turn is taken before the wait, so that posts keep their order.
            await self._sleep(turn - (BURST - 1) * self._interval - now)
        # A loop: another call may have met a 429 and lengthened the pause meanwhile.
        while (paused := self._paused_until.get(key, 0.0) - self._clock()) > 0:
            if self._paused_until[key] > until:
                raise PausedError
            await self._sleep(paused)

    def _forget_turns(self, now: float) -> None:
        """Forget turns that are over, and the first where there are too many."""
        turns = self._next_turns
        while len(turns) > _MAX_KEYS or next(iter(turns.values()), now + 1) <= now:
            turns.popitem(last=False)

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
