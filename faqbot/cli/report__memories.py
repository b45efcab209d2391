"""Commands about what is remembered: figures, forgetting."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from faqbot.engine import Desk
from faqbot.errors import UsageError
from faqbot.matching.clustering import group_by_meaning
from faqbot.matching.encoders import StaticEncoder
from faqbot.storage.encryption import Seal
from faqbot.storage.models import PHRASING, Forgotten
from faqbot.storage.questions import Filter
from faqbot.storage.reports import Figures
from faqbot.storage.reports import figures as summed_up
from faqbot.storage.store import Store
from faqbot.storage.store__opening import open_store

T = TypeVar("T")

NEAR = 0.25
"""The confidence from which a declined question is guessed to belong to an entry."""


def figures(
    database: str | None, since: dt.datetime, until: dt.datetime, role: str | None = None
) -> Figures:
    """The figures of a period.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """
    encoder = StaticEncoder()

    async def ask(store: Store) -> Figures:
        grouping = partial(group_by_meaning, encoder=encoder)
        return await summed_up(store, since, until, grouping, Filter(role=role))

    return asyncio.run(with_store(database, ask))


@dataclass(frozen=True, slots=True)
class Wish:
    """Words that should lead to an entry; `sure` when a person said so."""

    text: str
    entry: str
    sure: bool


def wishes(
    database: str | None, since: dt.datetime, until: dt.datetime, desk: Desk, *, guess: bool
) -> tuple[Wish, ...]:
    """The phrasings that people picked and assigned; `guess` adds declined questions.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """

    async def ask(store: Store) -> tuple[Wish, ...]:
        found = [
            Wish(one.question, one.entry, sure=True)
            for one in await store.proposals.waiting()
            if one.kind == PHRASING and one.entry and since <= one.created < until
        ]
        if not guess:
            return tuple(found)
        for record in await store.receipts.all(Filter(since, until, outcome="decline")):
            if not record.text:
                continue
            _, near = desk.nearest(record.text)
            if near and near[0].confidence >= NEAR and "/" in near[0].id:
                found.append(Wish(record.text, near[0].id, sure=False))
        return tuple(found)

    return asyncio.run(with_store(database, ask))


def forget_person(database: str | None, person: str, team: str | None = None) -> Forgotten:
    """Delete what is remembered of a person, in one team or wherever the id occurs.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """
    return asyncio.run(with_store(database, lambda store: store.forget(person, team)))


async def with_store(
    database: str | None, work: Callable[[Store], Awaitable[T]], seal: Seal | None = None
) -> T:
    """Do something with the store, and close it; `seal` opens the tokens of installations.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """
    if database is None:
        raise UsageError("FAQBOT_DATABASE_URL is off: nothing is remembered.")
    store = await open_store(database, seal=seal)
    try:
        return await work(store)
    finally:
        await store.close()
