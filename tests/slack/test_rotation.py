"""Bot tokens that end: renewed once for all processes, in every kind of database."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from faqbot.playground.models import Faults
from faqbot.playground.oauth import ROTATED_TOKEN_LIFETIME
from faqbot.storage.encryption import TokenCipher, WrongKeyError
from faqbot.storage.installations import Credentials, Workspace
from faqbot.storage.models import StoreError, utc_now
from faqbot.storage.store import open_store
from faqbot.workspaces.tokens import TokenProvider, authorize_with
from tests.slack.installing import Site, site
from tests.storage.conftest import server, url
from tests.support.local_slack import several
from tests.support.waiting import DEADLINE

__all__ = ["server", "url"]

ALPHA = Workspace("", "T0ALPHA")


@pytest.fixture
async def web(url: str) -> AsyncIterator[Site]:
    async with site(url, several("Alpha"), lifetime=ROTATED_TOKEN_LIFETIME) as made:
        yield made


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Site]:
    """The same with SQLite alone, where no other process matters."""
    address = f"sqlite:///{tmp_path}/faqbot.db"
    async with site(address, several("Alpha"), lifetime=ROTATED_TOKEN_LIFETIME) as made:
        yield made


async def installed(web: Site, hours: float) -> Credentials:
    """Install faqbot, with a token that has some hours left."""
    await web.installed(ALPHA.team)
    (found,) = await web.store.installations.all()
    kept = await web.store.installations.credentials(ALPHA)
    assert kept
    ends = utc_now() + dt.timedelta(hours=hours)
    await web.store.installations.save(replace(found, expires=ends), kept.token, kept.refresh_token)
    again = await web.store.installations.credentials(ALPHA)
    assert again
    return again


@asynccontextmanager
async def another(web: Site, keys: str = "") -> AsyncIterator[TokenProvider]:
    """What another process gives."""
    store = await open_store(web.url, cipher=TokenCipher.from_setting(keys or web.key))
    tokens = TokenProvider(store.installations, web.exchange)
    try:
        yield tokens
    finally:
        # First: what tries a fresh token would open the closed store again.
        await tokens.close()
        await store.close()


def refused(web: Site) -> TokenProvider:
    """Tokens of a process whom Slack refuses."""
    return TokenProvider(web.store.installations, replace(web.exchange, client_secret="wrong"))


def break_store(web: Site, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StoreError("down")

    monkeypatch.setattr(web.store.installations, name, down)


async def test_fresh_token_is_not_refreshed(local: Site) -> None:
    kept = await installed(local, 3)
    assert await local.tokens.token_of(ALPHA) == kept.token
    assert local.slack.grants.refreshes == 0


@pytest.mark.parametrize("seconds", [0.0, 0.3])
async def test_of_ten_tasks_in_two_processes_one_refreshes(web: Site, seconds: float) -> None:
    old = await installed(web, 1.9)
    web.slack.faults = Faults(slow_answers=seconds)
    async with another(web) as tokens:
        found = await asyncio.gather(
            *(one.token_of(ALPHA) for _ in range(5) for one in (web.tokens, tokens))
        )
    assert web.slack.grants.refreshes == 1
    assert len(set(found)) == 1
    assert found[0] not in (old.token, None)
    kept = await web.store.installations.credentials(ALPHA)
    assert kept
    assert kept.expires
    assert (kept.token, kept.expires > utc_now() + dt.timedelta(hours=11)) == (found[0], True)
    assert await web.exchange.client.auth_test(token=found[0]) is not None


async def test_token_that_can_not_be_refreshed_is_used_until_it_expires(
    local: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "faqbot")
    kept = await installed(local, 1)
    tokens = refused(local)
    assert [await tokens.token_of(ALPHA) for _ in range(2)] == [kept.token] * 2
    (message,) = caplog.messages
    assert "the token of T0ALPHA can't be refreshed" in message
    assert "bad_client_secret" in message


async def test_expired_token_that_can_not_be_refreshed_is_none(
    local: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await installed(local, -1)
    assert await refused(local).token_of(ALPHA) is None
    assert "install faqbot there again" in caplog.text


async def test_expired_token_is_refreshed(web: Site) -> None:
    old = await installed(web, -1)
    assert await web.tokens.token_of(ALPHA) not in (old.token, None)


async def test_refresh_of_a_dead_process_is_repeated_by_another(web: Site) -> None:
    old = await installed(web, 1)
    assert await web.store.installations.begin_refresh(ALPHA, old.version, 60)
    impatient = TokenProvider(
        web.store.installations, web.exchange, clock=itertools.count().__next__
    )
    assert await impatient.token_of(ALPHA) == old.token  # the other may still be at it
    (found,) = await web.store.installations.all()
    await web.store.installations.save(found, old.token, old.refresh_token)
    again = await web.store.installations.credentials(ALPHA)
    assert again
    assert await web.store.installations.begin_refresh(ALPHA, again.version, -1)  # it is over
    assert await web.tokens.token_of(ALPHA) not in (old.token, None)


async def test_cancelled_waiter_does_not_cancel_the_refresh(local: Site) -> None:
    old = await installed(local, 1)
    local.slack.faults = Faults(slow_answers=0.2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(local.tokens.token_of(ALPHA), 0.05)
    found = await local.tokens.token_of(ALPHA)
    assert found not in (old.token, None)
    assert local.slack.grants.refreshes == 1


async def test_known_tokens_are_used_while_the_database_is_down(
    local: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await installed(local, 12)
    tokens = TokenProvider(local.store.installations, local.exchange, lifetime=0.0)
    token = await tokens.token_of(ALPHA)
    assert token
    break_store(local, monkeypatch, "credentials")
    assert await tokens.token_of(ALPHA) == token
    with pytest.raises(StoreError):
        await local.tokens.token_of(ALPHA)  # which has none at hand


@pytest.mark.parametrize(("hours", "in_use"), [(1, "old"), (-1, "fresh")])
async def test_refreshed_token_is_used_when_it_is_saved(
    local: Site, monkeypatch: pytest.MonkeyPatch, hours: float, in_use: str
) -> None:
    old = await installed(local, hours)
    tokens = TokenProvider(local.store.installations, local.exchange, lifetime=0.0)
    with monkeypatch.context() as broken:
        break_store(local, broken, "save_refreshed")
        meanwhile = await tokens.token_of(ALPHA)
    fresh = await tokens.token_of(ALPHA)
    assert fresh not in (old.token, None)
    assert meanwhile == (old.token if in_use == "old" else fresh)
    kept = await local.store.installations.credentials(ALPHA)
    assert kept
    assert kept.token == fresh
    assert local.slack.grants.refreshes == 1
    await tokens.close()


async def proved(web: Site) -> Credentials:
    """The tokens when the newest has proved to work."""
    async with asyncio.timeout(DEADLINE):
        while True:
            kept = await web.store.installations.credentials(ALPHA)
            assert kept
            if not kept.previous:
                return kept
            await asyncio.sleep(0.01)


async def test_refresh_token_is_kept_until_the_new_token_works(web: Site) -> None:
    old = await installed(web, 1)
    web.slack.faults = Faults(fail_calls=9, fail_status=500, fail_methods=frozenset(("auth.test",)))
    fresh = await web.tokens.token_of(ALPHA)
    kept = await web.store.installations.credentials(ALPHA)
    assert kept
    assert (kept.token, kept.previous) == (fresh, old.refresh_token)
    await web.tokens.close()


async def test_refresh_token_is_deleted_when_the_new_token_works(web: Site) -> None:
    await installed(web, 1)
    fresh = await web.tokens.token_of(ALPHA)
    assert (await proved(web)).token == fresh


async def test_process_that_died_with_a_fresh_token_costs_no_installation(web: Site) -> None:
    old = await installed(web, 1)
    web.slack.grants.is_lenient = True
    lost = await web.exchange.refresh(old.refresh_token)  # fetched, and never saved
    found = await web.tokens.token_of(ALPHA)
    assert found not in (old.token, lost.token, None)
    assert (await proved(web)).token == found


async def test_refresh_token_before_the_newest_is_tried_too(local: Site) -> None:
    old = await installed(local, 1)
    local.slack.grants.is_lenient = True
    places = local.store.installations
    never_used = replace(old, refresh_token="xoxe-of-nobody", previous=old.refresh_token)
    assert await places.save_refreshed(ALPHA, old.version, never_used)
    assert await local.tokens.token_of(ALPHA) not in (old.token, None)
    await proved(local)


async def test_tokens_of_an_old_key_are_encrypted_again(web: Site) -> None:
    kept = await installed(web, 12)
    key = TokenCipher.new_key()
    async with another(web, f"{key},{web.key}") as both:
        assert await both.token_of(ALPHA) == kept.token
    async with another(web, key) as newest:
        assert await newest.token_of(ALPHA) == kept.token


async def test_key_that_was_dropped_too_early_is_an_error_that_names_the_workspace(
    local: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await installed(local, 12)
    (installation,) = await local.store.installations.all()
    store = await open_store(local.url, cipher=TokenCipher([TokenCipher.new_key()]))
    tokens = TokenProvider(store.installations, local.exchange)
    answered = await authorize_with(installation, tokens)(None, ALPHA.team)
    assert answered is None  # so Bolt runs no listener, and nothing is posted
    assert "T0ALPHA gets no answers" in caplog.text
    assert "add the old key behind the new one in FAQBOT_SECRET_KEYS" in caplog.text
    with pytest.raises(WrongKeyError, match=r"tokens of T0ALPHA were .* a key that"):
        await store.installations.reencrypt()
    await store.close()
