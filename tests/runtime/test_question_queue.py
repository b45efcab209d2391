"""The question queue: parses beside the event loop, together, and gives the same answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from faqbot.app import build_index
from faqbot.content.loader import load_knowledge_base
from faqbot.engine import Engine, Index
from faqbot.matching.conversations import ConversationMemory
from faqbot.model import Question
from faqbot.runtime.question_queue import QuestionQueue

SHIPPED = Path(__file__).resolve().parents[2] / "knowledge"

ASKED = [
    Question(text, role=role)
    for text, role in (
        ("what skills does a data analyst need", None),
        ("and the education?", "data-analyst"),
        ("and the education?", "qa-engineer"),
        ("wich tools do qa enginers use", None),
        ("what is the weather like on mars", None),
        ("What do you do all day? I am asking because " + "I like long sentences. " * 20, None),
    )
]


class SlowEngine(Engine):
    """An engine that parses when a test lets it, and notes what it parsed together."""

    def __init__(self, index: Index) -> None:
        super().__init__(index, ConversationMemory(time.monotonic))
        self.began, self.gate = Event(), Event()
        self.batches: list[int] = []
        self.fails = False

    def prepare(self, questions: Sequence[str | Question]) -> None:
        self.batches.append(len(questions))
        self.began.set()
        assert self.gate.wait(60)
        if self.fails:
            raise MemoryError("no memory is left")
        super().prepare(questions)


@pytest.fixture(scope="module")
def index() -> Index:
    return build_index(load_knowledge_base(SHIPPED))


@pytest.fixture
def slow(index: Index) -> SlowEngine:
    return SlowEngine(index)


async def test_questions_that_are_parsed_together_get_the_answers_that_each_gets_alone(
    index: Index,
) -> None:
    together, alone = (Engine(index, ConversationMemory(time.monotonic)) for _ in range(2))
    queue = QuestionQueue()
    await asyncio.gather(*(queue.prepare(together, one) for one in ASKED))
    assert all(together.is_prepared(one) for one in ASKED)
    for one in ASKED:
        assert together.ask(one).outcome == alone.ask(one).outcome


async def test_the_event_loop_goes_on_while_questions_are_parsed(slow: SlowEngine) -> None:
    queue = QuestionQueue()
    waiting = [asyncio.create_task(queue.prepare(slow, one)) for one in ASKED]
    await asyncio.to_thread(slow.began.wait, 60)  # the loop runs, though the batch doesn't end
    assert not any(task.done() for task in waiting)
    slow.gate.set()
    await asyncio.gather(*waiting)
    assert sum(slow.batches) == len(ASKED)
    assert len(slow.batches) < len(ASKED), "what waits together is parsed together"


async def test_a_question_that_was_prepared_waits_for_nobody(slow: SlowEngine) -> None:
    slow.gate.set()
    queue = QuestionQueue()
    await queue.prepare(slow, ASKED[0])
    slow.gate.clear()
    other = asyncio.create_task(queue.prepare(slow, ASKED[1]))
    async with asyncio.timeout(30):
        await queue.prepare(slow, ASKED[0])
    assert not other.done()
    slow.gate.set()
    await other


async def test_questions_are_answered_though_they_were_not_parsed_together(
    slow: SlowEngine,
) -> None:
    slow.fails = True
    slow.gate.set()
    await QuestionQueue().prepare(slow, ASKED[0])
    assert slow.ask(ASKED[0]).kind == "answer"
