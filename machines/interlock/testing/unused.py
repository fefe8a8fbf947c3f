"""What a script holds for nothing: misspelt steps, and outcomes that no call took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from typing import TypeAlias

from interlock.engine.programs import program_of
from interlock.machines import registry
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.places_of import places_of
from interlock.machines.program import Program
from interlock.machines.steps_of import steps_of
from interlock.store.errors import InterlockError
from interlock.testing.errors import NotTaken
from interlock.testing.script import Script

AnyProgram: TypeAlias = Program | LifecycleProgram

_SHARED = "for a script that several tests share write Script(..., unused='ignore')"


def check_spelling(script: Script, machine: object, known: Iterable[AnyProgram]) -> None:
    """Refuse a script with names that no step has, neither of a machine nor of any that is known.

    Args:
        script: what is looked at.
        machine: the workflow or lifecycle that is started.
        known: those that the engine serves besides.

    Raises:
        NotTaken: there is one; says which was meant.
    """
    __tracebackhide__ = True
    if script.unused == "ignore" or not script.by_name:
        return
    try:
        here = called_by([program_of(machine), *known])
    except InterlockError:  # told by the engine, which is asked to start it
        return
    unknown = script.by_name - {*here}
    for name in sorted(unknown and unknown - {*called_by(_imported())}):
        message = f"the script has {name!r}, and no step is called so; {_meant(name, here)}"
        raise NotTaken(message)


def check_used(script: Script, known: Iterable[AnyProgram]) -> None:
    """Refuse a script with outcomes for steps that these machines never call, or with some left.

    Raises:
        NotTaken: it has; says which.
    """
    __tracebackhide__ = True
    programs = [*known]
    if script.unused == "ignore" or not programs:
        return
    here = called_by(programs)
    strange = [name for name in script.steps if name not in here]
    if strange:
        flows = " or ".join(program.machine.name for program in programs)
        told = _meant(strange[0], here)
        message = f"the script has {strange[0]!r}, which {flows} never calls; {told}; {_SHARED}"
        raise NotTaken(message)
    left = script.left()
    if left:
        said = ", ".join(f"{count} of {step}" for step, count in left.items())
        message = f"outcomes that no call took: {said}; called was {script.names}; {_SHARED}"
        raise NotTaken(message)


def called_by(programs: Iterable[AnyProgram]) -> dict[str, str]:
    """What these machines and their children call, with the name of the undo of each."""
    found: dict[str, str] = {}
    for program in _with_children(programs):
        for step in steps_of(program):
            undo = step.options.compensate
            found[step.name] = "" if undo is None else getattr(undo, "__name__", "undo")
            if undo is not None:
                found.setdefault(found[step.name], "")
            if step.options.verify is not None:
                found[f"verify {step.name}"] = ""
    return found


def _with_children(programs: Iterable[AnyProgram]) -> list[AnyProgram]:
    found: list[AnyProgram] = []
    todo = [*programs]
    while todo:
        program = todo.pop(0)
        if not any(program is one for one in found):
            found.append(program)
            if not isinstance(program, LifecycleProgram):
                children = (place.child for place in places_of(program))
                todo += (child.program for child in children if child is not None)
    return found


def _imported() -> Iterator[AnyProgram]:
    for kind in registry.all().values():
        with suppress(InterlockError):
            yield program_of(kind)


def _meant(name: str, here: dict[str, str]) -> str:
    """What to write instead of a name that nothing here has."""
    undone = here.get(name.removeprefix("undo "), "")
    if name.startswith("undo ") and undone:
        return f"an undo is scripted by the name of its function: {undone!r}"
    near = get_close_matches(name, here, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"called are {', '.join(here) or 'none'}"
