"""The story of docs/examples/expense_approval.md."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from examples.clocks import BEGIN, later
from examples.pages import path, printed
from expense_approval import Expense, reimburse
from interlock.engine import Engine, Notice
from interlock.machines import Refused
from interlock.store.clock import ManualClock


async def test_a_manager_and_above_an_amount_a_vice_president(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, clock = f"sqlite:///{tmp_path}/expenses.db", ManualClock(BEGIN)
    told: list[tuple[str, ...]] = []

    async def notify(notice: Notice) -> None:
        told.append((notice.run, notice.kind, *notice.groups))

    async with Engine(store, machines=[reimburse], clock=clock, notify=notify) as engine:

        async def hand_in(name: str, employee: str, amount: int) -> None:
            expense = Expense(employee=employee, purpose="fair", amount=Decimal(amount))
            await engine.start(reimburse, expense, id=name, by=employee)
            await engine.settle()

        for name, employee, amount in (
            ("small", "eva", 120), ("own", "max", 80), ("ignored", "eva", 60),
            ("forgotten", "eva", 61),
        ):  # fmt: skip
            await hand_in(name, employee, amount)
        await later(engine, clock, hours=2)
        await engine.approve("small", "manager", by="mia")
        with pytest.raises(Refused) as own:
            await engine.approve("own", "manager", by="max")
        await engine.reject("own", "manager", by="mia", reason="no receipt")
        assert told == []
        await later(engine, clock, hours=22)
        assert told == [(name, "reminder", "managers") for name in ("forgotten", "ignored")]
        await later(engine, clock, hours=24)
        await engine.approve("ignored", "vp", by="vera")
        await later(engine, clock, hours=24)
        assert told[2:] == [("forgotten", "reminder", "vice presidents")]
        await later(engine, clock, hours=23)
        await hand_in("large", "eva", 9000)
        await later(engine, clock, hours=1)
        await engine.approve("large", "manager", by="max", reason="agreed in May")
        await engine.settle()
        with pytest.raises(Refused) as above:
            await engine.approve("large", "vp", by="max")
        runs = {run.run: run.state for run in await engine.runs()}
        assert runs.pop("large") == "decide/approval:vp"
        assert set(runs.values()) == {"completed"}
    assert capsys.readouterr().out.splitlines() == [
        "transfer of 120 to eva",
        "to eva: paid, says mia",
        "to max: refused, says mia",
        "transfer of 60 to eva",
        "to eva: paid, says vera",
        "to eva: nobody decided in time; hand it in again",
    ]
    assert f"{own.value.message}\n{above.value.message}\n" in path("expense_approval").read_text()
    printed("expense_approval", store)
