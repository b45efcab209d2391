"""Reports for owners: `/faq report`, the weekly digest, and their part of App Home."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from faqbot.engine import Engine
from faqbot.index.reloader import ReloadState
from faqbot.matching.conversations import ConversationMemory
from faqbot.playground.models import Channel
from faqbot.slack.client import web_client
from faqbot.slack.context import AppContext, Services
from faqbot.slack.listeners.reports import Reports, next_monday
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import LOADED, Slack, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
OWNERS = "C0OWNERS1"
TEAM = "T0LOCAL01"
MISSED = "which shoe size do astronauts have"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder) -> AsyncIterator[Slack]:
    async with serving(memory=memory, owners=OWNERS) as started:
        state = started.workspace.state
        state.add_channel(Channel(OWNERS, "owners", members=frozenset(state.users)))
        for text in ("data analyst skills", "data analyst skills", MISSED, f"{MISSED}?"):
            await started.asked(text)
        jonas = started.workspace.person("jonas")
        ts = await jonas.say("#general", started.mention(MISSED))
        await started.answer("#general", ts)
        await started.asked("where is my blue scarf?")
        _, answer = await started.asked("ux designer education")
        await started.maya.click(answer, label="Not helpful")
        modal = await started.workspace.until(lambda: started.workspace.modal("maya"))
        await started.maya.close(modal)
        await started.listeners.drain()
        yield started


async def test_report_shows_questions_misses_and_ratings_to_an_owner(slack: Slack) -> None:
    result = await slack.maya.command("/faq", "report", "#general")
    (message,) = result.messages
    assert message.visible_to == slack.maya.id
    assert "2 times: Data Analyst: Skills" in message.text
    assert f"2 times: {MISSED}" in message.text
    assert "scarf" not in message.text  # asked by one person only
    assert "2 questions, each of one person, whose words are not shown" in message.text
    assert "once: UX Designer: Education" in message.text
    assert "Python Back End Developer" in message.text  # its review is overdue
    assert slack.maya.id not in message.text


async def test_report_is_refused_to_others(slack: Slack) -> None:
    result = await slack.workspace.person("jonas").command("/faq", "report", "#general")
    assert "Only the owners" in result.messages[0].text


async def test_app_home_shows_open_hand_offs_to_owners(slack: Slack) -> None:
    _, declined = await slack.asked(MISSED)
    await slack.maya.click(declined, label="Ask a person")
    await slack.maya.submit(await slack.workspace.until(lambda: slack.workspace.modal("maya")))
    await slack.workspace.until(lambda: slack.workspace.answers("#owners"))
    await slack.maya.open_home()
    home = await slack.workspace.until(lambda: slack.workspace.home("maya"))
    shown = str(home.blocks)
    assert "Questions that wait for a person" in shown
    assert MISSED in shown
    assert "0 helpful, 1 not helpful" in shown
    # What waits for somebody stands above what doesn't.
    places = ["Waiting for you", MISSED, "Ask about a job role", "0 helpful, 1 not helpful"]
    assert sorted(places, key=shown.index) == places


async def test_app_home_of_others_shows_roles_only(slack: Slack) -> None:
    await slack.workspace.person("jonas").open_home()
    home = await slack.workspace.until(lambda: slack.workspace.home("jonas"))
    assert "wait for a person" not in str(home.blocks)
    assert "Data Analyst" in str(home.blocks)


async def test_app_home_shows_problems_of_changed_content_to_owners(
    slack: Slack, memory: QuestionRecorder
) -> None:
    now = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    loaded = ReloadState("abc123", now, now, ("a.yaml:2:1: `titel` is not a key",), 3)
    app_context = AppContext(slack.engine, lambda: loaded, Services(recorder=memory))
    async with web_client(slack.workspace.bot_token, slack.workspace.api_url) as client:
        shown = str(await Reports(app_context).home(TEAM, client))
    assert "The changed content is not used: 3 problems" in shown
    assert "is not a key" in shown
    assert "abc123" not in shown


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        ({"seconds": 20}, "just now"),
        ({"minutes": 1}, "1 minute ago"),
        ({"hours": 5}, "5 hours ago"),
        ({"days": 3, "hours": 2}, "3 days ago"),
    ],
)
async def test_app_home_tells_owners_when_content_was_updated(
    slack: Slack, memory: QuestionRecorder, passed: dict[str, float], said: str
) -> None:
    loaded = dt.datetime.now(dt.UTC) - dt.timedelta(**passed)
    state = ReloadState("abc123", loaded, loaded)
    app_context = AppContext(slack.engine, lambda: state, Services(recorder=memory))
    async with web_client(slack.workspace.bot_token, slack.workspace.api_url) as client:
        shown = str(await Reports(app_context).home(TEAM, client))
    assert f"The content was updated {said}." in shown
    assert "abc123" not in shown


async def test_digest_is_sent_by_one_process(slack: Slack, memory: QuestionRecorder) -> None:
    before = len(slack.workspace.answers("#owners"))
    async with web_client(slack.workspace.bot_token, slack.workspace.api_url) as client:
        services = Services(recorder=memory)
        reports = Reports(AppContext(slack.engine, lambda: LOADED, services, OWNERS))
        monday = dt.date(2026, 11, 30)
        assert await reports.send_digest(client, TEAM, monday) == 1
        assert await reports.send_digest(client, TEAM, monday) == 0
        nobody = Reports(AppContext(slack.engine, lambda: LOADED, services))
        assert await nobody.send_digest(client, TEAM, monday) == 0
    assert len(slack.workspace.answers("#owners")) == before + 1
    assert "The week to" in slack.workspace.answers("#owners")[-1].text


async def test_an_owner_known_by_id_gets_a_digest_of_their_roles(
    slack: Slack, memory: QuestionRecorder
) -> None:
    jonas = slack.workspace.person("jonas")
    knowledge_base = slack.engine.knowledge_base
    roles = tuple(
        replace(role, owner=jonas.id) if role.id == "ux-designer" else role
        for role in knowledge_base.roles
    )
    knowledge = replace(slack.engine._index, knowledge_base=replace(knowledge_base, roles=roles))
    engine = Engine(knowledge, ConversationMemory(time.monotonic))
    async with web_client(slack.workspace.bot_token, slack.workspace.api_url) as client:
        reports = Reports(AppContext(engine, lambda: LOADED, Services(recorder=memory)))
        sent = await reports.send_digest(client, TEAM, dt.date(2026, 12, 7))
    assert sent == 1
    text = slack.workspace.answers("@jonas")[-1].text
    assert "UX Designer" in text
    assert "Data Analyst" not in text


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24T10:00", "2026-11-30T08:00"),
        ("2026-11-30T07:59", "2026-11-30T08:00"),
        ("2026-11-30T08:00", "2026-12-07T08:00"),
    ],
)
async def test_the_digest_comes_on_monday_mornings(now: str, due: str) -> None:
    moment, expected = (
        dt.datetime.fromisoformat(time).replace(tzinfo=dt.UTC) for time in (now, due)
    )
    assert next_monday(moment) == expected
