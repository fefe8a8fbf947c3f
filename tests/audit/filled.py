"""A store with something in every table, for the laws of audits."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from cli import shop
from cli.kit import ORDERS
from engine.rich import Note, rich_talk
from interlock.engine import Engine
from interlock.machines import Breaker, step, workflow
from interlock.projections import load_state
from interlock.projections.snapshot import snapshot_of
from interlock.store import Actor, SystemClock, open_store
from interlock.store.archive import Choice, archivable, archive
from sample_subscription import Account, Subscribe, Subscription

Breaker("audited", threshold=1, reset="1 hour")


@step(breaker="audited")
async def call_out(name: str) -> str:
    message = f"{name} is down"
    raise ConnectionError(message)


@workflow(name="audited-call")
async def calling(name: str) -> str:
    return await call_out(name)


async def fill(path: Path) -> None:
    """Runs in many situations: waiting, ended, in doubt, with timers, commands and a breaker."""
    machines = [shop.checkout, shop.Billing, calling, rich_talk, Subscription]
    async with Engine(f"sqlite:///{path}", machines=machines) as engine:
        for run, total in ORDERS.items():
            if run != "order-9":  # which never ends
                order = shop.Order(id=run, total=Decimal(total))
                await engine.start(shop.checkout, order, id=run, by="ann")
        await engine.start(shop.Billing, shop.Bill(total=Decimal(10)), id="bill-1")
        await engine.send("bill-1", shop.Pay(amount=Decimal(10)), by="bo", command_id="paid-1")
        await engine.start(calling, "bank", id="call-1")
        await engine.start(calling, "bank", id="call-2")
        await engine.start(rich_talk, 3, id="talk-1")
        await engine.start(Subscription, Account(), id="sub-1")
        await engine.send("sub-1", Subscribe(plan="gold"), by="cy")
        await engine.settle()
        await engine.approve("order-2", "manager", by="mia", reason="a good customer")
        await engine.send("talk-1", Note(text="hello"), by="ann")
        await engine.settle()
    await keep(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=DELETE")  # one file, that is copied as it is


async def keep(path: Path) -> None:
    """A snapshot of one run, and one run in an archive."""
    store = open_store(f"sqlite:///{path}")
    try:
        snapshot = snapshot_of(await load_state(store, "order-1"))
        assert snapshot is not None
        await store.keep_snapshot(snapshot)
        choice = await archivable(store, SystemClock().now())
        units = [unit for unit in choice.units if unit.root == "order-3"]
        moving = archive(
            store,
            Choice(units, choice.unfinished),
            path.parent,
            actor=Actor("user", "ann"),
            at=SystemClock().now(),
        )
        assert [one.runs async for one in moving] == [["order-3"]]
    finally:
        await store.close()


def filled(path: Path) -> Path:
    """The store, in a new file."""
    asyncio.run(asyncio.wait_for(fill(path), 60))
    return path


def copied(source: Path, name: str) -> Path:
    """Another file with the same bytes."""
    target = source.with_name(name)
    shutil.copyfile(source, target)
    return target
