"""The figures of what is remembered, the same over SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from faqbot.storage.questions import QuestionFilter
from faqbot.storage.reports import (
    EntryStatistics,
    PartStatistics,
    UnansweredGroup,
    UsageStatistics,
    usage_statistics,
)
from faqbot.storage.store import Store
from tests.storage.test_store import DAY, NOW, record

SKILLS = (("qa-engineer/skills", 0.9),)


def alone(texts: Sequence[str]) -> Sequence[Sequence[int]]:
    """Every text is a group of its own."""
    return [[at] for at in range(len(texts))]


@pytest.fixture
async def asked(store: Store) -> Store:
    """Five questions of two days, two of them without an answer, one too old."""
    missed = {"outcome": "decline", "reason": "unclear", "entries": (), "asker": "UNAME"}
    await store.questions.add(
        [
            record(1),
            record(2, at=NOW - DAY, entries=SKILLS),
            record(3, entries=SKILLS),
            record(4, text="any canteen?", text_hash="c" * 64, role=None, **missed),
            record(5, text=None, text_hash="d" * 64, **missed),
            record(6, at=NOW - 30 * DAY),
        ]
    )
    await store.questions.rate("T1", "r1", "URATER", helpful=False)
    await store.questions.rate("T1", "r2", "URATER", helpful=True)
    return store


async def of(store: Store, wanted: QuestionFilter | None = None) -> UsageStatistics:
    return await usage_statistics(store, NOW - 7 * DAY, NOW + DAY, alone, wanted)


async def test_questions_are_counted_by_outcome_and_day(asked: Store) -> None:
    found = await of(asked)
    assert found.questions == 5
    assert found.outcomes == (("answer", 3), ("decline", 2))
    assert found.days == (
        ("2026-11-23", (("answer", 1),)),
        ("2026-11-24", (("answer", 2), ("decline", 2))),
    )


async def test_entries_are_counted_with_their_ratings(store: Store, asked: Store) -> None:
    # Ratings bear the time at which they are given, so the period reaches to the present.
    since = min(NOW - 7 * DAY, dt.datetime.now(dt.UTC) - DAY)
    found = await usage_statistics(store, since, NOW + DAY, alone)
    skills, education = found.most_asked
    assert (skills.entry, skills.helpful, skills.not_helpful) == ("qa-engineer/skills", 1, 0)
    assert education.entry == "qa-engineer/education"
    assert found.poorly_rated == (EntryStatistics(education.entry, education.count, 0, 1),)
    assert (found.helpful, found.not_helpful) == (1, 1)


async def test_words_of_one_person_are_counted_and_not_shown(asked: Store) -> None:
    assert sorted((await of(asked)).unanswered, key=repr) == [
        UnansweredGroup(1, (), "qa-engineer"),
        UnansweredGroup(1, (), None),
    ]


async def test_words_of_two_people_are_shown(store: Store, asked: Store) -> None:
    missed = {"outcome": "decline", "reason": "unclear", "entries": (), "role": None}
    again = {"text": "any canteen?", "text_hash": "c" * 64, **missed}
    await store.questions.add([record(7, asker="UNAME", **again)])
    assert not any(one.examples for one in (await of(asked)).unanswered)
    await store.questions.add([record(8, asker="UOTHER", **again)])
    assert UnansweredGroup(3, ("any canteen?",), None) in (await of(asked)).unanswered


async def test_a_line_without_words_is_no_unanswered_question(store: Store) -> None:
    missed = {"outcome": "decline", "reason": "empty", "entries": ()}
    await store.questions.add([record(9, text="?!", **missed)])
    assert (await of(store)).unanswered == ()


async def test_parts_of_a_role_are_counted(asked: Store) -> None:
    assert (await of(asked, QuestionFilter(role="qa-engineer"))).parts == (
        PartStatistics("qa-engineer", "", 0, 1),
        PartStatistics("qa-engineer", "education", 1, 0),
        PartStatistics("qa-engineer", "skills", 2, 0),
    )


async def test_statistics_name_no_people(asked: Store) -> None:
    shown = repr(await of(asked))
    assert "UNAME" not in shown
    assert "URATER" not in shown
