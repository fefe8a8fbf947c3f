"""The story of docs/examples/subscription.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.clocks import BEGIN, later
from examples.pages import printed
from interlock.engine import Engine
from interlock.machines import Command, Refused
from interlock.store.clock import ManualClock
from subscription import (
    Account,
    AddDevice,
    Cancel,
    Paid,
    Pause,
    PaymentFailed,
    RemoveDevice,
    Resume,
    Subscribe,
    Subscription,
)

WARNED = "active(payments/past due/warned, devices/full)"


async def test_a_subscription_is_paused_and_resumed_and_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, clock = f"sqlite:///{tmp_path}/subscriptions.db", ManualClock(BEGIN)

    async with Engine(store, machines=[Subscription], clock=clock) as engine:

        async def sent(name: str, *commands: Command) -> str:
            for command in commands:
                await engine.send(name, command, by=name)
                await engine.settle()
            return await (await engine.get(name)).state()

        for name in ("ann", "bob", "cleo", "dan", "erik"):
            account = Account(email=f"{name}@example.com")
            await engine.start(Subscription, account, id=name, by=name)
        with pytest.raises(Refused, match="AddDevice is not accepted"):
            await sent("ann", AddDevice())
        failed = PaymentFailed(reason="card expired")
        plus, minus, gold = AddDevice(), RemoveDevice(), Subscribe(plan="gold")
        assert await sent("ann", gold, plus, plus) == "active(payments/paid, devices/free)"
        assert await sent("cleo", gold, plus, plus, plus) == "active(payments/paid, devices/full)"
        with pytest.raises(Refused):
            await sent("cleo", plus)
        assert await sent("cleo", minus) == "active(payments/paid, devices/free)"
        with pytest.raises(Refused, match="there is no device"):
            await sent("cleo", minus, minus, minus)
        assert await sent("cleo", plus, plus, plus) == "active(payments/paid, devices/full)"
        assert await sent("dan", gold, Paid(), Pause()) == "paused"
        assert await sent("erik", gold, failed, Cancel()) == "ended"
        await later(engine, clock, days=10)
        assert await sent("ann", plus, failed) == (
            "active(payments/past due/reminded, devices/full)"
        )
        await later(engine, clock, days=3)
        assert await sent("ann") == WARNED
        assert await sent("ann", Pause()) == "paused"
        await later(engine, clock, days=1)
        assert await sent("bob") == "ended"
        await later(engine, clock, days=59)

    async with Engine(store, machines=[Subscription], clock=clock) as engine:  # a new process
        assert await sent("ann", Resume()) == WARNED
        await later(engine, clock, days=3, hours=23)
        assert await sent("ann", Paid()) == "active(payments/paid, devices/full)"
        assert await sent("ann", failed) == "active(payments/past due/reminded, devices/full)"
        await later(engine, clock, days=3)
        await later(engine, clock, days=4)
        assert await sent("ann") == "ended"
        await later(engine, clock, days=90)
        assert await sent("dan") == "ended"
        with pytest.raises(Refused, match="final"):
            await sent("dan", Resume())
    mails = capsys.readouterr().out.splitlines()
    assert [mail.removeprefix("to ann@example.com: ") for mail in mails if "ann" in mail] == [
        "your payment failed",
        "your subscription ends in four days",
        "your subscription ends in four days",
        "your payment failed",
        "your subscription ends in four days",
        "your subscription has ended",
    ]
    printed("subscription", store)
