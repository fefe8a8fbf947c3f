"""A machine that came from elsewhere as a lifecycle, with its functions given by name."""

from __future__ import annotations

import hashlib
import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from interlock.machines.check import problems
from interlock.machines.command import Command
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.guard import Guard
from interlock.machines.interchange.guards import bind_guards
from interlock.machines.interchange.leftover import Unconvertible, UnknownFunction
from interlock.machines.interchange.reserved import is_internal, is_timer
from interlock.machines.ir import Machine
from interlock.machines.kernel import endless
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_build import types_of
from interlock.machines.lifecycle_program import Handler, LifecycleProgram, Parts
from interlock.machines.lifecycle_source import digest_of
from interlock.machines.lifecycle_steps import steps_mentioned
from interlock.machines.step import Step

Functions: TypeAlias = Mapping[str, Callable[..., Any]]
"""Functions by name."""


class Values(BaseModel):
    """The data of a lifecycle that was given no class for them.

    Attributes:
        values: anything that JSON can say, by name.
    """

    model_config = ConfigDict(frozen=True)

    values: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


def lifecycle_of(
    machine: Machine,
    *,
    guards: Mapping[str, Guard] | None = None,
    data: type[BaseModel] = Values,
    commands: Sequence[type[Command]] = (),
    changes: Functions | None = None,
    effects: Functions | None = None,
    steps: Sequence[Step[..., Any]] = (),
) -> type[Lifecycle[Any, Any]]:
    """A lifecycle that runs a machine, as if it had been declared as a class.

    Its commands are in `lifecycle.program().commands`, by name. Assign the result to a name at
    the top of a module, so that workers find it.

    Args:
        machine: a lifecycle's machine, read from JSON, SCXML or a `transitions` machine.
        guards: `(data, command) -> bool | Refuse(...)`, by the names that the machine mentions.
        data: the class of the data of its runs.
        commands: classes of commands with fields of their own, each called as the machine calls
            it. The others get one field, `values`: anything that JSON can say, by name.
        changes: what transitions make of the data, by the id of the edge or the name of its
            event: `(data, command) -> new data`, or `(data) -> new data` where no command is.
            Without one the data stay as they are.
        effects: by the names that the machine mentions: `(data) -> Effect | list | None`, for
            effects of a transition with a command `(data, command)`.
        steps: that the effects call and do not mention.

    Raises:
        UnknownFunction: the machine names guards or effects that were not given.
        Unconvertible: it is a workflow's machine, which only its code can run.
        BadDefinition: the machine cannot run as it is (`interlock check` tells all), or
            something was given for a name that it does not have.
    """
    if machine.kind == "workflow":
        text = f"{machine.name} is a workflow, which only its code can run"
        raise Unconvertible(text)
    _sound(machine)
    kinds = _commands(machine, commands)
    given = _Given(machine, guards or {}, changes or {}, effects or {})
    known = steps_mentioned((effects or {}).values(), steps)
    parts = Parts(
        handlers={edge.id: given.change(edge.id, edge.event) for edge in machine.edges},
        guards=bind_guards(machine, guards or {}),
        acting=dict(given.acting()),
        delays={
            edge.id: duration(edge.event.removeprefix("after "))
            for edge in machine.edges
            if is_timer(edge.event)
        },
        steps=known,
        id_of=_Ids(machine),
    )
    nodes = (msgspec.structs.replace(node, variables=("data",)) for node in machine.nodes)
    made = msgspec.structs.replace(
        machine, nodes=tuple(nodes), commands=tuple(kinds), body=given.digest()
    )
    program = LifecycleProgram(made, data, kinds, types_of(data, kinds, known), parts)
    options = {"initial": None, "final": (), "name": machine.name, "program": program}
    frame = inspect.currentframe()
    caller = frame and frame.f_back
    module = caller.f_globals.get("__name__", __name__) if caller else __name__
    place = {"__module__": module, "__qualname__": machine.name}
    return types.new_class(machine.name, (Lifecycle,), options, lambda space: space.update(place))


class _Ids:
    """A state's name in the machine, for members of any StrEnum with these names as values."""

    def __init__(self, machine: Machine) -> None:
        self._known = machine.by_id

    def __call__(self, state: StrEnum) -> str | None:
        return state.value if state.value in self._known else None


class _Given:
    """The functions that were given, by what they are for."""

    def __init__(
        self,
        machine: Machine,
        guards: Mapping[str, Guard],
        changes: Functions,
        effects: Functions,
    ) -> None:
        self._machine = machine
        self._functions = {"guard": guards, "change": changes, "effect": effects}
        places = {edge.id for edge in machine.edges} | {edge.event for edge in machine.edges}
        for name in sorted(changes.keys() - places):
            text = f"{machine.name} has no transition {name!r} that changes could be made by"
            raise BadDefinition(text)
        missing = sorted({name for _, names in self._mentioned() for name in names} - {*effects})
        if missing:
            text = f"{machine.name} names effects that were not given: {', '.join(missing)}"
            raise UnknownFunction(text)

    def change(self, edge: str, event: str) -> Handler:
        """What makes the new data of a transition."""
        changes = self._functions["change"]
        return changes.get(edge) or changes.get(event) or _keep

    def acting(self) -> Iterator[tuple[tuple[str, str], tuple[Handler, ...]]]:
        """The effects' functions by place; see `Parts`."""
        effects = self._functions["effect"]
        for place, names in self._mentioned():
            if names:
                yield place, tuple(effects[name] for name in names)

    def digest(self) -> str:
        """Stands for the functions in the machine's hash."""
        parts = [
            f"{kind} {name}={digest_of(functions[name])}"
            for kind, functions in self._functions.items()
            for name in sorted(functions)
        ]
        parts += [f"{place}={names}" for place, names in self._mentioned() if names]
        return hashlib.sha256(";".join(parts).encode()).hexdigest()[:16]

    def _mentioned(self) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
        for node in self._machine.nodes:
            yield ("entering", node.id), node.entering
            yield ("exiting", node.id), node.exiting
        for edge in self._machine.edges:
            yield ("taking", edge.id), edge.effects


def _keep(data: Any, *_command: Any) -> Any:
    """The data as they are."""
    return data


def _sound(machine: Machine) -> None:
    """What would not run as it is drawn."""
    found = [problem.message for problem in problems(machine) if problem.severity == "error"]
    edge = endless(machine)
    if edge is not None:
        found.append(f"{edge.id!r} follows by itself for ever; give it a guard")
    if found:
        text = f"{machine.name} cannot run: {'; '.join(found)}"
        raise BadDefinition(text)


def _commands(machine: Machine, given: Sequence[type[Command]]) -> dict[str, type[Command]]:
    """The classes of all commands, those that were given among them."""
    events = (edge.event for edge in machine.edges if not is_internal(edge.event))
    own = {command.__name__: command for command in given}
    names = dict.fromkeys((*machine.commands, *events))
    for name in own.keys() - names.keys():
        text = f"{machine.name} has no command {name!r}; it has {', '.join(names) or 'none'}"
        raise BadDefinition(text)
    return {name: own.get(name) or _generated(name) for name in names}


def _generated(name: str) -> type[Command]:
    fields: dict[str, Any] = {
        "values": (dict[str, JsonValue], Field(default_factory=dict[str, JsonValue]))
    }
    return create_model(name, __base__=Command, __module__=__name__, **fields)
