"""Where faqbot is installed, the same over SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from faqbot.errors import SettingsError
from faqbot.storage import tables
from faqbot.storage.encryption import TokenCipher
from faqbot.storage.installations import Credentials, Installation, Workspace
from faqbot.storage.models import StoreError
from faqbot.storage.store import Store, open_store

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
SOON = NOW + dt.timedelta(hours=12)
OLD, NEW = TokenCipher.new_key(), TokenCipher.new_key()
ALPHA = Installation(
    Workspace("", "T0ALPHA"),
    app_id="A1",
    bot_id="B1",
    bot_user_id="U1",
    scopes=("chat:write", "commands"),
    team_name="Alpha",
    installer="U2",
    installed=NOW,
    expires=SOON,
)
ORG = replace(ALPHA, workspace=Workspace("E0ORG", ""), team_name="", enterprise_name="Org")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url, cipher=TokenCipher([OLD]))
    yield opened
    await opened.close()


async def rows(store: Store) -> list[Any]:
    async with store._database.reading() as connection:
        return list(await connection.execute(select(tables.installations)))


async def test_installation_is_read_back_unchanged(store: Store) -> None:
    await store.installations.save(ALPHA, "xoxb-1", "xoxe-1")
    assert await store.installations.find("", "T0ALPHA") == ALPHA
    assert await store.installations.find("", "T0OTHER") is None
    found = await store.installations.credentials(ALPHA.workspace)
    assert found is not None
    assert (found.token, found.refresh_token, found.expires) == ("xoxb-1", "xoxe-1", SOON)
    assert "xox" not in repr(found)


async def test_tokens_are_stored_encrypted_only(store: Store) -> None:
    await store.installations.save(ALPHA, "xoxb-1", "xoxe-1")
    assert b"xoxb" not in repr(await rows(store)).encode()


async def test_an_organisations_installation_serves_its_workspaces(store: Store) -> None:
    await store.installations.save(ORG, "xoxb-org")
    assert await store.installations.find("E0ORG", "T0ALPHA") == ORG
    assert await store.installations.find("E0ORG", "") == ORG
    assert await store.installations.find("", "T0ALPHA") is None
    assert await store.installations.find("E0ELSE", "T0ALPHA") is None
    await store.installations.save(ALPHA, "xoxb-1")
    assert await store.installations.find("E0ORG", "T0ALPHA") == ALPHA
    assert await store.installations.all() == (ALPHA, ORG)


async def test_second_installation_replaces_the_first(store: Store) -> None:
    await store.installations.save(ALPHA, "xoxb-1", "xoxe-1")
    before = await store.installations.credentials(ALPHA.workspace)
    again = replace(ALPHA, scopes=("commands",), expires=None)
    await store.installations.save(again, "xoxb-2")
    after = await store.installations.credentials(ALPHA.workspace)
    assert await store.installations.all() == (again,)
    assert before
    assert after
    assert (after.token, after.refresh_token) == ("xoxb-2", "")
    late = Credentials("xoxb-late", "xoxe-late")
    assert await store.installations.save_refreshed(ALPHA.workspace, before.version, late) is None


async def test_workspace_that_joins_an_organisation_keeps_one_installation(store: Store) -> None:
    await store.installations.save(ALPHA, "xoxb-1")
    assert await store.installations.find("E0ORG", "T0ALPHA") == ALPHA
    joined = replace(ALPHA, workspace=Workspace("E0ORG", "T0ALPHA"))
    assert await store.installations.credentials(joined.workspace)
    await store.installations.save(joined, "xoxb-2")
    assert await store.installations.all() == (joined,)
    assert await store.installations.remove(ALPHA.workspace) == joined.workspace


async def test_one_of_ten_refreshes_a_token_until_its_lease_ends(store: Store) -> None:
    places, where = store.installations, ALPHA.workspace
    await places.save(ALPHA, "xoxb-1", "xoxe-1")
    old = await places.credentials(where)
    assert old
    begun = await asyncio.gather(*(places.begin_refresh(where, old.version, 9) for _ in range(10)))
    assert sorted(begun) == [False] * 9 + [True]
    fresh = await places.save_refreshed(where, old.version, Credentials("xoxb-2", "xoxe-2", SOON))
    assert fresh == await places.credentials(where)
    assert not await places.begin_refresh(where, old.version, 9)
    assert fresh
    assert await places.begin_refresh(where, fresh.version, -1)
    assert await places.begin_refresh(where, fresh.version, 9)


async def test_uninstall_event_keeps_a_later_installation(store: Store) -> None:
    await store.installations.save(ALPHA, "xoxb-1")
    before = NOW - dt.timedelta(minutes=5)
    assert await store.installations.remove(ALPHA.workspace, until=before) is None
    assert await store.installations.remove(ALPHA.workspace, until=NOW) == ALPHA.workspace
    assert await store.installations.remove(ALPHA.workspace) is None


async def test_tokens_are_reencrypted_with_a_new_key_on_use_or_at_once(
    store: Store, url: str
) -> None:
    beta = replace(ALPHA, workspace=Workspace("", "T0BETA"))
    for one in (ALPHA, beta, ORG):
        await store.installations.save(one, f"xoxb-{one.workspace.team}")
    rotated = await open_store(url, cipher=TokenCipher([NEW, OLD]))
    touched = await rotated.installations.credentials(ALPHA.workspace)
    assert touched
    assert touched.token == "xoxb-T0ALPHA"
    assert await rotated.installations.reencrypt() == 2
    assert await rotated.installations.reencrypt() == 0
    await rotated.close()
    only_new = await open_store(url, cipher=TokenCipher([NEW]))
    found = await only_new.installations.credentials(beta.workspace)
    assert found
    assert found.token == "xoxb-T0BETA"
    await only_new.close()
    with pytest.raises(StoreError, match="old key behind the new one"):
        await store.installations.credentials(beta.workspace)


async def test_tokens_in_another_row_are_refused(store: Store) -> None:
    beta = replace(ALPHA, workspace=Workspace("", "T0BETA"))
    await store.installations.save(ALPHA, "xoxb-1")
    await store.installations.save(beta, "xoxb-2")
    table = tables.installations
    stolen = select(table.c.encrypted_tokens).where(table.c.team == "T0ALPHA").scalar_subquery()
    async with store._database.writing() as connection:
        await connection.execute(
            update(table).where(table.c.team == "T0BETA").values(encrypted_tokens=stolen)
        )
    with pytest.raises(StoreError, match="T0BETA belong to another workspace"):
        await store.installations.credentials(beta.workspace)


async def test_installations_without_keys_are_readable_but_for_tokens(
    store: Store, url: str
) -> None:
    await store.installations.save(ALPHA, "xoxb-1")
    keyless = await open_store(url)
    assert await keyless.installations.all() == (ALPHA,)
    with pytest.raises(SettingsError, match="FAQBOT_SECRET_KEYS"):
        await keyless.installations.credentials(ALPHA.workspace)
    await keyless.close()


@pytest.mark.parametrize("keys", [[], ["short"], [OLD, "ü" * 32], [""]])
def test_invalid_key_is_advice(keys: list[str]) -> None:
    with pytest.raises(SettingsError, match="faqbot new key"):
        TokenCipher(keys)


async def test_oauth_state_is_valid_once_in_its_browser(store: Store) -> None:
    states = store.oauth_states
    state = await states.issue("browser")
    assert not await states.consume(state, "another")
    assert not await states.consume("forged", "browser")
    used = await asyncio.gather(*(states.consume(state, "browser") for _ in range(8)))
    assert sorted(used) == [False] * 7 + [True]


async def test_expired_oauth_state_is_refused_and_deleted(store: Store) -> None:
    states = store.oauth_states
    expired = await states.issue("browser", dt.timedelta(seconds=-1))
    assert not await states.consume(expired, "browser")
    await states.issue("browser")
    async with store._database.reading() as connection:
        count = await connection.execute(text("SELECT count(*) FROM oauth_states"))
        assert count.scalar_one() == 1
        kept = await connection.execute(select(tables.oauth_states.c.state_hash))
        assert expired not in kept.scalars()
