"""Rate limits and bulkheads in runs: turns, places, queues; each call is made once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from interlock.engine import Engine
from interlock.machines import BadDefinition, Bulkhead, BulkheadFull, RateLimit, RateLimited
from interlock.store.clock import ManualClock
from interlock.store.open import open_store
from resilience import services
from resilience.services import CALLS, DOWN, UNDER_WAY, later


@pytest.fixture(autouse=True)
def _clean() -> None:
    services.forget()


async def test_calls_over_the_rate_wait_for_their_turns() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        runs = [await engine.start(services.posted, "hello", id=f"run-{n}") for n in range(6)]
        await engine.settle()
        assert len(CALLS) == 2  # the burst
        waiting = await engine.runs(status="waiting")
        assert [(e.waits, e.waits_for) for e in waiting] == [("rate", "rated")] * 4
        for expected in (3, 4, 5, 6):
            await later(engine, clock, 1)
            assert len(CALLS) == expected
        assert [await run.status() for run in runs] == ["completed"] * 6
        for run in runs[2:]:
            types = [event.type for event in (await run.history()).events]
            assert types.count("StepPostponed") == 1


async def test_a_strict_limit_fails_and_says_when_to_come_again() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        assert await (await engine.start(services.posted_now, "a", id="a")).result()
        run = await engine.start(services.posted_now, "b", id="b")
        with pytest.raises(RateLimited) as caught:
            await run.result()
        assert caught.value.retry_after is not None
        assert caught.value.retry_after.total_seconds() == 1
        await later(engine, clock, 1)
        assert await (await engine.start(services.posted_now, "c", id="c")).result()
        assert len(CALLS) == 2


async def test_batches_not_calls_are_events() -> None:
    clock = ManualClock()
    limit = RateLimit.api("batched")
    assert (limit.batch, limit.burst) == (5, 20)
    async with Engine("memory://", clock=clock, worker=False) as engine:
        gate = engine.gatekeeper.rate(limit)
        for number in range(20):
            await gate.enter(("run", str(number)))
        assert len(await engine.store.read("$rate/batched")) == 4


async def test_a_bulkhead_lets_so_many_through_and_each_call_once() -> None:
    async with Engine("memory://") as engine:
        runs = [await engine.start(services.printing, n, id=f"run-{n}") for n in range(20)]
        for run in runs:
            await run.result()
        assert len(CALLS) == 20
        assert UNDER_WAY["most print"] == 3
        assert await engine.store.read("$bulkhead/narrow") == []


async def test_a_queued_run_that_is_cancelled_leaves_its_place_to_others() -> None:
    async with Engine("memory://") as engine:
        services.HELD.append(asyncio.Event())
        runs = [await engine.start(services.printing, n, id=f"run-{n}") for n in range(8)]
        await services.calls(3)
        for run in runs[3:6]:
            await engine.cancel(run)
        services.HELD[0].set()
        await engine.settle()
        statuses = [await run.status() for run in runs]
        assert statuses == ["completed"] * 3 + ["cancelled"] * 3 + ["completed"] * 2
        assert len(CALLS) == 5
        gate = engine.gatekeeper.bulkhead(Bulkhead("narrow", max=3))
        assert gate.used == 0


async def test_a_full_queue_refuses() -> None:
    async with Engine("memory://") as engine:
        services.HELD.append(asyncio.Event())
        runs = [await engine.start(services.scanning, n, id=f"run-{n}") for n in range(3)]
        with pytest.raises(BulkheadFull, match="1 wait"):
            await runs[2].result()
        services.HELD[0].set()
        assert await runs[0].result()
        assert await runs[1].result()
        assert len(CALLS) == 2


async def test_a_failing_call_gives_its_place_back() -> None:
    async with Engine("memory://") as engine:
        DOWN.add("print")
        runs = [await engine.start(services.printing, n, id=f"run-{n}") for n in range(7)]
        for run in runs:
            with pytest.raises(ConnectionError):
                await run.result()
        assert engine.gatekeeper.bulkhead(Bulkhead("narrow", max=3)).used == 0


async def test_shared_places_are_shared_between_engines_and_free_again_when_one_dies() -> None:
    store, clock = open_store("memory://"), ManualClock()
    shared = Bulkhead("shared", max=4, shared=True, lease="10 seconds")
    async with (
        Engine(store, clock=clock, worker=False) as one,
        Engine(store, clock=clock, worker=False) as other,
    ):
        mine, theirs = one.gatekeeper.bulkhead(shared), other.gatekeeper.bulkhead(shared)
        for number in range(3):
            assert await _entered(mine, number)
        assert await _entered(theirs, 1)
        assert not await _entered(theirs, 2)
        clock.set(clock.now() + timedelta(seconds=6))
        await theirs.renew()
        clock.set(clock.now() + timedelta(seconds=6))  # nobody renewed mine
        theirs.leave()  # to the one that waits
        for number in range(3):
            assert await _entered(theirs, number)
        assert not await _entered(theirs, 9)
    await store.close()


async def _entered(gate: object, number: int) -> bool:
    from interlock.engine.gates.bulkheads import BulkheadGate, Place

    assert isinstance(gate, BulkheadGate)
    return isinstance(await gate.enter(("run", str(number))), Place)


def test_limits_are_checked_and_have_presets() -> None:
    assert (RateLimit("derived", per_second=3).burst, RateLimit.external("ext").burst) == (6, 10)
    with pytest.raises(BadDefinition, match="per_second"):
        RateLimit("none", per_second=0)
    with pytest.raises(BadDefinition, match="max"):
        Bulkhead("none", max=0)
    with pytest.raises(BadDefinition, match="write wait or fail"):
        Bulkhead("none", when="later")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # what is tested
