"""The memory of a running service: a database that is down costs the memory, never the answer."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from faqbot.replies.result import Result
from faqbot.storage.database import POOL
from faqbot.storage.models import QuestionPrivacy, QuestionRecord, StoreError, utc_now
from faqbot.storage.store import Store, new_id, open_store

RETRY: Final = 5.0
"""Seconds between two looks at a database that is down."""

WAITING: Final = 2_000
"""Questions that may wait to be written."""

_BATCH: Final = 200
_MOMENT: Final = 0.02
"""Seconds for which a question waits for others to be written with."""

_DAILY: Final = 24 * 3600.0
_PRIVATE: Final = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]+)|(?P<link>https?://\S+)|(?P<person><@[^>]+>)"
    r"|(?P<number>\+?\d[\d ()/-]{5,}\d)"
)
_log = logging.getLogger(__name__)


class QuestionRecorder:
    """Writes questions behind the answers, and gives the store to what needs it at once.

    Args:
        url: the database's address.
        consent: what is kept of a question's words.
        days: for how long.
        retry: seconds between two looks at a database that is down.
        pool: connections to a PostgreSQL server.
        failed: is told whenever the database refuses or hangs.
    """

    def __init__(
        self,
        url: str,
        consent: QuestionPrivacy = QuestionPrivacy.FULL,
        days: int = 180,
        *,
        retry: float = RETRY,
        pool: int = POOL,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url
        self._pool = pool
        self._failed = failed
        self._consent = consent
        self._days = days
        self._retry = retry
        self._store: Store | None = None
        self._is_up = False
        self._told = False
        self._queue: asyncio.Queue[QuestionRecord] = asyncio.Queue(WAITING)
        self._hurry = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether the database answered the last time."""
        return self._is_up

    @property
    def waiting(self) -> int:
        """How many questions wait to be written."""
        return self._queue.qsize()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[QuestionRecorder]:
        """Remember as long as the block runs, and write what is left at its end."""
        await self._look()
        tasks = [
            asyncio.create_task(work()) for work in (self._write, self._watch, self._clear_daily)
        ]
        try:
            yield self
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.flush(), 5)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._store is not None:
                await self._store.close()

    def record(self, result: Result, team: str, channel: str) -> str:
        """Remember a question; its id, or nothing when there is no memory now."""
        if not self._is_up:
            return ""
        record = self._record(result, team, channel)
        try:
            self._queue.put_nowait(record)
        except asyncio.QueueFull:
            return ""
        return record.id

    async def flush(self) -> None:
        """Wait until everything is written that was remembered so far."""
        self._hurry.set()  # somebody waits
        await self._queue.join()

    @asynccontextmanager
    async def store(self, *, settled: bool = True) -> AsyncIterator[Store]:
        """The store, with all that was remembered so far in it where it is to be `settled`.

        Raises:
            StoreError: the database is down.
        """
        if self._store is None or not self._is_up:
            raise StoreError("The database is down.")
        if settled:
            await self.flush()
        try:
            yield self._store
        except StoreError as error:
            self._down(error)
            raise

    # -- what goes on behind the answers

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_MOMENT):
                    await self._hurry.wait()
            self._hurry.clear()
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                if self._store is not None and self._is_up:
                    await self._store.receipts.add(batch)
            except StoreError as error:
                self._down(error)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._retry)
            if not self._is_up:
                await self._look()

    async def _look(self) -> None:
        """Open the database, or see whether it is back."""
        try:
            if self._store is None:
                self._store = await open_store(self._url, self._pool)
            await self._store.check()
        except StoreError as error:
            self._down(error)
            return
        if self._told:
            _log.info("The database is back: questions are remembered again.")
        self._is_up, self._told = True, False

    async def _clear_daily(self) -> None:
        while True:
            with contextlib.suppress(StoreError):
                async with self.store() as store:
                    await store.expire(utc_now() - dt.timedelta(days=self._days))
            await asyncio.sleep(_DAILY)

    def _down(self, error: StoreError) -> None:
        self._failed()
        self._is_up = False
        if not self._told:
            _log.warning("Questions are answered but not remembered: %s", error)
        self._told = True

    # -- what is kept

    def _record(self, result: Result, team: str, channel: str) -> QuestionRecord:
        question = result.question
        return QuestionRecord(
            id=new_id(),
            team=team,
            at=utc_now(),
            asker=question.asker,
            channel=channel,
            surface=question.surface.value,
            role=result.role,
            text=kept(question.text, self._consent),
            text_hash=hash_of(question.text),
            outcome=result.kind,
            why=result.reason.value,
            entries=tuple((entry.id, entry.confidence) for entry in result.entries),
            content_version=result.content_version,
            seconds=result.seconds,
        )


def kept(text: str, consent: QuestionPrivacy) -> str | None:
    """What may be kept of a question's words."""
    match consent:
        case QuestionPrivacy.FULL:
            return text
        case QuestionPrivacy.REDACTED:
            return redacted(text)
        case QuestionPrivacy.HASH:
            return None


def redacted(text: str) -> str:
    """The text without mail and web addresses, mentioned people, and long numbers."""
    return _PRIVATE.sub(lambda match: f"[{match.lastgroup}]", text)


def hash_of(text: str) -> str:
    """What tells equal questions, without their words."""
    said = " ".join(text.casefold().split())
    return hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()
