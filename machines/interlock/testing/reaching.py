"""States by name: is a run there, and does its machine have such a state at all."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import get_args

from interlock.engine.commands import machine_of
from interlock.engine.core import Core
from interlock.machines.ir import Machine
from interlock.projections import load_state
from interlock.projections.run import RunStatus
from interlock.store.contract import FINISHED, Entry
from interlock.testing.errors import HarnessError


async def is_at(engine: Core, entry: Entry, wanted: str) -> bool:
    """Whether a run is in a state, or inside of it.

    Args:
        engine: knows the run's machine.
        entry: its row in the index.
        wanted: a state's name, or the whole line that `run.state()` gives.

    Raises:
        HarnessError: the machine has no such state; says which it has.
    """
    if entry.state == wanted:
        return True
    machine = await machine_of(engine, entry.machine, entry.hash)
    if machine is None:
        return False
    check_state(machine, wanted)
    if machine.kind == "workflow":
        return wanted in _around(machine, entry.state)
    nested = any(node.parent is not None for node in machine.nodes)
    return nested and wanted in (await load_state(engine.store, entry.run)).active


def check_state(machine: Machine, wanted: str) -> None:
    """Refuse a name that no state of a machine has.

    Raises:
        HarnessError: none has; says which there are, and which was meant.
    """
    if not isinstance(wanted, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped tests
        message = f"{wanted!r} is no state; write its name, such as {_named(machine)[0]!r}"
        raise HarnessError(message)
    if wanted in machine.places or _is_line(machine, wanted) or wanted in FINISHED:
        return
    inside = [one for one in _named(machine) if one.endswith(f"/{wanted}")]
    near = inside or get_close_matches(wanted, _named(machine), 1)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    if wanted in get_args(RunStatus):
        hint = f", but a status: `await run.status()`{hint}"
    known = ", ".join(_named(machine))
    message = f"{machine.name} has no state {wanted!r}{hint} (there are {known})"
    raise HarnessError(message)


def _named(machine: Machine) -> list[str]:
    return [one.id for one in machine.nodes if one.kind not in ("initial", "history")]


def _around(machine: Machine, state: str) -> list[str]:
    found: list[str] = []
    node = machine.places.get(state)
    while node is not None and node.parent is not None:
        found.append(node.parent)
        node = machine.by_id.get(node.parent)
    return found


def _is_line(machine: Machine, wanted: str) -> bool:
    """Whether it can be a line of states that are active together: `paid(picking, billing)`."""
    if machine.kind == "workflow" or "(" not in wanted:
        return False
    own = {node.id.removeprefix(f"{node.parent}/") for node in machine.nodes}
    return {*re.split(r"[/(]|, |\)+", wanted)} - {""} <= own
