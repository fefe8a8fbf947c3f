"""Runs whose definition is not the one that the author's modules have now."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

from interlock.machines.ir import Machine
from interlock.projections import RunState
from interlock.store.contract import FINISHED, Entry
from interlock.store.errors import InterlockError

EDITED = "edited since"
"""What is said of such a run, in one place for all commands."""


def other_definition(entry: Entry, apps: Sequence[str]) -> str:
    """The definition that modules have of a run's machine, when the run follows another one.

    "" when it is the same, or the run has ended, or no module defines it.
    """
    if not apps or entry.status in FINISHED:
        return ""
    here = _imported(entry.machine, tuple(apps))
    return here if here != entry.hash else ""


def becomes(old: Machine | None, state: RunState, apps: Sequence[str]) -> str:
    """What becomes of a run that follows another definition than the imported one, in words."""
    from interlock.engine.changing import outlook
    from interlock.engine.programs import Programs

    _import(tuple(apps))
    program = Programs(()).find(state.machine)
    if program is None:
        return ""
    found = outlook(old, program, state)
    here = f"imported is {program.machine.hash}"
    by = f", by the migration {', '.join(found.by)}" if found.by else ""
    if found.event is not None:
        return f"{here}; the run goes on under it when something happens to it{by}"
    why = "; ".join(found.verdict.reasons)
    return f"{here}; the run is held when it should move: {why}"


@cache
def _imported(machine: str, apps: tuple[str, ...]) -> str:
    from interlock.engine.programs import Programs  # only who compares waits for the compiler

    try:
        _import(apps)
        program = Programs(()).find(machine)
    except InterlockError as error:  # a note; it hides nothing of the database
        print(f"note: {machine} is not compared: {error.message}", file=sys.stderr)
        return ""
    return "" if program is None else program.machine.hash


def _import(apps: tuple[str, ...]) -> None:
    from interlock.cli.target import import_apps

    import_apps(apps)
