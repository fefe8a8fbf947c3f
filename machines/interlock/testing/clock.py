"""`VirtualClock`: years pass in milliseconds, and what is due meanwhile happens in its order."""

from __future__ import annotations

import asyncio
import heapq
import re
from calendar import isleap
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from interlock.machines.context import current
from interlock.machines.duration import Duration, duration
from interlock.machines.errors import OutsideRun
from interlock.store.clock import ManualClock, stopwatch
from interlock.store.errors import StoreError
from interlock.testing.errors import HarnessError, NothingMore, StillRunning

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.store.contract import Store
    from interlock.store.event import Event

C = TypeVar("C", bound="Core")

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The instant at which virtual time begins."""

_TURNS = 12
"""So many turns of the event loop without anything that moves mean that nothing does."""

_PATIENCE = 30.0
"""Seconds of real time for a call that is made for real."""

_LEAST_TURNS = 2000
"""And so many turns, for a process that was itself given no time."""

_YEARS = re.compile(r"\s*(\d+)\s*years?\b\s*(?:,|and\b)?\s*")


class VirtualClock(ManualClock):
    """The clock of engines in a test. It stands still until it is told to go on.

    `clock = VirtualClock(); engine = clock.watch(Engine("memory://", clock=clock))`, and then
    `await clock.advance("3 years")` goes from one due timer to the next: each fires at its own
    instant, and everything that follows from it has happened before time goes on.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """A clock.

        Args:
            start: timezone-aware; 2026-01-01 UTC by default.
        """
        super().__init__(start or START)
        self._engines: list[Core] = []
        self._sleeps: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0
        self._appended = 0
        self._heard: list[Store] = []
        self._asleep: Counter[str] = Counter()

    def watch(self, engine: C) -> C:
        """Fire the timers of this engine, and wait for it; from when it is open until it closes."""
        self._engines.append(engine)
        return engine

    def after(self, by: Duration) -> datetime:
        """The instant that much later than now; years are those of the calendar."""
        return after(self.now(), by)

    def next_due(self) -> datetime | None:
        """The next instant at which something is due, maybe past; None when nothing ever is."""
        while self._sleeps and self._sleeps[0][2].done():
            heapq.heappop(self._sleeps)
        found = [engine.timer_service.next_due() for engine in self._open()]
        found += [due for due, _, _ in self._sleeps[:1]]
        return min((due for due in found if due is not None), default=None)

    async def advance(self, by: Duration) -> int:
        """Let time pass; how many timers fired meanwhile.

        Args:
            by: such as "2 days", a `timedelta`, or "3 years", which are those of the calendar.
        """
        return await self.jump_to(self.after(by))

    async def jump_to(self, instant: datetime) -> int:
        """Let time pass until an aware instant; how many timers fired meanwhile.

        Raises:
            HarnessError: it is past, or naive.
            StillRunning: a call that is made for real does not return.
        """
        __tracebackhide__ = True
        self.check_ahead(instant)
        fired = await self.settle()
        while (due := self.next_due()) is not None and due <= instant:
            fired += await self._reach(due)
        self.set(instant)
        return fired + await self.settle()

    def check_ahead(self, instant: object) -> None:
        """Refuse to go anywhere but forward.

        Raises:
            HarnessError: it is no aware instant, or past.
        """
        __tracebackhide__ = True
        if not isinstance(instant, datetime) or instant.tzinfo is None:
            message = f"{instant!r} is no instant; write datetime(2027, 1, 1, tzinfo=UTC)"
            raise HarnessError(message)
        if instant < self.now():
            message = (
                f"{instant} is before {self.now()}; time goes forward, and only `clock.set(...)` "
                "turns it back, which fires nothing"
            )
            raise HarnessError(message)

    async def skip(self) -> bool:
        """Go to the next instant at which something is due, and let it happen.

        False when nothing is: everything waits for people or for commands.
        """
        await self.settle()
        due = self.next_due()
        if due is None:
            return False
        await self._reach(due)
        return True

    async def until(
        self, wanted: Callable[[], Awaitable[bool]], *, limit: Duration = "10 years"
    ) -> None:
        """Let time pass until something is so, and no further.

        Args:
            wanted: asked whenever nothing moves.
            limit: of virtual time.

        Raises:
            NothingMore: it is not so at the limit, or nothing more will happen by itself.
            StillRunning: a call that is made for real does not return.
        """
        last = after(self.now(), limit)
        await self.settle()
        while not await wanted():
            due = self.next_due()
            if due is None:
                raise NothingMore("everything waits for people or commands, and no timer is set")
            if due > last:
                message = f"it is not so after {limit}, at {last}"
                raise NothingMore(message)
            await self._reach(due)

    async def settle(self) -> int:
        """Wait until everything waits for people, commands or time; how many timers fired.

        Raises:
            StillRunning: a call that is made for real has not returned after 30 real seconds.
        """
        fired = turns = quiet = 0
        since, seen, still = stopwatch(), self._appended, 0
        while quiet < _TURNS:
            now = await self._fire_due()
            fired += now
            rests = not now and self._rests()
            quiet = quiet + 1 if rests else 0
            turns, still = turns + 1, still + 1
            await asyncio.sleep(0 if rests or turns < 100 else 0.001)
            if seen != self._appended:
                since, seen, still = stopwatch(), self._appended, 0
            elif still > _LEAST_TURNS and stopwatch() - since > _PATIENCE:
                raise StillRunning(self._trouble())
        return fired

    async def sleep(self, delay: Duration) -> None:
        """Sleep in virtual time: for steps in tests, and for whatever else."""
        await self._lie_down(after(self.now(), delay))

    async def forever(self) -> None:
        """Sleep until cancelled: for a call that never returns."""
        await self._lie_down(None)

    async def _lie_down(self, until: datetime | None) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if until is not None:
            self._count += 1
            heapq.heappush(self._sleeps, (until, self._count, future))
        who = _caller()
        self._asleep[who] += 1
        try:
            await future
        finally:
            future.cancel()
            self._asleep[who] -= 1

    async def _reach(self, due: datetime) -> int:
        self.set(max(due, self.now()))
        return await self.settle()

    async def _fire_due(self) -> int:
        fired = 0
        while self._sleeps and self._sleeps[0][0] <= self.now():
            future = heapq.heappop(self._sleeps)[2]
            if not future.done():
                future.set_result(None)
                fired += 1
        for engine in self._open():
            try:
                fired += await engine.timer_service.fire_due()
            except StoreError:  # of a store with faults: it stays due
                await asyncio.sleep(0.001)
        return fired

    def _open(self) -> Sequence[Core]:
        found = [engine for engine in self._engines if engine.driving and not engine.closing]
        for engine in found:
            if not any(engine.store is store for store in self._heard):
                self._heard.append(engine.store)
                engine.store.on_append(self._note)
        return found

    def _note(self, events: Sequence[Event]) -> None:
        self._appended += len(events)

    def _rests(self) -> bool:
        return all(
            engine.drivers.rest(self._asleep)
            and not engine.gatekeeper.busy
            and engine.notices.idle.is_set()
            and not engine.timer_service.firing
            for engine in self._open()
        )

    def _trouble(self) -> str:
        runs = [run for engine in self._open() for run in engine.drivers.runs()]
        said = ", ".join(repr(run) for run in runs[:5]) or "a notice or a gate"
        return (
            f"{said} does not come to rest in {_PATIENCE:g} real seconds: a step that is called "
            "for real does not return; script it, or let it wait by `clock.sleep(...)`"
        )


def after(instant: datetime, by: Duration) -> datetime:
    """An instant that much later; years are those of the calendar.

    Raises:
        BadDefinition: it is no duration.
    """
    years = _YEARS.match(by) if isinstance(by, str) else None
    if years is None or not isinstance(by, str):
        return instant + duration(by)
    year = instant.year + int(years[1])
    leaps = (instant.month, instant.day) == (2, 29) and not isleap(year)
    moved = instant.replace(year=year, day=28 if leaps else instant.day)
    rest = by[years.end() :]
    return moved + duration(rest) if rest else moved


def _caller() -> str:
    try:
        return current().run
    except OutsideRun:
        return ""
