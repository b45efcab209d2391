"""Calls at Slack's pace: refusals are waited out, posts are smoothed, and each is made once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from faqbot.playground.models import Faults
from faqbot.runtime.web import listen
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.client import web_client
from faqbot.slack.posts import post_once, was_answered
from tests.slack.conftest import serving

Handler = Callable[[web.Request], Any]


@asynccontextmanager
async def api(**methods: Handler) -> AsyncIterator[str]:
    """A Web API that does what a test wants."""
    app = web.Application()
    for name, handler in methods.items():
        app.router.add_route("*", f"/api/{name.replace('_', '.', 1)}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


def refusing(times: list[float], first: int, **answer: Any) -> Handler:
    """Refuses so many calls, and notes when each came."""

    async def handle(_: web.Request) -> web.Response:
        times.append(time.monotonic())
        if len(times) <= first:
            return web.json_response({"ok": False, "error": "ratelimited"}, **answer)
        return web.json_response({"ok": True})

    return handle


async def test_refused_call_is_repeated_after_the_time_in_the_response() -> None:
    came: list[float] = []
    refused = refusing(came, 2, status=429, headers={"Retry-After": "1"})
    async with api(chat_postMessage=refused) as url, web_client("xoxb-1", url) as client:
        await client.chat_postMessage(channel="C1", text="a")
    assert len(came) == 3
    assert min(later - before for before, later in pairwise(came)) >= 1.0


async def test_pause_holds_for_calls_of_the_same_kind_only() -> None:
    came: list[float] = []
    refused = refusing(came, 1, status=429, headers={"Retry-After": "1"})
    info: list[float] = []
    async with (
        api(chat_postMessage=refused, users_info=refusing(info, 0)) as url,
        web_client("xoxb-1", url) as client,
    ):
        began = time.monotonic()
        first = asyncio.create_task(client.chat_postMessage(channel="C1", text="a"))
        await asyncio.sleep(0.2)
        await client.users_info(user="U1")
        assert time.monotonic() - began < 0.9
        await client.chat_postMessage(channel="C2", text="another channel")
        assert time.monotonic() - began < 0.9
        await client.chat_postMessage(channel="C1", text="b")
        await first
        assert time.monotonic() - began >= 1.0


async def test_calls_with_server_errors_are_repeated_a_few_times() -> None:
    came: list[float] = []
    async with (
        api(users_info=refusing(came, 3, status=503)) as url,
        web_client("xoxb-1", url, CallQueue(backoff=0.01)) as client,
    ):
        assert (await client.users_info(user="U1"))["ok"]
    assert len(came) == 4
    came.clear()
    async with (
        api(users_info=refusing(came, 100, status=503)) as url,
        web_client("xoxb-1", url, CallQueue(backoff=0.01)) as client,
    ):
        with pytest.raises(SlackApiError):
            await client.users_info(user="U1")
    assert len(came) == 8


async def test_posts_to_a_channel_keep_an_interval() -> None:
    came: list[float] = []
    async with (
        api(chat_postMessage=refusing(came, 0)) as url,
        web_client("xoxb-1", url, CallQueue(interval=0.2)) as client,
    ):
        posts = [client.chat_postMessage(channel="C1", text=str(n)) for n in range(6)]
        await asyncio.gather(*posts)
    assert came[2] - came[0] < 0.15  # a few may come at once
    assert came[5] - came[0] >= 0.55


class Lossy:
    """A Slack whose first answers to a post are lost: some posts arrived, some didn't."""

    def __init__(self, *, arrives: bool, lost: int = 1) -> None:
        self.arrives = arrives
        self.lost = lost
        self.posts: list[dict[str, Any]] = []

    async def post(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.lost -= 1
        if self.lost < 0 or self.arrives:
            self.posts.append(body)
        return web.json_response({"ok": True}) if self.lost < 0 else web.Response(status=500)

    async def replies(self, _: web.Request) -> web.Response:
        messages = [{"ts": "1.9", "metadata": post["metadata"]} for post in self.posts]
        return web.json_response({"ok": True, "messages": messages})


@pytest.mark.parametrize("slack", [Lossy(arrives=True), Lossy(arrives=False)])
async def test_answer_is_posted_once_when_the_response_is_lost(slack: Lossy) -> None:
    async with (
        api(chat_postMessage=slack.post, conversations_replies=slack.replies) as url,
        web_client("xoxb-1", url) as client,
    ):
        message = {"channel": "C1", "thread_ts": "1.1", "text": "SQL"}
        await post_once(client, "1.2", message)
        assert await was_answered(client, "C1", "1.1", "1.2")
        assert not await was_answered(client, "C1", "1.1", "1.3")
    assert len(slack.posts) == 1


async def test_refused_answer_is_not_repeated() -> None:
    came: list[float] = []

    async def refuse(_: web.Request) -> web.Response:
        came.append(0.0)
        return web.json_response({"ok": False, "error": "channel_not_found"})

    async with api(chat_postMessage=refuse) as url, web_client("xoxb-1", url) as client:
        with pytest.raises(SlackApiError, match="channel_not_found"):
            await post_once(client, "1.2", {"channel": "C1", "thread_ts": "1.1", "text": "a"})
    assert len(came) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_every_question_is_answered_once_while_a_fifth_of_calls_fails(status: int) -> None:
    async with serving(calls=CallQueue(backoff=0.01)) as slack:
        slack.workspace.faults = Faults(fail_share=0.2, fail_status=status, retry_after=0)
        asked = [
            await slack.maya.say("#general", slack.mention("data analyst skills"))
            for _ in range(20)
        ]
        for ts in asked:
            await slack.answer("#general", ts)
        await slack.workspace.settled()
        assert [len(slack.workspace.answers("#general", ts)) for ts in asked] == [1] * 20


async def test_call_whose_connection_fails_is_made_three_times() -> None:
    statuses: list[str] = []
    queue = CallQueue(on_call=lambda _, status, __: statuses.append(status))
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/api/"
    listener.close()
    async with web_client("xoxb-1", address, queue) as client:
        with pytest.raises(aiohttp.ClientError):
            await client.auth_test()
    assert statuses == ["error"] * 3
