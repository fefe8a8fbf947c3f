"""Runs that wait for other runs, or are made from them: the cause is where it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from interlock.store.backends.memory import MemoryStore
from interlock.store.board import Board
from interlock.store.clock import ManualClock
from why import charts, flows
from why.flows import CALLS, DOWN, THREADS
from why.kit import engine, outside, until


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    CALLS.clear()
    DOWN.clear()
    yield
    DOWN.clear()
    while THREADS:
        THREADS.pop().set()


async def test_the_parent_of_a_cancelled_child_that_does_not_stop_names_the_child() -> None:
    THREADS.append(threading.Event())
    async with engine() as one:
        run = await one.start(flows.over_deaf, "x", id="p")
        await until(lambda: CALLS == ["x"])
        await one.cancel(run, reason="enough")
        async with asyncio.timeout(20):
            while (why := await run.why()).cause != "cancelling":  # noqa: ASYNC110  as it is told
                await asyncio.sleep(0.001)
        assert why.root == "p/why-deaf#1"
        THREADS[0].set()
        await run.wait()


async def test_a_failed_undo_of_a_child_is_the_cause_of_its_parent() -> None:
    DOWN.add("unship")
    clock = ManualClock()
    async with engine(clock=clock) as one:
        run = await one.start(flows.over_undone, "x", id="p")
        await one.settle()
        while (why := await run.why()).cause == "retry":
            clock.set(clock.now() + timedelta(days=1))
            await one.tick()
            await one.settle()
        assert (why.cause, why.root) == ("undo_failed", "p/why-shipping#1")
        assert why.actions[0].argv[:3] == ("undo", "p/why-shipping#1", "ship")


async def test_a_parent_waits_for_a_child_that_nobody_serves() -> None:
    store = MemoryStore()
    clock = ManualClock()
    async with engine(store, clock=clock) as one:
        await one.start(flows.grandparent, "x", id="g")
        await one.settle()
    clock.set(clock.now() + timedelta(hours=2))
    store.acquire_worker()
    serves = {name: list[str]() for name in ("why-parent", "why-grandparent")}
    store.post(Board(worker="host:1", since=clock.now(), serves=serves))
    why = await outside(store, "g", clock)
    assert (why.cause, why.root) == ("code_missing", "g/why-parent#1/why-waiting#1")


async def test_a_fork_that_asks_about_a_call_is_told() -> None:
    async with engine() as one:
        run = await one.start(flows.acting, "x", id="r")
        await run.result()
        fork = await one.fork(run, at=1, id="f", effects="ask")
        await one.settle()
        why = await fork.why()
        assert why.cause == "asked"
        assert "interlock answer f act --live" in [a.line(app=False) for a in why.actions]


async def test_an_effect_of_a_lifecycle_that_is_stuck_is_told() -> None:
    DOWN.add("mail")
    clock = ManualClock()
    async with engine(clock=clock) as one:
        run = await one.start(charts.Mailing, charts.Order(total=1), id="m")
        await one.settle()
        why = await run.why()
        assert {wait.cause for wait in why.waits} == {"retry", "command"}
        assert any(then.event == "retries" for then in why.then)
