"""Replaying runs that were ended from outside: what their code did before is compared, no more."""

from __future__ import annotations

from typing import Any

import pytest

from engine import shop
from engine.test_forks import bought
from engine.test_giving_up import SHAPES, TAKES, edited, grandchild, other
from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import workflow
from interlock.store.backends.memory import MemoryStore


@workflow(name="shop.checkout-otherwise")
async def otherwise(order: shop.Order) -> str:
    return await shop.ship.named("first")(order)


async def test_a_discarded_fork_did_what_it_did_until_then() -> None:
    shop.SCRIPT.clear()
    discarded = 0
    async with Engine(MemoryStore(), machines=[shop.checkout]) as engine:
        run = await bought(engine)
        for at in range(1, (await run.snapshot()).head.version + 1):
            fork = await engine.fork(run, at, effects="ask")
            await engine.settle()
            before = await fork.snapshot()
            if before.ended is not None:
                continue
            discarded += 1
            await engine.discard(fork, by="ann")
            found = await engine.replay(fork, shop.checkout)
            assert found.verdict in ("same", "past"), (at, found)
            assert (found.given_up, found.version) == (True, before.head.version)
            assert (await engine.replay(fork, otherwise)).diverged
    assert discarded > 3


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_run_that_was_given_up_did_what_it_did_until_then(shape: Any) -> None:
    store = Troubled()
    async with Engine(store, machines=[edited(shape), grandchild]) as engine:
        await engine.start(edited(shape), "x", id="run")
        await engine.settle()
    async with Engine(store, machines=[edited(other), grandchild]) as engine:
        await engine.cancel("run", by="ann", undo=shape not in TAKES)
        await engine.settle()
        assert (await (await engine.get("run")).snapshot()).ended is not None
        found = await engine.replay("run", edited(shape))
        assert (found.verdict, found.given_up) == ("same", True), found
        assert (await engine.replay("run", edited(other))).diverged


async def test_a_run_whose_code_took_its_cancellation_is_compared_to_its_end() -> None:
    async with Engine(MemoryStore(), machines=[edited(SHAPES[0])]) as engine:
        await engine.start(edited(SHAPES[0]), "x", id="run")
        await engine.settle()
        await engine.cancel("run", by="ann")
        await engine.settle()
        found = await engine.replay("run", edited(SHAPES[0]))
        assert (found.verdict, found.given_up) == ("same", False)
