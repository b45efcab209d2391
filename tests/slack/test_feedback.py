"""Ratings, picks, persons who answer, and shared answers, with a memory behind them."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from faqbot.playground.blocks import elements
from faqbot.playground.models import Channel, SlackMessage, UserGroup
from faqbot.slack.blockkit.views import NOT_NOW
from faqbot.storage.models import HandoffState, ProposalState, QuestionPrivacy
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import Slack, serving
from tests.support.waiting import eventually

ALWAYS = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
OWNERS = "C0OWNERS1"
EMPLOYEES_ONLY = "faq/referrals"
UNANSWERABLE = "which shoe size do astronauts have on the moon"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def memory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[QuestionRecorder]:
    folder = tmp_path_factory.mktemp("store")
    async with QuestionRecorder(
        f"sqlite:///{folder}/faqbot.db", retry_interval=0.05
    ).running() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder) -> AsyncIterator[Slack]:
    async with serving(memory=memory, owners=OWNERS) as started:
        state = started.workspace.state
        members = frozenset(state.users) - {"U0GUEST01"}
        state.add_channel(Channel(OWNERS, "owners", members=members))
        engineers = frozenset({"U0JONAS01"})
        state.add_group(
            UserGroup("S0PYTHON1", "people-engineering", "Engineers", engineers, ("C0HIRING1",))
        )
        yield started


pytestmark = pytest.mark.asyncio(loop_scope="module")


def labels(message: SlackMessage) -> list[str]:
    return [element.label for element in elements(message.blocks)]


async def handed_over(slack: Slack, text: str = UNANSWERABLE) -> tuple[str, SlackMessage]:
    """A question that maya handed to a person: its thread, and the owners' message."""
    before = len(slack.workspace.answers("#owners"))
    ts, answer = await slack.asked(text)
    await slack.maya.click(answer, label="Ask a person")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    assert (await slack.maya.submit(modal)).ok
    await slack.workspace.until(lambda: len(slack.workspace.answers("#owners")) > before)
    await slack.answer("#general", ts, 2)
    return ts, slack.workspace.answers("#owners")[-1]


# -------------------------------------------------------------------------------- ratings


async def test_question_is_logged_with_its_outcome(slack: Slack, memory: QuestionRecorder) -> None:
    await slack.asked("which skills does a data analyst need")
    async with memory.store() as store:
        *_, record = await store.questions.all(QuestionFilter())
    assert record.text == "which skills does a data analyst need"
    assert (record.outcome, record.role) == ("answer", "data-analyst")
    assert record.entries[0][0] == "data-analyst/skills"
    assert (record.asker, record.channel) == (slack.maya.id, "C0GENERAL")
    assert record.content_version == "test"


async def test_small_talk_is_not_remembered_and_goes_to_nobody(
    slack: Slack, memory: QuestionRecorder
) -> None:
    async with memory.store() as store:
        before = len(await store.questions.all(QuestionFilter()))
    _, answer = await slack.asked("thank you so much!")
    assert answer.text == "You're welcome!"
    assert labels(answer) == []
    async with memory.store() as store:
        assert len(await store.questions.all(QuestionFilter())) == before


async def test_a_sensitive_matter_is_replied_to_in_private_and_kept_without_its_words(
    slack: Slack, memory: QuestionRecorder
) -> None:
    ts = await slack.maya.say("#general", slack.mention("my manager harasses me"))
    (said,) = await slack.workspace.until(
        lambda: [m for m in slack.workspace.private_messages("maya") if "a person" in m.text][-1:]
    )
    assert "It's a matter for a person" in said.text
    assert not slack.workspace.answers("#general", ts)
    assert "Ask a person" not in labels(said)
    async with memory.store() as store:
        texts = [record.text for record in await store.questions.all(QuestionFilter())]
    assert "my manager harasses me" not in texts


async def test_answer_is_rated_by_feedback_buttons(slack: Slack, memory: QuestionRecorder) -> None:
    _, answer = await slack.asked("data analyst education")
    await slack.maya.click(answer, label="Helpful")
    await slack.listeners.drain()
    async with memory.store() as store:
        *_, rating = await store.questions.ratings(ALWAYS)
    assert (rating.helpful, rating.rater) == (True, slack.maya.id)


async def test_unhelpful_rating_asks_for_a_comment(slack: Slack, memory: QuestionRecorder) -> None:
    ts, answer = await slack.asked("ux designer education")
    await slack.maya.click(answer, label="Not helpful")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    result = await slack.maya.submit(modal, {"comment": "Is a master's needed?"})
    assert result.ok, result.errors
    async with memory.store() as store:
        *_, rating = await store.questions.ratings(ALWAYS)
    assert (rating.helpful, rating.comment) == (False, "Is a master's needed?")
    assert len(slack.workspace.answers("#general", ts)) == 1


async def test_a_forged_rating_changes_nothing(slack: Slack, memory: QuestionRecorder) -> None:
    _, answer = await slack.asked("qa engineer education")
    found = next(e for e in elements(answer.blocks) if e.label == "Helpful")
    await slack.maya.act(answer, {**found.click(), "value": "up forged"})
    await slack.workspace.until(
        lambda: any(
            "no longer remembered" in m.text for m in slack.workspace.private_messages("maya")[-1:]
        )
    )


async def test_pick_is_logged_with_its_question(slack: Slack, memory: QuestionRecorder) -> None:
    ts, answer = await slack.asked("what skills do I need?")
    await slack.maya.select(answer, "Data Engineer", action_id="choose:menu-0")
    await slack.workspace.until(lambda: "Spark" in slack.workspace.answers("#general", ts)[0].text)
    async with memory.store() as store:
        *_, pick = await store.questions.picks(ALWAYS)
    assert (pick.entry, pick.text) == ("data-engineer/skills", "what skills do I need?")


# -------------------------------------------------------------------------------- persons


async def test_handed_off_question_is_answered_in_its_thread(slack: Slack) -> None:
    jonas = slack.workspace.person("jonas")
    ts, notice = await handed_over(slack)
    assert UNANSWERABLE in notice.text
    await jonas.click(notice, label="Claim")
    assert "is looking into" in (await slack.answer("#general", ts, 3)).text
    shown = slack.workspace.message("#owners", notice.ts)
    assert shown is not None
    assert labels(shown) == ["Answer", "Point to an answer", "Give back", "Close"]
    await jonas.click(shown, label="Answer")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    assert (await jonas.submit(modal, {"text": "Size 42 & <b>."})).ok
    told = await slack.answer("#general", ts, 4)
    assert f"<@{jonas.id}> answers your question: Size 42 &amp; &lt;b&gt;." in told.text
    assert f"<@{slack.maya.id}>" in told.text
    shown = slack.workspace.message("#owners", notice.ts)
    assert shown is not None
    assert labels(shown) == ["Save as FAQ"]


async def test_of_two_simultaneous_claims_the_second_gets_a_notice(slack: Slack) -> None:
    jonas = slack.workspace.person("jonas")
    _, notice = await handed_over(slack)
    await asyncio.gather(
        jonas.click(notice, label="Claim"), slack.maya.click(notice, label="Claim")
    )
    await slack.listeners.drain()

    def late() -> list[str]:
        private = [
            *slack.workspace.private_messages("jonas"),
            *slack.workspace.private_messages("maya"),
        ]
        return [message.text for message in private if "has claimed" in message.text]

    (text,) = await slack.workspace.until(late)
    assert jonas.id in text or slack.maya.id in text


async def test_forged_click_can_not_claim_a_question(
    slack: Slack, memory: QuestionRecorder
) -> None:
    """A button that is forged onto another message moves nothing."""
    guest = slack.workspace.person("guest")
    _, notice = await handed_over(slack)
    claim = next(e for e in elements(notice.blocks) if e.label == "Claim")
    _, other = await slack.asked("data analyst skills")
    await guest.act(other, claim.click())
    await slack.workspace.until(
        lambda: any("isn't yours" in m.text for m in slack.workspace.private_messages("guest")[-1:])
    )
    async with memory.store() as store:
        *_, kept = await store.handoffs.all("T0LOCAL01", HandoffState)
    assert kept.state is HandoffState.OPEN


async def test_unhelpful_answer_can_be_handed_to_a_person(slack: Slack) -> None:
    before = len(slack.workspace.answers("#owners"))
    ts, answer = await slack.asked("product manager education")
    await slack.maya.click(answer, label="Not helpful")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    given = {"comment": "Which subjects?", "hand-over": ["yes"]}
    assert (await slack.maya.submit(modal, given)).ok
    assert "with a person now" in (await slack.answer("#general", ts, 2)).text
    notice = slack.workspace.answers("#owners")[before]
    assert "product manager education (Which subjects?)" in notice.text
    await slack.maya.click(notice, label="Close")
    assert "closed your question" in (await slack.answer("#general", ts, 3)).text


async def test_a_private_question_is_answered_in_a_direct_message(slack: Slack) -> None:
    result = await slack.maya.command("/faq", UNANSWERABLE, "#general")
    await slack.maya.click(result.messages[0], label="Ask a person")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    await slack.maya.submit(modal, {"question": "Really, which size?"})
    await slack.workspace.until(
        lambda: any("with a person" in m.text for m in slack.workspace.answers("@maya"))
    )
    assert "Really, which size?" in slack.workspace.answers("#owners")[-1].text


async def test_owner_answers_by_pointing_to_an_entry(
    slack: Slack, memory: QuestionRecorder
) -> None:
    text = f"{UNANSWERABLE} these days"
    ts, notice = await handed_over(slack, text)
    jonas = slack.workspace.person("jonas")
    await jonas.click(notice, label="Point to an answer")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    await jonas.select(modal, "data-analyst", action_id="turn")
    await slack.workspace.until(
        lambda: "Data Analyst: Skills" in str(slack.workspace.modal("jonas"))
    )
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    assert (await jonas.submit(modal, {"entry": "data-analyst/skills"})).ok
    assert "answers your question" in (await slack.answer("#general", ts, 3)).text
    assert "SQL" in (await slack.answer("#general", ts, 4)).text
    shown = slack.workspace.message("#owners", notice.ts)
    assert shown is not None
    assert "Data Analyst: Skills" in str(shown.blocks)
    await slack.listeners.drain()
    async with memory.store() as store:
        *_, suggestion = await store.proposals.all("T0LOCAL01", (ProposalState.OPEN,))
    assert (suggestion.entry, suggestion.question) == ("data-analyst/skills", text)
    assert suggestion.proposed_by == jonas.id


async def test_owner_can_not_point_a_guest_to_content_for_employees(
    slack: Slack, memory: QuestionRecorder
) -> None:
    guest, maya = slack.workspace.person("guest"), slack.maya
    before = len(slack.workspace.answers("#owners"))
    ts = await guest.say("#general", slack.mention(UNANSWERABLE + " or mars"))
    await guest.click(await slack.answer("#general", ts), label="Ask a person")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("guest"))
    await guest.submit(modal)
    await slack.workspace.until(lambda: len(slack.workspace.answers("#owners")) > before)
    await slack.answer("#general", ts, 2)
    await maya.click(slack.workspace.answers("#owners")[-1], label="Point to an answer")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    refused = await maya.submit(modal, {"entry": EMPLOYEES_ONLY})
    assert "may not read that" in refused.errors["entry"]
    await maya.close(modal)
    async with memory.store() as store:
        *_, kept = await store.handoffs.all("T0LOCAL01", HandoffState)
    assert kept.state is HandoffState.OPEN


async def test_content_for_employees_is_pointed_to_privately(slack: Slack) -> None:
    ts, notice = await handed_over(slack)
    jonas = slack.workspace.person("jonas")
    before = len(slack.workspace.answers("@maya"))
    await jonas.click(notice, label="Point to an answer")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("jonas"))
    await jonas.submit(modal, {"entry": EMPLOYEES_ONLY})
    await slack.workspace.until(lambda: len(slack.workspace.answers("@maya")) == before + 2)
    assert len(slack.workspace.answers("#general", ts)) == 2


async def test_question_for_a_user_group_is_posted_to_its_channel(slack: Slack) -> None:
    before = len(slack.workspace.answers("#hiring"))
    ts, _ = await slack.asked("python developer skills")
    answer = await slack.answer("#general", ts)
    await slack.maya.click(answer, label="Not helpful")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    await slack.maya.submit(modal, {"comment": "More?", "hand-over": ["yes"]})
    await slack.answer("#general", ts, 2)
    notice = slack.workspace.answers("#hiring")[before]
    assert "<!subteam^S0PYTHON1>" in str(notice.blocks)
    await slack.workspace.person("jonas").click(notice, label="Close")
    await slack.answer("#general", ts, 3)


# -------------------------------------------------------------------------------- sharing


async def test_a_private_answer_is_shared_with_everyone(slack: Slack) -> None:
    before = len(slack.workspace.answers("#general"))
    result = await slack.maya.command("/role", "data analyst skills", "#general")
    await slack.maya.click(result.messages[0], label="Share with everyone")
    await slack.workspace.until(lambda: len(slack.workspace.answers("#general")) > before)
    shared = slack.workspace.answers("#general")[-1]
    assert "spreadsheets" in shared.text
    assert f"<@{slack.maya.id}> shares an answer" in str(shared.blocks[0])
    await slack.workspace.until(lambda: "Shared" in result.messages[0].text)


async def test_sharing_leaves_out_content_for_employees(slack: Slack) -> None:
    before = len(slack.workspace.answers("#general"))
    result = await slack.maya.command("/faq", "how does the referral bonus work", "#general")
    await slack.maya.click(result.messages[0], label="Share with everyone")
    await slack.workspace.until(
        lambda: any(
            "isn't for everyone" in m.text for m in slack.workspace.private_messages("maya")[-1:]
        )
    )
    assert len(slack.workspace.answers("#general")) == before


async def test_sharing_in_a_channel_without_faqbot_advises_to_invite_it(slack: Slack) -> None:
    result = await slack.maya.command("/role", "data analyst skills", "#random")
    await slack.maya.click(result.messages[0], label="Share with everyone")
    await slack.workspace.until(lambda: "/invite" in result.messages[0].text)


async def test_choices_and_declines_can_not_be_shared(slack: Slack) -> None:
    result = await slack.maya.command("/faq", UNANSWERABLE, "#general")
    assert "Share with everyone" not in labels(result.messages[0])


# ------------------------------------------------------------------------- without a store


async def test_answers_without_database_have_no_buttons_until_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "faqbot.db"
    async with (
        QuestionRecorder(
            f"sqlite:///{path}", QuestionPrivacy.REDACTED, retry_interval=0.05
        ).running() as memory,
        serving(memory=memory) as slack,
    ):
        _, answer = await slack.asked("data analyst skills")
        assert "Helpful" in labels(answer)
        other = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        await slack.asked("data analyst education, mail me at me@example.org")
        await eventually(lambda: not memory.is_up)
        _, answer = await slack.asked("qa engineer skills")
        assert "patience" in answer.text
        assert "Helpful" not in labels(answer)
        other.execute("ROLLBACK")
        other.close()
        await eventually(lambda: memory.is_up)
        _, answer = await slack.asked("ux designer skills for me@example.org")
        assert "Helpful" in labels(answer)
        async with memory.store() as store:
            texts = [record.text for record in await store.questions.all(QuestionFilter())]
        assert texts[-1] is not None
        assert "example.org" not in texts[-1]
    said = [record.message for record in caplog.records if "not logged" in record.message]
    assert len(said) == 1


async def test_modal_and_click_say_that_the_database_is_down(tmp_path: Path) -> None:
    path = tmp_path / "faqbot.db"
    async with (
        QuestionRecorder(f"sqlite:///{path}").running() as memory,
        serving(memory=memory) as slack,
    ):
        _, answer = await slack.asked("data analyst skills")
        await slack.maya.click(answer, label="Not helpful")
        modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
        other = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        result = await slack.maya.submit(modal, {"comment": "Which tools?"})
        assert result.errors == {"comment": NOT_NOW}
        await slack.maya.click(answer, label="Helpful")
        await slack.workspace.until(
            lambda: [m for m in slack.workspace.private_messages("maya") if NOT_NOW in m.text]
        )
        other.execute("ROLLBACK")
        other.close()


async def test_question_in_app_home_is_logged(slack: Slack, memory: QuestionRecorder) -> None:
    await slack.maya.open_home()
    home = await slack.workspace.until(lambda: slack.workspace.home("maya"))
    await slack.maya.click(home, label="Ask a question")
    modal = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    assert (await slack.maya.submit(modal, {"text": "archivist skills"})).ok
    async with memory.store() as store:
        *_, record = await store.questions.all(QuestionFilter(surface="home"))
    assert record.text == "archivist skills"
