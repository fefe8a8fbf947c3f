"""The steps that a program may call."""

from __future__ import annotations

from typing import Any

from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.places_of import places_of
from interlock.machines.program import Program
from interlock.machines.step import Step


def steps_of(program: Program | LifecycleProgram) -> list[Step[..., Any]]:
    """Each step that a workflow calls, in its joins and helpers as well, or a lifecycle's effects.

    Those of its children are their own.
    """
    if isinstance(program, LifecycleProgram):
        return [*dict.fromkeys(program.steps.values())]
    return [*dict.fromkeys(place.step for place in places_of(program) if place.step is not None)]
