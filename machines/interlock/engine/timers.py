"""The timer service: wakes runs at their recorded instants."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable

from interlock.store import crash
from interlock.store.clock import Clock
from interlock.store.contract import Timer

_LONGEST_SLEEP = 60.0
"""Seconds: a clock that jumps forward is noticed within this time."""


class TimerService:
    """A heap of instants. The store's table is the truth; the heap is rebuilt from it."""

    def __init__(self, clock: Clock, fire: Callable[[Timer], Awaitable[None]]) -> None:
        self._clock = clock
        self._fire = fire
        self._heap: list[tuple[float, str, str]] = []
        self._timers: dict[tuple[str, str], Timer] = {}
        self._changed = asyncio.Event()

    def add(self, timers: Iterable[Timer]) -> None:
        """Set timers; one with the name of an earlier one of the same run replaces it."""
        for timer in timers:
            self._timers[timer.run, timer.name] = timer
            heapq.heappush(self._heap, (timer.due.timestamp(), timer.run, timer.name))
            if self._heap[0][1:] == (timer.run, timer.name):
                self._changed.set()

    def remove(self, run: str, names: Iterable[str]) -> None:
        """Forget timers."""
        for name in names:
            self._timers.pop((run, name), None)

    def poke(self) -> None:
        """Look at the clock again."""
        self._changed.set()

    async def fire_due(self) -> int:
        """Fire what is due by now, earliest first; how many that were."""
        now, fired = self._clock.now(), 0
        while self._heap and self._heap[0][0] <= now.timestamp():
            at, run, name = heapq.heappop(self._heap)
            timer = self._timers.get((run, name))
            if timer is None or timer.due.timestamp() != at:
                continue
            del self._timers[run, name]
            crash.reached("engine.timer_due")
            await self._fire(timer)
            fired += 1
        return fired

    async def serve(self) -> None:
        """Fire timers for as long as the task lives."""
        while True:
            self._changed.clear()
            await self.fire_due()
            wait = _LONGEST_SLEEP
            if self._heap:
                wait = min(wait, max(0.0, self._heap[0][0] - self._clock.now().timestamp()))
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue
