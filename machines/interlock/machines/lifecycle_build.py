"""From a lifecycle's class to its machine and program."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from interlock.machines.canonical import canonical_digest
from interlock.machines.command import Command
from interlock.machines.guard import Guard, guard_name
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.lifecycle_check import Declared, check, hints_of, refuse
from interlock.machines.lifecycle_program import Handler, LifecycleProgram, Parts
from interlock.machines.lifecycle_steps import steps_of
from interlock.machines.place import place_of
from interlock.machines.resource import wanted_by
from interlock.machines.rule import Entering, Move, rules_of
from interlock.machines.step import Step
from interlock.store.values.registry import Types


@dataclass(frozen=True, slots=True)
class Declaration:
    """What stands in the head of a lifecycle's class.

    Attributes:
        owner: the class.
        name: what it is called in the log.
        initial, final: of its states.
        steps: named for its effects.
    """

    owner: type
    name: str
    initial: StrEnum
    final: tuple[StrEnum, ...]
    steps: tuple[Step[..., Any], ...]


def build(head: Declaration, base: type) -> LifecycleProgram:
    """Check and compile `head`, a subclass of `base`.

    Raises:
        BadDefinition: with the file and line of what is wrong.
    """
    states, data_type = _arguments(head.owner, base)
    declared = Declared(head.owner, states, data_type, head.initial, head.final, _methods(head))
    check(declared, reserved=frozenset(vars(base)))
    instance: object = head.owner()
    edges: list[Edge] = []
    handlers: dict[str, Handler] = {}
    guards: dict[str, tuple[Guard, ...]] = {}
    delays: dict[str, Any] = {}
    for method, move, state in _moves(declared):
        edge = _edge(declared, method, move, state, edges)
        edges.append(edge)
        handlers[edge.id] = getattr(instance, method)
        if move.guards:
            guards[edge.id] = move.guards
        if move.delay is not None:
            delays[edge.id] = move.delay
    entering = {state.value: _entering(declared, instance, state) for state in states}
    steps = steps_of(declared.entering(), head.steps)
    parts = Parts(handlers, guards, entering, delays, steps)
    commands = declared.commands()
    types = _types(data_type, commands, steps)
    return LifecycleProgram(_machine(head, declared, edges), data_type, commands, types, parts)


def _arguments(owner: type, base: type) -> tuple[type[StrEnum], type[BaseModel]]:
    """The enumeration and the model in `Lifecycle[Status, OrderData]`."""
    for klass in owner.__mro__:
        for parent in vars(klass).get("__orig_bases__", ()):
            if get_origin(parent) is base:
                states, data = get_args(parent)
                if not (isinstance(states, type) and issubclass(states, StrEnum) and list(states)):
                    raise refuse(owner, f"{states!r} is not a StrEnum with the states as members")
                if not (isinstance(data, type) and issubclass(data, BaseModel)):
                    raise refuse(owner, f"{data!r} is not a pydantic model for the data")
                return states, data
    raise refuse(owner, "write Lifecycle[Status, Data]: a StrEnum and a pydantic model")


def _methods(head: Declaration) -> dict[str, Callable[..., Any]]:
    """The methods with rules, in the order of the classes; a method may override one above."""
    found: dict[str, Callable[..., Any]] = {}
    for klass in reversed(head.owner.__mro__):
        for name, member in vars(klass).items():
            if rules_of(member):
                found[name] = member
            elif name in found:
                del found[name]  # overridden without a rule: it is a transition no more
    return found


def _moves(declared: Declared) -> Iterator[tuple[str, Move, StrEnum]]:
    for name, method in declared.methods.items():
        for rule in rules_of(method):
            if isinstance(rule, Move):
                for state in rule.sources:
                    yield name, rule, state


def _edge(declared: Declared, method: str, move: Move, state: StrEnum, before: list[Edge]) -> Edge:
    """Named by its place and method, so that no other method's change renames it."""
    rules = [r for r in rules_of(declared.methods[method]) if isinstance(r, Move)]
    alone = sum(state in rule.sources for rule in rules) == 1
    return Edge(
        id=f"{state.value}.{method}" + ("" if alone else f".{move.event}"),
        source=state.value,
        target=(move.target or state).value,
        event=move.event,
        guard=" and ".join(guard_name(guard) for guard in move.guards),
        order=sum(edge.source == state.value and edge.event == move.event for edge in before),
        internal=move.target is None,
        line=move.line,
    )


def _entering(declared: Declared, instance: object, state: StrEnum) -> tuple[Handler, ...]:
    return tuple(
        getattr(instance, name)
        for name, method in declared.methods.items()
        if any(isinstance(r, Entering) and state in r.states for r in rules_of(method))
    )


def _types(
    data: type[BaseModel], commands: dict[str, type[Command]], steps: dict[str, Step[..., Any]]
) -> Types:
    types = Types()
    types.collect(data, *commands.values())
    for step in steps.values():
        wanted = wanted_by(step.function)  # resources are never recorded
        hints = (hint for name, hint in hints_of(step.function).items() if name not in wanted)
        types.collect(*hints, *step.options.raises)
    return types


def _machine(head: Declaration, declared: Declared, edges: list[Edge]) -> Machine:
    source, first = _source(head.owner)
    file = _file(head.owner, declared)
    lines = _state_lines(declared, file)
    final = {state.value for state in head.final}
    nodes = [
        Node(
            id=state.value,
            kind="final" if state.value in final else "atomic",
            variables=("data",),
            line=lines.get(state.value, 0),
        )
        for state in declared.states
    ]
    return Machine(
        name=head.name,
        kind="lifecycle",
        initial=head.initial.value,
        nodes=tuple(nodes),
        edges=tuple(edges),
        commands=tuple(declared.commands()),
        body=_body(declared),
        module=head.owner.__module__,
        qualname=head.owner.__qualname__,
        file=file,
        line=first,
        source=source,
    )


def _source(owner: type) -> tuple[str, int]:
    try:
        lines, first = inspect.getsourcelines(owner)
    except (OSError, TypeError):
        return "", 0
    return textwrap.dedent("".join(lines)), max(first, 1)


def _file(owner: type, declared: Declared) -> str:
    for method in declared.methods.values():
        return place_of(method)[0]
    try:
        return inspect.getsourcefile(owner) or ""
    except TypeError:
        return ""


def _state_lines(declared: Declared, file: str) -> dict[str, int]:
    """Where each state stands: in the enumeration when it is in the same file, else its rules."""
    found: dict[str, int] = {}
    for _, move, state in _moves(declared):
        found.setdefault(state.value, move.line)
    try:
        if inspect.getsourcefile(declared.states) == file:
            text, first = inspect.getsourcelines(declared.states)
            tree = ast.parse(textwrap.dedent("".join(text)))
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    member = declared.states.__members__.get(node.targets[0].id)
                    if member is not None:
                        found[member.value] = max(first, 1) + node.lineno - 1
    except (OSError, TypeError, SyntaxError):
        pass  # typed at a prompt: the rules' lines must do
    return found


def _body(declared: Declared) -> str:
    """The digest of the author's functions; those without a source count by name alone."""
    functions = dict(declared.methods)
    for _, move, _ in _moves(declared):
        functions |= {f"guard {guard_name(guard)}": guard for guard in move.guards}
    parts = [f"{name}={_digest(function)}" for name, function in functions.items()]
    parts += [
        f"{name}@{','.join(rule.states)}"
        for name, method in declared.methods.items()
        for rule in rules_of(method)
        if isinstance(rule, Entering)
    ]
    return hashlib.sha256(";".join(parts).encode()).hexdigest()[:16]


def _digest(function: Callable[..., Any]) -> str:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return ""
    definition = tree.body[0]
    if isinstance(definition, ast.FunctionDef):
        definition.decorator_list.clear()  # what they say is in the edges
    return canonical_digest(definition)
