"""Edited messages: an edit is answered once, and an answer that stands is changed in place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from faqbot.playground.models import Faults, SlackMessage
from faqbot.playground.payloads import changed_event, mention_event
from faqbot.storage.models import ChannelMode
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import SETUP, Slack, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

SKILLS = "which skills does a data analyst need?"
EDUCATION = "which education does a data analyst need?"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[False, True])
async def slack(request: pytest.FixtureRequest, memory: QuestionRecorder) -> AsyncIterator[Slack]:
    """The app over signed HTTP, then by Socket Mode."""
    async with serving(memory=memory, by_socket=request.param) as started:
        yield started


def posted(slack: Slack, channel: str, ts: str) -> SlackMessage:
    """A message as it is now."""
    found = slack.workspace.message(channel, ts)
    assert found is not None
    return found


async def edit(slack: Slack, channel: str, ts: str, text: str) -> None:
    """Edit a message of maya."""
    await slack.maya.edit(posted(slack, channel, ts), text)


async def changed(slack: Slack, answer: SlackMessage, text: str) -> None:
    """Wait until an answer contains a text, and it is the only one."""
    await slack.workspace.until(
        lambda: text in posted(slack, answer.channel, answer.ts).text or None
    )
    await settle(slack)
    everywhere = [*slack.workspace.answers(answer.channel, answer.thread_ts or None)]
    assert [one.ts for one in everywhere if text in one.text] == [answer.ts]


async def settle(slack: Slack) -> None:
    """Wait until all that was delivered is handled."""
    await slack.workspace.settled()
    await slack.listeners.drain()
    await slack.workspace.settled()


async def test_a_mended_mention_changes_its_answer(slack: Slack) -> None:
    ts, answer = await slack.asked(SKILLS)
    await edit(slack, "#general", ts, slack.mention(EDUCATION))
    await changed(slack, answer, "Data Analyst · Education")
    await edit(slack, "#general", ts, slack.mention("which skills does a QA engineer need?"))
    await changed(slack, answer, "QA Engineer · Skills")
    assert len(slack.workspace.answers("#general", ts)) == 1


async def test_a_decline_becomes_an_answer(slack: Slack) -> None:
    ts, answer = await slack.asked("wich shoe size do astronauts have")
    await edit(slack, "#general", ts, slack.mention(SKILLS))
    await changed(slack, answer, "Data Analyst · Skills")


async def test_a_mended_direct_message_changes_its_answer_in_line(slack: Slack) -> None:
    ts = await slack.maya.dm(SKILLS)
    (answer,) = await slack.workspace.until(lambda: slack.workspace.answers_since("@maya", ts)[:1])
    await edit(slack, "@maya", ts, EDUCATION)
    await slack.workspace.until(
        lambda: "Education" in posted(slack, answer.channel, answer.ts).text or None
    )
    await settle(slack)
    assert [one.ts for one in slack.workspace.answers_since("@maya", ts)] == [answer.ts]
    assert not posted(slack, answer.channel, answer.ts).thread_ts


async def test_an_added_mention_is_answered_once(slack: Slack) -> None:
    ts = await slack.maya.say("#general", SKILLS)
    await settle(slack)
    await edit(slack, "#general", ts, slack.mention(SKILLS))
    answer = await slack.answer("#general", ts)
    await changed(slack, answer, "Data Analyst · Skills")
    assert len(slack.workspace.answers("#general", ts)) == 1


async def test_a_mention_that_is_added_late_is_answered_and_a_late_correction_is_not(
    slack: Slack,
) -> None:
    state = slack.workspace.state
    old = SlackMessage("1700000000.000100", "C0GENERAL", slack.maya.id, SKILLS)
    state.put(old)
    await edit(slack, "#general", old.ts, slack.mention(SKILLS))
    answer = await slack.answer("#general", old.ts)
    await settle(slack)
    await edit(slack, "#general", old.ts, slack.mention(EDUCATION))
    await settle(slack)
    assert [one.text for one in slack.workspace.answers("#general", old.ts)] == [answer.text]


async def test_an_edit_while_the_answer_is_on_its_way_changes_it(slack: Slack) -> None:
    slack.workspace.faults = Faults(slow_answers=0.2, slow_methods=frozenset({"chat.postMessage"}))
    ts = await slack.maya.say("#general", slack.mention(SKILLS))
    await slack.workspace.until(lambda: slack.workspace.answers("#general", ts))
    await edit(slack, "#general", ts, slack.mention(EDUCATION))
    answer = await slack.answer("#general", ts)
    await changed(slack, answer, "Data Analyst · Education")
    slack.workspace.faults = Faults()
    assert len(slack.workspace.answers("#general", ts)) == 1


async def test_an_edit_that_slack_sends_three_times_is_handled_once(slack: Slack) -> None:
    ts, answer = await slack.asked(SKILLS)
    updates = len([one for one in slack.workspace.sent if one.by == "chat.update"])
    slack.workspace.faults = Faults(deliver_times=3)
    await edit(slack, "#general", ts, slack.mention(EDUCATION))
    await changed(slack, answer, "Data Analyst · Education")
    slack.workspace.faults = Faults()
    assert len([one for one in slack.workspace.sent if one.by == "chat.update"]) == updates + 1


async def test_an_answer_that_was_deleted_is_posted_anew(slack: Slack) -> None:
    ts, answer = await slack.asked(SKILLS)
    slack.workspace.state.remove(answer)
    await edit(slack, "#general", ts, slack.mention(EDUCATION))
    assert "Education" in (await slack.answer("#general", ts)).text


async def test_what_is_for_the_asker_alone_takes_the_public_answer_back(slack: Slack) -> None:
    ts, _ = await slack.asked(SKILLS)
    await edit(slack, "#general", ts, slack.mention("how does the referral bonus work"))
    await slack.workspace.until(
        lambda: any("is a bonus" in one.text for one in slack.workspace.private_messages("maya"))
    )
    await settle(slack)
    assert not slack.workspace.answers("#general", ts)


async def test_a_reply_that_becomes_a_sure_question_is_answered(slack: Slack) -> None:
    ts, _ = await slack.asked(SKILLS)
    reply = await slack.maya.say("#general", "hm, let me see", thread_ts=ts)
    await settle(slack)
    await edit(slack, "#general", reply, "and which education?")
    assert "Education" in (await slack.answer("#general", ts, 2)).text
    await edit(slack, "#general", reply, "never mind, thanks")
    await settle(slack)
    assert len(slack.workspace.answers("#general", ts)) == 2


async def test_a_message_for_nobody_becomes_a_question_where_faqbot_answers_them() -> None:
    async with serving(channel_mode=ChannelMode.QUESTIONS) as slack:
        ts = await slack.maya.say("#general", "good morning")
        await settle(slack)
        await edit(slack, "#general", ts, SKILLS)
        answer = await slack.answer("#general", ts)
        await edit(slack, "#general", ts, EDUCATION)
        await changed(slack, answer, "Data Analyst · Education")
        assert len(slack.workspace.answers("#general", ts)) == 1


async def test_changes_that_nobody_typed_are_left_alone(slack: Slack) -> None:
    ts, answer = await slack.asked(SKILLS)
    await settle(slack)
    message, state = posted(slack, "#general", ts), slack.workspace.state
    preview = replace(message, attachments=({"text": "a preview"},))
    asked = replace(message, text=slack.mention(EDUCATION), edited=state.new_ts())
    by_another = changed_event(state, message, asked)
    by_another["message"]["edited"]["user"] = "U0JONAS01"
    tombstone = changed_event(state, message, asked)
    tombstone["message"]["subtype"] = "tombstone"
    for event in (changed_event(state, message, preview), by_another, tombstone):
        slack.workspace.event("message.channels", event)
    bot_edit = changed_event(state, answer, replace(answer, text=EDUCATION, edited=state.new_ts()))
    slack.workspace.event("message.channels", bot_edit)
    await settle(slack)
    assert [one.text for one in slack.workspace.answers("#general", ts)] == [answer.text]


async def test_of_two_edits_the_later_one_stays(slack: Slack) -> None:
    ts, answer = await slack.asked(SKILLS)
    message, state = posted(slack, "#general", ts), slack.workspace.state
    seconds = int(ts.partition(".")[0])
    for after, text in ((9, EDUCATION), (5, "which skills does a QA engineer need?")):
        asked = replace(message, text=slack.mention(text), edited=f"{seconds + after}.000000")
        slack.workspace.event("app_mention", mention_event(state, asked))
        await settle(slack)
    await changed(slack, answer, "Data Analyst · Education")


async def test_an_answer_of_another_process_is_found_in_slack(memory: QuestionRecorder) -> None:
    async with serving(memory=memory) as slack:
        ts, answer = await slack.asked(SKILLS)
        async with serving(memory=memory) as other:
            for message in slack.workspace.state.messages("C0GENERAL"):
                other.workspace.state.put(message)
            await other.maya.edit(posted(other, "#general", ts), other.mention(EDUCATION))
            await changed(other, answer, "Data Analyst · Education")
            assert len(other.workspace.answers("#general", ts)) == 1


async def test_without_the_history_an_edited_mention_is_answered() -> None:
    without = replace(
        SETUP,
        scopes=SETUP.scopes - {"channels:history", "groups:history"},
        events=SETUP.events - {"message.channels", "message.groups"},
    )
    async with serving(without) as slack:
        ts = await slack.maya.say("#general", SKILLS)
        await edit(slack, "#general", ts, slack.mention(SKILLS))
        answer = await slack.answer("#general", ts)
        await edit(slack, "#general", ts, slack.mention(EDUCATION))
        await changed(slack, answer, "Data Analyst · Education")


async def test_edits_at_once_leave_one_answer(slack: Slack) -> None:
    ts = await slack.maya.say("#general", slack.mention("hello"))
    texts = [slack.mention(text) for text in (SKILLS, EDUCATION)] * 3
    await asyncio.gather(*(edit(slack, "#general", ts, text) for text in texts))
    await settle(slack)
    assert len(slack.workspace.answers("#general", ts)) == 1
