"""What the runs of a store did: the same tally, read from the log and its archives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from interlock.audit.archives import find
from interlock.machines.ir import Machine
from interlock.store.archive import Archive
from interlock.store.contract import Entry, Filter, Store
from interlock.store.envelope import decode
from interlock.store.errors import RunArchived
from interlock.store.event import Event
from interlock.testing.coverage.tally import Tally


async def production(
    store: Store,
    machine: Machine,
    *,
    since: datetime | None = None,
    archives: Path | None = None,
) -> Tally:
    """What the runs of a machine did, by its name, whatever definition they followed.

    States and transitions that the present definition does not have are left out. Archived runs
    are read from their files; `unread` tells of how many the file is not there.

    Args:
        store: open.
        machine: the present definition.
        since: an aware instant: only what happened after it.
        archives: folder where archives are now, if they moved.

    Raises:
        BadArchive: an archive was altered or is damaged.
    """
    found, away = Tally(machine), dict[str, set[str]]()
    for entry in await store.entries(Filter(machine=machine.name, archived=None)):
        file = entry.archive
        try:
            if since is not None and await _over(store, entry, since):
                continue
            if not file:
                _count(found, await store.read(entry.run), since)
        except RunArchived as error:  # it was, just now
            file = error.file
        if file:
            away.setdefault(file, set()).add(entry.run)
    for file, runs in away.items():
        path = await asyncio.to_thread(find, file, archives)
        if path is None:
            found.unread += len(runs)
        else:
            await asyncio.to_thread(_archived, found, path, runs, since)
    return found


def _count(found: Tally, events: Iterable[Event], since: datetime | None) -> None:
    one = Tally(found.machine)
    for event in events:
        one.note(event)
        if since is not None and event.at < since:
            one.counts.clear()
    found.counts.update(one.counts)
    found.runs += 1


def _archived(found: Tally, path: Path, runs: set[str], since: datetime | None) -> None:
    for run in Archive(path).runs():
        if run.entry.run in runs:
            _count(found, (decode(*row) for row in run.rows), since)


async def _over(store: Store, entry: Entry, since: datetime) -> bool:
    """Whether nothing happened to a run any more."""
    if entry.archive or entry.status == "open":
        return bool(entry.archive) and entry.since < since
    head = await store.head(entry.run)
    last = await store.read(entry.run, after=head.version - 1)
    return not last or last[-1].at < since
