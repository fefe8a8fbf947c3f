"""The audit of a store by a program that knows machines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from interlock.audit import Audited, Known, Seal, audit, check_seals
from interlock.audit.audit import Told
from interlock.audit.one_run import OneRun
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Machine
from interlock.store.contract import Definition, Store
from interlock.store.inspection import Inspection

_AFTER = "after "


async def audit_store(
    store: Store,
    *,
    run: str = "",
    seals: Sequence[Seal] = (),
    public: str = "",
    folder: Path | None = None,
    told: Told = lambda _: None,
) -> Audited:
    """Check everything that a store holds; see `interlock.audit.audit`.

    It looks at one instant of the store, in a thread of its own: others may go on appending.

    Args:
        run: this run alone.
        seals, public: the log is held against them; see `interlock.audit.check_seals`.
        folder: where archives are now, if they were moved since.
        told: is told how many events were looked at, from time to time, in that thread.
    """
    with store.inspect() as snapshot:
        return await asyncio.to_thread(_audit, snapshot, run, seals, public, folder, told)


def _audit(
    snapshot: Inspection,
    run: str,
    seals: Sequence[Seal],
    public: str,
    folder: Path | None,
    told: Told,
) -> Audited:
    seen: Inspection = OneRun(snapshot, run) if run else snapshot
    found = audit(seen, read_definition, told, only=run, folder=folder)
    check_seals(snapshot, seals, found.findings, public)
    found.seals, found.sealed = len(seals), seals[-1].last if seals else 0
    return found


def read_definition(definition: Definition) -> Known:
    """What an audit has to know of a definition, checked against its hash."""
    try:
        machine = Machine.from_json(definition.ir)
        delays = _delays(machine)
    except (ValueError, TypeError, BadDefinition) as error:
        return Known(f"it cannot be read: {error}")
    said = (definition.hash, definition.name, definition.source)
    if said != (machine.hash, machine.name, machine.source):
        return Known("it does not match its hash, name or source")
    internal = frozenset(edge.id for edge in machine.edges if edge.internal)
    return Known("", delays, internal)


def _delays(machine: Machine) -> dict[str, tuple[tuple[str, timedelta], ...]]:
    found: dict[str, tuple[tuple[str, timedelta], ...]] = {}
    for edge in machine.edges:
        if machine.kind == "lifecycle" and edge.event.startswith(_AFTER):
            timer = (edge.id, duration(edge.event.removeprefix(_AFTER)))
            found[edge.source] = (*found.get(edge.source, ()), timer)
    return found
