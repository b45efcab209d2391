"""Tasks: many waiters share one call, and background tasks end with their block."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from typing import Any

import pytest

from faqbot.runtime.tasks import (
    CallCancelledError,
    SingleFlight,
    background_tasks,
    sleep_until,
)
from tests.support.waiting import DEADLINE


class Call:
    """A call that ends when a test lets it, and counts how often it was made."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.count += 1
        number = self.count
        await self.gate.wait()
        if self.error:
            raise self.error
        return number


@pytest.fixture
async def call() -> Call:
    return Call()


@pytest.fixture
async def flights() -> SingleFlight[str, int]:
    return SingleFlight()


async def waiting(*coroutines: Coroutine[Any, Any, int]) -> list[asyncio.Task[int]]:
    """The coroutines as tasks, each of which waits for a call that has begun."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for _ in range(2):  # the waiter begins in the first round, its call in the second
        await asyncio.sleep(0)
    return tasks


async def test_waiters_for_one_key_share_one_call(
    flights: SingleFlight[str, int], call: Call
) -> None:
    tasks = await waiting(*(flights.run("a", call) for _ in range(3)))
    call.gate.set()
    assert await asyncio.gather(*tasks) == [1, 1, 1]
    assert await flights.run("a", call) == 2  # the call had ended


async def test_different_keys_are_called_apart(flights: SingleFlight[str, int], call: Call) -> None:
    tasks = await waiting(flights.run("a", call), flights.run("b", call))
    call.gate.set()
    assert sorted(await asyncio.gather(*tasks)) == [1, 2]


async def test_cancelled_waiter_leaves_the_call_to_the_others(
    flights: SingleFlight[str, int], call: Call
) -> None:
    first, second = await waiting(flights.run("a", call), flights.run("a", call))
    first.cancel()
    await asyncio.wait([first])
    call.gate.set()
    assert await second == 1
    assert first.cancelled()


async def test_error_of_the_call_reaches_every_waiter_and_is_not_kept(
    flights: SingleFlight[str, int], call: Call
) -> None:
    call.error = ValueError("wrong")
    tasks = await waiting(flights.run("a", call), flights.run("a", call))
    call.gate.set()
    for task in tasks:
        with pytest.raises(ValueError, match="wrong"):
            await task
    call.error = None
    assert await flights.run("a", call) == 2


async def test_cancelled_call_raises_an_error_in_its_waiters_only(
    flights: SingleFlight[str, int], call: Call
) -> None:
    ended, other = await waiting(flights.run("a", call), flights.run("b", call))
    flights.cancel(lambda key: key == "a")
    with pytest.raises(CallCancelledError):
        await ended
    call.gate.set()
    assert await other == 2


async def test_close_cancels_all_calls(flights: SingleFlight[str, int], call: Call) -> None:
    tasks = await waiting(flights.run("a", call), flights.run("b", call))
    await flights.close()
    for task in tasks:
        with pytest.raises(CallCancelledError):
            await task


async def test_background_tasks_run_until_the_block_ends() -> None:
    events: list[str] = []

    async def work(name: str) -> None:
        events.append(f"{name} began")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            events.append(f"{name} ended")

    async with background_tasks(work("a"), work("b")):
        await asyncio.sleep(0)
        assert events == ["a began", "b began"]
    assert events[2:] == ["a ended", "b ended"]


async def test_background_tasks_end_when_the_block_raises() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fail() -> None:
        async with background_tasks(work()):
            await asyncio.sleep(0)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert ended.is_set()


async def test_failed_background_task_is_logged_without_its_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        raise ValueError("a secret question")

    other = Call()
    async with background_tasks(work(), other()):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert other.count == 1
    assert "a background task failed: ValueError" in caplog.text
    assert "secret" not in caplog.text


async def test_started_call_is_shared_with_later_waiters(
    flights: SingleFlight[str, int], call: Call
) -> None:
    first = flights.start("a", call)
    (waiter,) = await waiting(flights.run("a", call))
    call.gate.set()
    assert (await first, await waiter, call.count) == (1, 1, 1)


async def test_clock_that_is_set_forward_or_back_moves_what_waits_for_it() -> None:
    monday = dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)
    clock = [monday - dt.timedelta(days=6)]
    waiting = asyncio.create_task(sleep_until(monday, lambda: clock[0], look=0.001))
    for earlier in (dt.timedelta(minutes=1), dt.timedelta(days=30)):
        clock[0] = monday - earlier
        await asyncio.sleep(0)
        assert not waiting.done()
    clock[0] = monday
    async with asyncio.timeout(DEADLINE):
        await waiting
