"""Questions that wait to be parsed, so that the event loop goes on meanwhile.

Parsing takes milliseconds of a processor, most of them in the sentence encoder. On the event loop
they would delay each acknowledgement that Slack waits for. One thread parses instead, and what
waits together goes through the encoder together (dynamic batching, as in inference servers).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from faqbot.engine import Engine
from faqbot.model import Question
from faqbot.replies.result import Result

MAX_BATCH: Final = 16
"""Questions that are parsed together: the first of them waits for the last."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    engine: Engine
    question: Question
    done: asyncio.Future[None]


class QuestionQueue:
    """Parses questions in a thread, for all engines of a process; in the order in which they came.

    Args:
        most: how many are parsed together.
    """

    def __init__(self, most: int = MAX_BATCH) -> None:
        self._most = most
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="questions")
        self._runs: asyncio.Task[None] | None = None

    async def prepare(self, engine: Engine, question: Question) -> None:
        """Wait until an engine can answer a question at once.

        A question that fails to be parsed fails where it is asked.
        """
        if engine.is_prepared(question):
            return
        one = _Waiting(engine, question, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._runs is None or self._runs.done():
            self._runs = asyncio.create_task(self._run())
        await one.done

    async def ask(self, engine: Engine, question: Question) -> Result:
        """Answer a question after it was parsed."""
        await self.prepare(engine, question)
        return engine.ask(question)

    async def describe(self, engine: Engine, question: Question) -> Result:
        """Describe the role that a text names after it was parsed."""
        # Whatever the conversation is about: the engine leaves that out too.
        await self.prepare(engine, Question(question.text))
        return engine.describe(question)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = self._take()
            questions = [one.question for one in batch]
            parsed = loop.run_in_executor(self._thread, batch[0].engine.prepare, questions)
            await asyncio.wait((parsed,))
            # One bad question must not cost the others their answers: it fails where it is asked.
            if parsed.exception() is not None:
                _log.info("questions were not parsed together", exc_info=parsed.exception())
            for one in batch:
                if not one.done.done():
                    one.done.set_result(None)

    def _take(self) -> list[_Waiting]:
        """Return the questions of the first one's engine that come next."""
        batch = [self._waiting.popleft()]
        while (
            self._waiting and len(batch) < self._most and self._waiting[0].engine is batch[0].engine
        ):
            batch.append(self._waiting.popleft())
        return batch
