"""A bulkhead at work: places for calls, a queue of those that wait, leases where it is shared."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock.engine.gates.parking import Parking
from interlock.engine.gates.permit import Held, Who
from interlock.engine.gates.shared import Shared
from interlock.machines.duration import duration
from interlock.machines.errors import Refused
from interlock.machines.resilience.errors import BulkheadFull
from interlock.machines.resilience.limits import Bulkhead
from interlock.machines.resilience.slots import HoldPlaces
from interlock.projections.leases import SlotsData
from interlock.store.clock import Clock
from interlock.store.event import Actor


class BulkheadGate:
    """One bulkhead in one engine.

    Attributes:
        used: places of calls under way, or kept for a call that was woken.
    """

    def __init__(self, bulkhead: Bulkhead, parking: Parking, places: Places | None) -> None:
        self.bulkhead = bulkhead
        self.by = f"bulkhead {bulkhead.name}"
        self.used = 0
        self._parking = parking
        self._places = places
        self._queue: deque[Who] = deque()

    async def enter(self, who: Who) -> Place | Held:
        """Take a place, or wait for one: then the call is woken with this gate in hand."""
        if not self._queue and self.used < self._limit():
            self.used += 1
            return Place(self)
        if self._places is not None and await self._places.more(self.used + 1, len(self._queue)):
            self.used += 1
            return Place(self)
        return self._full(who)

    def _limit(self) -> int:
        return self.bulkhead.max if self._places is None else self._places.count

    def _full(self, who: Who) -> Held:
        most, name = self.bulkhead.queue, self.bulkhead.name
        waiting = len(self._queue)
        if self.bulkhead.when == "fail" or (most is not None and waiting >= most):
            message = f"bulkhead {name!r} is full: {self.used} calls are made, {waiting} wait"
            return Held(self.by, message, error=BulkheadFull(message, name=name))
        if self._places is not None and not self.used:  # nothing here will ever wake it
            return Held(self.by, "others have all places", self._places.next_free())
        self._queue.append(who)
        self._parking.park(who)
        return Held(self.by, "full")

    def leave(self) -> None:
        """A call is over: its place goes to the one that waits for longest."""
        if self._queue and self.used <= self._limit():
            self._parking.call(self._queue.popleft(), self, self.leave)
        else:
            self.used -= 1


@dataclass(slots=True)
class Place:
    """A place that was taken."""

    gate: BulkheadGate

    def give_back(self) -> None:
        """See `Pass`."""
        self.gate.leave()

    async def succeeded(self, result: Any) -> None:
        """See `Pass`."""
        self.gate.leave()

    async def failed(self, error: BaseException) -> None:
        """See `Pass`."""
        self.gate.leave()


class Places:
    """The places of a shared bulkhead that this engine holds."""

    def __init__(
        self, bulkhead: Bulkhead, shared: Shared, clock: Clock, actor: Actor, holder: str
    ) -> None:
        self._bulkhead = bulkhead
        self._shared = shared
        self._clock = clock
        self._actor = actor
        self._holder = holder
        self._count = 0
        self._until: datetime | None = None

    @property
    def count(self) -> int:
        """How many it holds now."""
        now = self._clock.now()
        return self._count if self._until is not None and now < self._until else 0

    async def more(self, least: int, also: int) -> bool:
        """Hold `least` places, and if possible `also` as many for those that wait."""
        return await self._hold(least, least + also)

    async def renew(self, used: int) -> bool:
        """Keep the places that are used for another while, and no others."""
        return await self._hold(0, used)

    async def _hold(self, least: int, wanted: int) -> bool:
        if least and self.count >= least:
            return True
        now = self._clock.now()
        until = now + duration(self._bulkhead.lease)
        hold = HoldPlaces(
            holder=self._holder, least=least, wanted=wanted, max=self._bulkhead.max, at=now,
            until=until,
        )  # fmt: skip
        try:
            data: SlotsData = await self._shared.send(hold, self._actor)
        except Refused:
            return False
        mine = data.leases.get(self._holder)
        self._count, self._until = (0 if mine is None else mine.count), until
        return True

    def next_free(self) -> datetime:
        """When places of others will be free, unless they are renewed."""
        data: SlotsData = self._shared.data
        now = self._clock.now()
        ends = [x.until for h, x in data.leases.items() if h != self._holder and x.until > now]
        return min(ends, default=now + duration(self._bulkhead.lease))
