"""Timelines: what the log says of pauses, of what came late, and of runs that were held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.test_definitions import called, new, old
from engine.trouble import Ping, Troubled
from interlock.engine import Engine
from interlock.machines import Retry, TimedOut, approval, sleep, step, workflow
from interlock.projections import EmptyHistory, timeline
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock

HOUR = timedelta(hours=1)
TROUBLE: list[Exception] = []


@step(retry=Retry(attempts=3, initial="1 hour", maximum="1 hour", jitter=0))
async def flaky() -> int:
    if TROUBLE:
        raise TROUBLE.pop()
    return 1


@workflow
async def slow() -> str:
    await flaky()
    await sleep("2 hours")
    try:
        await approval("boss", timeout="3 hours")
    except TimedOut:
        return "nobody"
    return "somebody"


async def test_pauses_are_told_apart_from_calls_and_what_came_late_from_waits() -> None:
    TROUBLE[:] = [OSError("b"), OSError("a")]
    clock, store = ManualClock(), MemoryStore()
    async with Engine(store, machines=[slow], clock=clock) as engine:
        await engine.start(slow, id="run")
        for hours in (1, 1, 6, 4):
            await engine.settle()
            clock.set(clock.now() + hours * HOUR)
            await engine.tick()
        await engine.settle()
    drawn = timeline(await store.read("run"))
    told = {
        bar.label: [(s.kind, round((s.end - s.begin) / HOUR)) for s in bar.spans if s.end]
        for bar in drawn.bars
    }
    assert told["sleep"] == [("sleep", 2), ("late", 4)]
    assert told["approval:boss"] == [("approval", 3), ("late", 1)]
    assert [kind for kind, hours in told["flaky"] if hours] == ["pause", "pause"]
    flaky_bar = drawn.bars[0]
    assert (flaky_bar.attempts, len(flaky_bar.marks), flaky_bar.failed) == (3, 2, False)
    assert drawn.bars[-1].outcome == "timed out"
    assert (drawn.ended, drawn.status) == (True, "completed")


async def test_the_time_in_which_a_run_was_held_has_a_bar() -> None:
    store = Troubled()
    async with Engine(store, machines=[called(old)]) as engine:
        await engine.start(called(old), "x", id="run")
        await engine.settle()
    async with Engine(store, machines=[called(new)]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
        events = await store.read("run")
    (open_bar,) = [bar for bar in timeline(events).bars if bar.kind == "held"]
    assert (open_bar.end, open_bar.spans[0].kind) == (None, "held")
    assert "edited was edited" in open_bar.outcome
    async with Engine(store, machines=[called(old)]) as engine:
        assert await (await engine.get("run")).result() == "x"
    after = [event for event in await store.read("run") if event.version > len(events)]
    (bar,) = [bar for bar in timeline(await store.read("run")).bars if bar.kind == "held"]
    assert bar.end == after[0].at


def test_a_timeline_of_nothing_is_refused() -> None:
    with pytest.raises(EmptyHistory):
        timeline([])


@step(retry=Retry.none)
async def broken() -> int:
    message = "no carrier"
    raise ValueError(message)


@workflow
async def breaking() -> int:
    try:
        return await broken()
    except ValueError:
        await sleep("1 hour")
    return await broken.named("again")()


async def test_a_call_that_failed_for_good_ends_with_its_error() -> None:
    clock, store = ManualClock(), MemoryStore()
    async with Engine(store, machines=[breaking], clock=clock) as engine:
        await engine.start(breaking, id="run")
        await engine.settle()
        clock.set(clock.now() + HOUR)
        await engine.tick()
        await engine.settle()
    ends = [(bar.label, bar.outcome, bar.failed) for bar in timeline(await store.read("run")).bars]
    assert ends == [
        ("broken", "ValueError: no carrier", True),
        ("sleep", "", False),
        ("again", "ValueError: no carrier", True),
    ]
