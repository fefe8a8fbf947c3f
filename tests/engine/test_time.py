"""Time: deadlines last over restarts, and parked runs cost next to nothing."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from datetime import timedelta
from decimal import Decimal

import pytest

from engine import shop, trouble
from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import TimedOut
from interlock.projections import RunState
from interlock.store.clock import ManualClock

LARGE = shop.Order(id=2, total=Decimal(2000), items=["car"])


@pytest.fixture(autouse=True)
def _clean() -> None:
    for made in (shop.CALLS, shop.SCRIPT, trouble.CALLS):
        made.clear()


async def later(engine: Engine, clock: ManualClock, **by: float) -> None:
    clock.set(clock.now() + timedelta(**by))
    await engine.tick()
    await engine.settle()


async def test_a_sleep_of_two_days_keeps_its_end_over_restarts() -> None:
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        await engine.start(shop.napping, "ann", id="nap")
        await engine.settle()
    clock.set(clock.now() + timedelta(days=1))
    async with Engine(store, clock=clock) as engine:
        run = await engine.get("nap")
        await engine.tick()
        assert await run.status() == "sleeping"
        await later(engine, clock, hours=23.9)
        assert await run.status() == "sleeping"
        await later(engine, clock, hours=0.2)
        assert await run.result() == "ann slept"


async def test_a_backoff_keeps_its_instant_over_a_restart_and_a_clock_that_goes_back() -> None:
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        await engine.start(trouble.backing_off, Decimal(1), id="run")
        await engine.settle()
    async with Engine(store, clock=clock) as engine:
        run = await engine.get("run")
        await later(engine, clock, hours=-5)
        await later(engine, clock, hours=28)
        assert len(trouble.CALLS) == 1
        await later(engine, clock, hours=2)
        assert await run.result() == "done"
        (await run.history()).verify()


async def test_an_approval_times_out_in_the_workflow() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(shop.checkout, LARGE, id="order")
        await engine.settle()
        await later(engine, clock, days=2, seconds=1)
        with pytest.raises(TimedOut, match="manager"):
            await run.result()
        assert await run.status() == "compensated"


async def test_a_wait_times_out_in_the_workflow() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(shop.waiting, Decimal(10), id="wait")
        await engine.settle()
        await engine.send(run, shop.Paid(amount=Decimal(3)))
        await later(engine, clock, hours=1)
        with pytest.raises(TimedOut, match="Paid"):
            await run.result()


async def test_a_command_before_its_wait_is_not_lost() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(shop.waiting, Decimal(10), id="wait")
        await engine.send(run, shop.Paid(amount=Decimal(30), note="early"))
        assert await run.result() == "early"


async def test_events_never_go_back_in_time() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(shop.napping, "ann", id="nap")
        await engine.settle()
        clock.set(clock.now() - timedelta(days=3))
        await engine.cancel(run)
        await engine.settle()
        times = [event.at for event in (await run.history()).events]
        assert times == sorted(times)


async def test_timers_survive_a_full_store() -> None:
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        run = await engine.start(shop.napping, "ann", id="nap")
        await engine.settle()
        store.failing = 3
        clock.set(clock.now() + timedelta(days=3))
        engine.timer_service.poke()
        assert await run.result() == "ann slept"
        assert store.failing == 0


async def test_ten_thousand_parked_runs_hold_no_task_and_no_memory() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        await engine.start(trouble.strict, id="warm")
        await engine.settle()
        before = states()
        for number in range(10_000):
            await engine.start(trouble.strict, id=f"run-{number}")
            if engine.busy > 200:
                await engine.settle()
        await engine.settle()
        assert len(engine.sessions) == 0
        assert len(asyncio.all_tasks()) < 6
        assert states() <= before


def states() -> int:
    """How many folded runs are in memory."""
    gc.collect()
    return sum(isinstance(found, RunState) for found in gc.get_objects())


async def test_a_parked_run_of_a_file_takes_no_memory(tmp_path: object) -> None:
    async with Engine(f"sqlite:///{tmp_path}/runs.db") as engine:
        await engine.start(shop.napping, "ann", id="warm")
        await engine.settle()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for number in range(500):
                await engine.start(shop.napping, "ann", id=f"run-{number}")
            await engine.settle()
            shop.CALLS.clear()
            gc.collect()
            used = (tracemalloc.get_traced_memory()[0] - before) / 500
        finally:
            tracemalloc.stop()
        assert used < 1500  # bytes a run, its timer among them


async def paid_while_nobody_drove(paid: dict[float, Decimal], back: float) -> tuple[str, list[str]]:
    """What becomes of an order that has an hour to be paid, its worker away until then."""
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        await engine.start(shop.waiting, Decimal(10), id="wait")
        await engine.settle()
    begin = clock.now()
    async with Engine(store, clock=clock, worker=False) as engine:
        for minutes, amount in paid.items():
            clock.set(begin + timedelta(minutes=minutes))
            await engine.send("wait", shop.Paid(amount=amount, note=f"at {minutes}"))
    clock.set(begin + timedelta(minutes=back))
    async with Engine(store, clock=clock) as engine:
        await engine.tick()
        await engine.settle()
        run = await engine.get("wait")
        history = await run.history()
        history.verify()
        return await run.status(), [event.type for event in history.events]


async def test_a_command_that_came_before_the_deadline_counts_though_the_worker_was_away() -> None:
    for _ in range(5):
        status, events = await paid_while_nobody_drove({59: Decimal(30)}, back=90)
        assert status == "completed"
        assert "WaitTimedOut" not in events


async def test_a_command_that_came_after_the_deadline_does_not() -> None:
    for _ in range(5):
        status, events = await paid_while_nobody_drove({61: Decimal(30)}, back=90)
        assert status == "failed"
        assert "WaitMatched" not in events


async def test_a_command_that_the_wait_declines_does_not_keep_it_from_timing_out() -> None:
    for _ in range(5):
        status, events = await paid_while_nobody_drove({59: Decimal(3)}, back=90)
        assert status == "failed"
        assert events.count("WaitDeclined") == 1
        assert events.count("WaitTimedOut") == 1
