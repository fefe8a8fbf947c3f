"""Law: for every prefix of every run, what is folded from the log is what the engine held live."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import shop
from engine.replaying import Law, in_force, replayed
from interlock.engine import Engine
from interlock.machines import Refused, Workflow
from interlock.machines.step import Step
from interlock.store.backends.memory import MemoryStore
from machines.programs import Program, Script, names, programs
from machines.scripted import define


@pytest.fixture(scope="module")
def law() -> Iterator[list[Law]]:
    with in_force() as laws:
        yield laws


async def live(program: Program, law: list[Law]) -> None:
    script = Script(program.codes)
    function = define(program.source, names(script))
    flow: Workflow[..., Any] = Workflow(function, "flow")
    store = MemoryStore()
    law.append(Law(store))
    async with Engine(store, machines=[flow]) as engine:
        run = await engine.start(flow, *program.args, id="run")
        await run.wait()
        events = (await run.history()).events
    calls = len(script.outcome.calls)
    replayed(events, law[-1])
    assert law[-1].commits > 0
    assert len(script.outcome.calls) == calls
    law.clear()


@given(program=programs())
def test_replay_is_live_for_every_prefix_of_generated_runs(
    law: list[Law], program: Program
) -> None:
    asyncio.run(live(program, law))


OUTCOMES = st.sampled_from([None, OSError("reset"), shop.Declined("no"), ValueError("hm")])


@given(
    charge=st.lists(OUTCOMES, max_size=3),
    refund=st.lists(OUTCOMES, max_size=3),
    ship=st.lists(OUTCOMES, max_size=1),
    granted=st.sampled_from([True, False, None]),
    total=st.sampled_from([20, 2000]),
    answers=st.lists(st.sampled_from(["retry", "resolve", "skip"]), max_size=2),
)
def test_replay_is_live_for_orders_that_fail_and_are_undone(
    law: list[Law],
    charge: Any,
    refund: Any,
    ship: Any,
    granted: bool | None,
    total: int,
    answers: list[Any],
) -> None:
    async def main() -> None:
        shop.SCRIPT.update(charge=list(charge), refund=list(refund), ship=list(ship))
        store = MemoryStore()
        law[:] = [Law(store)]
        order = shop.Order(id=1, total=Decimal(total), items=["tea"])
        async with Engine(store, machines=[shop.checkout]) as engine:
            run = await engine.start(shop.checkout, order, id="run")
            while (await run.snapshot()).ended is None:
                await engine.settle()
                await engine.tick()
                try:
                    if await run.status() == "undo failed":
                        answer: Any = answers.pop() if answers else "skip"
                        await engine.undo(run, "charge", answer, by="ann", reason="so")
                    elif granted is None:
                        await engine.cancel(run, reason="changed")
                    elif granted:
                        await engine.approve(run, "manager", by="ann")
                    else:
                        await engine.reject(run, "manager", by="ann", reason="no")
                except Refused:
                    await asyncio.sleep(0.001)  # a retry is due in a moment
            events = (await run.history()).events
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Step, "__call__", forbidden)
            patch.setattr(shop, "called", forbidden)
            replayed(events, law[-1])
        law.clear()
        shop.SCRIPT.clear()
        shop.CALLS.clear()

    asyncio.run(main())


def forbidden(*_: object, **__: object) -> None:
    message = "replay calls nothing"
    raise AssertionError(message)
