"""What the rows of the index do not say: whose child a run is, and all that it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.cli.standing import summary
from interlock.machines.ir import Machine
from interlock.projections import load_state
from interlock.store.contract import FINISHED, Entry, Store


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a run besides its row.

    Attributes:
        parent: the run that started it as its child, "" for none.
        summary: all that it waits for, "" where the row says it.
    """

    parent: str = ""
    summary: str = ""


async def situations(store: Store, entries: Sequence[Entry]) -> dict[str, Situation]:
    """Of each run. Only those that do several things at once are folded."""
    joins = {entry.hash: frozenset[str]() for entry in entries}
    for definition in joins:
        joins[definition] = await _joins(store, definition)
    return {
        entry.run: await _situation(store, entry, several=_several(entry, joins[entry.hash]))
        for entry in entries
    }


def _several(entry: Entry, joins: frozenset[str]) -> bool:
    return entry.status not in FINISHED and (entry.waits == "child" or entry.state in joins)


async def _joins(store: Store, definition: str) -> frozenset[str]:
    """The states in which a machine does several things at once."""
    found = await store.definition(definition)
    if found is None:
        return frozenset()
    machine = Machine.from_json(found.ir)
    if machine.kind == "lifecycle":
        return frozenset()
    return frozenset(node.id for node in machine.nodes if node.kind == "parallel")


async def _situation(store: Store, entry: Entry, *, several: bool) -> Situation:
    found = summary(await load_state(store, entry.run)) if several else ""
    return Situation(entry.parent, found)
