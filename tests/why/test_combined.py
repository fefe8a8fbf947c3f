"""Several things in the way at once: the one that comes first in truth is the cause."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from enum import StrEnum

import pytest

from interlock.machines import Lifecycle, Refuse, approval, on, workflow
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from why import charts, flows
from why.flows import CALLS, DOWN, GATE
from why.kit import engine, outside, until


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    for one in (CALLS, DOWN, GATE):
        one.clear()
    yield
    DOWN.clear()
    while GATE:
        GATE.pop().set()


@workflow(name="why-chief")
async def chief(name: str) -> str:
    decision = await approval("chief")
    return f"{name} {decision.granted}"


@workflow(name="why-over-chief")
async def over_chief(name: str) -> str:
    return await chief(name)


async def test_a_cancelled_run_is_not_said_to_wait_for_its_next_attempt() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    DOWN.add("x")
    async with engine(store, clock=clock) as one:
        await one.start(flows.retrying, "x", id="r")
        await one.settle()
        assert (await one.why("r")).cause == "retry"
    async with engine(store, clock=clock, worker=False) as one:
        await one.cancel("r", by="ann")
        why = await one.why("r")
    assert why.cause == "no_worker"
    assert "is to be stopped" in why.said
    assert why.then == ()


async def test_a_cancelled_parent_whose_child_is_not_told_does_not_wait_for_an_approval() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with engine(store, clock=clock) as one:
        await one.start(over_chief, "x", id="p")
        await one.settle()
        assert (await one.why("p")).cause == "approval"
    async with engine(store, clock=clock, worker=False) as one:
        await one.cancel("p", by="ann")
        why = await one.why("p")
    assert (why.cause, why.root, why.cancel) == ("no_worker", "p", "")
    assert "the run is cancelled, and p/why-chief#1 is to be told" in why.said
    async with engine(store, clock=clock) as one:
        await one.settle()
        assert (await one.why("p")).cause == "cancelled"


async def test_a_call_whose_process_is_gone_is_not_said_to_be_made_for_the_first_time() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    GATE.append(asyncio.Event())
    async with engine(store, clock=clock) as one:
        await one.start(flows.wiring, "x", id="r")
        await until(lambda: CALLS == ["x"])
    why = await outside(store, "r", clock)
    assert why.cause == "no_worker"
    assert "was begun by a process that is gone" in why.said


def sold_out(order: charts.Order, command: charts.Thank) -> Refuse:
    return Refuse("sold out")


class Stage(StrEnum):
    NEW = "new"
    OPEN = "open"
    DONE = "done"


class Stubborn(
    Lifecycle[Stage, charts.Order], initial=Stage.NEW, final={Stage.DONE},
    name="why-stubborn", unhandled="defer",
):  # fmt: skip
    @on(charts.Pay, source=Stage.NEW, target=Stage.OPEN)
    def pay(self, order: charts.Order, command: charts.Pay) -> charts.Order:
        return order

    @on(charts.Thank, source=Stage.OPEN, target=Stage.DONE, guard=sold_out)
    def thank(self, order: charts.Order, command: charts.Thank) -> charts.Order:
        return order


async def test_a_command_that_was_kept_and_is_refused_now_names_the_guard() -> None:
    async with engine(clock=ManualClock()) as one:
        run = await one.start(Stubborn, charts.Order(total=5), id="r")
        await one.send(run, charts.Thank())
        assert (await run.why()).cause == "deferred"
        await one.send(run, charts.Pay(amount=5))
        why = await run.why()
    assert why.cause == "guard"
    assert "Thank was kept for later, since its guard said no" in why.said
    assert "sold out" in why.said


async def test_a_child_that_an_edit_holds_is_told_to_who_asks_for_its_parent() -> None:
    store = MemoryStore()
    async with engine(store) as one:
        await one.start(over_chief, "x", id="p")
        await one.settle()

    @workflow(name="why-chief")
    async def edited(name: str) -> str:
        decision = await approval("board")
        return f"{name} {decision.granted}"

    async with engine(store, machines=[over_chief, edited]) as one:
        before = await one.why("p")
        assert (before.cause, before.root) == ("definition_changed", "p/why-chief#1")
        assert "no state 'approval:chief'" in before.said
        await one.approve("p/why-chief#1", "chief", by="ann")
        await one.settle()
        why = await one.why("p")
        assert (why.cause, why.root) == ("definition_changed", "p/why-chief#1")
        assert "write @edited.migrate(from_=" in why.said


async def test_a_breaker_and_no_worker_are_both_told() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    DOWN.add("x")
    async with engine(store, clock=clock) as one:
        await one.start(flows.behind_breaker, "x", id="r")
        await one.settle()
        while (await one.why("r")).cause == "retry":
            clock.set((await one.why("r")).then[0].at)
            await one.tick()
            await one.settle()
        assert "1 failure;" in (await one.why("r")).said
    why = await outside(store, "r", clock)
    assert why.cause == "breaker_open"
    assert why.besides == ("at that instant nothing moves it: no worker serves this database",)
