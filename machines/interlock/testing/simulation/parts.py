"""What belongs to a machine: its children, steps, commands, and the resources that they want."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from interlock.engine.programs import program_of
from interlock.machines.command import Command
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.places_of import places_of
from interlock.machines.resource import needs_of
from interlock.machines.step import Step
from interlock.machines.steps_of import steps_of


def family(machines: Sequence[object]) -> list[object]:
    """Machines, and the workflows that they start as children, directly or not."""
    found: list[object] = []
    left = [*machines]
    while left:
        one = left.pop(0)
        if one not in found:
            found.append(one)
            program = program_of(one)
            if not isinstance(program, LifecycleProgram):
                left += (place.child for place in places_of(program) if place.child is not None)
    return found


def steps(machines: Sequence[object]) -> list[Step[..., Any]]:
    """Every step that these machines may call."""
    return [*dict.fromkeys(step for one in machines for step in steps_of(program_of(one)))]


def commands(machine: object) -> dict[str, type[Command]]:
    """The command types that a machine takes, by name."""
    program = program_of(machine)
    if isinstance(program, LifecycleProgram):
        return dict(program.commands)
    return {kind.__name__: kind for place in places_of(program) for kind in place.commands}


def resources(found: Sequence[Step[..., Any]]) -> dict[Any, Any]:
    """Something to stand for each resource that the steps want."""
    options = [step.options for step in found]
    functions: list[Callable[..., Any] | None] = [step.function for step in found]
    functions += [one.verify for one in options] + [one.compensate for one in options]
    plain = [one.function if isinstance(one, Step) else one for one in functions if one]
    return {need.key: None for function in plain for need in needs_of(function)}
