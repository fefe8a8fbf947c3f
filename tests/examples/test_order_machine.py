"""The story of docs/examples/order_machine.md."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from examples.clocks import BEGIN, later
from examples.pages import path, printed
from interlock.engine import Engine, Run
from interlock.machines import Command, Refused
from interlock.store.clock import ManualClock
from order_machine import (
    Add,
    Cancel,
    Complete,
    Fail,
    Item,
    Order,
    OrderMachine,
    Pay,
    Return,
    Submit,
    TryAgain,
)

TEA = Add(item=Item(name="tea", price=Decimal("4.50")))


async def refusal(engine: Engine, run: Run[None], command: Command) -> str:
    position = await engine.store.position()
    with pytest.raises(Refused) as refused:
        await engine.send(run, command, by="shop")
    assert await engine.store.position() == position
    return str(refused.value)


async def sent(engine: Engine, run: Run[None], *commands: Command) -> str:
    for command in commands:
        await engine.send(run, command, by="shop")
        await engine.settle()
    return await run.state()


async def test_an_order_takes_what_it_may_and_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, clock = f"sqlite:///{tmp_path}/orders.db", ManualClock(BEGIN)
    refusals: list[str] = []
    async with Engine(store, machines=[OrderMachine], clock=clock) as engine:
        first = await engine.start(OrderMachine, Order(), id="order-1", by="shop")
        await engine.start(OrderMachine, Order(), id="order-2", by="shop")
        third = await engine.start(OrderMachine, Order(), id="order-3", by="shop")
        refusals.append(await refusal(engine, first, Pay(amount=Decimal(3))))
        assert await sent(engine, first, TEA, Submit()) == "pending"
        assert await sent(engine, third, TEA, Submit()) == "pending"
        refusals.append(await refusal(engine, first, Pay(amount=Decimal(3))))
        await later(engine, clock, hours=5)
        paid = Pay(amount=Decimal("4.50"))
        assert await sent(engine, first, paid, Fail(reason="out of boxes")) == "failed"
        assert await sent(engine, first, TryAgain(), Complete(tracking="T-1")) == "completed"
        fourth = await engine.start(OrderMachine, Order(), id="order-4", by="shop")
        await sent(engine, fourth, TEA, Submit(), paid)
        for _ in range(2):
            await sent(engine, fourth, Fail(reason="out of boxes"), TryAgain())
        assert await sent(engine, fourth, Fail(reason="out of boxes")) == "failed"
        refusals.append(await refusal(engine, fourth, TryAgain()))
        assert await sent(engine, fourth, Cancel(reason="no boxes")) == "cancelled"
    assert capsys.readouterr().out.splitlines() == ["packing tea"] * 5 + ["paying back 4.50"]

    clock.set(clock.now() + timedelta(days=3))
    async with Engine(store, machines=[OrderMachine], clock=clock) as engine:
        await engine.tick()
        await engine.settle()
        assert await (await engine.get("order-3")).state() == "cancelled"
        first = await engine.get("order-1")
        fifth = await engine.start(OrderMachine, Order(), id="order-5", by="shop")
        await sent(engine, fifth, TEA, Submit(), paid, Complete(tracking="T-5"))
        await later(engine, clock, days=27)
        assert await sent(engine, first, Return(reason="too strong")) == "returned"
        await later(engine, clock, days=4)
        refusals.append(await refusal(engine, fifth, Return(reason="too strong")))
    assert capsys.readouterr().out.splitlines() == ["packing tea", "paying back 4.50"]
    assert "```text\n" + "\n".join(refusals) + "\n```" in path("order_machine").read_text()
    printed("order_machine", store)
