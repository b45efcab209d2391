"""One story through the whole app: each database, signed HTTP and Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faqbot.app import build_index, load_engine
from faqbot.content.loader import load_knowledge_base
from faqbot.content.publisher import ContentPublisher
from faqbot.index.reloader import Reloader
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import Slack, knowledge, serving
from tests.slack.test_feedback import UNANSWERABLE, labels
from tests.storage.conftest import server, url
from tests.support.waiting import eventually

__all__ = ["server", "url"]

CONTENT = """
role: data-analyst
title: Data Analyst
sections:
  overview: Finds out.
  skills:
    required: [SQL]
"""


@pytest.fixture
async def memory(url: str) -> AsyncIterator[QuestionRecorder]:
    knowledge()  # made before there is a database to wait for
    async with QuestionRecorder(url, retry_interval=0.05).running() as made:
        await eventually(lambda: made.is_up)
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "knowledge"
    made.mkdir()
    (made / "data-analyst.yaml").write_text(CONTENT)
    assert load_engine(made).knowledge_base.roles
    return made


@pytest.fixture(params=["http", "socket"])
async def slack(
    request: pytest.FixtureRequest, memory: QuestionRecorder, folder: Path
) -> AsyncIterator[Slack]:
    async with serving(
        memory=memory,
        owners="C0HIRING1",
        publisher=lambda engine: ContentPublisher(
            engine,
            folder,
            Reloader(engine, folder, lambda at: build_index(load_knowledge_base(at))).reload,
        ),
        by_socket=request.param == "socket",
    ) as started:
        yield started


async def test_from_a_question_to_an_faq_that_answers_it(
    slack: Slack, memory: QuestionRecorder, folder: Path
) -> None:
    maya, jonas = slack.maya, slack.workspace.person("jonas")
    seen = slack.workspace

    _, answer = await slack.asked("do data analysts need sql")
    await maya.click(answer, label="Helpful")

    result = await maya.command("/role", "compare data analyst, data engineer", "#general")
    await maya.click(result.messages[0], label="Share with everyone")
    await seen.until(
        lambda: any("Data Engineer" in str(m.blocks) for m in seen.answers("#general"))
    )

    ts, declined = await slack.asked(UNANSWERABLE)
    await maya.click(declined, label="Ask a person")
    await maya.submit(await seen.until(lambda: seen.modal("maya")))
    (notice,) = await seen.until(lambda: seen.answers("#hiring"))
    await slack.answer("#general", ts, 2)
    await jonas.click(notice, label="Claim")
    await slack.answer("#general", ts, 3)
    shown = seen.message("#hiring", notice.ts)
    assert shown is not None
    await jonas.click(shown, label="Answer")
    await jonas.submit(await seen.until(lambda: seen.modal("jonas")), {"text": "Size 42."})
    assert "Size 42." in (await slack.answer("#general", ts, 4)).text

    answered = seen.message("#hiring", notice.ts)
    assert answered is not None
    assert labels(answered) == ["Save as FAQ"]
    await jonas.click(answered, label="Save as FAQ")
    modal = await seen.until(lambda: seen.modal("jonas"))
    assert (await jonas.submit(modal, {"role": "data-analyst"})).ok
    await seen.until(lambda: any("owners decide" in m.text for m in seen.answers("@jonas")))
    proposal = (await seen.until(lambda: seen.answers("#hiring")[1:]))[0]
    await maya.click(proposal, label="Approve")
    await seen.until(lambda: any("from now on" in m.text for m in seen.answers("@jonas")), 20)
    assert list((folder / "proposals").glob("data-analyst-*.yaml"))

    ts = await jonas.dm(f"data analyst: {UNANSWERABLE}")
    told = await seen.until(lambda: seen.answers_since("@jonas", ts))
    assert "Size 42." in told[0].text

    async with memory.store() as store:
        kept = await store.questions.all(QuestionFilter())
        assert "decline" in {record.outcome for record in kept}
        report = await maya.command("/faq", "report", "#general")
    assert "questions" in report.messages[0].text
    assert "1 helpful" in report.messages[0].text
