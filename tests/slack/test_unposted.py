"""Where Slack takes no post, the asker gets the answer privately, and the log a fact."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from faqbot.playground.models import SlackMessage
from tests.slack.conftest import Slack, serving

QUESTION = "which skills does a data analyst need?"


def close(slack: Slack, *, archived: bool = False, read_only: bool = False) -> None:
    """Change what may be done in #hiring."""
    state = slack.workspace.state
    state.add_channel(
        replace(slack.workspace.channel("#hiring"), archived=archived, read_only=read_only)
    )


def archive(slack: Slack) -> None:
    close(slack, archived=True)


def make_read_only(slack: Slack) -> None:
    close(slack, read_only=True)


def remove_faqbot(slack: Slack) -> None:
    workspace = slack.workspace
    workspace.state.set_membership(
        workspace.channel("#hiring").id, workspace.bot_user_id, member=False
    )


def private(slack: Slack) -> list[SlackMessage]:
    """What faqbot told maya alone: in the channel, or in the direct conversation."""
    return [*slack.workspace.private_messages("maya"), *slack.workspace.answers("@maya")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (archive, "the channel is archived"),
        (make_read_only, "I may not post in the channel"),
        (remove_faqbot, "I'm not in the channel"),
    ],
)
async def test_an_answer_that_cannot_be_posted_is_told_to_the_asker(
    change: Callable[[Slack], None], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "faqbot")
    async with serving() as slack:
        await slack.maya.say("#hiring", slack.mention(QUESTION))
        change(slack)
        (told,) = await slack.workspace.until(lambda: private(slack))
        assert "SQL" in told.text
        assert why in str(told.blocks[0])
        assert not slack.workspace.answers("#hiring")
        await slack.listeners.drain()
        assert b"faqbot_errors_total 0.0" in slack.services.metrics.exposition()
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_an_answer_whose_question_was_deleted_leaves_the_channel() -> None:
    async with serving() as slack:
        ts = await slack.maya.say("#general", slack.mention(QUESTION))
        question = slack.workspace.message("#general", ts)
        assert question is not None
        await slack.maya.delete(question)
        (told,) = await slack.workspace.until(lambda: private(slack))
        assert "SQL" in told.text
        assert "is gone" in str(told.blocks[0])
        await slack.workspace.until(lambda: not slack.workspace.answers("#general"))
