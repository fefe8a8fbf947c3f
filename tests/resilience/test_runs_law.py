"""Runs under random trouble: nothing is called past its gates, nothing is forgotten."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from interlock.engine import Engine
from interlock.machines import Refused
from interlock.machines.workflow import Workflow
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from resilience import guarded
from resilience.oracle import too_many
from resilience.services import later

WORKFLOWS: list[Workflow[[int], Any]] = [
    guarded.guarded_alone, guarded.guarded_beside, guarded.guarded_all_or_none,
    guarded.guarded_many, guarded.guarded_in_time, guarded.guarded_by_a_child,
]  # fmt: skip
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.integers(0, len(WORKFLOWS) - 1)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 2, 5, 30])),
        st.tuples(st.just("a moment"), st.integers(0, 20)),
        st.tuples(st.just("down"), st.just(0)),
        st.tuples(st.just("up"), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("open"), st.just(0)),
        st.tuples(st.just("close"), st.just(0)),
        st.tuples(st.just("probe"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=25,
)
NAME = guarded.breaker.name


class World:
    """Runs of a store, the engine that drives them, and another one for people."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(clock=self.clock)
        self.engine = self._engine()
        self.people = Engine(self.store, clock=self.clock, worker=False)
        self.runs: list[str] = []

    def _engine(self) -> Engine:
        return Engine(self.store, clock=self.clock, machines=WORKFLOWS)

    async def do(self, what: str, argument: int) -> None:
        """One thing happens."""
        if what == "start":
            self.runs.append(f"run-{len(self.runs)}")
            turns = argument % 3
            await self.people.start(WORKFLOWS[argument], turns, id=self.runs[-1])
            self.engine.wake(self.runs[-1])
        elif what == "wait":
            await self.engine.settle()  # a token is for a call of its own instant
            await later(self.engine, self.clock, argument)
        elif what == "a moment":
            for _ in range(argument):
                await asyncio.sleep(0)
        elif what in ("down", "up"):
            guarded.DOWN[:] = [True] if what == "down" else []
        elif what == "cancel" and self.runs:
            with suppress(Refused):  # it is over
                await self.engine.cancel(self.runs[argument % len(self.runs)])
        elif what == "open":
            await self.people.breaker(NAME).force_open(by="ann", reason="law")
        elif what == "close":
            await self.people.breaker(NAME).force_close(by="ann", reason="law")
        elif what == "restart":
            await self.engine.close()
            self.engine = self._engine()
            await self.engine.__aenter__()

    async def end(self) -> None:
        """The service is up for good, and everything comes to an end."""
        guarded.DOWN.clear()
        await self.people.breaker(NAME).force_close(by="ann", reason="the end")
        await self.engine.settle()
        for _ in range(60 * (len(self.runs) + 1)):
            await later(self.engine, self.clock, 1)
            if not await self.people.runs(status=("running", "waiting", "sleeping")):
                break
        statuses = {entry.run: entry.status for entry in await self.people.runs()}
        assert {*statuses.values()} <= {"completed", "failed", "cancelled"}, statuses
        gates = self.engine.gatekeeper
        assert not gates.parked
        assert gates.bulkhead(guarded.bulkhead).used == 0
        for run in self.runs:
            (await (await self.people.get(run)).history()).verify()

    async def probe(self) -> None:
        """While the breaker is open, a new run makes no call, and shows what it waits for."""
        await self.engine.settle()
        state, calls = await self.people.breaker(NAME).state(), len(guarded.CALLS)
        if state.state != "open" or (state.until is not None and state.until <= self.clock.now()):
            return
        await self.do("start", 0)
        await self.engine.settle()
        assert len(guarded.CALLS) == calls
        entry = await self.store.entry(self.runs[-1])
        assert entry is not None
        assert (entry.waits, entry.waits_for) == ("breaker", NAME)


async def _live(ops: list[tuple[str, int]]) -> None:
    world = World()
    guarded.begin(world.clock)
    async with world.people:
        await world.engine.__aenter__()
        try:
            for what, argument in ops:
                await (world.probe() if what == "probe" else world.do(what, argument))
            await world.end()
        finally:
            await world.engine.close()
    assert guarded.NOW[1] <= guarded.bulkhead.max
    assert not too_many(guarded.CALLS, guarded.limit.interval, guarded.limit.burst)


@given(OPS)
@example([("start", 1), ("close", 0), ("cancel", 0), ("start", 1), ("wait", 0)])
def test_whatever_happens_gates_hold_and_every_run_ends(ops: list[tuple[str, int]]) -> None:
    asyncio.run(_live(ops))
