"""The steps that a program may call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.machines.step import Step


def steps_of(program: Program | LifecycleProgram) -> list[Step[..., Any]]:
    """Each step that a workflow calls, in its joins and helpers as well, or a lifecycle's effects.

    Those of its children are their own.
    """
    steps = program.steps.values() if isinstance(program, LifecycleProgram) else _steps(program)
    return [*dict.fromkeys(steps)]


def _steps(program: Program) -> Iterator[Step[..., Any]]:
    for place in (*program.places.values(), *program.calls.values()):
        if place.step is not None:
            yield place.step
        if place.program is not None:
            yield from _steps(place.program)
