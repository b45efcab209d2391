"""What was taken on is done once, whoever dies on the way."""

from __future__ import annotations

import asyncio

from faqbot.storage.claims import MAX_ATTEMPTS, key_string
from faqbot.storage.store import Store, open_store

KEY = "message/T1/C1/1.2"


async def test_permanent_claim_is_given_once(store: Store) -> None:
    assert await store.claims.claim("event", "T1", "E1")
    assert not await store.claims.claim("event", "T1", "E1")
    assert await store.claims.claim("event", "T2", "E1")
    assert await store.claims.unfinished() == 0


async def test_one_of_many_concurrent_claims_succeeds(url: str) -> None:
    stores = [await open_store(url) for _ in range(3)]
    wanted = {f"message/T1/C1/{number}": b"" for number in range(20)}
    got = await asyncio.gather(
        *(
            store.claims.acquire(wanted, holder=str(number), lease=60)
            for number, store in enumerate(stores)
            for _ in range(3)
        )
    )
    assert sorted(key for found in got for key in found) == sorted(wanted)
    for store in stores:
        await store.close()


async def test_unfinished_delivery_is_taken_over_when_its_lease_expires(store: Store) -> None:
    assert await store.claims.acquire({KEY: b"sealed"}, holder="dead", lease=0.0) == {KEY: 1}
    (lapsed,) = await store.claims.take_over("alive", lease=60)
    assert (lapsed.key, lapsed.payload) == (KEY, b"sealed")
    assert await store.claims.take_over("third", lease=60) == ()
    assert await store.claims.acquire({KEY: b"again"}, holder="third", lease=60) == {}


async def test_repeated_delivery_is_claimed_when_the_lease_has_expired(store: Store) -> None:
    await store.claims.acquire({KEY: b"sealed"}, holder="dead", lease=0.0)
    assert await store.claims.acquire({KEY: b"sealed"}, holder="alive", lease=60) == {KEY: 2}


async def test_renewed_lease_is_not_taken_over(store: Store) -> None:
    await store.claims.acquire({KEY: b"sealed"}, holder="slow", lease=0.0)
    await store.claims.renew([KEY], "slow", lease=60)
    assert await store.claims.take_over("alive", lease=60) == ()
    await store.claims.renew([KEY], "other", lease=0.0)
    assert await store.claims.take_over("alive", lease=60) == ()


async def test_completed_delivery_keeps_no_payload_and_is_not_claimed_again(store: Store) -> None:
    await store.claims.acquire({KEY: b"sealed"}, holder="a", lease=0.0)
    assert await store.claims.unfinished() == 1
    await store.claims.acquire({}, completed=[KEY])
    assert await store.claims.unfinished() == 0
    assert await store.claims.take_over("b", lease=60) == ()
    assert await store.claims.acquire({KEY: b"again"}, holder="b", lease=60) == {}


async def test_delivery_that_ends_every_process_is_given_up(store: Store) -> None:
    await store.claims.acquire({KEY: b"deadly"}, holder="a", lease=0.0)
    for _ in range(MAX_ATTEMPTS - 1):
        assert await store.claims.take_over("b", lease=0.0)
    assert await store.claims.take_over("b", lease=0.0) == ()


def test_different_keys_have_different_strings() -> None:
    keys = [("a", "b/c"), ("a/b", "c"), ("a", "b", "c"), ("a%2Fb", "c"), ("x" * 400,), ("x" * 401,)]
    assert len({key_string(key) for key in keys}) == len(keys)
    assert max(len(key_string(key)) for key in keys) <= 300
