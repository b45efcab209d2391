"""Several processes on one database: each delivery is handled once, also when one of them dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from faqbot.runtime.leases import LeaseManager
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import Store
from tests.storage.conftest import server, url
from tests.support.waiting import eventually

__all__ = ["server", "url"]

QUICK = 0.2
KEY = ("message", "T1", "C1", "1.2")
BODY = {"event": {"text": "what is a shoe size"}}
SEAL = TokenCipher.from_secret("secret")


class Worker:
    """A process, as far as the others see it."""

    def __init__(self, memory: QuestionRecorder, lease: float = QUICK) -> None:
        self.leases = LeaseManager(memory, SEAL, lease=lease)
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
async def at_work(memory: QuestionRecorder, count: int = 1) -> AsyncIterator[list[Worker]]:
    async with AsyncExitStack() as stack:
        workers = [Worker(memory) for _ in range(count)]
        for worker in workers:
            await stack.enter_async_context(worker.leases.running(worker.again, worker.finish))
        yield workers


async def test_claimed_delivery_is_handled_by_one_process(memory: QuestionRecorder) -> None:
    async with at_work(memory, 2) as (first, second):
        assert await first.leases.claim("event", "T1", "E1")
        assert not await first.leases.claim("event", "T1", "E1")
        assert not await second.leases.claim("event", "T1", "E1")
        assert await first.leases.acquire(KEY, BODY) == 1
        assert await second.leases.acquire(KEY, BODY) == 0


async def test_simultaneous_deliveries_are_each_claimed_once(
    memory: QuestionRecorder,
) -> None:
    async with at_work(memory, 2) as workers:
        keys = [("message", "T1", "C1", str(number)) for number in range(50)]
        took = await asyncio.gather(
            *(worker.leases.acquire(key, BODY) for key in keys for worker in workers)
        )
        assert sum(took) == len(keys)


async def test_delivery_of_a_dead_process_is_taken_over(memory: QuestionRecorder) -> None:
    dead = Worker(memory)
    async with dead.leases.running(dead.again, dead.finish):
        assert await dead.leases.acquire(KEY, BODY) == 1
        for task in asyncio.all_tasks():  # it dies without a word
            if getattr(task.get_coro(), "__qualname__", "").startswith("LeaseManager._"):
                task.cancel()
        async with at_work(memory) as (alive,):
            await eventually(lambda: alive.did)
            assert alive.did == [BODY]
            await asyncio.sleep(3 * QUICK)
            assert len(alive.did) == 1
        dead.leases.complete("/".join(KEY))


async def test_slow_process_keeps_its_leases(memory: QuestionRecorder) -> None:
    async with at_work(memory, 2) as (slow, other):
        await slow.leases.acquire(KEY, BODY)
        await asyncio.sleep(5 * QUICK)
        assert other.did == []
        slow.leases.complete("/".join(KEY))


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
        worker.leases.complete("/".join(KEY))


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


class Hanging(QuestionRecorder):
    """A memory whose database never answers."""

    @property
    def is_up(self) -> bool:
        return True

    @asynccontextmanager
    async def store(self, *, flush_first: bool = True) -> AsyncIterator[Store]:
        del flush_first
        await asyncio.Event().wait()
        yield Store(None)  # type: ignore[arg-type]  # never reached


async def test_hanging_database_does_not_delay_acknowledgements() -> None:
    async with at_work(Hanging("sqlite:///none.db")) as (worker,), asyncio.timeout(2.5):
        assert await worker.leases.claim("event", "T1", "E1")
        assert not await worker.leases.claim("event", "T1", "E1")


async def test_without_database_each_process_has_its_own_claims() -> None:
    async with at_work(QuestionRecorder("postgresql://postgres@127.0.0.1:9/none")) as (worker,):
        assert await worker.leases.acquire(KEY, BODY) == 1
        assert await worker.leases.acquire(KEY, BODY) == 0
        worker.leases.complete("/".join(KEY))
        assert worker.leases.held == 0
