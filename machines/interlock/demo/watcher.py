"""Watching a store: wakes those who wait for a run to stop somewhere, and counts events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from interlock.store.contract import Entry, Store
from interlock.store.decisions import ApprovalRequested
from interlock.store.event import Event
from interlock.store.vocabulary import (
    RunCancelled,
    RunCompensated,
    RunCompensationFailed,
    RunCompleted,
    RunFailed,
    RunHeld,
    StepSucceeded,
    WaitStarted,
)

_STOPS = frozenset(
    body.__name__
    for body in (
        ApprovalRequested, WaitStarted, RunCancelled, RunCompensated, RunCompensationFailed,
        RunCompleted, RunFailed, RunHeld,
    )
)  # fmt: skip
_MOVING = ("running", "compensating")
_STEP = StepSucceeded.__name__


class Watcher:
    """What one process appends to a store, as it does.

    Attributes:
        events, steps: appended so far; a step counts when its outcome is recorded.
    """

    def __init__(self, store: Store, seen: Callable[[], None]) -> None:
        """Watch `store`, and call `seen` after each of its commits."""
        self.events = 0
        self.steps = 0
        self._store = store
        self._seen = seen
        self._waiting: dict[str, asyncio.Event] = {}
        store.on_append(self._see)

    async def stopped(self, run: str) -> Entry:
        """Wait until a run has ended, or waits for something that is not a call; its row."""
        moved = self._waiting[run] = asyncio.Event()
        try:
            while True:
                entry = await self._store.entry(run)
                if entry is not None and entry.status not in _MOVING:
                    return entry
                await moved.wait()
                moved.clear()
        finally:
            del self._waiting[run]

    def _see(self, events: Sequence[Event]) -> None:
        self.events += len(events)
        for event in events:
            if event.type == _STEP:
                self.steps += 1
            if event.type in _STOPS and event.stream in self._waiting:
                self._waiting[event.stream].set()
        self._seen()
