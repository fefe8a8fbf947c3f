"""Reading no more of a run than is told: of a long one a stretch, with the state before it."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from interlock.cli.progress import Bar
from interlock.cli.stores import events_of_run, unknown
from interlock.projections import (
    Difference,
    Effect,
    History,
    Ledger,
    NoSuchVersion,
    RunState,
    find_state,
)
from interlock.projections.alone import leaves
from interlock.projections.begun import begun
from interlock.projections.difference import difference
from interlock.projections.loading import PAGE, find_version
from interlock.store.contract import Store
from interlock.store.event import Event
from interlock.store.vocabulary import TransitionTaken

LONG = 2_000
"""Events from which on a run is not read from its first."""

TAIL = 200
"""Events before a moment of a long run that are read with it."""

_LAST = datetime.max.replace(tzinfo=UTC)


async def until(store: Store, run: str, when: int | datetime | None, step: int = 0) -> History:
    """A run up to a moment, which is its last one; of a long run without what was long before.

    Args:
        when: a version or an instant, None for its last event.
        step: so many events later, or earlier with a negative number.

    Raises:
        UnknownRun: there is none; names ids that are near.
        NoSuchVersion: it has no such moment.
    """
    last = (await store.head(run)).version
    if last <= LONG:
        history = History(await events_of_run(store, run))
        at = history.last if when is None else history.at(when)
        return History(history.until(at.step(step).version))
    version = await find_version(store, run, _LAST if when is None else when) + step
    if not 0 < version <= last:
        message = f"run {run!r} has no version {version}; its versions are 1 to {last}"
        raise NoSuchVersion(message)
    before = TAIL
    while True:
        history = await stretch(store, run, max(0, version - before), version)
        moved = any(isinstance(event.body, TransitionTaken) for event in history.events)
        if moved or history.since is None or not history.since.lifecycle:
            return history
        before *= 8  # where a lifecycle stands is said by the transition that it took last


async def stretch(store: Store, run: str, after: int, upto: int | None = None) -> History:
    """The events of a run after a version, up to another one, with the state before them."""
    since = (await find_state(store, run, upto=after)).state if after > 0 else None
    events = await store.read(run, after=0 if since is None else after, upto=upto)
    return History(events, since)


async def length(store: Store, run: str) -> int:
    """How many events a run has; raises as `until` for one that is not there."""
    last = (await store.head(run)).version
    if not last:
        await store.read(run)  # says where an archived one is
        raise await unknown(store, run)
    return last


async def between(
    store: Store, run: str, first: int | datetime, second: int | datetime | None
) -> Difference:
    """What changed from one moment of a run to another; raises as `until`.

    Args:
        second: None for its last event.
    """
    if await length(store, run) <= LONG:
        history = History(await events_of_run(store, run))
        return history.diff(first, history.last.version if second is None else second)
    a, b = await until(store, run, first), await until(store, run, second)
    before, after = sorted((a, b), key=lambda history: history.last.version)
    since, last = before.state(), after.last.version
    at_first = await known(store, run, since, last)
    effects = Ledger(copy.deepcopy(at_first), leaves(since))
    with Bar("events", last - since.head.version) as bar:
        async for events in pages(store, run, since.head.version, last):
            for event in events:
                effects.take(event)
            bar.advance(len(events))
    ledgers = (at_first, effects.effects) if before is a else (effects.effects, at_first)
    return difference(a.last, b.last, ledgers)


async def known(store: Store, run: str, state: RunState, upto: int) -> list[Effect]:
    """The effects of a run that something may become of until a version, as they are in a state."""
    undone = set[str]()
    if state.stack:
        async for events in pages(store, run, state.head.version, upto):
            undone |= {getattr(event.body, "of", "") for event in events}
    found = Ledger(begun(state).values())
    for entry in state.stack:
        if entry.activity in undone:
            for version in (entry.scheduled, entry.succeeded):
                for event in await store.read(run, after=version - 1, upto=version):
                    found.take(event)
    return found.effects


async def pages(store: Store, run: str, after: int, upto: int) -> AsyncIterator[list[Event]]:
    """The events of a run after a version up to another one, so many at a time."""
    while after < upto:
        events = await store.read(run, after=after, upto=min(after + PAGE, upto))
        if not events:
            return
        yield events
        after = events[-1].version
