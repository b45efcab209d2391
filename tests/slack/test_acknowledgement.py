"""Questions while the database is down: answered before they are acknowledged, else sent again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from faqbot.runtime.leases import LeaseManager
from faqbot.slack.call_queue import POSTS, CallQueue
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import QUICK, Slack, serving
from tests.support.waiting import eventually

DOWN = "postgresql://postgres@127.0.0.1:9/none"
QUESTION = "What does a data analyst earn?"
PATIENCE = 0.3
TWICE = "You may see this answer twice"


class SlowPosts(CallQueue):
    """A queue in which posts wait for their turn, or for Slack's response, until a gate opens."""

    def __init__(self, *, before: bool) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.before = before
        self.posts = 0

    async def run(
        self,
        method: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        if method not in POSTS:
            return await super().run(method, arguments, call)
        self.posts += 1

        async def late() -> aiohttp.ClientResponse:
            if not self.before:
                await self.gate.wait()
            return await call()

        if self.before:
            await self.gate.wait()
        return await super().run(method, arguments, late)


def without_database() -> LeaseManager:
    return LeaseManager(QuestionRecorder(DOWN), TokenCipher.from_secret("secret"))


@asynccontextmanager
async def slow_posts(
    *, before: bool, by_socket: bool = False
) -> AsyncIterator[tuple[Slack, SlowPosts]]:
    calls = SlowPosts(before=before)
    # Over a socket Slack hears nothing of a refusal, and waits until its time is up.
    timing = replace(QUICK, ack_deadline=2 * PATIENCE) if by_socket else QUICK
    async with serving(
        claims=without_database(),
        calls=calls,
        patience=PATIENCE,
        by_socket=by_socket,
        timing=timing,
    ) as slack:
        try:
            yield slack, calls
        finally:
            calls.gate.set()


def left_to_retry(slack: Slack) -> int:
    said = slack.services.metrics.exposition().decode()
    (count,) = re.findall(r"^faqbot_deliveries_left_to_retry_total (\S+)$", said, re.MULTILINE)
    return round(float(count))


@pytest.mark.parametrize("by_socket", [False, True])
async def test_question_is_answered_before_it_is_acknowledged(*, by_socket: bool) -> None:
    async with serving(claims=without_database(), by_socket=by_socket) as slack:
        _, answer = await slack.asked(QUESTION)
        await slack.workspace.settled()
        assert "data analyst" in answer.text.lower()
        assert slack.services.claims.held == left_to_retry(slack) == 0


@pytest.mark.parametrize("by_socket", [False, True])
async def test_question_that_takes_long_is_left_to_the_retry(*, by_socket: bool) -> None:
    async with slow_posts(before=True, by_socket=by_socket) as (slack, calls):
        ts = await slack.maya.say("#general", slack.mention(QUESTION))
        await eventually(lambda: left_to_retry(slack))
        calls.gate.set()
        await slack.answer("#general", ts)
        await slack.workspace.settled()
        assert len(slack.workspace.answers("#general", ts)) == 1
        assert slack.services.claims.held == 0


async def test_private_answer_that_may_come_twice_says_so() -> None:
    """Slack shows nobody an ephemeral message again: a second one is better than none."""
    async with slow_posts(before=False) as (slack, calls):
        await slack.maya.say("#general", slack.mention("my manager harasses me"))
        await eventually(lambda: left_to_retry(slack))
        calls.gate.set()
        await slack.workspace.settled()
        first = slack.workspace.private_messages("maya")
        assert TWICE not in str(first[-1].blocks)
    async with slow_posts(before=True) as (slack, calls):
        await slack.maya.say("#general", slack.mention("my manager harasses me"))
        await eventually(lambda: left_to_retry(slack))
        calls.gate.set()
        await slack.workspace.settled()
        await slack.services.listeners.drain()
        (again,) = slack.workspace.private_messages("maya")
        assert TWICE in str(again.blocks)


async def test_retry_waits_for_a_post_that_may_have_arrived() -> None:
    async with slow_posts(before=False) as (slack, calls):
        ts = await slack.maya.say("#general", slack.mention(QUESTION))
        await eventually(lambda: left_to_retry(slack))
        calls.gate.set()
        await slack.answer("#general", ts)
        await slack.workspace.settled()
        assert len(slack.workspace.answers("#general", ts)) == calls.posts == 1


async def test_last_retry_is_acknowledged_and_answered_when_possible() -> None:
    async with slow_posts(before=True) as (slack, calls):
        ts = await slack.maya.say("#general", slack.mention(QUESTION))
        await slack.workspace.settled()
        assert left_to_retry(slack) == 3
        assert slack.services.claims.held == 1
        calls.gate.set()
        await slack.answer("#general", ts)
        await slack.services.listeners.drain()
        assert len(slack.workspace.answers("#general", ts)) == 1
