"""Several processes on one database: each delivery is handled once, also when one of them dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from faqbot.runtime.leases import DATABASE_TIMEOUT, UNKNOWN_ATTEMPT, LeaseManager
from faqbot.storage.claims import Claim
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import Store
from tests.storage.conftest import server, url
from tests.support.slow_store import SlowRecorder, slow_recorder
from tests.support.waiting import eventually

__all__ = ["server", "url"]

QUICK, LASTING = 0.2, 1.2
KEY = ("message", "T1", "C1", "1.2")
NAME = "/".join(KEY)
BODY = {"event": {"text": "what is a shoe size"}}
SEAL = TokenCipher.from_secret("secret")


class Worker:
    """A process, as far as the others see it."""

    def __init__(
        self,
        memory: QuestionRecorder,
        lease: float = QUICK,
        timeout: float = DATABASE_TIMEOUT,
    ) -> None:
        self.leases = LeaseManager(memory, SEAL, lease=lease, timeout=timeout)
        self.finished = asyncio.Event()
        self.did: list[Mapping[str, Any]] = []

    async def again(self, body: Mapping[str, Any], key: str) -> bool:
        self.did.append(body)
        self.leases.complete(key)
        return True

    async def finish(self) -> None:
        self.finished.set()


@pytest.fixture
async def memory(url: str) -> AsyncIterator[QuestionRecorder]:
    async with QuestionRecorder(url, retry_interval=0.05).running() as made:
        yield made


@asynccontextmanager
async def at_work(
    memory: QuestionRecorder, count: int = 1, lease: float = QUICK
) -> AsyncIterator[list[Worker]]:
    async with AsyncExitStack() as stack:
        workers = [Worker(memory, lease) for _ in range(count)]
        for worker in workers:
            await stack.enter_async_context(worker.leases.running(worker.again, worker.finish))
        yield workers


async def test_claimed_delivery_is_handled_by_one_process(memory: QuestionRecorder) -> None:
    async with at_work(memory, 2) as (first, second):
        assert await first.leases.claim("event", "T1", "E1")
        assert not await first.leases.claim("event", "T1", "E1")
        assert not await second.leases.claim("event", "T1", "E1")
        assert await first.leases.acquire(KEY, BODY) == Claim(1)
        assert await second.leases.acquire(KEY, BODY) == Claim(0)


async def test_simultaneous_deliveries_are_each_claimed_once(
    memory: QuestionRecorder,
) -> None:
    async with at_work(memory, 2) as workers:
        keys = [("message", "T1", "C1", str(number)) for number in range(50)]
        took = await asyncio.gather(
            *(worker.leases.acquire(key, BODY) for key in keys for worker in workers)
        )
        assert sum(claim.attempt for claim in took) == len(keys)


async def test_delivery_of_a_dead_process_is_taken_over(memory: QuestionRecorder) -> None:
    dead = Worker(memory)
    async with dead.leases.running(dead.again, dead.finish):
        assert await dead.leases.acquire(KEY, BODY) == Claim(1)
        for task in asyncio.all_tasks():  # it dies without a word
            if getattr(task.get_coro(), "__qualname__", "").startswith("LeaseManager._"):
                task.cancel()
        async with at_work(memory) as (alive,):
            await eventually(lambda: alive.did)
            assert alive.did == [BODY]
            await asyncio.sleep(3 * QUICK)
            assert len(alive.did) == 1
        dead.leases.complete(NAME)


async def test_slow_process_keeps_its_leases(memory: QuestionRecorder) -> None:
    # Long enough that a busy machine renews it in time.
    async with at_work(memory, 2, LASTING) as (slow, other):
        await slow.leases.acquire(KEY, BODY)
        await asyncio.sleep(1.5 * LASTING)
        assert other.did == []
        slow.leases.complete(NAME)


async def test_unfinished_delivery_of_a_stopped_process_is_taken_over(
    memory: QuestionRecorder,
) -> None:
    stopping = Worker(memory, lease=60)
    async with stopping.leases.running(stopping.again, stopping.finish):
        await stopping.leases.acquire(KEY, BODY)
    assert stopping.finished.is_set()
    async with at_work(memory) as (alive,):
        await eventually(lambda: alive.did)


async def test_stored_payloads_are_encrypted(memory: QuestionRecorder) -> None:
    async with at_work(memory) as (worker,):
        await worker.leases.acquire(KEY, BODY)
        async with memory.store() as store:
            found = await store.claims.take_over("other", 60) or await _payloads(store)
        assert b"shoe" not in repr(found).encode()
        worker.leases.complete(NAME)


async def _payloads(store: Store) -> list[bytes]:
    from sqlalchemy import select

    from faqbot.storage.tables import claims

    async with store._database.reading() as connection:
        return [row.payload for row in await connection.execute(select(claims.c.payload))]


async def test_payload_of_another_key_is_dropped_and_logged(
    memory: QuestionRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    gone = LeaseManager(memory, TokenCipher.from_secret("another"), lease=QUICK)
    async with gone.running(Worker(memory).again, Worker(memory).finish):
        await gone.acquire(KEY, BODY)
    with caplog.at_level(logging.WARNING):
        async with at_work(memory) as (alive,):
            await eventually(lambda: "encrypted with another key" in caplog.text)
            assert alive.did == []
    assert "shoe" not in caplog.text


async def test_without_database_each_process_has_its_own_claims() -> None:
    async with at_work(QuestionRecorder("postgresql://postgres@127.0.0.1:9/none")) as (worker,):
        assert await worker.leases.acquire(KEY, BODY) == Claim(1, is_written=False)
        assert await worker.leases.acquire(KEY, BODY) == Claim(0, is_written=False)
        worker.leases.complete(NAME)
        assert worker.leases.held == 0


async def test_what_is_given_up_may_be_claimed_again() -> None:
    async with at_work(QuestionRecorder("postgresql://postgres@127.0.0.1:9/none")) as (worker,):
        await worker.leases.acquire(KEY, BODY)
        worker.leases.give_up(NAME)
        assert await worker.leases.acquire(KEY, BODY) == Claim(1, is_written=False)
        worker.leases.complete(NAME)


@asynccontextmanager
async def slow(url: str) -> AsyncIterator[tuple[Worker, SlowRecorder]]:
    """A process whose claims wait for a gate."""
    async with slow_recorder(url) as recorder:
        worker = Worker(recorder, lease=60, timeout=QUICK)
        async with worker.leases.running(worker.again, worker.finish):
            recorder.gate.clear()
            try:
                yield worker, recorder
            finally:
                recorder.gate.set()


async def test_hanging_database_delays_nothing_for_long(url: str) -> None:
    async with slow(url) as (worker, _):
        assert await worker.leases.claim("event", "T1", "E1")
        assert not await worker.leases.claim("event", "T1", "E1")
        assert await worker.leases.acquire(KEY, BODY) == Claim(UNKNOWN_ATTEMPT, is_written=False)
        # A repetition isn't finished before the first: it may not be acknowledged either.
        assert await worker.leases.acquire(KEY, BODY) == Claim(0, is_written=False)
        assert not await worker.leases.settled(NAME, QUICK)
        worker.leases.complete(NAME)
        assert await worker.leases.settled(NAME, QUICK)
        assert await worker.leases.acquire(KEY, BODY) == Claim(0)


async def test_claim_that_is_written_late_counts(url: str, memory: QuestionRecorder) -> None:
    async with at_work(memory) as (other,), slow(url) as (worker, recorder):
        assert not (await worker.leases.acquire(KEY, BODY)).is_written
        recorder.gate.set()
        assert await worker.leases.settled(NAME, 10)
        assert await other.leases.acquire(KEY, BODY) == Claim(0)
        worker.leases.complete(NAME)


async def test_delivery_given_up_before_its_claim_is_written_is_free(
    url: str, memory: QuestionRecorder
) -> None:
    async with at_work(memory, lease=60) as (other,), slow(url) as (worker, recorder):
        await worker.leases.acquire(("message", "T1", "C1", "1.1"), BODY)  # its batch has begun
        await worker.leases.acquire(KEY, BODY)
        worker.leases.give_up(NAME)
        worker.leases.give_up("message/T1/C1/1.1")
        recorder.gate.set()
        await eventually(lambda: not worker.leases._given_up)
        assert (await other.leases.acquire(KEY, BODY)).attempt == 1
        assert (await other.leases.acquire(("message", "T1", "C1", "1.1"), BODY)).attempt == 2
        for name in (NAME, "message/T1/C1/1.1"):
            other.leases.complete(name)


async def test_what_was_finished_before_its_claim_was_written_is_done_by_nobody_else(
    url: str, memory: QuestionRecorder
) -> None:
    async with at_work(memory) as (other,), slow(url) as (worker, recorder):
        await worker.leases.acquire(KEY, BODY)
        worker.leases.complete(NAME)
        recorder.gate.set()
        await eventually(lambda: not worker.leases._completed)
        assert (await other.leases.acquire(KEY, BODY)) == Claim(0)
        assert other.did == []


async def test_late_claim_tells_that_another_process_has_the_delivery(
    url: str, memory: QuestionRecorder
) -> None:
    async with at_work(memory, lease=60) as (other,), slow(url) as (worker, recorder):
        assert (await worker.leases.acquire(KEY, BODY)).attempt == UNKNOWN_ATTEMPT
        assert await other.leases.acquire(KEY, BODY) == Claim(1)
        asked = asyncio.create_task(worker.leases.is_ours(NAME))
        recorder.gate.set()
        assert not await asked
        assert await other.leases.is_ours(NAME)
        # Somebody else will finish it, so it may be acknowledged; it isn't finished yet.
        assert await worker.leases.settled(NAME, QUICK)
        worker.leases.complete(NAME)
        await worker.leases.claim("event", "T1", "E1")  # written with what is finished
        async with memory.store() as store:
            assert await store.claims.unfinished() == 1
        other.leases.complete(NAME)


async def test_given_up_deliveries_can_always_be_claimed(memory: QuestionRecorder) -> None:
    async with at_work(memory, 2, lease=60) as workers:
        for number, worker in enumerate(workers * 3):
            assert (await worker.leases.acquire(KEY, BODY)).attempt
            worker.leases.give_up(NAME)
            await worker.leases.claim("event", "T1", str(number))  # written with it
        assert (await workers[0].leases.acquire(KEY, BODY)).attempt
        workers[0].leases.complete(NAME)
