"""What stands in front of Bolt: requests that Slack would not send."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from faqbot.playground.delivery import signed_headers
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

    async with web.post(slack.url, data=io.BytesIO(b"x" * 1_100_000)) as answer:
        assert answer.status == 413
    async with web.post(slack.url, data=endless()) as answer:
        assert answer.status == 413


async def test_only_posts_to_the_one_path_are_answered(
    slack: Slack, web: aiohttp.ClientSession
) -> None:
    async with web.get(slack.url) as answer:
        assert answer.status == 405
    assert (await post(web, slack.url.replace("events", "other"), b"{}"))[0] == 404


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
