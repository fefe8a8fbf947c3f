"""A shared bulkhead: never more calls than places, over engines, leases and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.engine.gates.bulkheads import BulkheadGate, Place, Places
from interlock.engine.gates.parking import Parking
from interlock.engine.gates.permit import Who
from interlock.engine.gates.shared import Shared
from interlock.machines.resilience.limits import Bulkhead
from interlock.machines.resilience.slots import PlacePool
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.event import Actor

MOST = 4
BULKHEAD = Bulkhead("law of places", max=MOST, shared=True, lease="10 seconds")
ENGINES = st.integers(0, 1)
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), ENGINES),
        st.tuples(st.just("enter"), ENGINES),
        st.tuples(st.just("several"), ENGINES),
        st.tuples(st.just("leave"), ENGINES),
        st.tuples(st.just("time"), st.just(0)),
        st.tuples(st.just("restart"), ENGINES),
        st.tuples(st.just("stall"), st.just(0)),
    ),
    max_size=40,
)


class Side:
    """One engine's gate, and the calls that it let through or holds back."""

    def __init__(self, store: MemoryStore, clock: ManualClock, number: int) -> None:
        shared = Shared(store, clock, PlacePool, "$bulkhead/law")
        places = Places(BULKHEAD, shared, clock, Actor("worker"), f"holder {number}")
        self.parking = Parking(lambda run: None)
        self.gate = BulkheadGate(BULKHEAD, self.parking, places)
        self.waiting: list[Who] = []
        self.made: list[Place] = []

    async def enter(self, who: Who) -> None:
        """A call wants a place."""
        answer = await self.gate.enter(who)
        if isinstance(answer, Place):
            self.made.append(answer)
        else:
            self.waiting.append(who)
        self.look()

    def look(self) -> None:
        """Calls whose turn it is are made."""
        for who in list(self.waiting):
            if self.parking.claim(who) is not None:
                self.waiting.remove(who)
                self.made.append(Place(self.gate))

    async def again(self) -> None:
        """Calls that were told an instant ask again."""
        for who in [who for who in self.waiting if who not in self.parking.parked]:
            self.waiting.remove(who)
            await self.enter(who)

    def leave(self) -> None:
        """A call ends."""
        if self.made:
            self.made.pop().give_back()
            self.look()


async def _places(ops: list[tuple[str, int]]) -> None:
    clock = ManualClock()
    store, begun, asked = MemoryStore(clock=clock), 2, 0
    sides = [Side(store, clock, number) for number in range(2)]
    stalled = False

    async def renew() -> None:
        clock.set(clock.now() + timedelta(seconds=3))
        for side in sides:
            await side.gate.renew()
            side.look()
            await side.again()

    for what, number in ops:
        side = sides[number]
        if what == "time":
            await renew()
        elif what == "stall":  # nobody renews for longer than the lease: places are void
            clock.set(clock.now() + timedelta(seconds=30))
            stalled = True
        elif what == "leave":
            side.leave()
        elif what == "restart":
            sides[number], begun = Side(store, clock, begun), begun + 1
        else:
            together = 3 if what == "several" else 1
            entering: list[Coroutine[Any, Any, None]] = [
                side.enter(("run", str(asked + n))) for n in range(together)
            ]
            asked += together
            await asyncio.gather(*entering)
        assert stalled or sum(len(side.made) for side in sides) <= MOST
        for side in sides:
            assert side.gate.used == len(side.made)
    for _ in range(asked + 8):  # in the end, everyone has had a place
        for side in sides:
            while side.made:
                side.leave()
        await renew()
    assert not any(side.waiting or side.parking.parked for side in sides)


@given(OPS)
@settings(max_examples=settings().max_examples * 3)
def test_never_more_calls_than_places_and_nobody_waits_for_ever(ops: list[tuple[str, int]]) -> None:
    asyncio.run(_places(ops))
