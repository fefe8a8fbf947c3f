"""The story of docs/examples/checkout_saga.md."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import checkout_saga as shop
from checkout_saga import Confirmed, Lease, Order, checkout
from examples.clocks import BEGIN, later
from examples.pages import printed
from interlock.engine import Engine, Run
from interlock.store.clock import ManualClock


class World:
    """A warehouse whose leases end, and a bank that can be away or hang."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.stock = {"teapot": 2, "rock": 2}
        self.leases: dict[str, tuple[str, datetime]] = {}
        self.paid: dict[str, str] = {}
        self.log: list[str] = []
        self.bank = "open"
        self.asked = asyncio.Event()

    def _expire(self) -> None:
        for key, (_, expires) in list(self.leases.items()):
            if expires <= self.clock.now():
                self._back(key, "expired")

    def _back(self, key: str, how: str) -> None:
        item, _ = self.leases.pop(key)
        self.stock[item] += 1
        self.log.append(f"{item} {how}")

    async def hold(self, key: str, item: str, time: timedelta) -> Lease:
        self._expire()
        if not self.stock[item]:
            raise shop.SoldOut(item)
        self.stock[item] -= 1
        self.leases[key] = item, self.clock.now() + time
        return Lease(id=key, expires=self.clock.now() + time)

    async def extend(self, lease: str, time: timedelta) -> None:
        self._expire()
        if lease not in self.leases:
            raise shop.LeaseLost(lease)
        self.leases[lease] = self.leases[lease][0], self.clock.now() + time

    async def release(self, lease: str) -> None:
        self._expire()
        if lease in self.leases:
            self._back(lease, "released")

    async def ship(self, lease: str) -> str:
        item, _ = self.leases[lease]
        if item == "rock":
            raise shop.NotShipped("too heavy")
        del self.leases[lease]
        return f"{item} sent"

    async def charge(self, key: str, card: str, amount: Decimal) -> str:
        if card == "empty":
            raise shop.Declined("insufficient funds")
        known = key in self.paid
        payment = self.paid.setdefault(key, f"payment-{len(self.paid) + 1}")
        self.log.append(f"{payment} {'again' if known else 'made'}")
        if self.bank == "hangs":
            self.asked.set()
            await asyncio.Event().wait()
        return payment

    async def refund(self, key: str, payment: str) -> None:
        if self.bank == "away":
            raise ConnectionError("the bank does not answer")
        self.log.append(f"{payment} refunded")


def opened(store: str, world: World, *, worker: bool = True) -> Engine:
    resources = {shop.Warehouse: world, shop.Bank: world}
    return Engine(store, machines=[checkout], clock=world.clock, resources=resources, worker=worker)


async def order(engine: Engine, name: str, item: str = "teapot", card: str = "") -> Run[str]:
    bought = Order(item=item, price=Decimal("25.00"))
    run = await engine.start(checkout, bought, id=name, by="shop")
    await engine.settle()
    if card:
        await engine.send(run, Confirmed(card=card), by="customer")
        await engine.settle()
    return run


async def test_orders_that_go_well_late_declined_not_shipped_and_interrupted(
    tmp_path: Path,
) -> None:
    store, clock = f"sqlite:///{tmp_path}/orders.db", ManualClock(BEGIN)
    world = World(clock)
    async with opened(store, world) as engine:
        run = await order(engine, "order-1", card="visa")
        assert await run.result() == "teapot sent"
        await order(engine, "order-2")
        run = await order(engine, "order-3")
        assert await run.status() == "failed"
        with pytest.raises(shop.SoldOut):
            await run.result()
        await later(engine, clock, minutes=15)
        assert await (await engine.get("order-2")).status() == "compensated"
        assert world.log == ["payment-1 made", "teapot expired"]
        run = await order(engine, "order-4", card="empty")
        assert await run.status() == "compensated"
        assert world.log[2:] == ["teapot released"]
        await order(engine, "order-6")

    clock.set(clock.now() + timedelta(minutes=14))
    async with opened(store, world, worker=False) as engine:
        await engine.send("order-6", Confirmed(card="visa"), by="customer")
    clock.set(clock.now() + timedelta(minutes=14))
    async with opened(store, world) as engine:
        await engine.settle()
        assert await (await engine.get("order-6")).status() == "compensated"
        assert world.log[3:] == ["teapot expired"]

        world.bank = "hangs"
        await order(engine, "order-7")
        await engine.send("order-7", Confirmed(card="visa"), by="customer")
        await world.asked.wait()
    world.bank = "open"
    async with opened(store, world) as engine:
        await (await engine.get("order-7")).result()
        assert world.log[4:] == ["payment-2 made", "payment-2 again"]

        for name in ("order-5", "order-8"):
            world.bank = "open"
            run = await order(engine, name, item="rock")
            world.bank = "away"
            await engine.send(run, Confirmed(card="visa"), by="customer")
            for _ in range(3):
                await engine.settle()
                await later(engine, clock, seconds=5)
            assert await run.status() == "undo failed"
        assert world.log[6:] == [
            "payment-3 made", "rock released", "payment-4 made", "rock released",
        ]  # fmt: skip
        world.bank = "open"
        await engine.undo("order-8", "charge", "retry", by="ann", reason="the bank is back")
        assert (await run.wait()).status == "compensated"
        assert world.log[10:] == ["payment-4 refunded"]
    printed("checkout_saga", store)
