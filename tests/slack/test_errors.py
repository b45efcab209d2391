"""When something breaks: a reference for the person, an explanation in the log."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from faqbot.engine import Engine
from faqbot.model import Question
from faqbot.replies.result import Result
from tests.slack.conftest import Slack, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


WORKING_ASK, WORKING_DESCRIBE = Engine.ask, Engine.describe


def broken(_engine: Engine, question: Question) -> Result:
    raise KeyError(question.text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def failing() -> AsyncIterator[Slack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "ask", broken)
        patch.setattr(Engine, "describe", broken)
        async with serving() as started:
            yield started


def reference(text: str) -> str:
    found = re.search(r"reference ([0-9a-f]{8})", text)
    assert found, text
    return found[1]


async def test_a_mention_gets_a_reference_that_the_log_explains(
    failing: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _, answer = await failing.asked("my private question")
    assert reference(answer.text) in caplog.text
    assert "KeyError" in caplog.text
    assert "private question" not in caplog.text


@pytest.mark.parametrize("command", ["/faq", "/role"])
async def test_a_command_gets_a_reference(failing: Slack, command: str) -> None:
    result = await failing.maya.command(command, "anything", "#general")
    assert reference(result.messages[0].text)


@pytest_asyncio.fixture(loop_scope="module")
async def mended(failing: Slack) -> AsyncIterator[Callable[[], None]]:
    """Mends the engine; it breaks again afterwards."""
    with pytest.MonkeyPatch.context() as patch:

        def mend() -> None:
            patch.setattr(Engine, "ask", WORKING_ASK)
            patch.setattr(Engine, "describe", WORKING_DESCRIBE)

        yield mend


async def test_try_again_puts_the_answer_in_place_of_the_error(
    failing: Slack, mended: Callable[[], None]
) -> None:
    ts, failed = await failing.asked("data analyst skills")
    await failing.maya.click(failed, label="Try again")
    again = await failing.workspace.until(lambda: failing.workspace.private_messages("maya"))
    assert reference(again[-1].text) != reference(failed.text)
    mended()
    assert (await failing.maya.click(failed, label="Try again")).ok
    await failing.workspace.until(
        lambda: "SQL" in failing.workspace.answers("#general", ts)[0].text or None
    )
    assert len(failing.workspace.answers("#general", ts)) == 1
    await failing.maya.say("#general", "and the education?", thread_ts=ts)
    assert "Education" in (await failing.answer("#general", ts, 2)).text


async def test_try_again_works_in_the_direct_conversation(
    failing: Slack, mended: Callable[[], None]
) -> None:
    failed = await failing.told("data analyst skills")
    mended()
    await failing.maya.click(failed, label="Try again")
    await failing.workspace.until(
        lambda: "SQL" in failing.workspace.answers("@maya")[-1].text or None
    )
    assert failing.workspace.answers("@maya")[-1].ts == failed.ts


@pytest.mark.parametrize("command", ["/faq", "/role"])
async def test_try_again_works_for_a_command(
    failing: Slack, mended: Callable[[], None], command: str
) -> None:
    result = await failing.maya.command(command, "data analyst skills", "#general")
    (failed,) = result.messages
    mended()
    await failing.maya.click(failed, label="Try again")
    await failing.workspace.settled()
    await failing.listeners.drain()
    shown = [m for m in failing.workspace.private_messages("maya") if m.ts == failed.ts]
    assert "SQL" in shown[0].text


async def test_app_home_and_modal_get_a_reference(failing: Slack) -> None:
    maya, workspace = failing.maya, failing.workspace
    await maya.open_home()
    home = await workspace.until(lambda: workspace.home("maya"))
    await maya.click(home, label="How do I apply?")
    modal = await workspace.until(lambda: workspace.modal("maya"))
    assert reference(str(modal.blocks))
    await maya.close(modal)
    await maya.click(home, label="Ask a question")
    search = await workspace.until(lambda: workspace.modal("maya"))
    await maya.submit(search, {"text": "anything"})
    shown = workspace.modal("maya")
    assert shown is not None
    assert reference(str(shown.blocks))
