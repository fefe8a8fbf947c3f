"""Recovery when an engine takes over a store, and noticing what other processes append."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlock.store.contract import Filter
from interlock.store.event import Event
from interlock.store.vocabulary import (
    ApprovalGranted,
    ApprovalRejected,
    CancelRequested,
    CommandReceived,
    RunStarted,
    StepResolved,
)

if TYPE_CHECKING:
    from interlock.engine.engine import Engine

UNFINISHED = ("running", "compensating", "held")
"""The statuses of runs for which there is something to do; the others wait for time or people."""

_LAST = datetime.max.replace(tzinfo=UTC)
_WAKING = frozenset(
    body.__name__
    for body in (
        RunStarted, CommandReceived, ApprovalGranted, ApprovalRejected, CancelRequested,
        StepResolved,
    )
)  # fmt: skip


async def recover(engine: Engine) -> int:
    """Load the timers, and drive every run that has something to do. How many those are."""
    engine.timer_service.add(await engine.store.due(_LAST, limit=-1))
    entries = await engine.store.entries(Filter(status=UNFINISHED))
    for entry in entries:
        engine.wake(entry.run)
    return len(entries)


class Watch:
    """Sees what other processes append to the store, and takes over when its worker died."""

    def __init__(self, engine: Engine, every: float = 0.2) -> None:
        self._engine = engine
        self._every = every
        self._seen = 0

    async def watch(self) -> None:
        """Look again and again, for as long as the task lives."""
        engine = self._engine
        self._seen = await engine.store.position()
        while not engine.closing:
            await asyncio.sleep(self._every)
            if not engine.driving:
                await engine.take_over()
                self._seen = await engine.store.position()
            elif await engine.store.changed_elsewhere():
                await self._read()

    async def _read(self) -> None:
        while True:
            events = await self._engine.store.log(after=self._seen)
            for event in events:
                await self._notice(event)
            if not events:
                return
            self._seen = events[-1].position

    async def _notice(self, event: Event) -> None:
        engine = self._engine
        stale = engine.sessions.outdated(event.stream, event.version)
        engine.timer_service.add(await engine.store.timers(event.stream))
        if event.type in _WAKING or stale:
            engine.wake(event.stream)
        if event.type == CancelRequested.__name__:
            engine.interrupt(event.stream)
