"""Circuit breakers in runs: they open, wait or fail, let trials through, close, obey people."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import BadDefinition, Breaker, parallel, step, workflow
from interlock.machines.check import undeclared_gates
from interlock.store.clock import ManualClock
from resilience import services
from resilience.services import CALLS, DOWN, later


@pytest.fixture(autouse=True)
def _clean() -> None:
    services.forget()


async def trip(engine: Engine) -> None:
    """Let `waits` open."""
    DOWN.add("pay")
    for number in range(2):
        run = await engine.start(services.billed, "ann", id=f"trip-{number}")
        assert await run.result() == "not paid"
    assert (await engine.breaker("waits").state()).state == "open"


async def test_calls_wait_for_an_open_breaker_and_are_made_when_it_closes() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        await trip(engine)
        runs = [await engine.start(services.billed, "ann", id=f"run-{n}") for n in range(5)]
        await engine.settle()
        assert len(CALLS) == 2
        entries = await engine.runs(status="waiting")
        assert [(e.waits, e.waits_for) for e in entries] == [("breaker", "waits")] * 5
        DOWN.clear()
        await later(engine, clock, 29)
        assert len(CALLS) == 2
        await later(engine, clock, 1)
        assert all([(await run.result()).startswith("pay") for run in runs])
        assert len(CALLS) == 7
        assert (await engine.breaker("waits").state()).state == "closed"
        types = Counter(event.type for event in (await runs[4].history()).events)
        assert types["StepPostponed"] == 1
        (effect,) = (await runs[0].history()).ledger()
        assert (effect.status, effect.attempts, effect.note) == ("confirmed", 1, "")
        (await runs[4].history()).verify()


async def test_what_waits_is_a_row_of_the_ledger_and_can_be_cancelled() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        await trip(engine)
        run = await engine.start(services.billed, "ann", id="run")
        await engine.settle()
        (effect,) = (await run.history()).ledger()
        assert (effect.status, effect.note) == ("postponed", "breaker waits")
        assert effect.attempts == 0
        await engine.cancel(run)
        await engine.settle()
        assert await run.status() == "cancelled"
        await later(engine, clock, 60)
        assert len(CALLS) == 2


async def test_a_failing_step_gets_the_error_with_the_time_that_is_left() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        DOWN.add("ask")
        run = await engine.start(services.asked, "why", id="first")
        await engine.settle()
        await later(engine, clock, 1)  # the second attempt trips it; the third is refused
        await later(engine, clock, 2)
        assert await run.result() == "no answer, again in 0:00:28"
        assert len(CALLS) == 2
        await later(engine, clock, 8)
        run = await engine.start(services.asked, "why", id="second")
        assert await run.result() == "no answer, again in 0:00:20"
        assert len(CALLS) == 2


async def test_domain_errors_are_no_failures_unless_declared() -> None:
    async with Engine("memory://", clock=ManualClock()) as engine:
        for number in range(10):
            run = await engine.start(services.billed, "unfit", id=f"run-{number}")
            assert await run.result() == "unfit"
        assert (await engine.breaker("waits").state()).state == "closed"
        assert await engine.store.read("$breaker/waits") == []


async def test_errors_are_counted_as_they_are_mapped() -> None:
    async with Engine("memory://", clock=ManualClock()) as engine:
        DOWN.add("translate")
        for number in range(4):
            run = await engine.start(services.translating, "text", id=f"run-{number}")
            assert await run.result() == "unfit: translate is down"
        assert (await engine.breaker("waits").state()).state == "closed"


async def test_a_breaker_survives_a_restart_and_tells_its_past(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/runs.db", ManualClock()
    async with Engine(url, clock=clock) as engine:
        await trip(engine)
        opened = clock.now()
        run = await engine.start(services.billed, "ann", id="run")
        await engine.settle()
    clock.set(clock.now() + timedelta(seconds=31))
    DOWN.clear()
    async with Engine(url, clock=clock) as engine:
        await engine.tick()
        await engine.settle()
        run = await engine.get("run")
        assert await run.status() == "completed"
        handle = engine.breaker("waits")
        assert (await handle.state()).state == "half-open"  # one trial of two has passed
        assert (await handle.at(opened)).state == "open"
        assert (await handle.at(opened)).until == opened + timedelta(seconds=30)
        assert (await handle.at(opened - timedelta(seconds=1))).state == "closed"
        assert [state.state for state in await handle.history()] == [
            "open", "half-open", "half-open",
        ]  # fmt: skip
        assert [state.name for state in await engine.breakers()] == ["waits"]


async def test_people_open_and_close_it_with_their_names() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        handle = engine.breaker(services.waiting_breaker)
        state = await handle.force_open(by="ann", reason="the provider is moving")
        assert (state.state, state.by, state.reason) == ("open", "ann", "the provider is moving")
        assert state.retry_after(clock.now()) is None
        run = await engine.start(services.billed, "ann", id="run")
        await engine.settle()
        await later(engine, clock, 3600)
        assert await run.status() == "waiting"
        assert CALLS == []
        await handle.force_close(by="bob", reason="it has moved")
        assert await run.result() == "pay 1"
        (effect,) = (await run.history()).ledger()
        assert (effect.status, effect.attempts, effect.note) == ("confirmed", 1, "")
        events = await engine.store.read("$breaker/waits")
        assert [event.actor.id for event in events] == ["ann", "bob"]


async def test_one_that_was_closed_while_no_worker_was_there_lets_calls_through() -> None:
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        await engine.breaker("waits").force_open(by="ann", reason="")
        await engine.start(services.billed, "ann", id="run")
        await engine.settle()
    async with Engine(store, clock=clock, worker=False) as engine:
        await engine.breaker("waits").reset(by="ann")
    async with Engine(store, clock=clock) as engine:
        assert await (await engine.get("run")).result() == "pay 1"


async def test_a_store_in_trouble_is_not_the_services_trouble() -> None:
    store = Troubled()
    async with Engine(store, clock=ManualClock()) as engine:
        DOWN.add("pay")
        first = await engine.start(services.billed, "ann", id="first")
        assert await first.result() == "not paid"
        run = await engine.start(services.billed, "ann", id="second")
        store.failing = 1  # the move of the breaker, or the outcome: neither changes what is seen
        assert await run.result() == "not paid"


def test_two_modules_cannot_declare_one_name_differently() -> None:
    same = Breaker("waits", threshold=2, reset="30 seconds", trials=2)
    assert same == services.waiting_breaker
    with pytest.raises(BadDefinition, match="declare it once"):
        Breaker("waits", threshold=7)
    with pytest.raises(BadDefinition, match="threshold"):
        Breaker("none", threshold=0)


def test_presets() -> None:
    critical, lenient = Breaker.critical("critical"), Breaker.lenient("lenient", trials=4)
    assert (critical.threshold, critical.window, critical.reset, critical.trials) == (
        3, "30 seconds", "60 seconds", 1,
    )  # fmt: skip
    assert (lenient.threshold, lenient.reset, lenient.trials) == (10, "15 seconds", 4)


async def test_an_undeclared_gate_is_refused_before_a_run_begins() -> None:
    @step(breaker="nowhere")
    async def undo() -> None: ...

    @step(bulkhead="nowhere", rate="neither", compensate=undo)
    async def lose() -> None: ...

    async def helper() -> None:
        await lose()

    @workflow
    async def losing_everything() -> None:
        await parallel(helper(), helper())

    lacking = r"no Bulkhead is called 'nowhere' .*no RateLimit .*no Breaker is called 'nowhere'"
    with pytest.raises(BadDefinition, match=lacking):
        Engine("memory://", machines=[losing_everything])
    async with Engine("memory://") as engine:
        with pytest.raises(BadDefinition, match=lacking):
            await engine.start(losing_everything, id="lost")
        assert await engine.runs() == []
        found = [*undeclared_gates(losing_everything.program)]
        assert [(p.code, p.severity) for p in found] == [("ILK105", "error")] * 3
