"""Children that are over, and that the run which began them may yet have undone."""

from __future__ import annotations

from collections.abc import AsyncIterator

from interlock.engine.programs import Programs
from interlock.machines.ir import Machine
from interlock.projections import load_state
from interlock.store.contract import FINISHED, Entry, Store


async def undoable_children(
    store: Store, programs: Programs, entry: Entry, seen: set[str]
) -> AsyncIterator[Entry]:
    """The completed children of a run that it undoes when it fails, and theirs.

    Args:
        entry: a run in flight.
        seen: those that were given already; what is given is added.
    """
    if not await _may_have_any(store, programs, entry):
        return
    for done in (await load_state(store, entry.run)).stack:
        child = await store.entry(done.child) if done.child and done.child not in seen else None
        if child is None or child.archive or child.status not in FINISHED:
            continue  # what is not over is in flight itself
        seen.add(child.run)
        if child.status == "completed":
            yield child
            async for one in undoable_children(store, programs, child, seen):
                yield one


async def _may_have_any(store: Store, programs: Programs, entry: Entry) -> bool:
    """Whether its code can begin a child: few can, and the log of the others is not read."""
    machine = await programs.definition(store, entry.hash)
    return machine is None or (machine.kind == "workflow" and _begins_children(machine))


def _begins_children(machine: Machine) -> bool:
    texts = (machine.source, *(helper.source for helper in machine.helpers))
    kinds = {node.kind for node in machine.places.values()}
    return "child" in kinds or any("start_child" in text for text in texts)
