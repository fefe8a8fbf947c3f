"""Runs whose definition is not the one that the author's modules have now."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

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
