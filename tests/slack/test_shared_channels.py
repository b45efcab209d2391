"""Channels that other companies read along in get only what everyone may read, by any button."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from faqbot.playground.blocks import elements
from faqbot.playground.models import Channel, Faults
from tests.slack.conftest import Slack, serving
from tests.slack.knowledge_base import SALARIES

pytestmark = pytest.mark.asyncio(loop_scope="module")
PARTNERS = "C0PARTNER"
SECRET = "Band 3"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack() -> AsyncIterator[Slack]:
    async with serving() as started:
        state = started.workspace.state
        state.add_channel(Channel(PARTNERS, "partners", members=frozenset(state.users)))
        state.channels[PARTNERS] = replace(state.channels[PARTNERS], shared=True)
        yield started


def said(slack: Slack, channel: str = "#partners") -> str:
    """All that others read in a channel."""
    return str([(m.text, m.blocks) for m in slack.workspace.messages(channel) if not m.visible_to])


async def refused(slack: Slack) -> str:
    """The newest private message to maya that refuses something."""

    def found() -> list[str]:
        private = slack.workspace.private_messages("maya")[-1:]
        return [m.text for m in private if "isn't for everyone" in m.text]

    (text,) = await slack.workspace.until(found)
    return text


async def test_answer_for_candidates_is_not_shared_with_another_company(slack: Slack) -> None:
    result = await slack.maya.command("/faq", SALARIES, "#partners")
    assert SECRET in result.messages[0].text
    await slack.maya.click(result.messages[0], label="Share with everyone")
    assert await refused(slack)
    assert SECRET not in said(slack)


async def test_answer_for_candidates_is_shared_within_the_company(slack: Slack) -> None:
    result = await slack.maya.command("/faq", SALARIES, "#general")
    await slack.maya.click(result.messages[0], label="Share with everyone")
    await slack.workspace.until(lambda: SECRET in said(slack, "#general"))


@pytest.mark.parametrize("action", ["show:0", "choose:0", "page:2"])
async def test_button_posts_nothing_for_candidates_into_a_shared_channel(
    slack: Slack, action: str
) -> None:
    ts, answer = await slack.asked("data analyst skills", "#partners")
    shown = next(e for e in elements(answer.blocks) if e.action_id.startswith("show"))
    before = len(slack.workspace.answers("#partners", ts))
    forged = {**shown.click(), "action_id": action, "value": "faq/salary-bands"}
    await slack.maya.act(answer, forged)
    await slack.workspace.until(
        lambda: (
            len(slack.workspace.answers("#partners", ts)) > before
            or "spreadsheets" not in slack.workspace.answers("#partners", ts)[0].text
        )
    )
    assert SECRET not in said(slack)


async def test_button_with_a_question_is_answered_for_everyone_in_a_shared_channel(
    slack: Slack,
) -> None:
    ts, answer = await slack.asked("help", "#partners")
    ask = next(e for e in elements(answer.blocks) if e.action_id.startswith("ask"))
    await slack.maya.act(answer, {**ask.click(), "value": SALARIES})
    await slack.answer("#partners", ts, 2)
    assert SECRET not in said(slack)


async def test_channel_that_was_shared_after_the_answer_counts_as_shared(slack: Slack) -> None:
    state = slack.workspace.state
    state.add_channel(Channel("C0LATER01", "later", members=frozenset(state.users)))
    result = await slack.maya.command("/faq", SALARIES, "#later")
    state.channels["C0LATER01"] = replace(state.channels["C0LATER01"], shared=True)
    await slack.maya.click(result.messages[0], label="Share with everyone")
    assert await refused(slack)
    assert SECRET not in said(slack, "#later")


async def test_channel_counts_as_shared_while_slack_does_not_tell(slack: Slack) -> None:
    state = slack.workspace.state
    state.add_channel(Channel("C0SILENT1", "silent", members=frozenset(state.users)))
    result = await slack.maya.command("/faq", SALARIES, "#silent")
    slack.workspace.faults = Faults(
        fail_share=1.0, fail_status=500, fail_methods=frozenset({"conversations.info"})
    )
    try:
        await slack.maya.click(result.messages[0], label="Share with everyone")
        assert await refused(slack)
    finally:
        slack.workspace.faults = Faults()
    assert SECRET not in said(slack, "#silent")
    await slack.maya.click(result.messages[0], label="Share with everyone")
    await slack.workspace.until(lambda: SECRET in said(slack, "#silent"))
