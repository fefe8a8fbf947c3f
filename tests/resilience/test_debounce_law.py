"""Debounces against a list: bursts, restarts, offers of several engines, in random order."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import Engine
from interlock.engine.handle import Run
from interlock.machines import Debounce, Superseded
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from resilience import services
from resilience.services import later

QUIET = 5
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(0, 1)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 2, 4, 5, 6])),
        st.tuples(st.just("away"), st.sampled_from([1, 4, 5, 20])),
    ),
    max_size=20,
)


class Oracle:
    """What has to happen to each offer of one key."""

    def __init__(self) -> None:
        self.standing: tuple[str, datetime] | None = None
        self.carried_out: list[str] = []
        self.superseded: dict[str, str] = {}

    def offer(self, name: str, now: datetime) -> None:
        if self.standing is not None:
            self.superseded[self.standing[0]] = name
        self.standing = name, now + timedelta(seconds=QUIET)

    def tick(self, now: datetime) -> None:
        if self.standing is not None and self.standing[1] <= now:
            self.carried_out.append(self.standing[0])
            self.standing = None


async def _burst(ops: list[tuple[str, int]]) -> None:
    services.forget()
    clock = ManualClock()
    store, oracle, burst = MemoryStore(clock=clock), Oracle(), Debounce("law", f"{QUIET} seconds")
    offers: dict[str, tuple[Engine, Run[int]]] = {}
    other = Engine(store, clock=clock, worker=False)
    worker = Engine(store, clock=clock)
    async with other:
        await worker.__aenter__()
        for what, argument in [*ops, ("wait", QUIET)]:
            if what == "offer":
                engine, name = (worker, other)[argument], f"run-{len(offers)}"
                start = engine.start(services.indexing, name, [argument], id=name, debounce=burst)
                offers[name] = engine, await start
                oracle.offer(name, clock.now())
            elif what == "away":  # the worker dies; time passes; another one comes
                await worker.close()
                clock.set(clock.now() + timedelta(seconds=argument))
                worker = Engine(store, clock=clock)
                await worker.__aenter__()
                await later(worker, clock, 0)
            else:
                await later(worker, clock, argument)
            oracle.tick(clock.now())
            begun = [entry.run for entry in await other.runs()]
            assert sorted(begun) == sorted(oracle.carried_out)
        for name, (engine, run) in offers.items():
            if name in oracle.superseded and not engine.closing:
                with pytest.raises(Superseded) as told:
                    await run.result()
                assert told.value.by == oracle.superseded[name]
        await worker.close()
    assert [call.removeprefix("index ") for call in services.CALLS] == oracle.carried_out


@given(OPS)
def test_the_last_of_a_burst_takes_place_and_the_others_are_told(
    ops: list[tuple[str, int]],
) -> None:
    asyncio.run(_burst(ops))
