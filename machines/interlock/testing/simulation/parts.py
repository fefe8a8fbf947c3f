"""What belongs to a machine: its children, steps, commands, and the resources that they want."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from interlock.engine.programs import program_of
from interlock.machines.command import Command
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
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
                left += _children(program)
    return found


def _children(program: Program) -> Iterator[object]:
    for place in (*program.places.values(), *program.calls.values()):
        if place.child is not None:
            yield place.child
        if place.program is not None:
            yield from _children(place.program)


def steps(machines: Sequence[object]) -> list[Step[..., Any]]:
    """Every step that these machines may call."""
    return [*dict.fromkeys(step for one in machines for step in steps_of(program_of(one)))]


def commands(machine: object) -> dict[str, type[Command]]:
    """The command types that a machine takes, by name."""
    program = program_of(machine)
    if isinstance(program, LifecycleProgram):
        return dict(program.commands)
    return {kind.__name__: kind for kind in _waited(program)}


def _waited(program: Program) -> Iterator[type[Command]]:
    for place in (*program.places.values(), *program.calls.values()):
        yield from place.commands
        if place.program is not None:
            yield from _waited(place.program)


def resources(found: Sequence[Step[..., Any]]) -> dict[Any, Any]:
    """Something to stand for each resource that the steps want."""
    options = [step.options for step in found]
    functions: list[Callable[..., Any] | None] = [step.function for step in found]
    functions += [one.verify for one in options] + [one.compensate for one in options]
    plain = [one.function if isinstance(one, Step) else one for one in functions if one]
    return {need.key: None for function in plain for need in needs_of(function)}
