"""The simulated world: deterministic, forgetful of nothing, honest about what it did."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.demo.depot import Carrier, Warehouse
from interlock.demo.errors import (
    DemoError,
    PaymentDeclined,
    ProviderTimeout,
    ProviderUnavailable,
    ShopError,
)
from interlock.demo.provider import Provider, receipt_id
from interlock.demo.world import World

TEN = Decimal("10.00")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    name = str(tmp_path / "world.db")
    yield name
    World.close(name)


async def answer(provider: Provider, key: str, attempt: int, *, card: bool = True) -> str:
    """What the provider says to one request, as text."""
    try:
        return await provider.charge(key, "order-1", key, TEN, card=card, attempt=attempt)
    except ShopError as error:
        return f"{type(error).__name__}: {error}"


async def test_each_kind_of_trouble_comes_and_moves_money_as_it_says(path: str) -> None:
    provider = Provider(World.create(path, seed=1))
    for number in range(300):
        key = f"key-{number}"
        before = len(provider.book().charges)
        said = await answer(provider, key, 1)
        charged = len(provider.book().charges) - before
        taken = said == receipt_id(key) or said.startswith(ProviderTimeout.__name__)
        assert charged == taken
    requests = [await answer(provider, f"key-{number}", 1) for number in range(300)]
    kinds = {said.partition(":")[0] for said in requests}
    assert kinds == {"receipt", PaymentDeclined.__name__, ProviderUnavailable.__name__}


async def test_a_timeout_took_the_money_and_the_retry_finds_that_out(path: str) -> None:
    provider = Provider(World.create(path, seed=1))
    for number in range(300):
        key = f"key-{number}"
        said = await answer(provider, key, 1)
        if said.startswith(ProviderTimeout.__name__):
            assert await answer(provider, key, 2) == receipt_id(key)
    book = provider.book()
    assert book.repeated > 0
    assert book.doubled == ()


async def test_only_cards_are_declined(path: str) -> None:
    provider = Provider(World.create(path, seed=1))
    said = [await answer(provider, f"key-{n}", 1, card=False) for n in range(300)]
    assert not any(text.startswith(PaymentDeclined.__name__) for text in said)


@given(
    seed=st.integers(0, 2**32),
    requests=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), max_size=30),
)
def test_answers_depend_on_seed_key_and_attempt_alone(
    tmp_path_factory: pytest.TempPathFactory, seed: int, requests: list[tuple[int, int]]
) -> None:
    async def ask(order: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
        path = str(tmp_path_factory.mktemp("world") / "world.db")
        provider = Provider(World.create(path, seed=seed))
        try:
            said = {(k, a): await answer(provider, f"key-{k}", a) for k, a in order}
            charged = [charge.receipt for charge in provider.book().charges]
            assert len(charged) == len(set(charged))
            assert provider.book().repeated == len(order) - len({k for k, _ in order})
        finally:
            World.close(path)
        return {asked: text for asked, text in said.items() if "Declined" in text}

    requests = list(dict.fromkeys(requests))
    assert asyncio.run(ask(requests)) == asyncio.run(ask(requests[::-1]))


async def test_a_reopened_world_knows_its_keys_and_its_seed(path: str) -> None:
    provider = Provider(World.create(path, seed=5, latency=0.01))
    said = [await answer(provider, f"key-{n}", 9) for n in range(20)]
    World.close(path)
    world = World.at(path)
    assert (world.seed, world.latency) == (5, 0.01)
    world.configure(5, 0.0)
    assert [await answer(Provider(world), f"key-{n}", 9) for n in range(20)] == said
    assert Provider(world).book().doubled == ()


async def test_another_process_sees_what_was_answered(path: str) -> None:
    provider = Provider(World.create(path, seed=1))
    assert await answer(provider, "key", 9) == receipt_id("key")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM charge").fetchone() == (1,)


def test_a_world_of_another_seed_is_not_taken_over(path: str) -> None:
    World.create(path, seed=1)
    with pytest.raises(DemoError, match="seed 1"):
        World.create(path, seed=2)


def test_a_world_that_is_gone_says_so(path: str) -> None:
    with pytest.raises(DemoError, match="there is no"):
        World.at(path)


async def test_refunds_are_known_by_their_key(path: str) -> None:
    provider = Provider(World.create(path, seed=1))
    await provider.refund("a", "receipt:1", TEN)
    await provider.refund("a", "receipt:1", TEN)
    assert provider.book().refunded_twice == ()
    await provider.refund("b", "receipt:1", TEN)
    assert provider.book().refunded_twice == ("receipt:1",)


async def test_goods_are_reserved_and_handed_over_once_a_key(path: str) -> None:
    world = World.create(path, seed=1)
    warehouse, carrier = Warehouse(world), Carrier(world)
    first = await warehouse.reserve("a", "order-1")
    assert await warehouse.reserve("a", "order-1") == first
    await warehouse.reserve("b", "order-2")
    await warehouse.release(first)
    await warehouse.release(first)
    assert warehouse.reserved() == ["order-2"]
    tracking = await carrier.hand_over("c", "order-2", "mail")
    assert await carrier.hand_over("c", "order-2", "mail") == tracking
    assert carrier.parcels() == ["order-2"]
