"""The timer service: wakes runs at their recorded instants."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from interlock.store import crash
from interlock.store.clock import Clock
from interlock.store.contract import Timer
from interlock.store.errors import StoreError

_LONGEST_SLEEP = 60.0
"""Seconds: a clock that jumps forward is noticed within this time."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds before timers are tried again that the store did not let through."""

log = logging.getLogger("interlock.engine")


class TimerService:
    """A heap of instants. The store's table is the truth; the heap is rebuilt from it."""

    def __init__(self, clock: Clock, fire: Callable[[Timer], Awaitable[None]]) -> None:
        self._clock = clock
        self._fire = fire
        self._heap: list[tuple[float, str, str]] = []
        self._timers: dict[tuple[str, str], Timer] = {}
        self._changed = asyncio.Event()
        self._firing = asyncio.Lock()

    def add(self, timers: Iterable[Timer]) -> None:
        """Set timers; one with the name of an earlier one of the same run replaces it."""
        for timer in timers:
            self._timers[timer.run, timer.name] = timer
            heapq.heappush(self._heap, (timer.due.timestamp(), timer.run, timer.name))
            if self._heap[0][1:] == (timer.run, timer.name):
                self._changed.set()

    def ensure(self, timer: Timer) -> None:
        """Set a timer unless one of its name is set already."""
        if (timer.run, timer.name) not in self._timers:
            self.add([timer])

    def remove(self, run: str, names: Iterable[str]) -> None:
        """Forget timers."""
        for name in names:
            self._timers.pop((run, name), None)

    def poke(self) -> None:
        """Look at the clock again."""
        self._changed.set()

    def next_due(self) -> datetime | None:
        """When the next timer is due; None when none is set."""
        while self._heap:
            at, run, name = self._heap[0]
            timer = self._timers.get((run, name))
            if timer is not None and timer.due.timestamp() == at:
                return timer.due
            heapq.heappop(self._heap)
        return None

    @property
    def firing(self) -> bool:
        """Whether a timer is being fired."""
        return self._firing.locked()

    async def fire_due(self) -> int:
        """Fire what is due by now, earliest first; how many that were.

        What is being fired by then for somebody else has been fired when this returns.
        """
        async with self._firing:
            return await self._fire_due()

    async def _fire_due(self) -> int:
        fired = 0
        while self._heap and self._heap[0][0] <= self._clock.now().timestamp():
            at, run, name = heapq.heappop(self._heap)
            timer = self._timers.get((run, name))
            if timer is None or timer.due.timestamp() != at:
                continue
            del self._timers[run, name]
            crash.reached("engine.timer_due")
            try:
                await self._fire(timer)
            except BaseException:
                self.ensure(timer)  # it has not been dealt with
                raise
            fired += 1
        return fired

    async def serve(self) -> None:
        """Fire timers for as long as the task lives."""
        pause = _FIRST_PAUSE
        while True:
            self._changed.clear()
            wait = _LONGEST_SLEEP
            try:
                await self.fire_due()
            except StoreError as error:
                log.warning("timers wait for the store: %s", error)
                wait = pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                if self._heap:
                    wait = min(wait, max(0.0, self._heap[0][0] - self._clock.now().timestamp()))
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue
