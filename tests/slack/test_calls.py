"""Calls into a thread: faqbot is asked to answer what stands above, or what was forwarded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from faqbot.playground.models import SlackMessage
from faqbot.playground.payloads import mention_event, message_event
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import SETUP, Slack, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLS = (
    "",
    "^",
    "this one",
    "any idea?",
    "could you take this?",
    "do you know the answer to that?",
    "hey, please help us out here",
    "see the message above",
    "kannst du das bitte beantworten?",
    "puedes ayudar con esta pregunta?",
)
QUESTION = "which skills does a UX designer need?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder) -> AsyncIterator[Slack]:
    async with serving(memory=memory) as started:
        yield started


async def forward(slack: Slack, text: str, *, direct: bool = False) -> None:
    """Send a message that forwards a question, with words beside it."""
    state, shared = slack.workspace.state, {"is_share": True, "text": QUESTION}
    message = state.put(
        SlackMessage(
            ts=state.new_ts(),
            channel=slack.maya.direct.id if direct else "C0GENERAL",
            user=slack.maya.id,
            text=text if direct else slack.mention(text),
            attachments=(shared,),
        )
    )
    if direct:
        slack.workspace.event("message.im", message_event(state, message))
    else:
        slack.workspace.event("app_mention", mention_event(state, message))


async def call(slack: Slack, ts: str, text: str) -> None:
    """Call faqbot into a thread."""
    await slack.maya.say("#general", slack.mention(text), thread_ts=ts)


@pytest.mark.parametrize("text", CALLS)
async def test_a_call_answers_the_question_that_the_thread_began_with(
    slack: Slack, text: str
) -> None:
    ts = await slack.workspace.person("jonas").say("#general", QUESTION)
    await slack.maya.say("#general", "good point", thread_ts=ts)
    await call(slack, ts, text)
    assert "UX Designer · Skills" in (await slack.answer("#general", ts)).text


async def test_a_call_answers_the_last_question_before_it(slack: Slack) -> None:
    jonas = slack.workspace.person("jonas")
    ts = await jonas.say("#general", "we have an opening in design")
    await jonas.say("#general", QUESTION, thread_ts=ts)
    await jonas.say("#general", "and which education does a QA engineer need?", thread_ts=ts)
    await slack.maya.say("#general", "hm, not sure", thread_ts=ts)
    await call(slack, ts, "can you help here?")
    assert "QA Engineer · Education" in (await slack.answer("#general", ts)).text


async def test_a_call_below_no_question_says_so_privately(slack: Slack) -> None:
    said = len(slack.workspace.private_messages("maya"))
    ts = await slack.maya.say("#general", slack.mention("can you answer this?"))
    await slack.answer("#general", ts)
    other = await slack.workspace.person("jonas").say("#general", "<@U0MAYA001>")
    await call(slack, other, "please answer that")
    found = await slack.workspace.until(lambda: slack.workspace.private_messages("maya")[said:])
    assert "no question above" in found[0].text
    assert not slack.workspace.answers("#general", other)


@pytest.mark.parametrize("text", ["what can you do?", "thank you for this", "who are you?", "help"])
async def test_small_talk_in_a_thread_is_no_call(slack: Slack, text: str) -> None:
    ts = await slack.workspace.person("jonas").say("#general", QUESTION)
    await call(slack, ts, text)
    assert "sketching" not in (await slack.answer("#general", ts)).text


async def test_a_call_is_logged_without_the_words_that_it_points_to(
    slack: Slack, memory: QuestionRecorder
) -> None:
    words = "which shoe size do the astronauts of Jonas wear?"
    ts = await slack.workspace.person("jonas").say("#general", words)
    await call(slack, ts, "any idea?")
    await slack.answer("#general", ts)
    await slack.listeners.drain()
    async with memory.store() as store:
        records = await store.questions.all(QuestionFilter())
    assert records[-1].asker == slack.maya.id
    assert records[-1].text is None
    assert not any(record.text and "astronauts" in record.text for record in records)


async def test_a_pointer_in_a_channel_reads_the_message_before(slack: Slack) -> None:
    await slack.workspace.person("jonas").say("#hiring", QUESTION)
    ts = await slack.maya.say("#hiring", slack.mention("^"))
    assert "UX Designer · Skills" in (await slack.answer("#hiring", ts)).text


async def test_a_mention_alone_in_a_channel_gets_help(slack: Slack) -> None:
    await slack.workspace.person("jonas").say("#hiring", QUESTION)
    ts = await slack.maya.say("#hiring", slack.mention(""))
    assert "What I can do" in (await slack.answer("#hiring", ts)).text


@pytest.mark.parametrize("text", ["answer this", "^", "can you answer the question above?"])
async def test_a_call_in_a_direct_thread_answers_the_question_above(
    slack: Slack, text: str
) -> None:
    ts = await slack.maya.dm(QUESTION)
    await slack.maya.dm(text, thread_ts=ts)
    answer = await slack.answer("@maya", ts)
    assert "UX Designer · Skills" in answer.text
    assert answer.thread_ts == ts


async def test_a_call_below_an_answer_in_a_direct_thread_asks_for_the_question(
    slack: Slack,
) -> None:
    answer = await slack.told(QUESTION)
    await slack.maya.dm("answer this", thread_ts=answer.ts)
    assert "no question of yours above" in (await slack.answer("@maya", answer.ts)).text


async def test_without_the_scope_the_caller_learns_privately_what_to_do() -> None:
    scopes = SETUP.scopes - {"channels:history"}

    setup = replace(SETUP, scopes=scopes - {"im:history"})
    async with serving(setup) as other:
        ts = await other.workspace.person("jonas").say("#general", QUESTION)
        await call(other, ts, "can you answer this?")
        found = await other.workspace.until(lambda: other.workspace.private_messages("maya"))
        assert "channels:history" in found[0].text
        top = await other.maya.say("#general", other.mention("^"))
        assert "What I can do" in (await other.answer("#general", top)).text
        assert not other.workspace.answers("#general", ts)


@pytest.mark.parametrize("own", ["", "please answer", "thoughts?"])
@pytest.mark.parametrize("direct", [True, False])
async def test_a_forwarded_question_is_answered(slack: Slack, own: str, *, direct: bool) -> None:
    said = len(slack.workspace.sent)
    await forward(slack, own, direct=direct)
    await slack.workspace.until(
        lambda: any("UX Designer · Skills" in str(one) for one in slack.workspace.sent[said:])
    )


async def test_a_question_beside_a_forwarded_message_is_the_question(slack: Slack) -> None:
    said = len(slack.workspace.sent)
    await forward(slack, "which education does a QA engineer need?")
    await slack.workspace.until(
        lambda: any("QA Engineer · Education" in str(one) for one in slack.workspace.sent[said:])
    )
