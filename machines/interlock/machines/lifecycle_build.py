"""From a lifecycle's class to its machine and program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.guard import Guard, guard_name
from interlock.machines.ir import Edge, Machine, Node, Unhandled
from interlock.machines.lifecycle_check import check, check_commands, hints_of
from interlock.machines.lifecycle_declared import Declared, RegionHead
from interlock.machines.lifecycle_endless import check_endless
from interlock.machines.lifecycle_levels import Bases, levels_of
from interlock.machines.lifecycle_nested import Effects, Places, check_levels, nodes_of
from interlock.machines.lifecycle_program import Handler, LifecycleProgram, Parts
from interlock.machines.lifecycle_source import body_of, file_of, source_of, state_lines
from interlock.machines.lifecycle_steps import steps_mentioned
from interlock.machines.resource import wanted_by
from interlock.machines.rule import Acting, Move, rules_of
from interlock.machines.shapes import shapes, signature_of, text_of
from interlock.machines.step import Step
from interlock.store.values.registry import Types


@dataclass(frozen=True, slots=True)
class Declaration:
    """What stands in the head of a lifecycle's class.

    Attributes:
        owner: the class.
        name: what it is called in the log.
        head: its states, as of a region.
        steps: named for its effects.
        unhandled: for all states that say nothing themselves.
        version: what the author calls this definition.
    """

    owner: type
    name: str
    head: RegionHead
    steps: tuple[Step[..., Any], ...]
    unhandled: Unhandled
    version: str = ""


@dataclass
class _Collected:
    """What the levels come to."""

    edges: list[Edge] = field(default_factory=list[Edge])
    handlers: dict[str, Handler] = field(default_factory=dict[str, Handler])
    guards: dict[str, tuple[Guard, ...]] = field(default_factory=dict[str, tuple[Guard, ...]])
    delays: dict[str, timedelta] = field(default_factory=dict[str, timedelta])
    acting: dict[tuple[str, str], tuple[Handler, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[Handler, ...]]
    )


def build(declaration: Declaration, bases: Bases) -> LifecycleProgram:
    """Check and compile a subclass of `Lifecycle`.

    Raises:
        BadDefinition: with the file and line of what is wrong.
    """
    top = levels_of(declaration.owner, declaration.head, bases)
    for level in top.levels():
        check(level, bases.lifecycle if level is top else bases.region)
    check_commands(top)
    check_levels(top)
    places = Places(top)
    found = _Collected()
    for level in top.levels():
        _collect(level, places, found)
    steps = steps_mentioned(top.acting(), declaration.steps)
    commands = top.commands()
    types = types_of(top.data, commands, steps)
    machine = _machine(
        declaration, top, places, found, _calls(steps), shapes(types, declaration.name)
    )
    check_endless(machine, top)
    parts = Parts(found.handlers, found.guards, found.acting, found.delays, steps, places.id_of)
    return LifecycleProgram(machine, top.data, commands, types, parts)


def _collect(level: Declared, places: Places, found: _Collected) -> None:
    """The edges and functions of one level."""
    instance: object = level.owner()
    for method, move, state in _moves(level):
        edge = _edge(level, places, method, move, state, found.edges)
        found.edges.append(edge)
        found.handlers[edge.id] = getattr(instance, method)
        if move.guards:
            found.guards[edge.id] = move.guards
        if move.delay is not None:
            found.delays[edge.id] = move.delay
        taking = _taking(level, instance, method)
        if taking:
            found.acting["taking", edge.id] = taking
    for when in ("entering", "exiting"):
        for state in level.states:
            handlers = _acting(level, instance, when, state)
            if handlers:
                found.acting[when, level.id_of(state)] = handlers


def _moves(level: Declared) -> Iterator[tuple[str, Move, StrEnum]]:
    for name, method in level.methods.items():
        for rule in rules_of(method):
            if isinstance(rule, Move):
                for state in rule.sources:
                    yield name, rule, state


def _edge(
    level: Declared, places: Places, method: str, move: Move, state: StrEnum, before: list[Edge]
) -> Edge:
    """Named by its place and method, so that no other method's change renames it."""
    function = level.methods[method]
    rules = [rule for rule in rules_of(function) if isinstance(rule, Move)]
    alone = sum(state in rule.sources for rule in rules) == 1
    source = level.id_of(state)
    targets, internal = places.reach(level, function, move, source)
    acting = level.methods.items()
    return Edge(
        id=f"{source}.{method}" + ("" if alone else f".{move.event}"),
        source=source,
        target=targets[0],
        more=targets[1:],
        event=move.event,
        guard=" and ".join(guard_name(guard) for guard in move.guards),
        order=sum(edge.source == source and edge.event == move.event for edge in before),
        internal=internal,
        effects=tuple(name for name, other in acting if _takes(other, method)),
        line=move.line,
    )


def _takes(method: Any, name: str) -> bool:
    return any(isinstance(rule, Acting) and name in rule.moves for rule in rules_of(method))


def _taking(level: Declared, instance: object, method: str) -> tuple[Handler, ...]:
    names = (name for name, other in level.methods.items() if _takes(other, method))
    return tuple(getattr(instance, name) for name in names)


def _acting(level: Declared, instance: object, when: str, state: StrEnum) -> tuple[Handler, ...]:
    return tuple(
        getattr(instance, name)
        for name, method in level.methods.items()
        for rule in rules_of(method)
        if isinstance(rule, Acting) and rule.when == when and state in rule.states
    )


def types_of(
    data: type[BaseModel], commands: dict[str, type[Command]], steps: dict[str, Step[..., Any]]
) -> Types:
    """The classes that values of a lifecycle's runs may have."""
    types = Types()
    types.collect(data, *commands.values())
    for step in steps.values():
        wanted = wanted_by(step.function)  # resources are never recorded
        hints = (hint for name, hint in hints_of(step.function).items() if name not in wanted)
        types.collect(*hints, *step.options.raises)
    return types


def _calls(steps: dict[str, Step[..., Any]]) -> tuple[Node, ...]:
    """The steps that effects call, as they are compared with those of another definition."""
    found: list[Node] = []
    for name, step in steps.items():
        takes, gives = signature_of(step.function)
        found.append(Node(id=name, kind="step", waits_for=name, takes=takes, gives=gives))
    return tuple(found)


def _machine(
    declaration: Declaration,
    top: Declared,
    places: Places,
    found: _Collected,
    calls: tuple[Node, ...],
    values: Mapping[str, str],
) -> Machine:
    source, first = source_of(top.owner)
    names: Effects = {
        key: tuple(handler.__name__ for handler in handlers)
        for key, handlers in found.acting.items()
        if key[0] != "taking"
    }
    nodes = (*nodes_of(top, state_lines, names), *places.histories.values())
    return Machine(
        name=declaration.name,
        kind="lifecycle",
        initial=top.id_of(top.initial),
        unhandled=declaration.unhandled,
        nodes=nodes,
        edges=tuple(found.edges),
        commands=tuple(top.commands()),
        body=body_of(top, values),
        module=top.owner.__module__,
        qualname=top.owner.__qualname__,
        file=file_of(top),
        line=first,
        source=source,
        calls=calls,
        values=dict(values),
        data=text_of(top.data),
        version=declaration.version,
    )
