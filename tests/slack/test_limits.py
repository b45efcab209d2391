"""Rate limits: the first rejected question gets a private notice, others get nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faqbot.playground.models import SlackMessage
from faqbot.runtime.rate_limit import TokenBuckets
from faqbot.slack.middleware.rate_limit import Notices
from faqbot.storage.models import ChannelMode, ChannelPolicy
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import Slack, serving

GENERAL = "C0GENERAL"
QUESTION = "which skills does a data analyst need?"


def test_bucket_allows_a_minutes_questions_at_once_and_then_refills() -> None:
    now = 0.0
    buckets = TokenBuckets(3, clock=lambda: now)
    assert [buckets.take("U1") for _ in range(5)] == [True, True, True, False, False]
    assert buckets.take("U2")
    now = 20.0
    assert [buckets.take("U1") for _ in range(2)] == [True, False]
    now = 1000.0
    assert [buckets.take("U1") for _ in range(4)] == [True, True, True, False]


def test_bucket_without_limit_allows_everything() -> None:
    buckets = TokenBuckets(0)
    assert all(buckets.take("U1") for _ in range(1000))


def test_a_notice_is_due_once_a_minute_in_each_conversation() -> None:
    now = 0.0
    notices = Notices(clock=lambda: now)
    assert [notices.due("T1", "U1", "C1") for _ in range(2)] == [True, False]
    assert notices.due("T1", "U1", "C2")
    now = 60.0
    assert [notices.due("T1", "U1", "C1") for _ in range(2)] == [True, False]


def answers(slack: Slack, channel: str = "#general") -> int:
    """How many messages of faqbot in a channel everybody there can read."""
    found = slack.workspace.state.messages(slack.workspace.channel(channel).id)
    return len([message for message in found if message.bot and not message.visible_to])


def notices(slack: Slack, channel: str = "#general") -> list[str]:
    """The texts of the private messages in a channel."""
    found = slack.workspace.state.messages(slack.workspace.channel(channel).id)
    return [message.text for message in found if message.visible_to]


async def finished(slack: Slack) -> None:
    """All deliveries have come, and all listeners have ended."""
    await slack.workspace.settled()
    assert await slack.listeners.drain()
    await slack.workspace.settled()


async def test_user_above_the_limit_gets_one_notice_and_others_get_answers() -> None:
    async with serving(per_user=2) as slack:
        for _ in range(2):
            await slack.asked("data analyst skills")
        silent = [
            await slack.maya.say("#general", slack.mention("data analyst skills")) for _ in range(3)
        ]
        await finished(slack)
        limit = "You've reached the limit of 2 questions a minute. Please try again shortly."
        assert notices(slack) == [limit]
        assert [slack.workspace.answers("#general", ts) for ts in silent] == [()] * 3
        ts = await slack.workspace.person("jonas").say(
            "#general", slack.mention("data analyst skills")
        )
        assert "SQL" in (await slack.answer("#general", ts)).text


async def test_each_person_and_channel_gets_a_notice_of_a_full_workspace() -> None:
    async with serving(per_workspace=1) as slack:
        await slack.asked(QUESTION)
        for name, channel in (("maya", "#general"), ("jonas", "#general"), ("maya", "#hiring")):
            await slack.workspace.person(name).say(channel, slack.mention(QUESTION))
            await finished(slack)
        busy = "Very many people are asking me at this moment. Please try again in a minute."
        assert notices(slack) == [busy, busy]
        assert notices(slack, "#hiring") == [busy]


async def test_follow_ups_count_towards_the_limit() -> None:
    async with serving(per_user=2) as slack:
        ts, _ = await slack.asked(QUESTION)
        for _ in range(6):
            await slack.maya.say("#general", "and which education?", thread_ts=ts)
            await finished(slack)
        assert answers(slack) == 2
        assert len(notices(slack)) == 1


async def test_a_follow_up_above_the_limit_does_not_turn_the_thread() -> None:
    async with serving(per_user=1) as slack:
        ts, _ = await slack.asked("how do I apply?")
        other = "which skills does a QA engineer need?"
        await slack.maya.say("#general", other, thread_ts=ts)
        await finished(slack)
        assert len(notices(slack)) == 1
        jonas = slack.workspace.person("jonas")
        await jonas.say("#general", slack.mention("and which education?"), thread_ts=ts)
        assert "Which role" in (await slack.answer("#general", ts, 2)).text


def event(slack: Slack, channel: str, number: int, **more: object) -> dict[str, object]:
    """A message with a question, also put into the channel so that it can be answered."""
    ts = f"17000000{number:02}.000100"
    place = slack.workspace.channel(channel)
    thread = str(more.get("thread_ts", ""))
    slack.workspace.state.put(SlackMessage(ts, place.id, slack.maya.id, QUESTION, thread_ts=thread))
    return {
        "type": "message",
        "channel": place.id,
        "channel_type": place.type,
        "user": slack.maya.id,
        "text": QUESTION,
        "ts": ts,
        **more,
    }


async def test_direct_messages_with_a_file_count_towards_the_limit() -> None:
    async with serving(per_user=2) as slack:
        for number in range(6):
            posted = event(slack, "@maya", number, subtype="file_share", files=[])
            slack.workspace.event("message.im", posted)
            await finished(slack)
        assert answers(slack, "@maya") == 2
        assert len(notices(slack, "@maya")) == 1


async def test_replies_that_are_also_sent_to_the_channel_count_towards_the_limit() -> None:
    async with serving(per_user=2) as slack:
        ts, _ = await slack.asked(QUESTION)
        for number in range(6):
            broadcast = event(slack, "#general", number, subtype="thread_broadcast", thread_ts=ts)
            slack.workspace.event("message.channels", broadcast)
            await finished(slack)
        assert answers(slack) == 2
        assert len(notices(slack)) == 1


@pytest.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[QuestionRecorder]:
    async with QuestionRecorder(f"sqlite:///{tmp_path}/faqbot.db").running() as started:
        yield started


@pytest.mark.parametrize("mode", [ChannelMode.ALL, ChannelMode.QUESTIONS])
async def test_unprompted_answers_count_towards_the_limit(
    recorder: QuestionRecorder, mode: ChannelMode
) -> None:
    async with serving(memory=recorder, per_user=2) as slack:
        async with recorder.store() as store:
            await store.policies.set(ChannelPolicy(slack.workspace.setup.team_id, GENERAL, mode))
        for _ in range(6):
            await slack.maya.say("#general", QUESTION)
            await finished(slack)
        assert answers(slack) == 2
        assert len(notices(slack)) == 1


async def test_chatter_is_neither_counted_nor_warned_about(recorder: QuestionRecorder) -> None:
    async with serving(memory=recorder, per_user=2) as slack:
        team = slack.workspace.setup.team_id
        async with recorder.store() as store:
            await store.policies.set(ChannelPolicy(team, GENERAL, ChannelMode.ALL))
        ts, _ = await slack.asked(QUESTION)
        for _ in range(4):
            await slack.maya.say("#general", "thanks, see you at lunch on Friday")
            await slack.maya.say("#general", "thanks, see you at lunch on Friday", thread_ts=ts)
            await slack.maya.say("#general", f"<@U0JONAS01> {QUESTION}", thread_ts=ts)
        await finished(slack)
        assert (answers(slack), notices(slack)) == (1, [])
        await slack.asked(QUESTION)
        for _ in range(4):
            await slack.maya.say("#general", "thanks, see you at lunch on Friday", thread_ts=ts)
        await finished(slack)
        assert (answers(slack), notices(slack)) == (2, [])


async def test_a_command_above_the_limit_is_answered_privately_each_time() -> None:
    async with serving(per_user=1) as slack:
        first = await slack.maya.command("/role", "data analyst", "#general")
        assert "Data Analyst" in first.messages[0].text
        for _ in range(2):
            refused = await slack.maya.command("/role", "data analyst", "#general")
            assert refused.ok
            assert "1 question a minute" in refused.messages[0].text


async def test_workspace_has_a_limit_too() -> None:
    async with serving(per_workspace=2) as slack:
        jonas = slack.workspace.person("jonas")
        await slack.asked("data analyst skills")
        await jonas.command("/role", "data analyst", "#general")
        refused = await jonas.command("/role", "data analyst", "#general")
        assert "Very many people" in refused.messages[0].text


async def test_clicks_and_messages_to_others_do_not_count_towards_the_limit() -> None:
    async with serving(per_user=1) as slack:
        _, answer = await slack.asked("data analyst skills")
        for number in range(5):
            await slack.maya.say("#general", f"lunch at {number}?")
            assert (await slack.maya.click(answer, label="Education")).ok
        await finished(slack)
        assert notices(slack) == []
