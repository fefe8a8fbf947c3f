"""The story of docs/examples/cart_reminders.md."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cart_reminders import Bought, Cart, remind
from examples.clocks import BEGIN, later
from examples.pages import printed
from interlock.engine import Engine
from interlock.machines import Refused
from interlock.store.clock import ManualClock


async def test_reminders_are_due_from_when_the_cart_was_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, clock = f"sqlite:///{tmp_path}/carts.db", ManualClock(BEGIN)
    async with Engine(store, machines=[remind], clock=clock) as engine:
        for name in ("1", "2"):
            cart = Cart(id=name, email=f"customer-{name}", left_at=clock.now())
            await engine.start(remind, cart, id=f"cart-{name}", by="shop")
        await later(engine, clock, minutes=40)
        await engine.send("cart-2", Bought(order="a-9"), by="shop")
        await engine.settle()
        await later(engine, clock, minutes=27)
        await later(engine, clock, hours=22, minutes=52)
        assert await (await engine.get("cart-1")).status() == "waiting"
        await later(engine, clock, minutes=1)
        cart = Cart(id="3", email="customer-3", left_at=clock.now())
        await engine.start(remind, cart, id="cart-3", by="shop")
        await engine.settle()
    clock.set(clock.now() + timedelta(hours=30))
    async with Engine(store, machines=[remind], clock=clock) as engine:
        await engine.tick()
        await engine.settle()
        results = [await (await engine.get(f"cart-{n}")).result() for n in (1, 2, 3)]
        assert results == ["reminded twice", "bought as a-9", "reminded twice"]
        with pytest.raises(Refused, match="is completed"):
            await engine.send("cart-1", Bought(order="a-10"))
    assert capsys.readouterr().out.splitlines() == [
        "to customer-1: you left something in your cart",
        "to customer-1: your cart is emptied tonight",
        "to customer-3: you left something in your cart",
        "to customer-3: your cart is emptied tonight",
    ]
    printed("cart_reminders", store)
