"""What `simulate` is asked for: whatever would make it test nothing is refused at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast

from interlock.engine.programs import program_of
from interlock.machines.command import Command
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.signatures import unlike
from interlock.machines.step import Step
from interlock.testing.errors import HarnessError
from interlock.testing.simulation.calls import Odds


def check_seeds(seeds: object) -> None:
    """Check that there are any seeds, as far as a number says."""
    if isinstance(seeds, int) and seeds < 1:
        message = f"seeds={seeds} simulates nothing; say how many, or which: seeds=[7]"
        raise HarnessError(message)
    if isinstance(seeds, str | bytes) or not isinstance(seeds, int | Iterable):
        message = f"seeds={seeds!r} is neither a number nor seeds; write seeds=100, or seeds=[7]"
        raise HarnessError(message)


def check_numbers(**numbers: int) -> None:
    """Check that there is at least one of each."""
    for name, number in numbers.items():
        if number < 1:
            message = f"{name}={number} simulates nothing; it takes at least 1"
            raise HarnessError(message)


def check_odds(odds: object, steps: Sequence[Step[..., Any]]) -> None:
    """Check that odds are `Odds`: they are those of all steps."""
    if odds is None or isinstance(odds, Odds):
        return
    message = (
        f"odds={odds!r} are no Odds, which are those of all steps: odds=Odds(fails=0.5); "
        f"to answer for one step write steps={{name: function}}"
    )
    if isinstance(odds, Mapping):
        known = _known(steps)
        names = [_name(one) for one in cast("Mapping[object, object]", odds)]
        message += "".join(f"; {_no_step(name, known)}" for name in names if name not in known)
    raise HarnessError(message)


def check_invariants(invariants: object) -> None:
    """Check that invariants are functions."""
    if isinstance(invariants, str) or not isinstance(invariants, Iterable):
        message = f"invariants={invariants!r} are no list; write invariants=[function]"
        raise HarnessError(message)
    for one in cast("Iterable[object]", invariants):
        if not callable(one):
            message = f"invariant {one!r} cannot be called; write a function of a RunState"
            raise HarnessError(message)


def check_commands(commands: object, kinds: Mapping[str, type[Command]]) -> None:
    """Check that commands are some, and such as the machine takes."""
    if isinstance(commands, str) or not isinstance(commands, Iterable):
        message = f"commands={commands!r} are no list; write commands=[Pay(amount=1)]"
        raise HarnessError(message)
    taken = f"it takes {', '.join(sorted(kinds))}" if kinds else "it takes none"
    for one in cast("Iterable[object]", commands):
        if not isinstance(one, Command):
            message = f"{one!r} is no command; write Pay(amount=1), say: {taken}"
            raise HarnessError(message)
        if type(one).__name__ not in kinds:
            message = f"the machine never takes a {type(one).__name__}: {taken}"
            raise HarnessError(message)


def stand_ins(given: object, steps: Sequence[Step[..., Any]]) -> dict[str, Callable[..., Any]]:
    """What is called in place of steps and undos, by name.

    Raises:
        HarnessError: there is no such step, or it cannot be called as the step is.
    """
    if given is None or given == "own":
        return {}
    if not isinstance(given, Mapping):
        message = f"steps={given!r} is no mapping; write steps={{'charge': function}}, or 'own'"
        raise HarnessError(message)
    known, found = _known(steps), dict[str, Callable[..., Any]]()
    for key, function in cast("Mapping[object, object]", given).items():
        name = _name(key)
        if name not in known:
            raise HarnessError(_no_step(name, known))
        if not callable(function):
            message = f"what stands in for {name!r} cannot be called: {function!r}"
            raise HarnessError(message)
        why = unlike(known[name], function)
        if why:
            message = f"what stands in for {name!r} does not take what the step takes: {why}"
            raise HarnessError(message)
        found[name] = function
    return found


def fitting(machine: object, inputs: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """The inputs, if each of them can start a run.

    Raises:
        HarnessError: one cannot, or there are none.
    """
    if not inputs:
        message = "inputs=[] starts no run; leave inputs out to have them drawn"
        raise HarnessError(message)
    program = program_of(machine)
    for one in inputs:
        why = _misfit(program, one)
        if why:
            message = f"the input {one!r} does not fit {program.machine.name}: {why}"
            raise HarnessError(message)
    return inputs


def _misfit(program: Any, given: tuple[Any, ...]) -> str:
    if isinstance(program, LifecycleProgram):
        wanted = program.data_type
        fits = len(given) == 1 and isinstance(given[0], wanted)
        return "" if fits else f"a lifecycle is started with its data, a {wanted.__name__}"
    try:
        program.bind(given, {})
    except TypeError as error:
        return str(error)
    return ""


def check_done(seeds: int, runs: int, refused: str) -> None:
    """Check that anything was simulated at all."""
    if seeds == 0:
        message = "seeds=[] simulates nothing; say how many, or which: seeds=[7]"
        raise HarnessError(message)
    if runs == 0 and refused:
        message = f"no run was ever started: {refused}"
        raise HarnessError(message)


def _known(steps: Sequence[Step[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The functions of steps and of their undos, by the names that calls have."""
    undos = [one.options.compensate for one in steps if one.options.compensate is not None]
    found = {getattr(one, "__name__", "undo"): getattr(one, "function", one) for one in undos}
    return found | {step.name: step.function for step in steps}


def _name(step: object) -> str:
    return step.name if isinstance(step, Step) else str(getattr(step, "__name__", step))


def _no_step(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no step is called {name!r}{hint} (there are {', '.join(sorted(known)) or 'none'})"
