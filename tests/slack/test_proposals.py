"""“Save as FAQ”: proposed, approved, written as YAML, and answered at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from faqbot.app import build_index
from faqbot.content.loader import load_knowledge_base
from faqbot.content.publisher import ContentPublisher
from faqbot.engine import Engine, Index
from faqbot.index.reloader import Reloader
from faqbot.playground.blocks import elements
from faqbot.playground.models import Channel, ModalView, SlackMessage
from faqbot.storage.models import ProposalState
from faqbot.storage.recorder import QuestionRecorder
from tests.slack.conftest import Slack, knowledge, serving
from tests.support.waiting import DEADLINE

pytestmark = pytest.mark.asyncio(loop_scope="module")
OWNERS = "C0OWNERS1"
ROLE = """
role: data-analyst
title: Data Analyst
sections:
  overview: Answers questions with data.
  skills: {required: [SQL]}
"""
FAQS = """
faqs:
  - id: way
    question: How do I get to the office?
    answer: By tram.
"""


def _understood(folder: Path) -> Index:
    return build_index(load_knowledge_base(folder))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("knowledge")
    (place / "data-analyst.yaml").write_text(ROLE)
    (place / "faqs.yaml").write_text(FAQS)
    return place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def memory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[QuestionRecorder]:
    store = tmp_path_factory.mktemp("store")
    await asyncio.to_thread(knowledge)  # what holds up the loop would end transactions
    async with QuestionRecorder(f"sqlite:///{store}/faqbot.db").running() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack(memory: QuestionRecorder, folder: Path) -> AsyncIterator[Slack]:
    made = await asyncio.to_thread(_understood, folder)

    def publisher(engine: Engine) -> ContentPublisher:
        engine.swap(made)
        return ContentPublisher(engine, folder, Reloader(engine, folder, _understood).reload)

    async with serving(memory=memory, owners=OWNERS, publisher=publisher) as started:
        state = started.workspace.state
        members = frozenset(state.users) - {"U0GUEST01"}
        state.add_channel(Channel(OWNERS, "owners", members=members))
        yield started


def labels(message: SlackMessage) -> list[str]:
    return [element.label for element in elements(message.blocks)]


async def opened(slack: Slack, text: str) -> ModalView:
    """The modal of the shortcut on a message that jonas wrote."""
    ts = await slack.workspace.person("jonas").say("#general", text)
    message = slack.workspace.message("#general", ts)
    assert message is not None
    await slack.maya.shortcut("save-faq", message)
    return await slack.workspace.until(lambda: slack.workspace.modal("maya"))


async def proposed(slack: Slack, question: str, answer: str, role: str = "-") -> SlackMessage:
    """The owners' message about a proposal of maya."""
    before = len(slack.workspace.answers("#owners"))
    modal = await opened(slack, answer)
    given = {"question": question, "role": role, "audience": "everyone"}
    result = await slack.maya.submit(modal, given)
    assert result.ok, result.errors or result.error
    await slack.workspace.until(lambda: len(slack.workspace.answers("#owners")) > before)
    await slack.listeners.drain()
    return slack.workspace.answers("#owners")[-1]


async def told(slack: Slack, person: str, click: Awaitable[object]) -> str:
    """What a click of a person is privately replied with."""
    before = len(slack.workspace.private_messages(person))
    await click
    replies = await slack.workspace.until(lambda: slack.workspace.private_messages(person)[before:])
    return replies[0].text


async def test_approved_proposal_answers_at_once(slack: Slack, folder: Path) -> None:
    notice = await proposed(slack, "Is there a canteen?", "Yes: two, & both are good.")
    assert "Is there a canteen?" in notice.text
    await slack.workspace.person("jonas").click(notice, label="Approve")
    await slack.workspace.until(
        lambda: any(
            "answered from now on" in m.text for m in slack.workspace.answers("@maya")[-1:]
        ),
        within=DEADLINE,
    )
    (path,) = (folder / "proposals").glob("*.yaml")
    written = yaml.safe_load(path.read_text())
    assert written["faqs"][0]["id"] == "is-there-a-canteen"
    assert written["faqs"][0]["answer"] == "Yes: two, & both are good."
    assert load_knowledge_base(folder).entry("faq/is-there-a-canteen")
    _, answer = await slack.asked("is there a canteen here")
    assert "both are good" in answer.text
    shown = slack.workspace.message("#owners", notice.ts)
    assert shown is not None
    assert labels(shown) == []


async def test_proposal_for_a_role_becomes_its_faq(slack: Slack, folder: Path) -> None:
    question = "Does a Data Analyst travel to customers?"
    notice = await proposed(slack, question, "Twice a year.", "data-analyst")
    await slack.workspace.person("jonas").click(notice, label="Approve")
    await slack.workspace.until(
        lambda: any("travel" in m.text for m in slack.workspace.answers("@maya")[-1:]),
        within=DEADLINE,
    )
    faqs = load_knowledge_base(folder).roles_by_id["data-analyst"].faqs
    assert [faq.question for faq in faqs] == [question]


async def test_proposal_of_an_answered_question_is_warned_about_once(slack: Slack) -> None:
    modal = await opened(slack, "In the basement.")
    given = {"question": "How do I get to the office?", "audience": "everyone"}
    assert (await slack.maya.submit(modal, given)).ok
    warned = await slack.workspace.until(lambda: slack.workspace.modal("maya"))
    assert "seems to answer that already" in str(warned.blocks[0])
    before = len(slack.workspace.answers("#owners"))
    assert (await slack.maya.submit(warned, {})).ok
    await slack.workspace.until(lambda: len(slack.workspace.answers("#owners")) > before)


async def test_a_rejected_proposal_leaves_no_file(slack: Slack, folder: Path) -> None:
    files = set((folder / "proposals").glob("*"))
    notice = await proposed(slack, "Who waters the plants?", "Robots.")
    await slack.maya.click(notice, label="Reject")
    await slack.workspace.until(
        lambda: any("not taken up" in m.text for m in slack.workspace.answers("@maya")[-1:])
    )
    assert set((folder / "proposals").glob("*")) == files


async def test_of_two_simultaneous_decisions_the_second_gets_a_notice(slack: Slack) -> None:
    jonas = slack.workspace.person("jonas")
    notice = await proposed(slack, "Where are the bikes kept?", "In the yard.")
    await asyncio.gather(
        jonas.click(notice, label="Reject"), slack.maya.click(notice, label="Reject")
    )

    def late() -> list[str]:
        private = [
            *slack.workspace.private_messages("jonas"),
            *slack.workspace.private_messages("maya"),
        ]
        return [message.text for message in private if "has rejected this" in message.text]

    assert len(await slack.workspace.until(late)) == 1


async def test_guests_and_forged_clicks_change_nothing(
    slack: Slack, memory: QuestionRecorder
) -> None:
    guest = slack.workspace.person("guest")
    notice = await proposed(slack, "How old is the building?", "Ninety years.")
    approve = next(e for e in elements(notice.blocks) if e.label == "Approve")
    _, other = await slack.asked("data analyst skills")
    await guest.act(other, approve.click())
    await slack.workspace.until(
        lambda: any("isn't yours" in m.text for m in slack.workspace.private_messages("guest")[-1:])
    )
    await guest.shortcut("save-faq", other)
    await slack.workspace.until(
        lambda: any(
            "Only colleagues" in m.text for m in slack.workspace.private_messages("guest")[-1:]
        )
    )
    async with memory.store() as store:
        found = await store.proposals.all("T0LOCAL01", [ProposalState.OPEN])
    assert found[-1].question == "How old is the building?"


async def test_only_owners_approve_and_nobody_their_own(
    slack: Slack, memory: QuestionRecorder, folder: Path
) -> None:
    state = slack.workspace.state
    notice = await proposed(slack, "Is there a swimming pool?", "On the roof.")
    assert f"members of <#{OWNERS}> may decide" in str(notice.blocks)
    state.set_membership(OWNERS, "U0GUEST01", member=True)
    guest = slack.workspace.person("guest")
    try:
        for label in ("Approve", "Reject"):
            said = await told(slack, "guest", guest.click(notice, label=label))
            assert "Guests may not" in said
    finally:
        state.set_membership(OWNERS, "U0GUEST01", member=False)
    said = await told(slack, "maya", slack.maya.click(notice, label="Approve"))
    assert "You proposed this yourself" in said
    async with memory.store() as store:
        *_, kept = await store.proposals.all("T0LOCAL01", ProposalState)
    assert kept.state is ProposalState.OPEN
    assert not list((folder / "proposals").glob("*swimming*"))


async def test_approval_shows_at_once_and_a_double_click_does_nothing_more(
    slack: Slack, folder: Path
) -> None:
    jonas = slack.workspace.person("jonas")
    notice = await proposed(slack, "Where is the sauna?", "In the cellar.")
    before = len(slack.workspace.private_messages("jonas"))
    sent = len(slack.workspace.sent)
    await asyncio.gather(jonas.click(notice, label="Approve"), jonas.click(notice, label="Approve"))
    await slack.listeners.drain()
    cards = [
        str(call.payload["blocks"])
        for call in slack.workspace.sent[sent:]
        if call.by == "chat.update" and call.payload["ts"] == notice.ts
    ]
    assert len(cards) == 2
    assert "Approved by <@U0JONAS01> · being written" in cards[0]
    assert "answered from now on" in cards[1]
    assert not any("Approve'" in card for card in cards)
    assert len(slack.workspace.private_messages("jonas")) == before
    assert len(list((folder / "proposals").glob("*sauna*"))) == 1


async def test_markup_of_slack_becomes_markdown_and_a_question_a_title(
    slack: Slack, folder: Path
) -> None:
    text = (
        "Bring *all* of it, _please_:\n• a passport\n• the <https://a.example|form>\n"
        "Then ~wait~ ask."
    )
    notice = await proposed(slack, "what do i bring on the first day", text)
    await slack.workspace.person("jonas").click(notice, label="Approve")
    await slack.workspace.until(
        lambda: any("first day" in m.text for m in slack.workspace.answers("@maya")[-1:]),
        within=DEADLINE,
    )
    (path,) = (folder / "proposals").glob("*first-day*")
    (written,) = yaml.safe_load(path.read_text())["faqs"]
    assert written["question"] == "What do i bring on the first day?"
    assert written["answer"] == (
        "Bring **all** of it, _please_:\n\n- a passport\n- the [form](https://a.example)\n\n"
        "Then ~~wait~~ ask."
    )
    assert written["owner"] == "<@U0JONAS01|Jonas Berg>"
    _, answer = await slack.asked("what do i bring on the first day")
    assert "Owner: Jonas Berg" in str(answer.blocks)


async def test_proposal_stays_open_when_the_content_can_not_be_written(
    slack: Slack, folder: Path, memory: QuestionRecorder
) -> None:
    broken = folder / "broken.yaml"
    notice = await proposed(slack, "Is there a gym?", "Next door.")
    broken.write_text("role: [")
    try:
        await slack.workspace.person("jonas").click(notice, label="Approve")
        await slack.workspace.until(
            lambda: any(
                "stays open" in m.text for m in slack.workspace.private_messages("jonas")[-1:]
            ),
            within=DEADLINE,
        )
    finally:
        broken.unlink()
    assert not list((folder / "proposals").glob("*gym*"))
    async with memory.store() as store:
        found = await store.proposals.all("T0LOCAL01", [ProposalState.OPEN])
    assert found[-1].question == "Is there a gym?"


async def test_accepted_suggestion_becomes_a_phrasing(slack: Slack, folder: Path) -> None:
    text = "which skills does one need around here"
    ts, answer = await slack.asked(text)
    await slack.maya.click(answer, label="Skills")
    await slack.workspace.until(lambda: "SQL" in slack.workspace.answers("#general", ts)[0].text)
    await slack.listeners.drain()
    await slack.maya.open_home()

    def suggested() -> ModalView | None:
        shown = slack.workspace.home("maya")
        return shown if shown and "Suggested phrasings" in str(shown.blocks) else None

    home = await slack.workspace.until(suggested)
    assert text in str(home.blocks)
    take = next(e for e in elements(home.blocks) if e.label == "Take it up")
    guest = slack.workspace.person("guest")
    await guest.open_home()
    theirs = await slack.workspace.until(lambda: slack.workspace.home("guest"))
    assert "Suggested" not in str(theirs.blocks)
    await guest.act(theirs, take.click())
    modal = await slack.workspace.until(lambda: slack.workspace.modal("guest"))
    assert "Only the owners" in str(modal.blocks)
    await slack.maya.act(home, take.click())
    await slack.workspace.until(
        lambda: "Suggested" not in str((slack.workspace.home("maya") or home).blocks),
        within=DEADLINE,
    )
    await slack.listeners.drain()
    written = yaml.safe_load((folder / "proposals" / "phrasings.yaml").read_text())
    assert written == {"phrasings": {"data-analyst/skills": [text]}}
    assert text in str(load_knowledge_base(folder).entry("data-analyst/skills"))
