"""What stands in front of Bolt: requests that Slack would not send."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from starlette.types import Message

from faqbot.playground.delivery import signed_headers
from faqbot.slack.http_endpoint import PATH, SlackEndpoint
from tests.slack.conftest import SETUP, Slack

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = SETUP.signing_secret
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def post(
    web: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: dict[str, str] | None = None,
    content_type: str = JSON,
) -> tuple[int, str]:
    signed = signed_headers(SECRET, body, int(time.time()))
    sent = {**signed, "Content-Type": content_type, **(headers or {})}
    async with web.post(url, data=body, headers=sent) as answer:
        return answer.status, await answer.text()


async def test_the_address_is_verified(slack: Slack, web: aiohttp.ClientSession) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    status, text = await post(web, slack.url, body)
    assert status == 200
    assert "abc" in text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Slack-Signature": "v0=" + "0" * 64}, 401),
        ({"X-Slack-Signature": "v0=é"}, 401),
        ({"X-Slack-Signature": ""}, 401),
        ({"X-Slack-Request-Timestamp": "12.5"}, 401),
        ({"X-Slack-Request-Timestamp": "٣"}, 401),
        ({"X-Slack-Request-Timestamp": "9" * 40}, 401),
        ({"X-Slack-Request-Timestamp": "-1"}, 401),
    ],
)
async def test_wrong_signatures_are_refused(
    slack: Slack, web: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    assert (await post(web, slack.url, b'{"type":"x"}', headers))[0] == status


@pytest.mark.parametrize("age", [301, -301])
async def test_stale_timestamps_are_refused(
    slack: Slack, web: aiohttp.ClientSession, age: int
) -> None:
    body = b"{}"
    headers = signed_headers(SECRET, body, int(time.time()) - age)
    assert (await post(web, slack.url, body, headers))[0] == 401


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{not json", JSON),
        (b"\xff\xfe", JSON),
        (b'["a list"]', JSON),
        (b"[" * 100_000, JSON),
        (b"payload=" + b"%7Bno", FORM),
        (b"payload=%5B%5D", FORM),
        (b"{not json", FORM),  # Bolt takes it for JSON, whatever its type says
        (b"payload=%7B%7D&payload=%5B", FORM),  # of two, Bolt takes the last
        (b'{"type": "event_callback", "event": ["a list"]}', JSON),
        (b'{"type": "event_callback", "event": {"type": "message", "ts": 17.1}}', JSON),
        (b'{"type": "event_callback", "event": {"type": "message", "text": "\\ud800"}}', JSON),
        (b'{"type": "block_actions", "actions": []}', JSON),
        (b'{"type": "block_actions", "actions": [{"action_id": "show:0"}], "view": "V1"}', JSON),
        (b'{"type": "view_submission", "view": {"state": {"values": []}}}', JSON),
        (b'{"type": "view_submission", "view": {"callback_id": "rate"}}', JSON),
        (b'{"type": "workflow_step_edit", "callback_id": "x"}', JSON),
        (b'{"authorizations": [[]]}', JSON),
        (b"\xff=1", FORM),
    ],
)
async def test_malformed_bodies_are_refused(
    slack: Slack, web: aiohttp.ClientSession, body: bytes, content_type: str
) -> None:
    assert (await post(web, slack.url, body, content_type=content_type))[0] == 400


async def test_oversized_bodies_are_refused(slack: Slack, web: aiohttp.ClientSession) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    signed = signed_headers(SECRET, b"", int(time.time()))
    for body in (io.BytesIO(b"x" * 1_100_000), endless()):
        async with web.post(slack.url, data=body, headers=signed) as answer:
            assert answer.status == 413
    async with web.post(slack.url, data=endless()) as answer:
        assert answer.status == 401  # nothing is read for who doesn't even claim to be Slack


async def test_only_posts_to_the_one_path_are_answered(
    slack: Slack, web: aiohttp.ClientSession
) -> None:
    async with web.get(slack.url) as answer:
        assert answer.status == 405
    assert (await post(web, slack.url.replace("events", "other"), b"{}"))[0] == 404


Header = tuple[bytes, bytes]


def headers_of(body: bytes, **more: str) -> list[Header]:
    given = {**signed_headers(SECRET, body, int(time.time())), "Content-Type": JSON, **more}
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()]


async def through(
    headers: list[Header], parts: list[bytes], method: str = "POST"
) -> tuple[int, int, list[int]]:
    """The status of a request, how many parts of it were read, which statuses were counted."""
    answered, left, counted = [], list(parts), list[int]()

    async def dispatch(request: AsyncBoltRequest) -> BoltResponse:
        assert request.raw_body.encode() == b"".join(parts)
        assert not any(name.startswith("x-slack-bolt-") for name in request.headers)
        return BoltResponse(status=202, body="passed")

    async def receive() -> Message:
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Message) -> None:
        answered.append(message.get("status", 0))

    scope = {"type": "http", "method": method, "path": PATH, "headers": headers}
    await SlackEndpoint(dispatch, SECRET, on_response=counted.append)(scope, receive, send)
    return (answered[0] if answered else 0), len(parts) - len(left), counted


async def test_a_body_in_chunks_passes_and_an_empty_one_too() -> None:
    body = b'{"type":"url_verification"}'
    assert await through(headers_of(body), [body[:3], b"", body[3:]]) == (202, 3, [202])
    assert await through(headers_of(b""), [b""]) == (202, 1, [202])


@pytest.mark.parametrize("name", ["x-slack-signature", "x-slack-request-timestamp", "content-type"])
async def test_a_header_that_comes_twice_is_refused(name: str) -> None:
    body = b"{}"
    headers = headers_of(body)
    twice = [*headers, *(pair for pair in headers if pair[0].decode() == name)]
    assert len(twice) == len(headers) + 1
    assert await through(twice, [body]) == (400, 0, [400])


async def test_length_and_chunks_together_are_refused() -> None:
    more = {"Content-Length": "2", "Transfer-Encoding": "chunked"}
    assert await through(headers_of(b"{}", **more), [b"{}"]) == (400, 0, [400])


@pytest.mark.parametrize("length", ["-1", "+2", "2, 2", "0x2", "", "²", "1" * 30, "1000001"])
async def test_malformed_or_large_length_is_refused_unread(length: str) -> None:
    status, read, counted = await through(headers_of(b"{}", **{"Content-Length": length}), [b"{}"])
    assert status == counted[0] == (413 if length.startswith("1") else 400)
    assert read == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"])
async def test_other_methods_are_refused_unread(method: str) -> None:
    assert await through(headers_of(b"{}"), [b"{}"], method) == (405, 0, [405])


async def test_body_without_signature_headers_is_not_read() -> None:
    assert await through([(b"content-length", b"2")], [b"{}"]) == (401, 0, [401])


async def test_disconnected_client_gets_no_response() -> None:
    assert await through(headers_of(b"{}"), []) == (0, 0, [])


async def test_headers_for_bolt_are_not_passed_on() -> None:
    more = {"X-Slack-Bolt-Lazy-Only": "1", "x-slack-bolt-lazy-function-name": "on_roles"}
    assert (await through(headers_of(b"{}", **more), [b"{}"]))[0] == 202


async def test_uncaught_error_is_logged_by_reference_without_the_payload(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said: list[bytes] = []
    words = "private words"

    async def broken(_: AsyncBoltRequest) -> BoltResponse:
        raise RuntimeError(words)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message.get("body", b""))

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": headers_of(b"{}")}
    await SlackEndpoint(broken, SECRET)(scope, receive, send)
    reference = b"".join(said).decode().rpartition(" ")[2]
    assert len(reference) == 8
    assert f"reference {reference}: RuntimeError" in caplog.text
    assert words not in caplog.text


async def test_endpoint_requires_a_signing_secret() -> None:
    async def dispatch(_: AsyncBoltRequest) -> BoltResponse:
        raise AssertionError("nothing is signed")

    with pytest.raises(ValueError, match="everybody"):
        SlackEndpoint(dispatch, "")


async def test_a_replayed_command_is_not_answered_again(
    slack: Slack, web: aiohttp.ClientSession
) -> None:
    body = (
        b"command=%2Froles&text=&user_id=U0MAYA001&team_id=T0LOCAL01&channel_id=C0GENERAL"
        b"&trigger_id=1.2.3&response_url=http%3A%2F%2F127.0.0.1%3A9%2Fx"
    )
    headers = {"x-slack-bolt-lazy-only": "1", "x-slack-bolt-lazy-function-name": "on_roles"}
    first = await post(web, slack.url, body, headers, FORM)
    second = await post(web, slack.url, body, content_type=FORM)
    assert first[0] == second[0] == 200
    assert "Roles that I know" in first[1]
    assert second[1] == ""


async def test_neither_bodies_nor_questions_are_logged(
    slack: Slack, web: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await post(web, slack.url, b'{"text": "private words"}', {"X-Slack-Signature": "v0=1"})
    await slack.asked("data analyst skills, private words")
    written = [r for r in caplog.records if r.name.startswith(("faqbot", "slack"))]
    assert "private words" not in "".join(record.getMessage() for record in written)
    assert SETUP.bot_token not in caplog.text


async def test_ids_that_slack_never_sends_are_refused(
    slack: Slack, web: aiohttp.ClientSession
) -> None:
    body = json.dumps(
        {
            "type": "event_callback",
            "event_id": "Ev1",
            "team_id": "T\ud800",
            "event": {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.2"},
        }
    ).encode()
    headers = signed_headers(slack.workspace.signing_secret, body, int(time.time()))
    headers["Content-Type"] = "application/json"
    async with web.post(slack.url, data=body, headers=headers) as answer:
        assert answer.status == 400


async def test_view_that_is_null_is_ignored(slack: Slack, web: aiohttp.ClientSession) -> None:
    payload = {
        "type": "shortcut",
        "callback_id": "unknown",
        "trigger_id": "1",
        "view": None,
        "team": {"id": "T0LOCAL01"},
        "user": {"id": "U0MAYA001"},
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    headers = signed_headers(slack.workspace.signing_secret, body, int(time.time()))
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    async with web.post(slack.url, data=body, headers=headers) as answer:
        assert answer.status < 500
