"""Requests that nobody should send, made from a seed: broken HTTP, hostile bodies."""

# ruff: noqa: E501 - the tables are data

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.soak import payloads
from benchmarks.soak.payloads import FORM, JSON, PATH, Payload, signature

PATHS: Final = (
    "/slack/events", "/slack/install", "/slack/oauth_redirect", "/health", "/ready", "/metrics",
    "/", "/slack", "/slack/events/", "//slack/events", "/slack/../metrics",
    "/%2e%2e/%2e%2e/etc/passwd", "/slack/events?code=1&state=2", "/slack%2fevents",
    "/slack/oauth_redirect?code=x&state=y&error=%00", "/\u00e9", "/" + "a" * 9_000,
    "http://elsewhere.invalid/slack/events", "*", "/health;x=1", "/ready#f",
)  # fmt: skip
METHODS: Final = (
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
    "FOO", "get", "P\x00ST", "",
)  # fmt: skip
WORDS: Final = (
    "", "x" * 100_000, "\x00", "\ud800", "\u202e", "<!here> <@U1> <http://a|b>", "%s%n{0}",
    "'; DROP TABLE x", "a" * 301, "\U0001d518" * 500, "../../etc/passwd", "NaN", "=1+1",
    "*_~`" * 50, "\n" * 5_000, "- " * 3_000,
)  # fmt: skip
VALUES: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 2**70, 1e308, [], {}, [[[]]], {"": ""}, ["a", 1, None], {"id": {"id": []}}, *WORDS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wild:
    """What is sent, and what it is; `hangs`: the server can't know that it is whole."""

    kind: str
    data: bytes
    hangs: bool = False


def requests(count: int, seed: int = 0) -> Iterator[Wild]:
    """So many requests of all kinds."""
    chance = random.Random(seed)
    kinds: list[tuple[Callable[[random.Random], Wild], int]] = [
        (_signed, 40), (_unsigned, 12), (_plain, 12), (_headers, 8), (_broken, 8), (_json, 8),
        (_chunks, 5), (_pipelined, 4), (_old, 2), (_slow, 1),
    ]  # fmt: skip
    makers, weights = zip(*kinds, strict=True)
    for maker in chance.choices(makers, weights, k=count):
        yield maker(chance)


def _request(
    body: bytes, more: dict[str, str] | None = None, *, method: str = "POST", path: str = PATH,
    content_type: str = JSON, version: str = "1.1",
) -> bytes:  # fmt: skip
    headers = {
        "Host": "faqbot.invalid",
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        **(more or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    whole = f"{method} {path} HTTP/{version}\r\n{head}\r\n"
    return whole.encode("utf-8", "surrogatepass") + body


def _good(chance: random.Random) -> tuple[Payload, str]:
    number = chance.randrange(10**9)
    channel = f"C{number % payloads.CHANNELS:08d}"  # posts to one channel are a second apart
    message = {"type": "message", "ts": payloads.ts(number), "channel": channel, "blocks": []}
    action = {"type": "button", "block_id": "b", "action_id": "show:0", "value": "data-analyst"}
    match chance.randrange(5):
        case 0:
            return payloads.mention(number, "what does a data analyst do?"), "event"
        case 1:
            return payloads.direct(number, "data analyst skills"), "event"
        case 2:
            name = chance.choice(("/role", "/faq", "/roles", "/nothing"))
            return payloads.command(number, name, "python backend"), "command"
        case 3:
            kind = chance.choice(("show", "page", "choose", "rate", "ask", "person", "none", "x"))
            action = {**action, "action_id": f"{kind}:0"}
            return payloads.click(number, action, message, payloads.NOWHERE), "interaction"
    view = {"id": "V1", "type": "modal", "callback_id": "search", "state": {"values": {}}}
    kind = chance.choice(("view_submission", "view_closed", "shortcut", "message_action", "x"))
    body = {**payloads.click(number, action, message, payloads.NOWHERE), "type": kind, "view": view}
    return body, "interaction"


def _spoilt(payload: Payload, chance: random.Random) -> Payload:
    """The payload with up to three of its values replaced, taken away, or added."""
    found: Payload = copy.deepcopy(payload)
    for _ in range(chance.randint(1, 3)):
        node: Any = found
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(node[key], dict | list) and node[key] and chance.random() < 0.7:
                node = node[key]
                continue
            if isinstance(node, dict) and chance.random() < 0.2:
                del node[key]
            else:
                node[key] = copy.deepcopy(chance.choice(VALUES))
            break
    return found


def _signed(chance: random.Random) -> Wild:
    """Correctly signed, hostile inside."""
    payload, kind = _good(chance)
    spoilt = _spoilt(payload, chance)
    if kind == "event":
        body, content_type = json.dumps(spoilt).encode(), JSON
    elif kind == "command":
        pairs = {k: v if isinstance(v, str) else json.dumps(v) for k, v in spoilt.items()}
        body, content_type = urlencode(pairs, errors="replace").encode(), FORM
    else:
        body, content_type = urlencode({"payload": json.dumps(spoilt)}).encode(), FORM
    if chance.random() < 0.05:
        content_type = chance.choice((JSON, FORM, "text/plain", "", "multipart/form-data"))
    return Wild(f"signed {kind}", _request(body, signature(body), content_type=content_type))


def _unsigned(chance: random.Random) -> Wild:
    body = json.dumps(_good(chance)[0]).encode()
    good = signature(body)
    stamp = good["X-Slack-Request-Timestamp"]
    more = chance.choice(
        (
            {},
            signature(body, "another-secret"),
            signature(body, at=int(time.time()) - 400),
            signature(body, at=int(time.time()) + 400),
            {**good, "X-Slack-Signature": "v0=" + "é" * 64},
            {**good, "X-Slack-Signature": "v0="},
            {**good, "X-Slack-Request-Timestamp": "NaN"},
            {**good, "X-Slack-Request-Timestamp": "9" * 5_000},
            {**good, "X-Slack-Request-Timestamp": f"{stamp}.0"},
            {**good, "X-Slack-Bolt-Lazy-Only": "1", "X-Slack-Bolt-Lazy-Function-Name": "on_role"},
        )
    )
    return Wild("unsigned", _request(body, more))


def _plain(chance: random.Random) -> Wild:
    method, path = chance.choice(METHODS), chance.choice(PATHS)
    body = chance.choice((b"", b"{}", b"payload=%7B", b"\xff\xfe", b"a=1&" * 100))
    return Wild(
        "method and path", _request(body, method=method, path=path), hangs=method == "CONNECT"
    )


def _headers(chance: random.Random) -> Wild:
    more = chance.choice(
        (
            {"X-Long": "a" * 70_000},
            {f"X-{number}": "b" for number in range(3_000)},
            {"X-Forwarded-For": "1.2.3.4, " * 500, "X-Forwarded-Proto": "gopher"},
            {"Forwarded": 'for="[::1]:x";proto=\x01'},
            {"Cookie": "a=b; " * 2_000},
            {"Host": ""},
            {"Host": "a b\tc"},
            {"Content-Length": "-1"},
            {"Content-Length": "1e9"},
            {"Content-Length": "99999999999999999999"},
            {"Content-Length": "0, 0"},
            {"Expect": "100-continue"},
            {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "x"},
            {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAA"},
            {"Accept-Encoding": "*;q=9", "Range": "bytes=-1", "If-Modified-Since": "x"},
            {"Bad Name": "x", ": y": "z"},
        )
    )
    path = chance.choice(PATHS)
    return Wild("headers", _request(b"{}", more, path=path), hangs="Content-Length" in more)


def _broken(chance: random.Random) -> Wild:
    data = chance.choice(
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /health HTTP/9.9\r\n\r\n",
            b"GET  /health  HTTP/1.1\r\n\r\n",
            b"GET /health HTTP/1.1\nHost: x\n\n",
            b"\r\n\r\n\r\n",
            b"\x00" * 500,
            bytes(chance.randrange(256) for _ in range(300)),
            (
                b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"
                b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"
            ),
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\n\tfolded: y\r\n\r\n",
        )
    )
    return Wild("broken", data, hangs=True)


def _json(chance: random.Random) -> Wild:
    """Signed bodies that are no payload at all."""
    body = chance.choice(
        (
            b"", b"[]", b"null", b'"text"', b"1", b"{", b"[" * 100_000, b'{"a":' * 20_000,
            b'{"type": "url_verification"}',
            b'{"type": "url_verification", "challenge": {"a": []}}',
            b'{"event_id": "E", "event": 1}', b'{"a": 1' + b"0" * 10_000 + b"}",
            b'{"a": NaN, "b": Infinity}',
            b"\xff\xfe{}", b"payload=", b"payload=[]", b"payload=%FF", b"payload={}&payload={}",
            b"ssl_check=1&token=x", b"&".join(b"k%d=v" % number for number in range(20_000)),
            b"{" + b" " * 900_000 + b"}", b"x" * 1_100_000,
        )
    )  # fmt: skip
    content_type = chance.choice((JSON, FORM))
    return Wild("signed nonsense", _request(body, signature(body), content_type=content_type))


def _chunks(chance: random.Random) -> Wild:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nTransfer-Encoding: "
    body = chance.choice(
        (
            "chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
            "chunked\r\n\r\n5\r\nab",
            "chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
            "chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "chunked\r\n\r\n" + "1\r\n \r\n" * 2_000 + "0\r\n\r\n",
            "chunked\r\nContent-Length: 3\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "identity\r\n\r\n{}",
        )
    )
    return Wild("chunks", (head + body).encode(), hangs=True)


def _pipelined(chance: random.Random) -> Wild:
    one = chance.choice(
        (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", _request(b"{}"), _signed(chance).data)
    )
    return Wild("pipelined", one * chance.randint(2, 20))


def _old(chance: random.Random) -> Wild:
    path = chance.choice(("/health", "/ready", "/metrics", PATH))
    return Wild("HTTP/1.0", _request(b"", method="GET", path=path, version="1.0"))


def _slow(chance: random.Random) -> Wild:
    whole = _request(b"{}", signature(b"{}"))
    return Wild("slow", whole[: chance.randrange(10, len(whole) - 1)], hangs=True)
