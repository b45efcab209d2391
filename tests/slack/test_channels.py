"""Where and how faqbot speaks, and the advertisements of `/role advert`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from faqbot.playground.models import Faults, Setup
from faqbot.storage.models import ChannelMode, ChannelPolicy
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import SETUP, Slack, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
GENERAL = "C0GENERAL"
HIRING = "C0HIRING1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def memory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[QuestionRecorder]:
    folder = tmp_path_factory.mktemp("store")
    async with QuestionRecorder(
        f"sqlite:///{folder}/faqbot.db", retry_interval=0.05
    ).running() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder) -> AsyncIterator[Slack]:
    async with serving(memory=memory) as started:
        yield started


async def set_up(slack: Slack, channel: str, **given: object) -> None:
    """Set a channel up as maya does, who is an admin."""
    result = await slack.maya.command("/faq", "settings", channel)
    assert result.ok
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    submitted = await slack.maya.submit(modal, given)
    assert submitted.ok, submitted.errors or submitted.error
    await slack.listeners.drain()


async def test_channel_settings_are_saved_and_shown_again(
    slack: Slack, memory: QuestionRecorder
) -> None:
    jonas = slack.workspace.person("jonas")
    await set_up(slack, "#hiring", speaks="all", owner=jonas.id)
    async with memory.store() as store:
        policy = await store.policies.get("T0LOCAL01", HIRING)
    expected = ChannelPolicy(
        "T0LOCAL01", HIRING, ChannelMode.ALL, owner=jonas.id, changed_by=slack.maya.id
    )
    assert policy == expected
    await slack.maya.command("/faq", "settings", "#hiring")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    shown = {block["block_id"]: block["element"] for block in modal.blocks if "element" in block}
    assert shown["speaks"]["initial_option"]["value"] == "all"
    assert shown["owner"]["initial_user"] == jonas.id
    await slack.maya.close(modal)


async def test_user_who_does_not_manage_the_channel_can_not_change_settings(slack: Slack) -> None:
    result = await slack.workspace.person("jonas").command("/faq", "settings", "#general")
    assert "Only admins" in result.messages[0].text
    assert slack.workspace.modal("jonas") is None


async def test_a_forged_submission_changes_nothing(slack: Slack, memory: QuestionRecorder) -> None:
    await slack.maya.command("/faq", "settings", "#general")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    result = await slack.workspace.person("jonas").submit(modal, {"speaks": "off"})
    assert "Only admins" in str(result.errors)
    async with memory.store() as store:
        assert await store.policies.get("T0LOCAL01", GENERAL) is None
    await slack.maya.close(modal)


async def test_settings_belong_to_a_channel(slack: Slack) -> None:
    result = await slack.maya.command("/faq", "settings")
    assert "in the channel" in result.messages[0].text


async def test_by_default_only_mentions_are_answered(slack: Slack) -> None:
    await slack.maya.say("#general", "which skills does a data analyst need?")
    await slack.silent(lambda: len(slack.workspace.sent))


async def test_mode_questions_answers_sure_questions_only(slack: Slack) -> None:
    await set_up(slack, "#general", speaks="questions")
    ts = await slack.maya.say("#general", "which skills does a data analyst need?")
    assert "spreadsheets" in (await slack.answer("#general", ts)).text
    for text in (
        "the data analyst needs skills, I say",
        "what skills do I need?",
        "which shoe size do astronauts have?",
        f"<@{slack.workspace.person('jonas').id}> which skills does a data analyst need?",
    ):
        await slack.maya.say("#general", text)
    await slack.silent(lambda: len(slack.workspace.sent))
    await set_up(slack, "#general", speaks="mentions")


async def test_mode_off_answers_a_mention_with_a_private_notice(slack: Slack) -> None:
    await set_up(slack, "#general", speaks="off")
    await slack.maya.say("#general", slack.mention("data analyst skills"))
    await slack.workspace.until(
        lambda: any("switched off" in m.text for m in slack.workspace.private_messages("maya")[-1:])
    )
    await set_up(slack, "#general", speaks="mentions")


async def test_private_mode_shows_answers_to_the_asker_only(slack: Slack) -> None:
    await set_up(slack, "#general", speaks="mentions", private=["yes"])
    before = len(slack.workspace.answers("#general"))
    ts = await slack.maya.say("#general", slack.mention("qa engineer skills"))
    await slack.workspace.until(
        lambda: any("patience" in m.text for m in slack.workspace.private_messages("maya")[-1:])
    )
    assert slack.workspace.answers("#general", ts) == ()
    assert len(slack.workspace.answers("#general")) == before
    await set_up(slack, "#general", speaks="mentions")


# --------------------------------------------------------------------------- advertisements


async def test_advertisement_comes_as_a_message_and_a_file(slack: Slack) -> None:
    result = await slack.maya.command("/role", "advert python developer", "#general")
    (message,) = result.messages
    (block,) = [block for block in message.blocks if block["type"] == "markdown"]
    assert block["text"].startswith("# Python Back End Developer\n\n## About the role")
    assert "## Required skills\n\n- Python" in block["text"]
    found = await slack.workspace.until(
        lambda: [m for m in slack.workspace.answers("@maya") if m.attachments]
    )
    assert "job advertisement" in found[-1].attachments[0]["title"]
    (kept,) = slack.workspace.state.files.values()
    assert kept["name"] == "python-back-end-developer-advert.md"
    assert kept["content"].decode() == block["text"] + "\n" * kept["content"].endswith(b"\n\n")


async def test_advertisement_of_an_unclear_role_asks_which_one(slack: Slack) -> None:
    result = await slack.maya.command("/role", "advert astronaut", "#general")
    assert "no description" in result.messages[0].text


@pytest.mark.parametrize(
    "faults",
    [
        Faults(lost_fields=frozenset({"upload_url"})),
        Faults(
            fail_share=1, fail_status=403, fail_methods=frozenset({"files.getUploadURLExternal"})
        ),
    ],
    ids=["no address", "refused"],
)
async def test_advertisement_that_slack_takes_no_file_of_is_sent_as_text(faults: Faults) -> None:
    async with serving() as other:
        other.workspace.faults = faults
        await other.maya.command("/role", "advert data analyst", "#general")
        (said,) = await other.workspace.until(
            lambda: [m for m in other.workspace.answers("@maya") if "as a file" in m.text]
        )
        assert "so here it is" in said.text
        assert "Data Analyst" in said.text


async def test_advertisement_without_the_files_scope_is_sent_as_text(slack: Slack) -> None:
    scopes = SETUP.scopes - {"files:write"}
    async with serving(Setup(scopes=scopes, events=SETUP.events)) as other:
        await other.maya.command("/role", "advert data analyst", "#general")
        await other.workspace.until(
            lambda: any(
                "files:write is missing" in m.text for m in other.workspace.answers("@maya")[-1:]
            )
        )
