"""Hand-offs: who may act on them, that they are no dead end, and how answers come back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from faqbot.playground.models import Channel, SlackMessage, UserGroup
from faqbot.storage.models import Handoff, HandoffState, ProposalState
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import Slack, serving
from tests.slack.test_feedback import UNANSWERABLE, labels

pytestmark = pytest.mark.asyncio(loop_scope="module")
OWNERS, JONAS, MAYA = "C0OWNERS1", "U0JONAS01", "U0MAYA001"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder) -> AsyncIterator[Slack]:
    """Jonas is the default owner, reached in a channel in which maya and the guest are too."""
    async with serving(memory=memory, owners=f"{OWNERS} {JONAS}") as started:
        state = started.workspace.state
        state.add_channel(Channel(OWNERS, "owners", members=frozenset(state.users)))
        state.add_group(
            UserGroup(
                "S0PYTHON1",
                "people-engineering",
                "Engineers",
                frozenset({JONAS}),
                ("C0HIRING1",),
            )
        )
        yield started


async def told(slack: Slack, person: str, click: Awaitable[object]) -> str:
    """What a click of a person is privately replied with."""
    before = len(slack.workspace.private_messages(person))
    await click
    replies = await slack.workspace.until(lambda: slack.workspace.private_messages(person)[before:])
    return replies[0].text


async def ask_person(slack: Slack, answer: SlackMessage, person: str = "maya") -> None:
    """Hand a question over by the button below its answer."""
    user = slack.workspace.person(person)
    await user.click(answer, label="Ask a person")
    modal = await slack.workspace.until(lambda: slack.workspace.modal(person))
    assert (await user.submit(modal)).ok
    await slack.listeners.drain()


async def handed_over(slack: Slack, text: str = UNANSWERABLE) -> tuple[str, SlackMessage]:
    """A question of maya that is with the owners: its thread, and their card."""
    before = len(slack.workspace.answers("#owners"))
    ts, answer = await slack.asked(text)
    await ask_person(slack, answer)
    await slack.workspace.until(lambda: len(slack.workspace.answers("#owners")) > before)
    return ts, slack.workspace.answers("#owners")[-1]


def card(slack: Slack, notice: SlackMessage) -> SlackMessage:
    """A card as it is now."""
    shown = slack.workspace.message(notice.channel, notice.ts)
    assert shown is not None
    return shown


async def kept(memory: QuestionRecorder) -> Handoff:
    async with memory.store() as store:
        *_, newest = await store.handoffs.all("T0LOCAL01", HandoffState)
    return newest


async def answered(slack: Slack, notice: SlackMessage, text: str) -> None:
    """Jonas answers."""
    jonas = slack.workspace.person("jonas")
    await jonas.click(card(slack, notice), label="Answer")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    assert (await jonas.submit(modal, {"text": text})).ok
    await slack.listeners.drain()


def rich(message: SlackMessage) -> list[dict[str, Any]]:
    """The rich text elements of a message."""
    return [part for b in message.blocks if b["type"] == "rich_text" for part in b["elements"]]


# ------------------------------------------------------------------------------- who may


@pytest.mark.parametrize("person", ["guest", "maya"])
@pytest.mark.parametrize("button", ["Claim", "Answer", "Point to an answer", "Close"])
async def test_who_is_in_the_owners_channel_and_no_owner_may_do_nothing(
    slack: Slack, memory: QuestionRecorder, person: str, button: str
) -> None:
    _, notice = await handed_over(slack)
    click = slack.workspace.person(person).click(notice, label=button)
    assert f"Only <@{JONAS}> may" in await told(slack, person, click)
    assert slack.workspace.modal(person) is None
    assert (await kept(memory)).state is HandoffState.OPEN


async def test_card_says_who_may_answer(slack: Slack) -> None:
    _, notice = await handed_over(slack)
    assert f"<@{JONAS}> may answer" in str(notice.blocks)


async def test_modal_that_somebody_else_submits_answers_nothing(
    slack: Slack, memory: QuestionRecorder
) -> None:
    _, notice = await handed_over(slack)
    jonas = slack.workspace.person("jonas")
    await jonas.click(notice, label="Answer")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    refused = await slack.maya.submit(modal, {"text": "Mine!"})
    assert "Only the owners" in refused.errors["text"]
    await jonas.close(modal)
    await jonas.click(notice, label="Point to an answer")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    refused = await slack.maya.submit(modal, {"entry": "faq/how-to-apply"})
    assert "Only the owners" in refused.errors["entry"]
    await jonas.close(modal)
    assert (await kept(memory)).state is HandoffState.OPEN


async def test_channel_of_an_owning_group_is_no_licence(
    slack: Slack, memory: QuestionRecorder
) -> None:
    before = len(slack.workspace.answers("#hiring"))
    _, answer = await slack.asked("python developer skills")
    await slack.maya.click(answer, label="Not helpful")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    await slack.maya.submit(modal, {"comment": "More?", "hand-over": ["yes"]})
    await slack.workspace.until(lambda: len(slack.workspace.answers("#hiring")) > before)
    await slack.listeners.drain()
    notice = slack.workspace.answers("#hiring")[-1]
    click = slack.maya.click(notice, label="Claim")
    assert "members of <!subteam^S0PYTHON1>" in await told(slack, "maya", click)
    assert (await kept(memory)).state is HandoffState.OPEN
    await slack.workspace.person("jonas").click(notice, label="Claim")
    await slack.workspace.until(lambda: "Claimed by" in str(card(slack, notice).blocks))


# ------------------------------------------------------------------------ no dead end


async def test_none_of_these_offers_a_person(slack: Slack) -> None:
    ts, answer = await slack.asked("what skills do I need?")
    await slack.maya.click(answer, label="None of these")
    await slack.workspace.until(lambda: "Sorry" in slack.workspace.answers("#general", ts)[0].text)
    (shown,) = slack.workspace.answers("#general", ts)
    await ask_person(slack, shown)
    assert "what skills do I need?" in slack.workspace.answers("#owners")[-1].text


async def test_question_is_handed_over_once(slack: Slack) -> None:
    ts, answer = await slack.asked(UNANSWERABLE)
    await ask_person(slack, answer)
    (shown, _) = slack.workspace.answers("#general", ts)
    assert "Ask a person" not in labels(shown)
    assert f"asked a person: <@{JONAS}>" in str(shown.blocks)
    before = len(slack.workspace.answers("#owners"))
    # From a client that shows the old message.
    click = slack.maya.click(answer, label="Ask a person")
    assert f"is with <@{JONAS}> already" in await told(slack, "maya", click)
    assert len(slack.workspace.answers("#owners")) == before


async def test_two_open_modals_hand_a_question_over_once(slack: Slack) -> None:
    _, answer = await slack.asked(UNANSWERABLE)
    await slack.maya.click(answer, label="Ask a person")
    first = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    await slack.maya.click(answer, label="Ask a person")
    second = await slack.workspace.until(
        lambda: shown if (shown := slack.workspace.modal("maya")) and shown.id != first.id else None
    )
    before = len(slack.workspace.answers("#owners"))
    assert (await slack.maya.submit(first)).ok
    assert (await slack.maya.submit(second)).ok
    await slack.listeners.drain()
    assert len(slack.workspace.answers("#owners")) == before + 1


async def test_private_question_is_handed_over_once(slack: Slack) -> None:
    result = await slack.maya.command("/faq", UNANSWERABLE, "#general")
    (shown,) = result.messages
    await ask_person(slack, shown)
    (shown,) = [m for m in result.messages if m.visible_to]
    assert "Ask a person" not in labels(shown)
    assert UNANSWERABLE in str(shown.blocks)


async def test_claimed_question_can_be_given_back(slack: Slack, memory: QuestionRecorder) -> None:
    ts, notice = await handed_over(slack)
    jonas = slack.workspace.person("jonas")
    await jonas.click(notice, label="Claim")
    await slack.listeners.drain()
    await jonas.click(card(slack, notice), label="Give back")
    await slack.workspace.until(lambda: "Claim" in labels(card(slack, notice)))
    assert "Claimed by" not in str(card(slack, notice).blocks)
    found = await kept(memory)
    assert (found.state, found.claimed_by) == (HandoffState.OPEN, "")
    assert "with all of its owners again" in (await slack.answer("#general", ts, 4)).text


async def test_answered_card_has_nothing_to_close_and_late_clicks_say_what_happened(
    slack: Slack,
) -> None:
    _, notice = await handed_over(slack)
    await answered(slack, notice, "42.")
    shown = card(slack, notice)
    assert labels(shown) == ["Save as FAQ"]
    assert "42." in str(rich(shown))
    jonas = slack.workspace.person("jonas")
    for button in ("Claim", "Answer", "Close"):
        # From a client that shows the old card.
        said = await told(slack, "jonas", jonas.click(notice, label=button))
        assert f"<@{JONAS}> has answered this question" in said
        assert "<!date^" in said


# ------------------------------------------------------------------------------ answers


async def test_answer_is_set_off_as_a_quote_and_names_its_author_once(slack: Slack) -> None:
    ts, notice = await handed_over(slack)
    await answered(slack, notice, "Take *both*:\n• a passport\n• your <https://a.example|CV>")
    found = await slack.workspace.until(
        lambda: [m for m in slack.workspace.answers("#general", ts) if "passport" in m.text]
    )
    said, bullets = rich(found[0])
    assert said["type"] == "rich_text_quote"
    assert {"type": "text", "text": "both", "style": {"bold": True}} in said["elements"]
    assert (bullets["type"], bullets["border"], len(bullets["elements"])) == (
        "rich_text_list",
        1,
        2,
    )
    assert {"type": "link", "url": "https://a.example", "text": "CV"} in (
        bullets["elements"][1]["elements"]
    )
    assert found[0].text.count(JONAS) == str(found[0].blocks).count(JONAS) == 1


# ------------------------------------------------------------------- whose question it is


async def test_off_topic_line_is_not_for_the_owner_of_the_last_role(
    slack: Slack, memory: QuestionRecorder
) -> None:
    await slack.told("which skills does a python developer need")
    answer = await slack.told(UNANSWERABLE)
    hiring = len(slack.workspace.answers("#hiring"))
    await ask_person(slack, answer)
    assert (await kept(memory)).owner == ""
    confirmed = slack.workspace.answers("@maya")[-1]
    assert "with a person now" in confirmed.text
    assert not confirmed.is_reply
    assert len(slack.workspace.answers("#hiring")) == hiring


async def test_question_that_names_a_role_is_for_its_owner(
    slack: Slack, memory: QuestionRecorder
) -> None:
    answer = await slack.told("which shoe size does a python developer have on the moon")
    hiring = len(slack.workspace.answers("#hiring"))
    await ask_person(slack, answer)
    assert (await kept(memory)).owner == "S0PYTHON1"
    assert len(slack.workspace.answers("#hiring")) == hiring + 1


# -------------------------------------------------------------------------- proposals


async def test_proposal_of_the_only_owner_waits_for_a_second_one(
    slack: Slack, memory: QuestionRecorder
) -> None:
    jonas = slack.workspace.person("jonas")
    _, notice = await handed_over(slack)
    await answered(slack, notice, "Size *42*.")
    await jonas.click(card(slack, notice), label="Save as FAQ")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    assert "Which shoe size do astronauts have on the moon?" in str(modal.blocks)
    assert "Size **42**." in str(modal.blocks)
    before = len(slack.workspace.answers("#owners"))
    assert (await jonas.submit(modal)).ok
    await slack.workspace.until(lambda: len(slack.workspace.answers("#owners")) > before)
    await slack.listeners.drain()
    proposal = slack.workspace.answers("#owners")[-1]
    assert "Waits for a second owner" in str(proposal.blocks)
    assert "Your proposal waits" in slack.workspace.answers("@jonas")[-1].text
    said = await told(slack, "jonas", jonas.click(proposal, label="Approve"))
    assert "there is no other owner" in said
    said = await told(slack, "maya", slack.maya.click(proposal, label="Approve"))
    assert f"Only <@{JONAS}> may" in said
    async with memory.store() as store:
        *_, kept_proposal = await store.proposals.all("T0LOCAL01", ProposalState)
    assert (kept_proposal.state, kept_proposal.owner) == (ProposalState.OPEN, JONAS)
    await jonas.open_home()
    home = await slack.workspace.until(lambda: slack.workspace.home("jonas"))
    assert "(waits for a second owner)" in str(home.blocks)


async def test_the_asker_is_told_after_a_restart(slack: Slack, memory: QuestionRecorder) -> None:
    ts, notice = await handed_over(slack)
    direct = await slack.maya.dm(UNANSWERABLE)
    (below,) = await slack.workspace.until(
        lambda: slack.workspace.answers_since("@maya", direct)[:1]
    )
    await ask_person(slack, below)
    second = slack.workspace.answers("#owners")[-1]
    async with serving(memory=memory, owners=f"{OWNERS} {JONAS}") as other:
        state = other.workspace.state
        state.add_channel(Channel(OWNERS, "owners", members=frozenset(state.users)))
        place = other.maya.direct.id
        for channel in ("C0GENERAL", OWNERS, slack.maya.direct.id):
            for message in slack.workspace.state.messages(channel):
                kept_in = place if channel == slack.maya.direct.id else channel
                state.put(replace(message, channel=kept_in))
        before = len(other.workspace.answers("#general", ts))
        jonas = other.workspace.person("jonas")
        await jonas.click(card(other, notice), label="Claim")
        claimed = await other.answer("#general", ts, before + 1)
        assert f"<@{JONAS}> is looking into your question" in claimed.text
        await answered(other, notice, "Size *nine*.")
        assert "Size" in (await other.answer("#general", ts, before + 2)).text
        now = other.workspace.state.new_ts()
        await answered(other, second, "Size ten.")
        (told_directly,) = await other.workspace.until(
            lambda: other.workspace.answers_since("@maya", now)[:1]
        )
        assert "Size ten" in told_directly.text


async def test_the_asker_is_told_directly_where_the_channel_is_closed(slack: Slack) -> None:
    _, notice = await handed_over(slack)
    state, now = slack.workspace.state, slack.workspace.state.new_ts()
    state.add_channel(replace(state.channels["C0GENERAL"], archived=True))
    try:
        await answered(slack, notice, "Size *nine*.")
        (alone,) = await slack.workspace.until(
            lambda: slack.workspace.answers_since("@maya", now)[:1]
        )
    finally:
        state.add_channel(replace(state.channels["C0GENERAL"], archived=False))
    assert "Size" in alone.text
    assert "the channel is archived" in str(alone.blocks[0])
