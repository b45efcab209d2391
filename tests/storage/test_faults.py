"""What goes wrong is said, costs little, and doesn't last; what is odd is no trouble."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, text
from starlette.applications import Starlette
from starlette.testclient import TestClient

from faqbot.errors import SettingsError
from faqbot.slack.context import Services
from faqbot.slack.health import Health
from faqbot.storage import questions
from faqbot.storage.models import ChannelMode, ChannelPolicy, RefusedValueError, StoreError
from faqbot.storage.questions import QuestionFilter
from faqbot.storage.recorder import QuestionRecorder
from faqbot.storage.store import Store, open_store
from faqbot.storage.tables import metadata
from tests.slack.conftest import LOADED, make_engine
from tests.storage.test_store import ALWAYS, DAY, NOW, handover, proposal, record
from tests.support.waiting import eventually

FAR_EAST = dt.timezone(dt.timedelta(hours=9))


async def _rate(store: Store) -> object:
    return await store.questions.rate("T1", "r1", "U2", helpful=True)


async def _pick(store: Store) -> object:
    return await store.questions.pick("T1", "r1", "U2", "qa-engineer/skills")


async def _set(store: Store) -> None:
    await store.policies.set(ChannelPolicy("T1", "C1", ChannelMode.ALL))


@pytest.mark.parametrize("act", [_rate, _pick, _set])
async def test_concurrent_ratings_or_picks_are_stored_once(
    url: str, act: Callable[[Store], Awaitable[object]]
) -> None:
    first, second = await open_store(url), await open_store(url)
    await first.questions.add([record()])
    await asyncio.gather(*(act(store) for store in (first, second) for _ in range(3)))
    assert len(await first.questions.ratings(ALWAYS)) == (act is _rate)
    assert len(await first.questions.picks(ALWAYS)) == (act is _pick)
    await first.close()
    await second.close()


async def test_rating_of_a_question_that_is_being_deleted_is_no_error(url: str) -> None:
    first, second = await open_store(url), await open_store(url)
    for number in range(10):
        await first.questions.add([record(number)])
        await asyncio.gather(
            first.deletion.person("U1"),
            *(
                second.questions.rate("T1", f"r{number}", f"U{who}", helpful=True)
                for who in (2, 3, 4)
            ),
        )
    assert await first.questions.ratings(ALWAYS) == ()
    await first.close()
    await second.close()


async def test_characters_that_databases_refuse_are_replaced(store: Store) -> None:
    await store.questions.add([record(text="a\0b\ud800c"), record(2, text="ä🙂")])
    await store.questions.rate("T1", "r1", "U2", helpful=False, comment="\0")
    first, second = await store.questions.all(QuestionFilter())
    assert (first.text, second.text) == ("a\ufffdb\ufffdc", "ä🙂")
    (rating,) = await store.questions.ratings(ALWAYS)
    assert rating.comment == "\ufffd"


async def test_a_time_of_another_zone_is_the_same_moment(store: Store) -> None:
    await store.questions.add([record(at=NOW.astimezone(FAR_EAST))])
    found = await store.questions.get("T1", "r1")
    assert found is not None
    assert (found.at, found.at.tzinfo) == (NOW, dt.UTC)
    assert len(await store.questions.all(QuestionFilter(since=NOW.astimezone(FAR_EAST)))) == 1
    later = NOW.astimezone(FAR_EAST) + dt.timedelta(seconds=1)
    assert await store.questions.all(QuestionFilter(since=later)) == ()


async def test_long_keys_are_claimed_apart(store: Store) -> None:
    keys = [("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("x" * 400, "1"), ("x" * 400, "2")]
    assert [await store.claims.claim(*key) for key in keys] == [True] * 5
    assert [await store.claims.claim(*key) for key in keys] == [False] * 5


async def test_questions_of_several_pages_are_found_once_and_in_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 100  # a page of the usual size takes longer than a transaction may on a busy machine
    monkeypatch.setattr(questions, "PAGE_SIZE", size)
    many = [record(number, at=NOW + number // 3 * DAY / 9999) for number in range(2 * size + 7)]
    await store.questions.add(many)
    expected = sorted(many, key=lambda one: (one.at, one.id))
    assert [one.id for one in await store.questions.all(QuestionFilter())] == [
        one.id for one in expected
    ]
    newest = await store.questions.all(QuestionFilter(), limit=size + 1)
    assert newest == tuple(expected[-size - 1 :])


async def test_deleted_person_owns_no_handoffs_of_others(store: Store) -> None:
    await store.handoffs.add(handover())
    await store.proposals.add(proposal())
    await store.proposals.decide("T1", "p1", "U7", approve=True)
    await store.handoffs.claim("T1", "h1", "U7")
    await store.handoffs.answer("T1", "h1", "U7", "18")
    assert (await store.deletion.person("U7")).names == 2
    assert (await store.deletion.person("@people")).names == 1
    kept, decided = await store.handoffs.get("T1", "h1"), await store.proposals.get("T1", "p1")
    assert kept is not None
    assert decided is not None
    assert (kept.owner, kept.claimed_by, kept.answer) == ("", "", "18")
    assert decided.decided_by == ""


async def test_old_decisions_and_claims_expire(store: Store) -> None:
    await store.proposals.add(proposal(1))
    await store.proposals.add(proposal(2))
    await store.proposals.decide("T1", "p1", "U7", approve=False)
    await store.claims.claim("event", "1")
    assert await store.deletion.old(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)) == 2
    assert await store.proposals.get("T1", "p1") is None
    assert await store.proposals.get("T1", "p2") is not None
    assert await store.claims.claim("event", "1")


async def test_migrations_create_the_tables_of_the_code(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with store._database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_tables_of_a_newer_faqbot_are_advice(url: str) -> None:
    store = await open_store(url)
    async with store._database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    with pytest.raises(StoreError, match="update faqbot"):
        await open_store(url)


@pytest.mark.postgresql
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_locked_table_is_an_error_after_a_second_until_it_is_free(url: str) -> None:
    import asyncpg

    store = await open_store(url)
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("LOCK TABLE receipts")
        began = time.monotonic()
        with pytest.raises(StoreError, match="locked by another program"):
            await store.questions.add([record()])
        assert time.monotonic() - began < 2
    await store.questions.add([record()])
    await other.close()
    await store.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_cut_connections_are_replaced_without_a_restart(url: str) -> None:
    import asyncpg

    store = await open_store(url)
    await store.questions.add([record()])
    other = await asyncpg.connect(url)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()
    assert await store.questions.get("T1", "r1") == record()
    await store.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_options_of_an_address_are_accepted_or_refused(url: str) -> None:
    await (await open_store(f"{url}?sslmode=disable")).close()
    with pytest.raises(SettingsError, match="nonsense"):
        await open_store(f"{url}?nonsense=1")


async def test_password_in_the_options_of_an_address_is_not_printed() -> None:
    with pytest.raises(StoreError) as raised:
        await open_store("postgresql://me@127.0.0.1:1/none?password=secret")
    assert "secret" not in str(raised.value)


async def test_invalid_port_is_advice() -> None:
    with pytest.raises(SettingsError, match="FAQBOT_DATABASE_URL"):
        await open_store("postgresql://me@127.0.0.1:port/none")


async def test_file_that_is_no_database_is_advice(tmp_path: Path) -> None:
    (tmp_path / "faqbot.db").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(StoreError, match="FAQBOT_DATABASE_URL"):
        await open_store(f"sqlite:///{tmp_path}/faqbot.db")


async def test_refused_value_is_no_outage(url: str) -> None:
    engine = await asyncio.to_thread(make_engine)
    failures: list[str] = []
    recorder = QuestionRecorder(url, on_failure=lambda: failures.append("x"))
    async with recorder.running():
        result = engine.ask("which skills does a data analyst need")
        good = recorder.record(result, "T1", "C1")
        bad = recorder.record(result, "T1", "half a pair: \ud800")
        await recorder.flush()
        async with recorder.store() as store:
            assert await store.questions.get("T1", good)
            assert await store.questions.get("T1", bad) is None
        with pytest.raises(RefusedValueError):
            async with recorder.store() as store:
                await store.policies.get("T1", "\ud800")
        assert recorder.is_up
        assert failures == ["x", "x"]


@pytest.mark.postgresql
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("value", ["x" * 400, "a\0b", "\ud800"], ids=["long", "NUL", "half"])
async def test_value_that_postgresql_refuses_is_named_as_such(store: Store, value: str) -> None:
    with pytest.raises(RefusedValueError):
        await store.questions.add([replace(record(), channel=value)])
    await store.questions.add([record()])


async def test_full_disk_is_told_and_found_without_questions(tmp_path: Path) -> None:
    recorder = QuestionRecorder(
        f"sqlite:///{tmp_path}/faqbot.db", retry_interval=0.01, check_interval=0.0
    )
    health = Health(Services(recorder=recorder), lambda: LOADED)
    client = TestClient(Starlette(routes=health.routes()))
    full = asyncio.Event()

    def limit(connection: Any, *_: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("VACUUM")  # so that no page is free
        cursor.execute(f"PRAGMA max_page_count = {1 if full.is_set() else 2**32 - 2}")
        cursor.close()

    def store_of() -> str:
        return str(client.get("/ready").json()["store"])

    async with recorder.running():
        assert store_of() == "ok"
        assert recorder._store
        event.listen(recorder._store._database.sql_engine.sync_engine, "checkout", limit)
        full.set()
        await eventually(lambda: not recorder.is_up)
        assert store_of() == "its disk is full: answers go on without memory"
        assert client.get("/ready").status_code == 200
        full.clear()
        await eventually(lambda: recorder.is_up)
        assert store_of() == "ok"
