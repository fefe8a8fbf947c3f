"""Recovery when an engine takes over a store, and noticing what other processes append."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlock.store.contract import Filter, Timer
from interlock.store.decisions import (
    ApprovalGranted,
    ApprovalRejected,
    UndoResolved,
    UndoRetried,
    UndoSkipped,
)
from interlock.store.errors import StoreError
from interlock.store.event import Event
from interlock.store.forking import CallAnswered
from interlock.store.vocabulary import (
    CancelRequested,
    CommandReceived,
    RunCancelled,
    RunCompensated,
    RunCompensationFailed,
    RunCompleted,
    RunFailed,
    RunStarted,
    StepResolved,
    TransitionTaken,
)

if TYPE_CHECKING:
    from interlock.engine.core import Core

MOVING = ("running", "compensating", "in doubt")
"""The statuses of runs for which there may be something to do; the others wait for time or people.
A lifecycle with one effect in doubt may have others to make."""

UNFINISHED = (*MOVING, "held")
"""The statuses of runs that recovery looks at."""

log = logging.getLogger("interlock.engine")
_ALL = 2**62
_LAST = datetime.max.replace(tzinfo=UTC)
_WAKING = frozenset(
    body.__name__
    for body in (
        RunStarted, CommandReceived, ApprovalGranted, ApprovalRejected, CallAnswered,
        CancelRequested, StepResolved, TransitionTaken, UndoResolved, UndoRetried, UndoSkipped,
    )
)  # fmt: skip

_ENDING = frozenset(
    body.__name__
    for body in (RunCancelled, RunCompensated, RunCompensationFailed, RunCompleted, RunFailed)
)


async def unfinished(engine: Core) -> tuple[list[Timer], list[str]]:
    """The timers, and the runs that have something to do. It only reads: it may yet fail."""
    timers = await engine.store.due(_LAST, limit=_ALL)
    entries = await engine.store.entries(Filter(status=UNFINISHED))
    entries += await engine.store.entries(Filter(status=("waiting",), waits="child"))
    return timers, [entry.run for entry in entries]


async def release(engine: Core) -> None:
    """Let what waits for a breaker see that it is closed, as soon as the store can be read."""
    while not engine.closing:
        try:
            await engine.gatekeeper.recover()
        except StoreError as error:
            log.warning("breakers wait for the store: %s", error)
            await asyncio.sleep(engine.look_every)
        else:
            return


class Watch:
    """Sees what other processes append to the store, and takes over when its worker died.

    Attributes:
        began, began_at: position of the log, and the instant, at which this engine became worker.
    """

    def __init__(self, engine: Core, every: float = 0.2) -> None:
        self._engine = engine
        self._every = every
        self._seen = 0
        self.began = 0
        self.began_at = _LAST
        self._own: list[tuple[int, int]] = []
        self.abandoned: set[str] = set()
        """Runs whose append was cancelled while it was under way: it may yet succeed."""

    async def begin(self) -> None:
        """This engine has become the worker: see all that others append from here on."""
        self._own.clear()
        self._seen = self.began = await self._engine.store.position()
        self.began_at = self._engine.clock.now()

    async def watch(self) -> None:
        """Look again and again, for as long as the task lives."""
        engine = self._engine
        while not engine.closing:
            await asyncio.sleep(self._every)
            try:
                if engine.driving:
                    engine.noticeboard.post()
                    await self._look()
                else:
                    await engine.take_over()
            except StoreError as error:
                log.warning("the log cannot be watched: %s", error)

    def note(self, events: Sequence[Event]) -> None:
        """Take note of a commit of this process."""
        engine, first = self._engine, events[0]
        stream = first.stream
        if engine.replies.waiting:
            engine.replies.note(events)
        if engine.closing:
            return
        if stream.startswith("$"):
            engine.gatekeeper.listen(events)
        if engine.driving:  # these positions are of events of our own
            own, before = self._own, first.position - 1
            if own and own[-1][1] == before:
                own[-1] = own[-1][0], events[-1].position
            else:
                own.append((first.position, events[-1].position))
        if self.abandoned and stream in self.abandoned:
            self.abandoned.discard(stream)
            engine.spawn(engine.revisit(stream))

    async def _look(self) -> None:
        """Read the log only if it holds more than this process has appended."""
        last = await self._engine.store.position()
        if last - self._seen > self._count(last):
            await asyncio.sleep(self._every / 4)  # commits of our own are told a moment later
            if last - self._seen > self._count(last):
                await self._read(last)
        self._seen = last
        self._own = [(max(a, last + 1), b) for a, b in self._own if b > last]

    def _count(self, last: int) -> int:
        """How many of the events up to `last` are our own."""
        seen = self._seen
        return sum(max(0, min(b, last) - max(a - 1, seen)) for a, b in self._own)

    async def _read(self, last: int) -> None:
        own = {position for a, b in self._own for position in range(a, b + 1)}
        seen = self._seen
        while seen < last:
            events = await self._engine.store.log(after=seen)
            if not events:
                return
            for event in events:
                if event.position not in own:
                    await self._notice(event)
            seen = events[-1].position

    async def _notice(self, event: Event) -> None:
        engine = self._engine
        if event.stream.startswith("$"):
            engine.gatekeeper.note(event)
            return
        stale = engine.sessions.outdated(event.stream, event.version)
        await engine.revisit(event.stream, wake=event.type in _WAKING or stale)
        if event.type in _ENDING:
            entry = await engine.store.entry(event.stream)
            if entry is not None and entry.parent:
                engine.wake(entry.parent)
        if event.type == CancelRequested.__name__:
            engine.drivers.interrupt(event.stream, event.version)
