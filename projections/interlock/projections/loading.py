"""Loading a run's state from a store: from the nearest snapshot on, in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from interlock.projections.errors import EmptyHistory, NoSuchVersion
from interlock.projections.fold import evolve
from interlock.projections.fold_version import FOLD
from interlock.projections.run import RunState
from interlock.projections.snapshot import state_of
from interlock.store.contract import Store
from interlock.store.event import Event

PAGE = 2_000
"""Events that are read at a time: so many are in memory at once."""

Passed = Callable[[RunState], Awaitable[None]]
"""Told of a state on the way, after each page but the last."""


class Found(NamedTuple):
    """A run's state (None when it has not begun), and from which version on it was folded."""

    state: RunState | None
    since: int


async def load_state(store: Store, run: str, *, upto: int | None = None) -> RunState:
    """The state of a run at a version, its last one by default.

    Raises:
        EmptyHistory: it has not begun.
        RunArchived: its events were moved to an archive.
    """
    state = (await find_state(store, run, upto=upto)).state
    if state is None:
        message = f"run {run!r} has no events"
        raise EmptyHistory(message)
    return state


async def find_state(
    store: Store, run: str, *, upto: int | None = None, passed: Passed | None = None
) -> Found:
    """As `load_state`, also for a run that has not begun.

    Raises:
        RunArchived: its events were moved to an archive.
    """
    state = await _nearest(store, run, upto)
    since = 0 if state is None else state.head.version
    while True:
        after = 0 if state is None else state.head.version
        end = after + PAGE if upto is None else min(after + PAGE, upto)
        events = await store.read(run, after=after, upto=end)
        for event in events:
            state = evolve(state, event)
        if len(events) < PAGE:
            return Found(state, since)
        if passed is not None and state is not None:
            await passed(state)


async def _nearest(store: Store, run: str, upto: int | None) -> RunState | None:
    """The state of the newest snapshot that is what the log says."""
    while True:
        snapshot = await store.snapshot(run, fold=FOLD, upto=upto)
        if snapshot is None:
            return None
        version = snapshot.version
        heads = await store.read(run, after=version - 1, upto=version)
        if heads and (heads[0].digest, heads[0].hash) == (snapshot.digest, snapshot.hash):
            state = state_of(snapshot)
            if state is not None:
                return state
        upto = version - 1


async def find_version(store: Store, run: str, when: int | datetime) -> int:
    """The version of a run's last event at or before a version or an instant.

    Raises:
        NoSuchVersion: nothing had happened by then, or the version does not exist.
    """
    last = (await store.head(run)).version
    if isinstance(when, datetime):
        found = await version_at(store, run, when)
    else:
        found = when if 0 < when <= last else 0
    if not found:
        message = f"run {run!r} has nothing at {when}; its versions are 1 to {last}"
        raise NoSuchVersion(message)
    return found


async def version_at(store: Store, run: str, when: datetime) -> int:
    """The version of a run's last event at or before an instant, 0 for none.

    Found by halving: events of a stream are in order of time.
    """
    low, high = 0, (await store.head(run)).version
    while low < high:
        middle = (low + high + 1) // 2
        events: list[Event] = await store.read(run, after=middle - 1, upto=middle)
        if events and events[0].at <= when:
            low = middle
        else:
            high = middle - 1
    return low
