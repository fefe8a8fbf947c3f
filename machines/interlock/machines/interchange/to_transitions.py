"""A `transitions` machine from a machine, to be used as any other of that library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, Literal

import transitions

from interlock.machines.guard import Guard
from interlock.machines.interchange.guards import conditions_of, is_name, named_guards
from interlock.machines.interchange.leftover import (
    LeftOut,
    Unconvertible,
    UnknownFunction,
    hand_over,
)
from interlock.machines.interchange.reserved import is_done, is_timer
from interlock.machines.ir import ALWAYS, Machine, Node, Unhandled

_MEANT_OTHERWISE = ("", "*", "=")


def to_transitions(
    machine: Machine,
    *,
    guards: Mapping[str, Guard] | None = None,
    model: object | None = None,
    left_out: list[LeftOut] | None = None,
) -> transitions.Machine:
    """A flat `transitions.Machine` with the same states, triggers and conditions.

    It is made without `auto_transitions`. A guard with `not` becomes an `unless`.

    Args:
        machine: a lifecycle without nested states.
        guards: functions by name; they get what the trigger is called with. Without it the
            conditions are names, which the library looks up as methods of the model.
        model: the object whose state it keeps; none by default (`add_model` later).
        left_out: gets what cannot be carried over: methods of a lifecycle's class, timers,
            transitions out of final states (which are never taken).

    Raises:
        NotCarriedOver: something cannot, and `left_out` is None.
        Unconvertible: a workflow, a nested machine, or a name that the library takes for
            something else.
        UnknownFunction: `guards` misses some that the machine names.
    """
    _refuse(machine)
    if guards is not None:
        _all_given(machine, guards)
    hand_over(f"the machine {machine.name!r}", _left_out(machine), left_out)
    made = transitions.Machine(
        model=model,
        states=[_state(machine, node) for node in machine.nodes],
        initial=machine.initial,
        auto_transitions=False,
        ignore_invalid_triggers=machine.unhandled == "ignore",
        name=machine.name,
    )
    final = {node.id for node in machine.nodes if node.kind == "final"}
    for edge in sorted(machine.edges, key=lambda edge: edge.order):
        if edge.source in final:
            continue  # nothing is accepted there
        conditions = named_guards(edge.guard)
        made.add_transition(
            edge.event,
            edge.source,
            None if edge.internal else edge.target,  # pyright: ignore[reportArgumentType]  # the stub forgets internal transitions
            conditions=[_predicate(c.name, guards) for c in conditions if not c.negated],
            unless=[_predicate(c.name, guards) for c in conditions if c.negated],
        )
    return made


def _refuse(machine: Machine) -> None:
    """What a flat machine of the library would get wrong."""
    if machine.kind == "workflow":
        text = f"{machine.name} is a workflow, whose code decides between its edges"
        raise Unconvertible(text)
    nested = [n.id for n in machine.nodes if n.parent or n.kind not in ("atomic", "final")]
    if nested or machine.more:
        text = f"{machine.name} has nested states ({nested[0]}); write it with to_scxml"
        raise Unconvertible(text)
    for edge in machine.edges:
        if edge.event == ALWAYS or is_done(edge.event) or edge.more:
            text = f"{edge.id!r} is taken without a trigger; write the machine with to_scxml"
            raise Unconvertible(text)
        for condition in named_guards(edge.guard):
            if not is_name(condition.name):
                text = f"the guard {condition.name!r} of {edge.id!r} is no name of a function"
                raise Unconvertible(text)
    for name in (node.id for node in machine.nodes if node.id in _MEANT_OTHERWISE):
        text = f"`transitions` takes a state called {name!r} for something else; rename it"
        raise Unconvertible(text)
    for event in (edge.event for edge in machine.edges if edge.event in ("state", "trigger")):
        text = f"`transitions` has no room for a trigger called {event!r}; rename it"
        raise Unconvertible(text)


def _all_given(machine: Machine, guards: Mapping[str, Guard]) -> None:
    missing = sorted({c.name for c in conditions_of(machine)} - guards.keys())
    if missing:
        text = f"{machine.name} names guards that were not given: {', '.join(missing)}"
        raise UnknownFunction(text)


def _left_out(machine: Machine) -> Iterator[LeftOut]:
    if machine.body:
        yield LeftOut("ILK192", machine.name, "its class")
    for node in machine.nodes:
        for effect in (*node.entering, *node.exiting):
            yield LeftOut("ILK192", node.id, effect)
    for edge in machine.edges:
        if edge.source in machine.by_id and machine.by_id[edge.source].kind == "final":
            yield LeftOut("ILK196", edge.id, f"{edge.event} → {edge.target}")
        for effect in edge.effects:
            yield LeftOut("ILK192", edge.id, effect)
        if is_timer(edge.event):
            yield LeftOut("ILK191", edge.id, edge.event)
    for place, unhandled in ((machine.name, machine.unhandled), *_policies(machine)):
        if unhandled == "defer":
            yield LeftOut("ILK195", place, "defer")


def _policies(machine: Machine) -> Iterator[tuple[str, Literal["", Unhandled]]]:
    for node in machine.nodes:
        yield node.id, node.unhandled


def _state(machine: Machine, node: Node) -> dict[str, str | bool]:
    ignores = (node.unhandled or machine.unhandled) == "ignore"
    return {"name": node.id, "final": node.kind == "final", "ignore_invalid_triggers": ignores}


def _predicate(name: str, guards: Mapping[str, Guard] | None) -> str | Callable[..., bool]:
    """A condition as the library wants it: exactly true or false, also of a refusal."""
    if guards is None:
        return name
    guard: Callable[..., object] = guards[name]

    @wraps(guard)
    def holds(*args: Any, **kwargs: Any) -> bool:
        return bool(guard(*args, **kwargs))

    holds.__name__ = name
    return holds
