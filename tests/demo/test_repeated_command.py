"""A command with a known id is the same command, also where it would be refused by now."""

from __future__ import annotations

from datetime import date

import pytest

from interlock.demo.lifecycle import Cancel, Deliver, OrderData, OrderLifecycle, Ship
from interlock.demo.orders import Order
from interlock.engine import Engine
from interlock.machines.errors import Refused

FREE = OrderData(
    order=Order(id="order-1", customer=1, placed=date(2018, 1, 1), payments=(), world="")
)


async def test_repeating_a_command_that_moved_the_run_on_is_the_same_answer() -> None:
    async with Engine("memory://") as engine:
        await engine.start(OrderLifecycle, FREE, id="life")
        for _ in range(3):
            await engine.send("life", Ship(tracking="T1"), command_id="ship-1")
        run = await engine.get("life")
        assert await run.state() == "shipped"
        assert len(await run.history()) == 2


async def test_another_command_is_refused_and_recorded_nowhere() -> None:
    async with Engine("memory://") as engine:
        await engine.start(OrderLifecycle, FREE, id="life")
        await engine.start(OrderLifecycle, FREE, id="other")
        await engine.send("life", Ship(tracking="T1"), command_id="ship-1")
        with pytest.raises(Refused):
            await engine.send("life", Ship(tracking="T2"), command_id="ship-2")
        with pytest.raises(Refused):
            await engine.send("other", Deliver(), command_id="ship-1")
        with pytest.raises(Refused):
            await engine.send("life", Cancel(reason="late"))
        assert len(await (await engine.get("life")).history()) == 2
