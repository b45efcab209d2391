"""A minimal Web API: it counts and stores posts, and can reject calls."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

import httptools

from benchmarks.soak.payloads import BOT, TEAM, Payload

POSTS: Final = ("chat.postMessage", "chat.postEphemeral")
ON_ITS_WAY: Final = 0.25
"""Seconds after a 429 in which calls still come that were sent before the app could read it."""

EARLY: Final = 0.05
"""Seconds that a call may come before Retry-After ends, for clocks."""


@dataclass(slots=True)
class Refusals:
    """How calls are refused: a share of them, half 429 with Retry-After, half 5xx.

    `early` counts calls to a method, and channel of a post, before Retry-After was over.
    """

    share: float = 0.0
    after: int = 1
    given: Counter[str] = field(default_factory=Counter)
    early: int = 0
    _until: dict[tuple[str, str], float] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=lambda: random.Random(6))

    def of(self, method: str, channel: str) -> int:
        """The status with which a call is refused; 0: it is not."""
        now, key = time.monotonic(), (method, channel)
        until = self._until.get(key, 0.0)
        if until - now > EARLY and now - (until - self.after) > ON_ITS_WAY:
            self.early += 1
        if self._chance.random() >= self.share:
            return 0
        status = self._chance.choice((429, 429, 500, 503))
        if status == 429:
            self._until[key] = now + self.after
        self.given[str(status)] += 1
        return status


class WebApi:
    """What the app calls.

    `answered` counts the posts that answer each question, by its timestamp; private ones by
    channel, for they don't say what they answer. `told` hears of each answer's channel, and
    `posted` of each answer's arguments.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self.calls: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.refusals = Refusals()
        self.told: Callable[[str], None] = lambda _: None
        self.posted: Callable[[Payload], None] = lambda _: None
        self.last = 0.0
        self.buttons: list[tuple[Payload, Payload]] = []
        self._keep = keep
        self._threads: defaultdict[tuple[str, str], list[Payload]] = defaultdict(list)
        self._number = itertools.count()

    def answer(  # noqa: PLR0911 - one for each method
        self, method: str, arguments: Payload
    ) -> tuple[int, Payload]:
        """Status and body of the answer to a call."""
        self.calls[method] += 1
        channel = str(arguments.get("channel", "")) if method in POSTS else ""
        if self.refusals.share:
            status = self.refusals.of(method, channel)
            if status:
                return status, {"ok": False, "error": "ratelimited"}
        if method in POSTS:
            self.posted(arguments)
        match method:
            case "chat.postMessage":
                return 200, self._posted(arguments)
            case "chat.postEphemeral":
                self._count(channel, channel)
                return 200, {"ok": True, "message_ts": self._ts()}
            case "conversations.replies":
                return 200, {"ok": True, "messages": self._replies(arguments), "has_more": False}
            case "users.info":
                user = str(arguments.get("user", ""))
                return 200, {"ok": True, "user": {"id": user, "team_id": TEAM, "name": user}}
            case "auth.test":
                names = {"team": "Soak", "team_id": TEAM, "user": "faqbot", "user_id": BOT}
                return 200, {"ok": True, "url": "https://soak.invalid/", "bot_id": "B1", **names}
        return 200, {"ok": True, "channel": {"id": "D00000000"}, "ts": self._ts()}

    def _posted(self, arguments: Payload) -> Payload:
        stamp, channel = self._ts(), str(arguments.get("channel", ""))
        metadata = arguments.get("metadata")
        payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
        thread = str(arguments.get("thread_ts") or "")
        question = str(payload.get("question")) if isinstance(payload, dict) else thread
        message = {"type": "message", "user": BOT, "bot_id": "B1", "ts": stamp, "team": TEAM}
        if thread:
            message["thread_ts"] = thread
        if self._keep:
            whole = {**message, "thread_ts": thread, "text": "", "metadata": metadata}
            self._threads[channel, thread].append(whole)
        if len(self.buttons) < 400 and len(self.buttons) * 7 < self.calls["chat.postMessage"]:
            elsewhere = f"C9{channel[2:]}"  # so that what a click brings answers no question
            self._note_button(arguments, {**message, "channel": elsewhere, "thread_ts": thread})
        self._count(question, channel)
        return {"ok": True, "channel": channel, "ts": stamp, "message": message}

    def _note_button(self, arguments: Payload, message: Payload) -> None:
        blocks = [block for block in arguments.get("blocks") or () if isinstance(block, dict)]
        message["blocks"] = blocks
        for block in blocks:
            for element in block.get("elements") or ():
                if element.get("type") == "button" and element.get("value"):
                    action = {"type": "button", "block_id": "b", "text": element["text"]}
                    kept = {name: element[name] for name in ("action_id", "value")}
                    self.buttons.append(({**action, **kept}, message))
                    return

    def _count(self, question: str, channel: str) -> None:
        self.answered[question] += 1
        self.last = time.monotonic()
        self.told(channel)

    def _replies(self, arguments: Payload) -> list[Payload]:
        channel, thread = str(arguments.get("channel", "")), str(arguments.get("ts", ""))
        found = self._threads.get((channel, thread), [])
        if str(arguments.get("include_all_metadata", "")).lower() not in ("1", "true"):
            found = [{k: v for k, v in one.items() if k != "metadata"} for one in found]
        parent = {"type": "message", "user": "U00000001", "ts": thread, "text": "", "team": TEAM}
        return [parent, *found]

    def _ts(self) -> str:
        number = next(self._number)
        return f"{1_800_000_000 + number // 1000}.{number % 1000:03d}200"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve as long as the block runs; gives the address for SLACK_API_URL."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Protocol(self), "127.0.0.1", 0, backlog=1024)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
        finally:
            server.close()


class _Protocol(asyncio.Protocol):
    def __init__(self, api: WebApi) -> None:
        self._api = api
        self._parser: Any = None
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._type = b""
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            "asyncio.Transport", transport
        )  # uvloop's are of no class of asyncio
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url, self._type, self._body = b"", b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._type = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        parts = urlsplit(self._url.decode())
        arguments: Payload = dict(parse_qsl(parts.query))
        body = b"".join(self._body)
        if body and self._type.startswith(b"application/json"):
            arguments |= json.loads(body)
        elif body:
            arguments |= dict(parse_qsl(body.decode()))
        status, answer = self._api.answer(parts.path.rpartition("/")[2], arguments)
        data = json.dumps(answer).encode()
        more = f"Retry-After: {self._api.refusals.after}\r\n" if status == 429 else ""
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\n{more}"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head.encode() + data)
