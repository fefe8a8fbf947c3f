"""Gates before steps that joins, helpers and child runs call."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.engine import Engine
from interlock.machines import Bulkhead
from interlock.machines.workflow import Workflow
from interlock.store.clock import ManualClock
from resilience import composed, services
from resilience.services import CALLS, DOWN, later


@pytest.fixture(autouse=True)
def _clean() -> None:
    services.forget()


async def trip(engine: Engine) -> None:
    """A person opens the breaker."""
    await engine.breaker("waits").force_open(by="ann", reason="test")


CALLED = [
    (composed.paid_beside, ("pay 2", "beside 1"), 1),
    (composed.paid_in_a_helper, ("pay 2, note 3", "beside 1"), 1),
    (composed.paid_by_a_child, "pay 1", 0),
]


@pytest.mark.parametrize(("workflow", "result", "before"), CALLED)
async def test_a_call_waits_for_its_breaker_wherever_it_stands(
    workflow: Workflow[[str], object], result: object, before: int
) -> None:
    async with Engine("memory://", clock=ManualClock()) as engine:
        await trip(engine)
        run = await engine.start(workflow, "ann", id="run")
        await engine.settle()
        assert len(CALLS) == before
        waiting = await engine.runs(status="waiting")
        waits = [(e.waits, e.waits_for) for e in waiting if e.waits != "child"]
        assert waits == [("breaker", "waits")]
        await engine.breaker("waits").force_close(by="ann", reason="test")
        await engine.settle()
        assert await run.result() == result


@pytest.mark.parametrize(("workflow", "result", "before"), CALLED)
async def test_and_goes_on_waiting_after_a_restart(
    workflow: Workflow[[str], object], result: object, before: int, tmp_path: Path
) -> None:
    url, clock = f"sqlite:///{tmp_path}/runs.db", ManualClock()
    async with Engine(url, clock=clock) as engine:
        await trip(engine)
        await engine.start(workflow, "ann", id="run")
        await engine.settle()
    async with Engine(url, clock=clock) as engine:
        await engine.settle()
        assert len(CALLS) == before
        run = await engine.get("run")
        await engine.breaker("waits").force_close(by="ann", reason="test")
        await engine.settle()
        assert await run.result() == result
        (await run.history()).verify()


async def test_a_closed_breaker_releases_also_what_waits_beside_other_waits() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        await trip(engine)
        run = await engine.start(composed.paid_beside_a_sleep, "ann", id="run")
        await engine.settle()
        assert CALLS == []
        await engine.breaker("waits").force_close(by="ann", reason="test")
        await engine.settle()
        assert CALLS == ["pay"]
        await later(engine, clock, 3600)
        assert await run.result() == "paid"


async def test_calls_beside_each_other_are_counted_by_one_breaker_and_tried_one_by_one() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        DOWN.add("pay")
        run = await engine.start(composed.paid_twice_beside, "ann", id="down")
        await engine.settle()
        assert await run.status() == "failed"
        assert (await engine.breaker("waits").state()).state == "open"
        DOWN.clear()
        customers = [str(n) for n in range(10)]
        paid = await engine.start(composed.paid_each, customers, id="each")
        await engine.settle()
        assert len(CALLS) == 2
        assert await paid.status() == "waiting"
        await later(engine, clock, 30)
        assert sorted(await paid.result()) == sorted(f"pay {n + 3}" for n in range(10))
        assert (await engine.breaker("waits").state()).state == "closed"


async def test_the_items_of_one_run_take_turns() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(composed.posted_each, list("abcdef"), id="run")
        await engine.settle()
        for expected in (2, 3, 4, 5, 6):
            assert len(CALLS) == expected
            await later(engine, clock, 1)
        assert len(await run.result()) == 6
        types = [event.type for event in (await run.history()).events]
        assert types.count("StepPostponed") == 4


async def test_the_items_of_one_run_share_places_and_are_called_once() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(composed.printed_each, list(range(30)), id="run")
        assert await run.result() == 30 + 100 * 3
        assert len(CALLS) == 30
        assert engine.gatekeeper.bulkhead(Bulkhead("narrow", max=3)).used == 0


async def test_equal_calls_of_one_run_are_one_call() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(composed.looked_up_twice, "tea", id="run")
        assert await run.result()
        assert CALLS == ["look_up"]


@given(
    st.lists(st.lists(st.integers(0, 4), max_size=12), min_size=1, max_size=3), st.integers(1, 9)
)
@settings(max_examples=settings().max_examples // 2)
def test_a_kept_result_is_made_once_however_many_ask_for_it(
    asked: list[list[int]], at_once: int
) -> None:
    async def ask() -> None:
        composed.KEPT.clear()
        async with Engine("memory://", clock=ManualClock()) as engine:
            runs = [
                await engine.start(composed.kept_each, numbers, at_once, id=f"run-{n}")
                for n, numbers in enumerate(asked)
            ]
            assert [await run.result() for run in runs] == asked
        assert sorted(composed.KEPT) == sorted({n for numbers in asked for n in numbers})

    asyncio.run(ask())


async def test_a_full_queue_refuses_single_items() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(composed.scanned_or_not, [1, 2, 3, 4], id="run")
        assert sorted(await run.result()) == [False, False, True, True]


async def test_who_loses_a_race_while_it_waits_for_a_breaker_is_not_called() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        await trip(engine)
        run = await engine.start(composed.first_of, "ann", id="run")
        assert await run.result() == "quick"
        await engine.breaker("waits").force_close(by="ann", reason="test")
        await later(engine, clock, 3600)
        assert CALLS == ["quick"]


async def test_who_loses_a_race_while_it_waits_for_a_place_leaves_the_queue() -> None:
    async with Engine("memory://") as engine:
        services.HELD.append(asyncio.Event())
        busy = await engine.start(services.scanning, 1, id="busy")
        await services.calls(1)
        run = await engine.start(composed.first_scanned, 2, id="run")
        async with asyncio.timeout(10):
            assert await run.result() == "quick"
        after = await engine.start(services.scanning, 3, id="after")
        services.HELD[0].set()
        await engine.settle()
        assert await busy.status() == await after.status() == "completed"
        assert CALLS.count("scan") == 2
        assert engine.gatekeeper.bulkhead(Bulkhead("tiny", max=1, queue=1)).used == 0


async def test_cancelling_a_run_frees_the_places_of_its_calls() -> None:
    async with Engine("memory://") as engine:
        services.HELD.append(asyncio.Event())
        run = await engine.start(composed.printed_each, list(range(9)), id="run")
        await services.calls(3)
        await engine.cancel(run)
        async with asyncio.timeout(10):
            await engine.settle()
        assert await run.status() == "cancelled"
        assert engine.gatekeeper.bulkhead(Bulkhead("narrow", max=3)).used == 0
        services.HELD[0].set()
        other = await engine.start(composed.printed_each, list(range(4)), id="other")
        assert await other.result() == 304


async def test_the_effects_of_a_lifecycle_wait_for_their_breaker(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/runs.db", ManualClock()
    async with Engine(url, clock=clock) as engine:
        await trip(engine)
        run = await engine.start(composed.Shopping, composed.Basket(), id="run")
        await engine.send(run, composed.Order())
        await engine.settle()
        entry = (await engine.runs())[0]
        assert (entry.state, entry.waits, entry.waits_for) == ("ordered", "breaker", "waits")
        assert "pay" not in CALLS
    async with Engine(url, clock=clock) as engine:
        await engine.breaker("waits").force_close(by="ann", reason="test")
        await engine.settle()
        assert sorted(CALLS) == ["after", "pay"]
        await engine.send("run", composed.Leave())
        assert await (await engine.get("run")).state() == "gone"


async def test_a_lifecycle_that_moves_on_leaves_its_effects_to_themselves() -> None:
    async with Engine("memory://", clock=ManualClock()) as engine:
        await trip(engine)
        run = await engine.start(composed.Shopping, composed.Basket(), id="run")
        await engine.send(run, composed.Order())
        await engine.settle()
        await engine.send(run, composed.Leave())
        await engine.settle()
        await engine.breaker("waits").force_close(by="ann", reason="test")
        await engine.settle()
        assert (await run.state(), sorted(CALLS)) == ("gone", ["after", "pay"])
