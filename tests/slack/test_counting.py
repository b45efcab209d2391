"""What people ask, rate and run into is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from faqbot.playground.models import Faults
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import Slack, serving


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Slack]:
    async with (
        QuestionRecorder(f"sqlite:///{tmp_path}/faqbot.db").running() as memory,
        serving(memory=memory) as started,
    ):
        yield started


def counted(slack: Slack, name: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(slack.services.metrics.exposition().decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


async def test_questions_count_by_outcome_and_place(slack: Slack) -> None:
    await slack.asked("data analyst skills")
    await slack.maya.dm("which shoe size do astronauts have on the moon")
    await slack.maya.command("/role", "data analyst", "#general")
    await slack.workspace.settled()
    await slack.listeners.drain()
    name = "faqbot_questions_total"
    assert counted(slack, name, outcome="answer", place="channel") == 1
    assert counted(slack, name, outcome="decline", place="direct") == 1
    assert counted(slack, name, outcome="answer", place="command") == 1
    assert counted(slack, "faqbot_question_seconds_count") == 3
    assert counted(slack, "faqbot_confidence_count", outcome="answer") == 2
    assert counted(slack, "faqbot_handled_seconds_count", kind="app_mention") == 1


async def test_a_button_is_no_question_and_a_rating_counts(slack: Slack) -> None:
    _, answer = await slack.asked("data analyst skills")
    await slack.maya.click(answer, label="Helpful")
    await slack.maya.click(answer, label="Education")
    await slack.workspace.settled()
    await slack.listeners.drain()
    assert counted(slack, "faqbot_questions_total") == 1
    assert counted(slack, "faqbot_ratings_total", rating="helpful") == 1


async def test_duplicates_and_errors_are_counted(slack: Slack) -> None:
    slack.workspace.faults = Faults(deliver_times=3)
    await slack.asked("data analyst skills")
    await slack.workspace.settled()
    assert counted(slack, "faqbot_deliveries_repeated_total") >= 2
    slack.workspace.faults = Faults(
        fail_calls=1, fail_status=403, fail_methods=frozenset({"chat.postMessage"})
    )
    await slack.maya.say("#general", slack.mention("data analyst skills"))
    await slack.workspace.settled()
    await slack.listeners.drain()
    assert counted(slack, "faqbot_errors_total") == 1


async def test_each_delivery_is_one_line_of_the_log_without_its_words(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    def deliveries() -> float:
        return counted(slack, "faqbot_handled_seconds_count")

    before = deliveries()
    with caplog.at_level("DEBUG", "faqbot"):
        await slack.asked("data analyst skills")
        await slack.workspace.settled()
        await slack.listeners.drain()
    handled = [record for record in caplog.records if record.message == "handled"]
    assert len(handled) == deliveries() - before == 2  # it comes as a mention and as a message
    assert "analyst" not in caplog.text
