"""Laws of time travel: lifecycles with regions, long runs, and two runs beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings

from engine.replaying import Law, in_force, replayed
from engine.test_nested_law import moves, refusal
from interlock.engine import Engine
from interlock.machines import Command, step, workflow
from interlock.projections import History, RunState, diff_runs, evolve, fold, states
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.event import Event
from sample_subscription import Account, Subscribe, Subscription


@pytest.fixture(scope="module")
def law() -> Iterator[list[Law]]:
    with in_force() as laws:
        yield laws


@settings(max_examples=settings().max_examples // 3)
@given(moves)
def test_a_lifecycle_with_regions_is_at_every_version_what_it_was_live(
    law: list[Law], word: list[Command | int]
) -> None:
    async def main() -> None:
        clock, store = ManualClock(), MemoryStore()
        law[:] = [Law(store)]
        async with Engine(store, clock=clock) as engine:
            run = await engine.start(Subscription, Account(), id="s")
            for move in [Subscribe(plan="gold"), *word]:
                if isinstance(move, int):
                    clock.set(clock.now() + timedelta(days=move))
                    await engine.tick()
                else:
                    await refusal(engine.send(run, move))
                await engine.settle()
        assert law[0].commits > 0
        events = await store.read("s")
        replayed(events, law[0])
        for event in events:
            assert History(events).at(event.at).at == event.at
        law.clear()

    asyncio.run(main())


@step
async def count(n: int) -> int:
    return n + 1


@workflow
async def counting(most: int, seen: list[int]) -> int:
    n = 0
    while n < most:
        n = await count(n)
        seen.append(n)
    return n


async def counted(most: int, seen: list[int]) -> History:
    async with Engine("memory://") as engine:
        run = await engine.start(counting, most, seen)
        await run.result()
        return await run.history()


async def test_stepping_through_a_long_run_folds_each_event_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = await counted(600, [])
    last = history.last.version
    folded = 0

    def counts(state: RunState | None, event: Event) -> RunState:
        nonlocal folded
        folded += 1
        return evolve(state, event)

    monkeypatch.setattr(states, "evolve", counts)
    forth = [moment.state for moment in history]
    assert folded == last
    back = [moment.state for moment in reversed(history)]
    assert back == forth[::-1]
    assert folded <= 3 * last
    middle = history.at(last // 2)
    folded = 0
    for _ in range(100):
        assert middle.next is not None
        assert (middle.next.state, middle.state) == tuple(
            forth[middle.version : middle.version - 2 : -1]
        )
    assert folded <= 200


async def test_two_runs_part_where_something_else_happened() -> None:
    one, other = await counted(3, []), await counted(5, [])
    found = diff_runs(one, other)
    assert found.values is not None
    assert [moment and moment.version for moment in found.values] == [1, 1]
    assert found.parts is not None
    left, right = found.parts
    assert left is not None
    assert right is not None
    assert (left.event.type, right.event.type) == ("RunCompleted", "StepScheduled")
    assert (found.ends.before.result, found.ends.after.result) == (3, 5)
    assert diff_runs(one, await counted(3, [])).same
    assert diff_runs(one, one).ends.empty


async def test_a_state_that_was_handed_out_may_be_folded_on() -> None:
    history = await counted(4, [])
    state = history.state(3)
    for event in history.events[3:]:
        state = evolve(state, event)
    assert state.result == fold(history.events).result
    assert history.state(3).head.version == len(history.until(3))
