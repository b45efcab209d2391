"""Questions in channels, threads and direct messages, over signed HTTP."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from faqbot.playground.models import Faults
from faqbot.playground.models import SlackMessage as PostedMessage
from faqbot.slack.call_queue import CallQueue
from faqbot.slack.conversations import HISTORY_TIMEOUT
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import Slack, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_mention_is_answered_in_its_thread(slack: Slack) -> None:
    ts, answer = await slack.asked("which skills does a python developer need?")
    assert answer.thread_ts == ts
    assert "Python Back End Developer · Skills" in answer.text
    assert "REST APIs" in answer.text


async def test_a_thread_remembers_its_role_without_a_mention(slack: Slack) -> None:
    ts, _ = await slack.asked("python developer skills")
    await slack.maya.say("#general", "and which degree?", thread_ts=ts)
    assert "computer science" in (await slack.answer("#general", ts, 2)).text


async def test_a_thread_remembers_its_role_with_a_mention(slack: Slack) -> None:
    ts, _ = await slack.asked("data analyst skills")
    await slack.maya.say("#general", slack.mention("and the education?"), thread_ts=ts)
    assert "Data Analyst · Education" in (await slack.answer("#general", ts, 2)).text


async def test_chatter_in_a_thread_is_not_answered(slack: Slack) -> None:
    ts, _ = await slack.asked("ux designer skills")
    await slack.maya.say("#general", "thanks, see you at lunch on Friday", thread_ts=ts)
    await slack.maya.say("#general", "<@U0JONAS01> which skills do you have?", thread_ts=ts)
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))


async def test_who_asked_may_ask_on_more_briefly_than_others(slack: Slack) -> None:
    ts, _ = await slack.asked("ux designer skills")
    jonas = slack.workspace.person("jonas")
    await jonas.say("#general", "does this one need a degree?", thread_ts=ts)
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    await slack.maya.say("#general", "and which degree does this one need?", thread_ts=ts)
    assert "UX Designer · Education" in (await slack.answer("#general", ts, 2)).text


async def test_what_is_left_alone_does_not_turn_a_thread(slack: Slack) -> None:
    ts, _ = await slack.asked("ux designer skills")
    await slack.maya.say("#general", "our QA engineer left last week", thread_ts=ts)
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    await slack.maya.say("#general", "and which education?", thread_ts=ts)
    assert "UX Designer · Education" in (await slack.answer("#general", ts, 2)).text


async def test_who_asked_in_a_thread_is_read_back_after_a_restart(slack: Slack) -> None:
    ts, _ = await slack.asked("ux designer skills")
    async with serving() as other:
        for message in slack.workspace.state.messages("C0GENERAL"):
            other.workspace.state.put(message)
        jonas = other.workspace.person("jonas")
        await jonas.say("#general", "does this one need a degree?", thread_ts=ts)
        await other.silent(lambda: len(other.workspace.answers("#general", ts)))
        await other.maya.say("#general", "and which degree does this one need?", thread_ts=ts)
        assert "UX Designer · Education" in (await other.answer("#general", ts, 2)).text


ONCE_A_MINUTE = Faults(
    fail_share=1.0, retry_after=60, fail_methods=frozenset({"conversations.replies"})
)
"""What Slack does to apps outside its Marketplace, when the one call of a minute is used up."""


async def test_thread_that_slack_does_not_show_is_known_from_the_database(
    tmp_path: Path,
) -> None:
    async with QuestionRecorder(f"sqlite:///{tmp_path}/faqbot.db").running() as memory:
        async with serving(memory=memory) as first:
            ts, _ = await first.asked("ux designer skills")
            said = first.workspace.state.messages("C0GENERAL")
            await memory.flush()
        async with serving(memory=memory) as other:
            for message in said:
                other.workspace.state.put(message)
            other.workspace.faults = ONCE_A_MINUTE
            # Somebody else's thread uses up the call, and Slack asks for a pause of a minute.
            stray = await other.maya.say("#general", "who brings cake?")
            await other.maya.say("#general", "and which degree does it need?", thread_ts=stray)
            await other.silent(lambda: len(other.workspace.answers("#general", stray)))
            began = time.monotonic()
            await other.maya.say("#general", "and which degree does this one need?", thread_ts=ts)
            assert "UX Designer · Education" in (await other.answer("#general", ts, 2)).text
            assert time.monotonic() - began < HISTORY_TIMEOUT
            # Within the pause Slack isn't asked again, and no answer waits for it.
            calls = [one for one in other.workspace.sent if one.by == "conversations.replies"]
            assert len(calls) == 1


async def test_thread_that_slack_hides_for_a_while_is_read_later(slack: Slack) -> None:
    ts, _ = await slack.asked("ux designer skills")
    async with serving(calls=CallQueue(backoff=0.001)) as other:
        for message in slack.workspace.state.messages("C0GENERAL"):
            other.workspace.state.put(message)
        other.workspace.faults = replace(ONCE_A_MINUTE, fail_status=500)
        await other.maya.say("#general", "and which degree does this one need?", thread_ts=ts)
        await other.silent(lambda: len(other.workspace.answers("#general", ts)))
        other.workspace.faults = Faults()
        await other.maya.say("#general", "and which degree does this one need?", thread_ts=ts)
        assert "UX Designer · Education" in (await other.answer("#general", ts, 2)).text


async def test_threads_without_an_answer_are_not_answered(slack: Slack) -> None:
    ts = await slack.maya.say("#general", "who brings cake?")
    await slack.maya.say("#general", "which skills does a data analyst need?", thread_ts=ts)
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    assert not slack.workspace.answers("#general", ts)


async def test_a_direct_message_is_answered_and_remembered_at_the_top(slack: Slack) -> None:
    answer = await slack.told("qa engineer skills")
    assert "QA Engineer · Skills" in answer.text
    assert not answer.thread_ts
    again = await slack.told("and which education?")
    assert "QA Engineer · Education" in again.text
    assert not again.thread_ts


async def test_a_direct_thread_remembers_its_role(slack: Slack) -> None:
    first = await slack.maya.dm("data engineer skills")
    (above,) = await slack.workspace.until(
        lambda: slack.workspace.answers_since("@maya", first)[:1]
    )
    await slack.listeners.drain()
    for root in (first, above.ts):
        await slack.maya.dm("and which education?", thread_ts=root)
        answer = await slack.answer("@maya", root)
        assert "Data Engineer · Education" in answer.text
        assert answer.thread_ts == root


async def test_a_thread_below_a_direct_answer_is_read_back_after_a_restart(slack: Slack) -> None:
    answer = await slack.told("data engineer skills")
    async with serving() as other:
        # What another process reads of the same conversation.
        for message in slack.workspace.messages("@maya"):
            other.workspace.state.put(replace(message, channel=other.maya.direct.id))
        await other.maya.dm("and which education?", thread_ts=answer.ts)
        assert "Data Engineer · Education" in (await other.answer("@maya", answer.ts)).text


async def test_a_button_of_a_direct_answer_is_answered_at_the_top_level(slack: Slack) -> None:
    answer = await slack.told("product manager skills")
    result = await slack.maya.click(answer, label="Education")
    assert result.ok
    (shown,) = await slack.workspace.until(
        lambda: slack.workspace.answers_since("@maya", answer.ts)[:1]
    )
    assert "Product Manager · Education" in shown.text
    assert not shown.thread_ts


@pytest.mark.parametrize(
    "elsewhere",
    [("how do I apply?", "which roles need SQL?"), ("how do I apply?",) * 2],
)
async def test_another_subject_ends_the_role_of_the_top_level(
    slack: Slack, elsewhere: tuple[str, ...]
) -> None:
    await slack.told("ux designer skills")
    for text in elsewhere:
        await slack.told(text)
    assert "Which role" in (await slack.told("and which education?")).text


async def test_a_role_that_nobody_named_for_long_ends_at_the_top_level(slack: Slack) -> None:
    await slack.told("ux designer skills")
    for _ in range(5):
        await slack.told("and which education?")
        await slack.told("and the skills?")
    assert "Which role" in (await slack.told("and which education?")).text


@pytest.mark.parametrize("text", ["", "help", "Help!"])
async def test_help_shows_what_faqbot_can_do(slack: Slack, text: str) -> None:
    _, answer = await slack.asked(text)
    assert "What I can do" in answer.text


async def test_a_mention_is_answered_once_when_it_arrives_twice(slack: Slack) -> None:
    slack.workspace.faults = Faults(deliver_times=3)
    ts, _ = await slack.asked("data analyst skills")
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    slack.workspace.faults = Faults()
    assert len(slack.workspace.answers("#general", ts)) == 1


async def test_a_lost_acknowledgement_brings_no_second_answer(slack: Slack) -> None:
    slack.workspace.faults = Faults(lose_acks=2)
    ts, _ = await slack.asked("data analyst skills")
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    assert len(slack.workspace.answers("#general", ts)) == 1


async def test_other_bots_are_ignored(slack: Slack) -> None:
    slack.workspace.post_as_other_bot("#hiring", slack.mention("data analyst skills"))
    await slack.silent(lambda: len(slack.workspace.messages("#hiring")))
    assert not [m for m in slack.workspace.messages("#hiring") if m.bot]


async def test_a_file_with_a_question_is_a_question(slack: Slack) -> None:
    maya, place = slack.maya, slack.maya.direct
    event: dict[str, object] = {
        "type": "message",
        "subtype": "file_share",
        "channel": place.id,
        "channel_type": "im",
        "user": maya.id,
        "text": "data engineer skills",
        "ts": "1700000000.000100",
        "files": [],
    }
    before = len(slack.workspace.answers("@maya"))
    slack.workspace.state.put(
        PostedMessage("1700000000.000100", place.id, maya.id, "data engineer skills")
    )
    slack.workspace.event("message.im", event)
    found = await slack.workspace.until(lambda: slack.workspace.answers("@maya")[before:])
    assert "Spark" in found[0].text


async def test_guest_does_not_get_content_for_employees(slack: Slack) -> None:
    ask = "how does the referral bonus work"
    assert "there is a bonus" in (await slack.told(ask)).text
    assert "there is a bonus" not in (await slack.told(ask, "guest")).text


async def test_content_for_employees_is_shown_privately_in_a_channel(
    slack: Slack,
) -> None:
    workspace = slack.workspace
    told = f"<@{workspace.bot_user_id}> how does the referral bonus work"
    await slack.maya.say("#general", told)
    whispered = await workspace.until(
        lambda: [m for m in workspace.private_messages("maya") if "there is a bonus" in m.text]
    )
    assert whispered
    await workspace.settled()
    assert not any("there is a bonus" in message.text for message in workspace.messages("#general"))


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_failed_call_of_the_web_api_is_repeated(slack: Slack, status: int) -> None:
    slack.workspace.faults = Faults(
        fail_calls=1,
        fail_status=status,
        retry_after=0,
        fail_methods=frozenset({"chat.postMessage"}),
    )
    _, answer = await slack.asked("data analyst skills")
    assert "SQL" in answer.text


BAD = (
    "   ",
    "😀",
    "a" * 5_000,
    "\x00\x07\u202eabc\u202c",
    "<!channel> <!here>",
    "<b>bold</b><script>alert(1)</script>",
    "{{ 7*7 }} ${HOME} %s",
    "'; DROP TABLE roles; --",
    "😀" * 300,
    "¿Cuántas vacaciones tengo al año?",
    "how do I fix ImportError: No module named flask",
    "what skills does Batman have",
    "@channel **x** [a](http://evil.example) `y",
)


@pytest.mark.parametrize("text", BAD)
async def test_empty_or_odd_input_is_answered(slack: Slack, text: str) -> None:
    _, answer = await slack.asked(text)
    assert answer.text.strip()
    assert "went wrong" not in answer.text
    assert "<!" not in answer.text
