"""Nothing of one workspace is ever visible in another: tests try to cross."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from faqbot.slack.blockkit.blocks import Action
from faqbot.slack.listeners.handoff import ANSWER_VIEW
from faqbot.storage.claims import MemoryClaims
from faqbot.storage.installations import Installation
from faqbot.storage.models import (
    PHRASING,
    ChannelMode,
    ChannelPolicy,
    HandoffState,
    Proposal,
    ProposalState,
    utc_now,
)
from faqbot.storage.questions import QuestionFilter
from faqbot.workspaces.server import WeeklyDigests
from tests.slack.many import CHANNEL, OWNER, PERSON, WORD, A, B, C, Call, Many, many

ASKED = "what skills does a pilot need"
THREAD = "1700000001.000000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Many]:
    async with many(tmp_path_factory.mktemp("many")) as started:
        yield started
        for team in (A, B, C):
            said = "\n".join(call.text for call in started.api.of(team))
            for other in {A, B, C} - {team}:
                assert WORD[other] not in said, f"{team} was told of {other}"
                assert other not in said


pytestmark = pytest.mark.asyncio(loop_scope="module")


def question_id_of(answer: Call) -> str:
    """The id of the question behind an answer's buttons."""
    for block in answer.sent["blocks"]:
        for element in block.get("elements") or ():
            button = element.get("positive_button") or element
            if str(button.get("value", "")).startswith("up "):
                return str(button["value"]).removeprefix("up ")
            if str(button.get("action_id", "")).startswith(Action.ASK_PERSON):
                return str(button["value"])
    raise AssertionError("no button")


async def test_each_workspace_answers_from_its_own_content(process: Many) -> None:
    for team in (A, B, C, A):
        ts = f"1700000001.0000{next(process.numbers) if team == A else 99:02}"
        (answer,) = await process.mention(team, ASKED, ts)
        assert answer.token == f"xoxb-{team}"
        assert f"{WORD[team]} navigation" in answer.text
        assert answer.sent["channel"] == CHANNEL


async def test_thread_state_is_separate_in_each_workspace(process: Many) -> None:
    ts = "1700000100.000000"
    await process.mention(A, "what does a pilot do", ts)
    (follow,) = await process.mention(A, "and which skills?", "1700000101.000000", ts)
    assert WORD[A] in follow.text
    (other,) = await process.mention(B, "and which skills?", "1700000101.000000", ts)
    assert "navigation" not in other.text  # nothing was said there of a pilot


async def test_question_of_another_workspace_can_be_neither_rated_nor_read(process: Many) -> None:
    (answer,) = await process.mention(A, ASKED, "1700000200.000000")
    question_id = question_id_of(answer)
    (told,) = await process.click(B, f"{Action.RATE}:0", f"down {question_id}", user=PERSON)
    assert "no longer remembered" in told.text
    (told,) = await process.click(B, f"{Action.ASK_PERSON}:0", question_id, user=PERSON)
    assert "no longer remembered" in told.text
    metadata = json.dumps({"question_id": question_id, "channel": CHANNEL, "thread": THREAD})
    values = {
        "comment": {"comment": {"value": "no"}},
        "hand-over": {"hand-over": {"selected_options": [{"value": "yes"}]}},
    }
    await process.submit(B, "rate", metadata, values, user=PERSON)
    response = await process.submit(
        B, "person", metadata, {"question": {"question": {"value": "why"}}}, user=PERSON
    )
    assert "no longer remembered" in response.body
    block = f"question:{question_id}"
    await process.click(B, f"{Action.CHOOSE}:0", "pilot/skills", user=PERSON, block_id=block)
    async with process.memory.store() as store:
        (record,) = [
            one for one in await store.questions.all(QuestionFilter()) if one.id == question_id
        ]
        assert record.team == A
        assert await store.questions.ratings(record.at) == ()
        assert await store.questions.picks(record.at) == ()
        assert await store.handoffs.all(B, HandoffState) == ()
        assert await store.proposals.all(B, ProposalState) == ()
    await process.click(A, f"{Action.RATE}:0", f"up {question_id}", user=PERSON)
    async with process.memory.store() as store:  # and at home it can
        (rating,) = await store.questions.ratings(record.at, A)
        assert rating.question_id == question_id
        assert await store.questions.ratings(record.at, B) == ()


async def handed_over(process: Many) -> str:
    """A question of A that waits for a person."""
    (answer,) = await process.mention(A, ASKED, f"17000003{next(process.numbers):02}.000000")
    metadata = json.dumps(
        {"question_id": question_id_of(answer), "channel": CHANNEL, "thread": THREAD}
    )
    words = f"how much {WORD[A]} is there"
    await process.submit(
        A, "person", metadata, {"question": {"question": {"value": words}}}, user=PERSON
    )
    async with process.memory.store() as store:
        *_, handover = await store.handoffs.all(A, [HandoffState.OPEN])
    assert handover.question == words
    return handover.id


async def test_hand_off_of_another_workspace_can_not_be_changed(process: Many) -> None:
    handover = await handed_over(process)
    for kind in (
        Action.CLAIM,
        Action.CLOSE,
        Action.REPLY,
        Action.ASSIGN,
    ):
        (told,) = await process.click(B, f"{kind}:0", handover)
        assert "isn't yours" in told.text
    (told,) = await process.click(B, f"{Action.SAVE_AS_FAQ}:0", handover)
    assert "isn't yours" in told.text
    typed = {"answer": {"answer": {"value": "42"}}, "text": {"text": {"value": "42"}}}
    response = await process.submit(B, ANSWER_VIEW, handover, typed)
    assert "no longer kept" in response.body
    picked = {"entry": {"entry": {"selected_option": {"value": "pilot/skills"}}}}
    response = await process.submit(B, "assign-entry", handover, picked)
    assert "no longer kept" in response.body
    await process.send(
        {
            "type": "block_actions",
            "team": {"id": B},
            "user": {"id": OWNER, "team_id": B},
            "trigger_id": "turn",
            "view": {"id": "V1", "type": "modal", "private_metadata": handover, "hash": "h"},
            "actions": [
                {
                    "action_id": Action.SWITCH_ROLE,
                    "block_id": "role",
                    "type": "static_select",
                    "selected_option": {"value": "pilot"},
                }
            ],
        }
    )
    async with process.memory.store() as store:
        found = await store.handoffs.get(A, handover)
        assert found is not None
        assert found.state is HandoffState.OPEN
        assert await store.handoffs.get(B, handover) is None
    await process.click(A, f"{Action.CLAIM}:0", handover)
    async with process.memory.store() as store:
        found = await store.handoffs.get(A, handover)
        assert found is not None
        assert found.state is HandoffState.CLAIMED


async def proposed(process: Many, team: str, question: str) -> str:
    def selected(value: str) -> dict[str, object]:
        return {"selected_option": {"value": value}}

    values = {
        "question": {"question": {"value": question}},
        "answer": {"answer": {"value": f"Ask the {WORD[team]} desk."}},
        "role": {"role": selected("pilot")},
        "audience": {"audience": selected("everyone")},
    }
    await process.submit(team, "propose-faq", "{}", values, user=PERSON)
    async with process.memory.store() as store:
        *_, proposal = await store.proposals.all(team, [ProposalState.OPEN])
    assert proposal.question == question
    return proposal.id


async def test_proposal_of_another_workspace_can_not_be_decided(process: Many) -> None:
    proposal = await proposed(process, A, f"Who pays for {WORD[A]} uniforms?")
    for kind in (Action.APPROVE, Action.REJECT):
        (told,) = await process.click(B, f"{kind}:0", proposal)
        assert "isn't yours" in told.text
    for kind in (Action.ACCEPT_SUGGESTION, Action.DISMISS_SUGGESTION):
        calls = await process.click(B, f"{kind}:0", proposal)
        assert any("no longer there" in call.text for call in calls)
    async with process.memory.store() as store:
        found = await store.proposals.get(A, proposal)
    assert found is not None
    assert found.state is ProposalState.OPEN


async def test_approved_proposal_changes_content_of_its_workspace_only(process: Many) -> None:
    def texts() -> dict[str, str]:
        folders = {team: process.folder / WORD[team] for team in (A, B, C)}
        return {
            team: "".join(path.read_text() for path in sorted(Path(folder).rglob("*.yaml")))
            for team, folder in folders.items()
        }

    before = texts()
    proposal = await proposed(process, C, "Who washes the plane?")
    *_, told = await process.click(C, f"{Action.APPROVE}:0", proposal)
    assert "Several workspaces answer from this content" in told.text
    assert texts() == before
    async with process.memory.store() as store:
        found = await store.proposals.get(C, proposal)
        assert found is not None
        assert found.state is ProposalState.OPEN
    proposal = await proposed(process, A, "Who washes the plane?")
    await process.click(A, f"{Action.APPROVE}:0", proposal)
    after = texts()
    assert "Who washes the plane?" in after[A]
    assert {**after, A: ""} == {**before, A: ""}
    for team, answered in ((A, True), (B, False)):
        ts = f"17000004{next(process.numbers):02}.000000"
        (answer,) = await process.mention(team, "who washes the plane of a pilot?", ts)
        assert (f"Ask the {WORD[A]} desk" in answer.text) is answered
    book = await process.shelf.acquire(str(process.folder / WORD[A]))
    (entry,) = [
        faq.id
        for faq in (*book.knowledge_base.faqs, *book.knowledge_base.roles[0].faqs)
        if faq.question == "Who washes the plane?"
    ]
    for team, shown in ((B, False), (A, True)):  # also for who knows its id
        (answer,) = await process.click(team, f"{Action.SHOW}:0", entry, user=PERSON)
        assert (f"Ask the {WORD[A]} desk" in answer.text) is shown


async def test_app_home_shows_suggestions_of_its_workspace_only(process: Many) -> None:
    await proposed(process, A, f"Where is the {WORD[A]} hangar?")
    await handed_over(process)
    async with process.memory.store() as store:
        suggestion = Proposal(
            id="s0ofA",
            team=A,
            kind=PHRASING,
            question=f"{WORD[A]} tools",
            role="pilot",
            entry="pilot/skills",
            created=utc_now(),
            changed=utc_now(),
        )
        await store.proposals.add(suggestion)

    async def home(team: str) -> str:
        before = len(process.api.calls)
        event = {"type": "app_home_opened", "user": OWNER, "channel": "D0SAME000", "tab": "home"}
        await process.send(process.event(team, event))
        calls = [call for call in process.api.calls[before:] if call.method == "views.publish"]
        assert {call.token for call in calls} == {f"xoxb-{team}"}
        return "".join(call.text for call in calls)

    own = await home(A)
    for words in (f"{WORD[A]} hangar", f"how much {WORD[A]} is there", f"{WORD[A]} tools"):
        assert words in own
    for team in (B, C):
        other = await home(team)
        assert other
        assert WORD[A] not in other


async def test_digest_covers_its_workspace_only(process: Many) -> None:
    async def teams(installation: Installation) -> tuple[str, ...]:
        return (installation.workspace.team,)

    digests = WeeklyDigests(process.installations, process.workspaces, teams, MemoryClaims())
    # Words are shown from two people on.
    for number, user in enumerate((PERSON, OWNER)):
        ts = f"170000070{number}.000000"
        await process.mention(A, f"does the {WORD[A]} crew get stock options", ts, user=user)
    before = len(process.api.calls)
    assert await digests.send(dt.date(2026, 11, 23))
    said = [call for call in process.api.calls[before:] if call.method == "chat.postMessage"]
    assert any(f"{WORD[A]} crew" in call.text for call in said if call.token == f"xoxb-{A}")
    for team in (B, C):
        own = [call.text for call in said if call.token == f"xoxb-{team}"]
        assert own
        assert WORD[A] not in "".join(own)
    async with process.memory.store() as store:
        await store.deletion.person(OWNER, A)


async def test_channel_settings_are_separate_in_each_workspace(process: Many) -> None:
    other = "C0SAME111"
    async with process.memory.store() as store:
        await store.policies.set(ChannelPolicy(A, other, ChannelMode.ALL))
    await process.workspaces.reopen_all()  # policies are kept in memory for a while
    event = {
        "type": "message",
        "channel": other,
        "channel_type": "channel",
        "user": PERSON,
        "text": ASKED,
    }
    for team, answers in ((B, 0), (A, 1)):
        ts = f"17000005{next(process.numbers):02}.000000"
        before = len(process.api.said(team))
        await process.send(process.event(team, {**event, "ts": ts, "team": team}))
        said = process.api.said(team)[before:]
        assert len([call for call in said if call.method == "chat.postMessage"]) == answers


async def test_reports_and_deletion_cover_one_workspace(process: Many) -> None:
    for team in (A, B):
        await process.mention(team, ASKED, f"17000006{next(process.numbers):02}.000000")
        response = await process.send(
            {
                "command": "/faq",
                "text": "report",
                "team_id": team,
                "user_id": OWNER,
                "channel_id": CHANNEL,
                "trigger_id": f"trigger{next(process.numbers)}",
            }
        )
        assert "questions" in response.body
        assert not any(WORD[other] in response.body for other in {A, B, C} - {team})
    async with process.memory.store() as store:
        ours, theirs = QuestionFilter(team=A), QuestionFilter(team=B)
        kept = len(await store.questions.all(theirs))
        assert len(await store.questions.all(ours))
        assert (await store.deletion.person(PERSON, A)).questions
        assert await store.questions.all(ours) == ()
        assert len(await store.questions.all(theirs)) == kept
