"""Forks that no worker has moved yet: what is kept of them is sound, and they can be given up."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from engine import shop
from interlock.audit import audit
from interlock.cli.settling import settled
from interlock.engine import Engine
from interlock.engine.auditing import read_definition
from interlock.store.contract import Store


def sound(store: Store) -> bool:
    with store.inspect() as snapshot:
        return audit(snapshot, read_definition).sound


async def test_a_fork_that_no_worker_saw_is_sound_and_leaves_nothing_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(url, machines=[shop.checkout]) as engine:
        order = shop.Order(id=1, total=Decimal(2000), items=["tea"])
        run = await engine.start(shop.checkout, order, id="run")
        await engine.settle()
    async with Engine(url, machines=[shop.checkout], worker=False) as client:
        fork = await client.fork(run.id, id="fork")
        assert sound(client.store)
        await client.discard(fork)
        assert await client.store.timers("fork") == []
        assert sound(client.store)
    async with Engine(url, machines=[shop.checkout]) as engine, asyncio.timeout(60):
        await settled(engine)
