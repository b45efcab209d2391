"""The recorder of questions: writes the question log in the background of a running service.

A database that is down costs log entries, never an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from faqbot.model import LinkMethod, Reason
from faqbot.replies.result import Result
from faqbot.storage.database import POOL_SIZE
from faqbot.storage.models import (
    DiskFullError,
    QuestionPrivacy,
    QuestionRecord,
    RefusedValueError,
    StoreError,
    utc_now,
)
from faqbot.storage.store import Store, new_id, open_store

RETRY_INTERVAL: Final = 5.0
"""Seconds between two attempts to reach a database that is down."""

CHECK_INTERVAL: Final = 60.0
"""Seconds between two looks whether a database that is up still writes."""

_DOWN: Final = "down"
_FULL: Final = "its disk is full"

MAX_QUEUED: Final = 2_000
"""Questions that may wait to be written; more are answered and not logged."""

_BATCH_SIZE: Final = 200
_BATCH_SECONDS: Final = 0.02
"""Seconds that a question waits for others, so that one transaction writes them together."""

_EXPIRY_INTERVAL: Final = 24 * 3600.0
_PRIVATE: Final = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]+)|(?P<link>https?://\S+)|(?P<person><@[^>]+>)"
    r"|(?P<number>\+?\d[\d ()/-]{5,}\d)"
)
_log = logging.getLogger(__name__)


class QuestionRecorder:
    """Logs questions in the background, and opens the store for what can't wait.

    Args:
        url: the database's address.
        privacy: how much of a question's text is stored.
        days: how long questions are stored.
        departed_days: how long all is stored that a workspace left which removed faqbot.
        retry_interval: seconds between two attempts to reach a database that is down.
        pool_size: connections to a PostgreSQL server.
        check_interval: seconds between two looks whether the database still writes.
        on_failure: called whenever the database refuses or hangs.
    """

    def __init__(
        self,
        url: str,
        privacy: QuestionPrivacy = QuestionPrivacy.FULL,
        days: int = 180,
        *,
        departed_days: int = 30,
        retry_interval: float = RETRY_INTERVAL,
        pool_size: int = POOL_SIZE,
        check_interval: float = CHECK_INTERVAL,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url
        self._pool_size = pool_size
        self._on_failure = on_failure
        self._privacy = privacy
        self._days = days
        self._departed_days = departed_days
        self._retry_interval = retry_interval
        self._check_interval = check_interval
        self._store: Store | None = None
        self._is_up = False
        self._is_outage_logged = False
        self._problem = _DOWN
        self._queue: asyncio.Queue[QuestionRecord] = asyncio.Queue(MAX_QUEUED)
        self._flush_now = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether the database responded the last time."""
        return self._is_up

    @property
    def problem(self) -> str:
        """Why questions aren't logged, in words; empty while they are."""
        return "" if self._is_up else self._problem

    @property
    def queued(self) -> int:
        """How many questions wait to be written."""
        return self._queue.qsize()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[QuestionRecorder]:
        """Log questions while the block runs; write those that are queued at its end."""
        await self._connect()
        tasks = [
            asyncio.create_task(work())
            for work in (self._write, self._reconnect, self._expire_daily)
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

    def record(self, result: Result, team: str, channel: str, thread: str = "") -> str:
        """Queue a question to be logged. Returns its id, or "" if the database is down.

        Small talk is no question, so it isn't logged and has no id.
        """
        if not self._is_up or result.reason is Reason.SMALL_TALK:
            return ""
        record = self._record(result, team, channel, thread)
        try:
            self._queue.put_nowait(record)
        except asyncio.QueueFull:
            return ""
        return record.id

    async def flush(self) -> None:
        """Wait until all queued questions are written."""
        self._flush_now.set()
        await self._queue.join()

    @asynccontextmanager
    async def store(self, *, flush_first: bool = True) -> AsyncIterator[Store]:
        """The store.

        Args:
            flush_first: writes all queued questions before the block runs.

        Raises:
            StoreError: the database is down.
        """
        if self._store is None or not self._is_up:
            raise StoreError("The database is down.")
        if flush_first:
            await self.flush()
        try:
            yield self._store
        except StoreError as error:
            self._mark_down(error)
            raise

    # -- background tasks

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_BATCH_SECONDS):
                    await self._flush_now.wait()
            self._flush_now.clear()
            while len(batch) < _BATCH_SIZE and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                if self._store is not None and self._is_up:
                    await self._add(self._store, batch)
            except StoreError as error:
                self._mark_down(error)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _add(self, store: Store, batch: list[QuestionRecord]) -> None:
        """Write questions; of a batch that holds a refused value, all others."""
        try:
            await store.questions.add(batch)
        except RefusedValueError as error:
            if len(batch) == 1:
                self._on_failure()
                _log.warning("A question is answered but not logged: %s", error)
                return
            for record in batch:
                await self._add(store, [record])

    async def _reconnect(self) -> None:
        checked = time.monotonic()
        while True:
            await asyncio.sleep(self._retry_interval)
            # Without questions, nothing else would tell that the disk is full.
            if not self._is_up or time.monotonic() - checked > self._check_interval:
                checked = time.monotonic()
                await self._connect()

    async def _connect(self) -> None:
        """Open the database, or check whether it responds again."""
        try:
            if self._store is None:
                self._store = await open_store(self._url, self._pool_size)
            await self._store.check()
        except StoreError as error:
            self._mark_down(error)
            return
        if self._is_outage_logged:
            _log.info("The database is back: questions are logged again.")
        self._is_up, self._is_outage_logged = True, False

    async def _expire_daily(self) -> None:
        while True:
            with contextlib.suppress(StoreError):
                async with self.store() as store:
                    await store.deletion.old(utc_now() - dt.timedelta(days=self._days))
                    departed = dt.timedelta(days=self._departed_days)
                    gone = await store.deletion.departed(utc_now() - departed)
                    if gone:
                        _log.info("Deleted what %d workspace(s) without faqbot had left.", gone)
            await asyncio.sleep(_EXPIRY_INTERVAL)

    def _mark_down(self, error: StoreError) -> None:
        self._on_failure()
        if isinstance(error, RefusedValueError):
            return  # the database works: only this value is refused
        self._is_up = False
        self._problem = _FULL if isinstance(error, DiskFullError) else _DOWN
        if not self._is_outage_logged:
            _log.warning("Questions are answered but not logged: %s", error)
        self._is_outage_logged = True

    def _record(self, result: Result, team: str, channel: str, thread: str) -> QuestionRecord:
        question, new = result.question, new_id()
        # What people say of a sensitive matter is for nobody who reads a log; and words that stand
        # elsewhere are read to answer them, and for nothing else.
        is_kept = result.reason is not Reason.SENSITIVE and not question.borrowed
        return QuestionRecord(
            id=new,
            team=team,
            at=utc_now(),
            asker=question.asker,
            channel=channel,
            surface=question.surface.value,
            role=_role_of(result),
            text=stored_text(question.text, self._privacy) if is_kept else None,
            text_hash=question_hash(new if question.borrowed else question.text),
            outcome=result.kind,
            reason=result.reason.value,
            entries=tuple((entry.id, entry.confidence) for entry in result.entries),
            content_version=result.content_version,
            seconds=result.seconds,
            thread=thread,
        )


def _role_of(result: Result) -> str | None:
    """Return the role that a question is about, by its words or as a follow-up.

    What wasn't understood isn't about the role of its conversation either.
    """
    understood = result.reason is not Reason.NOT_UNDERSTOOD
    named = any(link.method is not LinkMethod.CONVERSATION for link in result.parsed.links)
    return result.role if understood or named else None


def stored_text(text: str, privacy: QuestionPrivacy) -> str | None:
    """Return how much of a question's text is stored, or None for nothing."""
    match privacy:
        case QuestionPrivacy.FULL:
            return text
        case QuestionPrivacy.REDACTED:
            return redact(text)
        case QuestionPrivacy.HASH:
            return None


def redact(text: str) -> str:
    """Replace mail and web addresses, mentions of people and long numbers."""
    return _PRIVATE.sub(lambda match: f"[{match.lastgroup}]", text)


def question_hash(text: str) -> str:
    """Return a hash that is the same for questions that differ in case and white space only."""
    normalized = " ".join(text.casefold().split())
    return hashlib.sha256(normalized.encode(errors="surrogatepass")).hexdigest()
