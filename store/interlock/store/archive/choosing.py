"""Which runs can be archived: whole trees of finished runs that nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from interlock.store.contract import FINISHED, Entry, Filter, Store

_LAST = datetime.max.replace(tzinfo=UTC)
_ALL = 2**62


class Unit(msgspec.Struct, frozen=True):
    """A run with all its children, theirs included: they are archived together.

    Attributes:
        root: the run that no other one waits for.
        entries: rows of it and of its children.
    """

    root: str
    entries: tuple[Entry, ...]


class Choice(msgspec.Struct, frozen=True):
    """What may be archived.

    Attributes:
        units: trees of runs, by their roots' ids.
        unfinished: ids of runs that go on: a run of which one of these is a fork is left alone.
    """

    units: list[Unit]
    unfinished: frozenset[str]


async def archivable(store: Store, before: datetime) -> Choice:
    """The trees of runs that have all been finished before an instant.

    A tree of which one run goes on, or waits for a timer, is left alone as a whole.
    """
    entries = await store.entries(Filter())
    timed = {timer.run for timer in await store.due(_LAST, limit=_ALL)}
    ready = {
        entry.run
        for entry in entries
        if entry.status in FINISHED and entry.since < before and entry.run not in timed
    }
    units = [unit for unit in _trees(entries) if ready.issuperset(e.run for e in unit.entries)]
    return Choice(units, frozenset(e.run for e in entries if e.status not in FINISHED))


def _trees(entries: Sequence[Entry]) -> Iterator[Unit]:
    known = {entry.run for entry in entries}
    children: dict[str, list[Entry]] = {}
    for entry in entries:
        children.setdefault(entry.parent, []).append(entry)
    for entry in entries:
        if entry.parent and entry.parent in known:
            continue
        found = [entry]
        for one in found:  # it grows
            found += children.get(one.run, ())
        yield Unit(entry.run, tuple(found))
