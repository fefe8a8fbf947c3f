"""What the runs of a store did: the same tally, read from the log."""

from __future__ import annotations

from datetime import datetime

from interlock.machines.ir import Machine
from interlock.store.contract import Filter, Store
from interlock.testing.coverage.tally import Tally


async def production(store: Store, machine: Machine, *, since: datetime | None = None) -> Tally:
    """What the runs of a machine did, by its name, whatever definition they followed.

    States and transitions that the present definition does not have are left out.
    Archived runs are not looked into.

    Args:
        store: open.
        machine: the present definition.
        since: an aware instant: only what happened after it.
    """
    found = Tally(machine)
    for entry in await store.entries(Filter(machine=machine.name)):
        if since is not None and entry.status != "open" and await _over(store, entry.run, since):
            continue
        one = Tally(machine)
        for event in await store.read(entry.run):
            one.note(event)
            if since is not None and event.at < since:
                one.counts.clear()
        found.counts.update(one.counts)
        found.runs += 1
    return found


async def _over(store: Store, run: str, since: datetime) -> bool:
    """Whether nothing happened to a run any more."""
    head = await store.head(run)
    last = await store.read(run, after=head.version - 1)
    return not last or last[-1].at < since
