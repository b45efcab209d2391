"""Lines that nobody put to faqbot: what it leaves alone, and what it answers all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from faqbot.playground.models import Channel
from faqbot.storage.models import ChannelMode
from tests.slack.conftest import SETUP, Slack, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHATTER = (
    "cheers, that's neat",
    "I used to write SQL at my last company",
    "our designer is on leave until Thursday",
    "who ordered the pizza?",
    "could you forward me the invite?",
    "is the interview still at three?",
    "not sure that's true",
    "what did she say about Spark?",
    "was that in the old handbook?",
    "our tester quit yesterday",
    "we need somebody with patience",
    "any news from the candidate?",
    "how come?",
    "brilliant!",
    "do we have a budget for that?",
    "shall we talk about it on Monday?",
    "he has a degree, I think",
    "I'd say charts matter most",
)
FOR_OTHERS = (
    "<@U0JONAS01> which skills does a data analyst need?",
    "which skills does a data analyst need, <@U0JONAS01>?",
    "<!here> which education does a data analyst need?",
    "does anybody know which skills a data analyst needs? <!channel>",
    "which skills does a data analyst need? <!everyone>",
    "<!subteam^S0PEOPLE1|@people> which degree does a data analyst need?",
    "and the education? <!subteam^S0PEOPLE1> please",
    "> which skills does a QA engineer need?\n<@U0JONAS01> and the education?",
)


def mention_in(slack: Slack, *kinds: str) -> dict[str, object]:
    """A message whose only mention of faqbot stands in that kind of rich text."""
    user: dict[str, object] = {"type": "user", "user_id": slack.workspace.bot_user_id}
    if "code" in kinds:
        user["style"] = {"code": True}
        kinds = ("rich_text_section",)
    said = {"type": "text", "text": "look at this"}
    elements = [{"type": kind, "elements": [user]} for kind in kinds]
    elements.append({"type": "rich_text_section", "elements": [said]})
    return {"type": "rich_text", "elements": elements}


async def test_chatter_in_a_thread_is_left_alone(slack: Slack) -> None:
    ts, _ = await slack.asked("data analyst skills")
    jonas = slack.workspace.person("jonas")
    for line in CHATTER:
        await slack.maya.say("#general", line, thread_ts=ts)
        await jonas.say("#general", line, thread_ts=ts)
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    assert len(slack.workspace.answers("#general", ts)) == 1
    await slack.maya.say("#general", "and the education?", thread_ts=ts)
    assert "Data Analyst · Education" in (await slack.answer("#general", ts, 2)).text


async def test_only_mentions_are_answered_where_the_channel_says_so() -> None:
    slack_with_policy = serving(channel_mode=ChannelMode.ONLY_MENTIONS)
    async with slack_with_policy as other:
        ts, _ = await other.asked("data analyst skills")
        await other.maya.say("#general", "and the education?", thread_ts=ts)
        await other.silent(lambda: len(other.workspace.answers("#general", ts)))
        await other.maya.say("#general", other.mention("and the education?"), thread_ts=ts)
        assert "Data Analyst · Education" in (await other.answer("#general", ts, 2)).text


async def test_a_private_channel_is_followed_like_a_public_one(slack: Slack) -> None:
    state = slack.workspace.state
    state.add_channel(Channel("C0SECRET1", "secret", members=frozenset(state.users), private=True))
    ts, _ = await slack.asked("data analyst skills", "#secret")
    await slack.maya.say("#secret", "and the education?", thread_ts=ts)
    assert "Data Analyst · Education" in (await slack.answer("#secret", ts, 2)).text


@pytest.mark.parametrize("granted", [True, False])
async def test_settings_of_a_private_channel_offer_what_the_app_can_read(*, granted: bool) -> None:
    scopes = SETUP.scopes if granted else SETUP.scopes - {"groups:history"}
    async with serving(replace(SETUP, scopes=scopes)) as other:
        state = other.workspace.state
        members = frozenset(state.users)
        state.add_channel(Channel("C0SECRET1", "secret", members=members, private=True))
        assert (await other.maya.command("/faq", "settings", "#secret")).ok
        modal = await other.workspace.until(lambda: other.workspace.modal("maya"))
    shown = {block["block_id"]: block["element"] for block in modal.blocks if "element" in block}
    modes = [one["value"] for one in shown["speaks"]["options"]]
    readable = ["off", "only-mentions", "mentions", "questions", "all"]
    assert modes == (readable if granted else readable[:2])
    assert ("groups:history" in str(modal.blocks)) is not granted


async def test_others_are_answered_when_their_question_says_its_role(slack: Slack) -> None:
    ts, _ = await slack.asked("data analyst skills")
    jonas = slack.workspace.person("jonas")
    await jonas.say("#general", "which education does a QA engineer need?", thread_ts=ts)
    assert "QA Engineer · Education" in (await slack.answer("#general", ts, 2)).text


async def test_lines_for_others_are_left_alone(slack: Slack) -> None:
    ts, _ = await slack.asked("data analyst skills")
    for line in FOR_OTHERS:
        await slack.maya.say("#general", line, thread_ts=ts)
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    assert len(slack.workspace.answers("#general", ts)) == 1


async def test_a_mention_beside_another_is_for_faqbot(slack: Slack) -> None:
    _, answer = await slack.asked("which skills does a data analyst need? cc @jonas")
    assert "SQL" in answer.text


async def test_a_line_to_somebody_about_faqbot_is_left_alone(slack: Slack) -> None:
    ts = await slack.maya.say("#general", f"@jonas did you ask {slack.mention('yet?')}")
    await slack.silent(lambda: len(slack.workspace.answers("#general", ts)))
    assert not slack.workspace.answers("#general", ts)


async def test_a_sure_question_in_a_line_to_somebody_is_answered(slack: Slack) -> None:
    asked = slack.mention("which skills does a data analyst need?")
    ts = await slack.maya.say("#general", f"@jonas watch this: {asked}")
    assert "SQL" in (await slack.answer("#general", ts)).text


def _quoted(slack: Slack) -> Iterator[dict[str, object]]:
    for kind in ("rich_text_quote", "rich_text_preformatted", "code"):
        yield mention_in(slack, kind)


async def test_a_mention_in_code_or_a_quote_calls_nobody(slack: Slack) -> None:
    bot = slack.workspace.bot_user_id
    for number, block in enumerate(_quoted(slack)):
        for name in ("app_mention", "message"):
            event: dict[str, object] = {
                "type": name,
                "channel": "C0GENERAL",
                "channel_type": "channel",
                "user": slack.maya.id,
                "text": f"<@{bot}> look at this",
                "ts": f"1700000001.00{number}000",
                "blocks": [block],
            }
            slack.workspace.event(
                "app_mention" if name == "app_mention" else "message.channels", event
            )
    await slack.silent(lambda: len(slack.workspace.sent))
