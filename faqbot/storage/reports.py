"""Statistics of a period: questions, answers, ratings and gaps, without names of people."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from faqbot.model import Reason
from faqbot.storage.models import QuestionRecord, Rating
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.store import Store

Grouping = Callable[[Sequence[str]], Sequence[Sequence[int]]]
"""Groups texts by meaning: returns the positions of each group's texts."""


MIN_ASKERS: Final = 2
"""People who must have asked a question before a report shows its words."""


@dataclass(frozen=True, slots=True)
class EntryStatistics:
    """How often an entry was the answer, and how it was rated."""

    entry: str
    count: int
    helpful: int = 0
    not_helpful: int = 0


@dataclass(frozen=True, slots=True)
class UnansweredGroup:
    """Declined questions of one meaning, with up to three examples.

    It has no examples if fewer than `MIN_ASKERS` people asked. `role` is the id of the role that
    all of them name, or None.
    """

    count: int
    examples: tuple[str, ...]
    role: str | None


@dataclass(frozen=True, slots=True)
class PartStatistics:
    """How often a part of a role was asked about, by outcome; `part` is empty if none was named."""

    role: str
    part: str
    answered: int
    not_answered: int


@dataclass(frozen=True, slots=True)
class UsageStatistics:
    """The statistics of a period; `days` holds the counts by outcome of each day with questions."""

    since: dt.datetime
    until: dt.datetime
    questions: int
    outcomes: tuple[tuple[str, int], ...]
    days: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    most_asked: tuple[EntryStatistics, ...]
    unanswered: tuple[UnansweredGroup, ...]
    poorly_rated: tuple[EntryStatistics, ...]
    parts: tuple[PartStatistics, ...]
    helpful: int
    not_helpful: int


async def usage_statistics(
    store: Store,
    since: dt.datetime,
    until: dt.datetime,
    grouping: Grouping,
    filters: QuestionFilter | None = None,
) -> UsageStatistics:
    """Return the statistics of a period, of all questions or of those that match.

    Raises:
        StoreError: the database can't be used.
    """
    records = await store.questions.all(
        replace(filters or QuestionFilter(), since=since, until=until)
    )
    ratings = await store.questions.ratings(since)
    return summarize(records, ratings, since, until, grouping)


def summarize(
    records: Sequence[QuestionRecord],
    ratings: Iterable[Rating],
    since: dt.datetime,
    until: dt.datetime,
    grouping: Grouping,
) -> UsageStatistics:
    """Return the statistics of some questions and their ratings."""
    by_id = {record.id: record for record in records}
    rated = [rating for rating in ratings if rating.question_id in by_id]
    good: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for rating in rated:
        entry = _entry(by_id[rating.question_id])
        (good if rating.helpful else bad)[entry] += 1
    answered = [record for record in records if record.outcome == "answer" and record.entries]
    counts = Counter(_entry(record) for record in answered)
    most = tuple(
        EntryStatistics(entry, count, good[entry], bad[entry])
        for entry, count in counts.most_common()
    )
    days: dict[str, Counter[str]] = {}
    for record in records:
        days.setdefault(record.at.date().isoformat(), Counter())[record.outcome] += 1
    return UsageStatistics(
        since=since,
        until=until,
        questions=len(records),
        outcomes=_sorted_counts(Counter(record.outcome for record in records)),
        days=tuple((day, _sorted_counts(count)) for day, count in sorted(days.items())),
        most_asked=most,
        unanswered=_unanswered_groups(records, grouping),
        poorly_rated=tuple(
            sorted(
                (one for one in most if one.not_helpful > one.helpful),
                key=lambda one: (one.helpful - one.not_helpful, one.entry),
            )
        ),
        parts=_part_statistics(records),
        helpful=sum(good.values()),
        not_helpful=sum(bad.values()),
    )


def _entry(record: QuestionRecord) -> str:
    return record.entries[0][0] if record.entries else ""


def _sorted_counts(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items()))


def _unanswered_groups(
    records: Iterable[QuestionRecord], grouping: Grouping
) -> tuple[UnansweredGroup, ...]:
    """Group declined questions by meaning, the most frequent group first."""
    declined = [
        record
        for record in records
        # Sensitive matters went to a person, and a line without words asks for no content.
        if record.outcome == "decline"
        and record.reason not in (Reason.SENSITIVE, Reason.EMPTY, Reason.SMALL_TALK)
    ]
    same: dict[str, list[QuestionRecord]] = {}
    for record in declined:
        same.setdefault(record.text_hash, []).append(record)
    # Questions whose words aren't stored can be counted by their hash, but not compared.
    known = [group for group in same.values() if group[0].text]
    texts = [str(group[0].text) for group in known]
    groups = [[known[at] for at in positions] for positions in grouping(texts)]
    groups += [[group] for group in same.values() if not group[0].text]
    found = []
    for group in groups:
        ordered = sorted(group, key=len, reverse=True)
        roles = {record.role for equal in group for record in equal}
        is_shown = _askers(record for equal in group for record in equal) >= MIN_ASKERS
        found.append(
            UnansweredGroup(
                count=sum(len(equal) for equal in group),
                examples=tuple(text for one in ordered[:3] if is_shown and (text := one[0].text)),
                role=roles.pop() if len(roles) == 1 else None,
            )
        )
    return tuple(sorted(found, key=lambda group: (-group.count, group.examples)))


def without_rare_words(records: Sequence[QuestionRecord]) -> tuple[QuestionRecord, ...]:
    """Return questions without the words that fewer than `MIN_ASKERS` people asked for."""
    same: dict[str, list[QuestionRecord]] = {}
    for record in records:
        same.setdefault(record.text_hash, []).append(record)
    shown = {name for name, equal in same.items() if _askers(equal) >= MIN_ASKERS}
    return tuple(
        record if record.text_hash in shown else replace(record, text=None) for record in records
    )


def _askers(records: Iterable[QuestionRecord]) -> int:
    return len({(record.team, record.asker) for record in records})


def _part_statistics(records: Iterable[QuestionRecord]) -> tuple[PartStatistics, ...]:
    answered: Counter[tuple[str, str]] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    for record in records:
        entry = _entry(record)
        role = record.role or (entry.partition("/")[0] if "/" in entry else "")
        if not role or role == "faq":
            continue
        part = entry.removeprefix(f"{role}/").partition("/")[0] if "/" in entry else "overview"
        if record.outcome == "answer":
            answered[role, part] += 1
        else:
            missed[role, "" if not entry else part] += 1
    keys = sorted({*answered, *missed})
    return tuple(
        PartStatistics(role, part, answered[role, part], missed[role, part]) for role, part in keys
    )
