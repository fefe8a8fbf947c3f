"""A bulkhead at work: places for calls, a queue of those that wait, leases where it is shared."""

from __future__ import annotations

import asyncio
import logging
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
from interlock.store.errors import StoreError
from interlock.store.event import Actor

log = logging.getLogger("interlock.engine")


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
        self._asking = asyncio.Lock()

    async def enter(self, who: Who) -> Place | Held:
        """Take a place, or wait for one: then the call is woken with this gate in hand."""
        if self._places is None:
            return self._take(who)
        async with self._asking:
            if self.used + len(self._queue) >= self._places.count:
                await self._places.more(self.used + 1, len(self._queue))
                self._fill()
            return self._take(who)

    def _take(self, who: Who) -> Place | Held:
        if not self._queue and self.used < self._limit():
            self.used += 1
            return Place(self)
        return self._full(who)

    def _fill(self) -> None:
        """Give the places that are free to those that wait, the longest waiting first."""
        while self._queue and self.used < self._limit():
            self.used += 1
            self._parking.call(self._queue.popleft(), self, self.leave)

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
        self._parking.park(who, self._queue.remove, self.by)
        return Held(self.by, "full")

    async def renew(self) -> None:
        """Keep the shared places that are used for another while, and ask for more if need be."""
        if self._places is None:
            return
        async with self._asking:
            if self.used or self._queue:
                await self._places.renew(self.used + len(self._queue))
                self._fill()

    async def keep(self) -> None:
        """Renew again and again, for as long as the task lives."""
        while True:
            await asyncio.sleep(duration(self.bulkhead.lease).total_seconds() / 3)
            try:
                await self.renew()
            except StoreError as error:
                log.warning("%s: its places could not be renewed: %s", self.by, error)

    def leave(self) -> None:
        """A call is over: its place goes to the one that waits for longest."""
        self.used -= 1
        self._fill()


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

    async def renew(self, wanted: int) -> bool:
        """Hold so many for another while, as far as there is room."""
        return await self._hold(0, wanted)

    async def _hold(self, least: int, wanted: int) -> bool:
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
