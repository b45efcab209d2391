"""Commands about what is remembered: figures, forgetting."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from faqbot.errors import UsageError
from faqbot.matching.encoding import StaticEncoder
from faqbot.matching.grouping import group_by_meaning
from faqbot.store.figures import Figures
from faqbot.store.figures import figures as summed_up
from faqbot.store.opening import open_store
from faqbot.store.receipts import Filter
from faqbot.store.store import Store
from faqbot.store.values import Forgotten

T = TypeVar("T")


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


def forget(database: str | None, person: str) -> Forgotten:
    """Delete what is remembered of a person.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """
    return asyncio.run(with_store(database, lambda store: store.forget(person)))


async def with_store(database: str | None, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with the store, and close it.

    Raises:
        UsageError: nothing is remembered.
        StoreError: the database can't be used.
    """
    if database is None:
        raise UsageError("FAQBOT_DATABASE_URL is off: nothing is remembered.")
    store = await open_store(database)
    try:
        return await work(store)
    finally:
        await store.close()
