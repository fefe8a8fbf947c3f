"""What belongs to a machine: its children, steps, commands, and the resources that they want."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

from interlock.engine.programs import program_of
from interlock.machines.command import Command
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.places_of import places_of
from interlock.machines.program import Program
from interlock.machines.resource import needs_of
from interlock.machines.step import Step
from interlock.machines.steps_of import steps_of
from interlock.machines.workflow import Workflow
from interlock.testing.flow_subject import caught


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


def caught_of(machines: Sequence[object]) -> dict[str, tuple[type[Exception], ...]]:
    """The errors that workflows catch, by name of each step that they, or their helpers, call.

    Not those that only Interlock raises.
    """
    found: dict[str, dict[type[Exception], None]] = {}
    for one in machines:
        program = program_of(one)
        if not isinstance(one, Workflow) or isinstance(program, LifecycleProgram):
            continue
        helpers = (place.program for place in places_of(program) if place.program is not None)
        functions = [one.function, *filter(None, map(_function_of, helpers))]
        kinds = [kind for function in dict.fromkeys(functions) for kind in caught(function)]
        own = dict.fromkeys(kind for kind in kinds if _is_anybodys(kind))
        for step in steps_of(program):
            found.setdefault(step.name, {}).update(own)
    return {name: tuple(kinds) for name, kinds in found.items()}


def _is_anybodys(kind: type[Exception]) -> bool:
    """Whether it is made of a text, as most are, and is not one that Interlock raises."""
    try:
        return not kind.__module__.startswith("interlock.") and bool(kind("drawn").args)
    except Exception:  # it takes something else
        return False


def _function_of(program: Program) -> Callable[..., Any] | None:
    """A helper's function, where its module has it; of a nested one its function tells."""
    found: object = sys.modules.get(program.machine.module)
    for name in program.machine.qualname.split("."):
        found = getattr(found, name, None)
    return found if inspect.isfunction(found) else None


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
