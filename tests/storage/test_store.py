"""What is remembered, the same over SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from faqbot.errors import SettingsError
from faqbot.storage.models import (
    ChannelMode,
    ChannelPolicy,
    Handoff,
    HandoffState,
    Proposal,
    ProposalState,
    QuestionRecord,
    StoreError,
)
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.store import Store, open_store

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ALWAYS = NOW - 1000 * DAY


def record(number: int = 1, **changes: object) -> QuestionRecord:
    made = QuestionRecord(
        id=f"r{number}",
        team="T1",
        at=NOW,
        asker="U1",
        channel="C1",
        surface="channel",
        role="qa-engineer",
        text="is a degree mandatory?",
        text_hash="0" * 64,
        outcome="answer",
        reason="clear",
        entries=(("qa-engineer/education", 0.97),),
        content_version="abc",
        seconds=0.001,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def handover(number: int = 1) -> Handoff:
    return Handoff(
        f"h{number}", "T1", "r1", "how old must I be?", "U1", "C1", "1.0", "@people", NOW, NOW
    )


def proposal(number: int = 1) -> Proposal:
    return Proposal(
        f"p{number}", "T1", "faq", "Is there a canteen?", NOW, NOW, answer="Yes.", proposed_by="U1"
    )


async def test_stored_question_is_read_back_unchanged(store: Store) -> None:
    await store.questions.add([record()])
    assert await store.questions.get("T1", "r1") == record()
    assert await store.questions.get("T1", "r2") is None


async def test_questions_are_filtered_by_time_role_surface_and_outcome(store: Store) -> None:
    old = record(2, at=NOW - 9 * DAY)
    other = record(3, role=None, surface="direct", outcome="decline", entries=(), team="T2")
    await store.questions.add([record(), old, other])
    assert await store.questions.all(QuestionFilter()) == (old, record(), other)
    assert await store.questions.all(QuestionFilter(since=NOW - DAY, role="qa-engineer")) == (
        record(),
    )
    assert await store.questions.all(QuestionFilter(until=NOW)) == (old,)
    assert await store.questions.all(QuestionFilter(surface="direct")) == (other,)
    assert await store.questions.all(QuestionFilter(outcome="decline", team="T1")) == ()
    assert await store.questions.all(QuestionFilter(), limit=1) == (other,)


async def test_second_rating_replaces_the_first(store: Store) -> None:
    await store.questions.add([record()])
    assert await store.questions.rate("T1", "r1", "U2", helpful=True)
    assert await store.questions.rate("T1", "r1", "U2", helpful=False, comment="outdated")
    (rating,) = await store.questions.ratings(ALWAYS)
    assert (rating.helpful, rating.comment) == (False, "outdated")


async def test_unknown_question_cannot_be_rated_or_picked(store: Store) -> None:
    assert not await store.questions.rate("T1", "gone", "U2", helpful=True)
    assert not await store.questions.pick("T1", "gone", "U2", "x")


async def test_pick_refers_to_its_question(store: Store) -> None:
    await store.questions.add([record(), record(2, text=None)])
    assert await store.questions.pick("T1", "r1", "U1", "qa-engineer/skills")
    assert await store.questions.pick("T1", "r2", "U1", "qa-engineer/skills")
    words = [pick.text for pick in await store.questions.picks(ALWAYS)]
    assert words == ["is a degree mandatory?", None]


async def test_second_claim_of_a_handoff_gets_the_first_claimant(url: str) -> None:
    first, second = await open_store(url), await open_store(url)
    await first.handoffs.add(handover())
    (one, won_one), (two, won_two) = await asyncio.gather(
        first.handoffs.claim("T1", "h1", "U7"), second.handoffs.claim("T1", "h1", "U8")
    )
    assert sorted((won_one, won_two)) == [False, True]
    assert one is not None
    assert two is not None
    assert one.claimed_by == two.claimed_by == ("U7" if won_one else "U8")
    await first.close()
    await second.close()


async def test_question_is_handed_off_once_by_each_asker(url: str) -> None:
    first, second = await open_store(url), await open_store(url)
    await first.questions.add([record()])
    added = await asyncio.gather(
        first.handoffs.add(handover()), second.handoffs.add(replace(handover(), id="h2"))
    )
    assert sorted(won for _, won in added) == [False, True]
    assert added[0][0].id == added[1][0].id
    other = replace(handover(), id="h3", asker="U9")
    assert await first.handoffs.add(other) == (other, True)
    await first.handoffs.remove("T1", "h3")
    assert await first.handoffs.of_question("T1", other.question_id, "U9") is None
    await first.close()
    await second.close()


async def test_asker_by_mail_is_kept_whole_however_long_the_address(store: Store) -> None:
    mail = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    given = replace(handover(), asker=f"mailto:{mail}")
    await store.handoffs.add(given)
    kept = await store.handoffs.get("T1", given.id)
    assert kept is not None
    assert (kept, kept.mail) == (given, mail)
    assert (await store.deletion.person(f"mailto:{mail}")).handoffs == 1


async def test_claimed_handoff_is_open_again_when_it_is_given_back(store: Store) -> None:
    await store.handoffs.add(handover())
    assert (await store.handoffs.give_back("T1", "h1"))[1] is False
    await store.handoffs.claim("T1", "h1", "U7")
    found, won = await store.handoffs.give_back("T1", "h1")
    assert won
    assert found is not None
    assert (found.state, found.claimed_by) == (HandoffState.OPEN, "")


async def test_handoff_goes_from_open_to_answered(store: Store) -> None:
    await store.handoffs.add(handover())
    await store.handoffs.set_notice("T1", "h1", "C9", "2.0")
    await store.handoffs.claim("T1", "h1", "U7")
    assert (await store.handoffs.answer("T1", "h1", "U8", "no"))[1] is False
    answered, won = await store.handoffs.answer("T1", "h1", "U7", "18")
    assert won
    assert answered is not None
    assert (answered.state, answered.answer) == (HandoffState.ANSWERED, "18")
    assert (answered.notice_channel, answered.notice_ts) == ("C9", "2.0")
    assert (await store.handoffs.answer("T1", "h1", "U7", "19"))[1] is False
    assert (await store.handoffs.close("T1", "h1", "U7"))[1] is False
    assert await store.handoffs.all("T1", [HandoffState.OPEN]) == ()
    assert len(await store.handoffs.all("T1", [HandoffState.ANSWERED])) == 1
    assert await store.handoffs.claim("T1", "gone", "U7") == (None, False)


async def test_one_of_two_concurrent_decisions_succeeds(url: str) -> None:
    first, second = await open_store(url), await open_store(url)
    await first.proposals.add(proposal())
    decided = await asyncio.gather(
        first.proposals.decide("T1", "p1", "U7", approve=True),
        second.proposals.decide("T1", "p1", "U8", approve=False),
    )
    assert sorted(won for _, won in decided) == [False, True]
    assert decided[0][0] == decided[1][0]
    await first.close()
    await second.close()


async def test_decision_can_be_undone(store: Store) -> None:
    await store.proposals.add(proposal())
    await store.proposals.decide("T1", "p1", "U7", approve=True)
    await store.proposals.reopen("T1", "p1")
    (found,) = await store.proposals.all("T1", [ProposalState.OPEN])
    assert found.decided_by == ""


async def test_a_channel_has_one_policy(store: Store) -> None:
    assert await store.policies.get("T1", "C1") is None
    await store.policies.set(ChannelPolicy("T1", "C1", ChannelMode.ALL, private=True))
    await store.policies.set(
        ChannelPolicy("T1", "C1", ChannelMode.OFF, owner="@people", changed_by="U1")
    )
    expected = ChannelPolicy("T1", "C1", ChannelMode.OFF, owner="@people", changed_by="U1")
    assert await store.policies.get("T1", "C1") == expected


async def test_key_is_claimed_once_by_several_processes(url: str) -> None:
    stores = [await open_store(url) for _ in range(3)]
    won = await asyncio.gather(*(store.claims.claim("event", "T1", "E1") for store in stores))
    assert sorted(won) == [False, False, True]
    assert not await stores[0].claims.claim("event", "T1", "E1")
    assert await stores[0].claims.claim("event", "T1", "E2")
    for store in stores:
        await store.close()


async def test_forget_person_deletes_all_their_data(store: Store) -> None:
    await store.questions.add([record(), record(2, asker="U2")])
    await store.questions.rate("T1", "r1", "U2", helpful=True)
    await store.questions.rate("T1", "r2", "U1", helpful=True)
    await store.questions.pick("T1", "r2", "U1", "x")
    await store.handoffs.add(handover())
    await store.handoffs.add(replace(handover(2), asker="U2", claimed_by="U1"))
    await store.proposals.add(proposal())
    forgotten = await store.deletion.person("U1")
    assert (forgotten.questions, forgotten.ratings, forgotten.picks) == (1, 2, 1)
    assert (forgotten.handoffs, forgotten.names) == (1, 2)
    assert await store.questions.get("T1", "r1") is None
    assert await store.questions.get("T1", "r2") is not None
    kept = await store.handoffs.get("T1", "h2")
    assert kept is not None
    assert kept.claimed_by == ""
    assert (await store.deletion.person("U1")).questions == 0


async def test_old_questions_expire_but_open_handoffs_stay(store: Store) -> None:
    long_ago = NOW - 400 * DAY
    await store.questions.add([record(1, at=long_ago), record(2)])
    await store.questions.rate("T1", "r1", "U1", helpful=True)
    await store.handoffs.add(replace(handover(1), changed=long_ago))
    closed = replace(handover(2), question_id="r2", state=HandoffState.CLOSED)
    await store.handoffs.add(replace(closed, changed=long_ago))
    assert await store.deletion.old(NOW - 180 * DAY) == 2
    assert await store.questions.get("T1", "r1") is None
    assert await store.questions.get("T1", "r2") is not None
    assert await store.handoffs.get("T1", "h1") is not None


async def test_several_processes_migrate_at_once(url: str) -> None:
    stores = await asyncio.gather(*(open_store(url) for _ in range(4)))
    await stores[0].questions.add([record()])
    assert await stores[3].questions.get("T1", "r1") == record()
    for store in stores:
        await store.close()


async def test_stored_data_is_there_after_a_restart(url: str) -> None:
    first = await open_store(url)
    await first.questions.add([record()])
    await first.close()
    again = await open_store(url)
    assert await again.questions.get("T1", "r1") == record()
    await again.close()


async def test_locked_database_is_an_error_until_it_is_free(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/faqbot.db")
    other = sqlite3.connect(tmp_path / "faqbot.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked by another program"):
        await store.questions.add([record()])
    other.execute("ROLLBACK")
    other.close()
    await store.questions.add([record()])
    assert await store.questions.get("T1", "r1") == record()
    await store.close()


@pytest.mark.parametrize("address", ["nonsense", "mysql://x/y", ""])
async def test_invalid_address_is_advice(address: str) -> None:
    with pytest.raises(SettingsError, match="FAQBOT_DATABASE_URL"):
        await open_store(address)


async def test_missing_database_is_an_error_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"\*\*\*") as raised:
        await open_store("postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(raised.value)


async def test_folder_that_cannot_be_created_is_advice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="FAQBOT_DATABASE_URL"):
        await open_store(f"sqlite:///{tmp_path}/file/below/faqbot.db")
