"""A compiled lifecycle at work: pure decisions about one run's state and data."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.effect import Effect, effects
from interlock.machines.errors import HandlerFailed, MachineError, Refused
from interlock.machines.guard import Guard
from interlock.machines.ir import Edge, Machine
from interlock.machines.place import place_of
from interlock.machines.selector import Selection, Selector
from interlock.machines.step import Step
from interlock.store.values.registry import Types

Handler: TypeAlias = Callable[..., Any]
"""A method of the lifecycle, bound to its one instance."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A transition that was decided, and is to be recorded.

    Attributes:
        edge: which one.
        source, target: the states it leads from and to.
        data: what the run's data becomes.
        effects: calls to make after it is recorded.
        entered: the target is entered (its timers start); False for an internal transition.
    """

    edge: Edge
    source: str
    target: str
    data: Any
    effects: tuple[Effect, ...]
    entered: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """The author's functions behind a machine's parts.

    Attributes:
        handlers: by edge.
        guards: by edge, asked in order; only edges that have some.
        entering: by state, in the order of the class.
        delays: of the `after` edges.
        steps: the steps that effects may call, by name.
    """

    handlers: Mapping[str, Handler]
    guards: Mapping[str, tuple[Guard, ...]]
    entering: Mapping[str, tuple[Handler, ...]]
    delays: Mapping[str, timedelta]
    steps: Mapping[str, Step[..., Any]]


class LifecycleProgram:
    """What a lifecycle's class compiles to. It holds no run; every method is pure.

    The author's functions get the run's own data, so that what they leave as it was keeps its
    identity and is not recorded again. One that changes it in place is caught: the data is put
    back and `HandlerFailed` is raised.

    Attributes:
        machine: the graph.
        types: the classes that values of its runs may have.
        data_type: the class of the data.
        commands: what it accepts, by name.
        initial: the state it begins in.
        final: the states that accept nothing.
        steps: the steps that its effects may call, by name.
    """

    def __init__(
        self,
        machine: Machine,
        data_type: type[BaseModel],
        commands: Mapping[str, type[Command]],
        types: Types,
        parts: Parts,
    ) -> None:
        self.machine = machine
        self.types = types
        self.data_type = data_type
        self.commands = dict(commands)
        self.initial = machine.initial
        self.final = frozenset(node.id for node in machine.nodes if node.kind == "final")
        self.steps = dict(parts.steps)
        self._parts = parts
        self._selector = Selector(machine, parts.guards)
        self._edges = {edge.id: edge for edge in machine.edges}
        self._asked: dict[tuple[str, str], list[Handler]] = {}
        for edge in machine.edges:
            asked = self._asked.setdefault((edge.source, edge.event), [])
            asked += parts.guards.get(edge.id, ())

    def decide(self, state: str, data: Any, command: Command) -> Taken:
        """The transition that `command` takes.

        Raises:
            Refused: there is none from this state, or guards said no.
            HandlerFailed: the author's code failed.
        """
        self._known(state)
        event = type(command).__name__
        if self.commands.get(event) is not type(command):
            raise self._refused(state, f"{event} is not a command of {self.machine.name}")
        with _untouched(data, self._asked.get((state, event), [])):
            selection = self._selector.select(state, event, data, command)
        if selection.edge is None:
            raise self._refusal(state, event, selection)
        return self._take(selection.edge, data, (command,))

    def expire(self, state: str, data: Any, edge_id: str) -> Taken:
        """The transition of an `after` timer that fired.

        Raises:
            Refused: the run has left the timer's state, or the definition has no such timer.
            HandlerFailed: the author's code failed.
        """
        self._known(state)
        edge = self._edges.get(edge_id)
        if edge is None or edge_id not in self._parts.delays or edge.source != state:
            raise self._refused(state, f"the timer {edge_id!r} does not belong to this state")
        return self._take(edge, data, ())

    def enter(self, state: str, data: Any) -> tuple[Effect, ...]:
        """The effects of entering `state`, the initial one included.

        Raises:
            HandlerFailed: the author's code failed.
        """
        self._known(state)
        found: list[Effect] = []
        handlers = self._parts.entering.get(state, ())
        for handler in handlers:
            with _untouched(data, [handler]):
                answer = _call(handler, data)
            try:
                found += effects(answer)
            except TypeError as error:
                raise _failed(handler, str(error)) from None
            self._findable(handler, found)
        return tuple(found)

    def timers(self, state: str) -> tuple[tuple[str, timedelta], ...]:
        """The timers to set on entering `state`: the id of the edge, and the delay."""
        delays = self._parts.delays
        return tuple(
            (edge.id, delays[edge.id])
            for edge in self.machine.edges
            if edge.source == state and edge.id in delays
        )

    def _take(self, edge: Edge, data: Any, arguments: tuple[Command, ...]) -> Taken:
        handler = self._parts.handlers[edge.id]
        with _untouched(data, [handler]):
            changed = _call(handler, data, *arguments)
        if not isinstance(changed, self.data_type):
            wanted = self.data_type.__name__
            what = f"returned {changed!r}; return the new {wanted} (or the one it was given)"
            raise _failed(handler, what)
        entered = not edge.internal
        found = self.enter(edge.target, changed) if entered else ()
        return Taken(edge, edge.source, edge.target, changed, found, entered)

    def _findable(self, handler: Handler, found: list[Effect]) -> None:
        """A step must be known by its name, to be called again after a restart."""
        for effect in found:
            if self.steps.get(effect.step.name, effect.step).function is not effect.step.function:
                what = f"uses a second step called {effect.step.name!r}; give one another name="
                raise _failed(handler, what)
            if effect.step.name not in self.steps:
                what = (
                    f"uses the step {effect.step.name!r}, which cannot be found after a restart; "
                    f"name it in the class: class {self.machine.name}(..., steps=[...])"
                )
                raise _failed(handler, what)

    def _known(self, state: str) -> None:
        if state not in self.machine.by_id:
            text = f"{self.machine.name} has no state {state!r}"
            raise MachineError(text)

    def _refusal(self, state: str, event: str, selection: Selection) -> Refused:
        if selection.refusals:
            said = tuple(dict.fromkeys(str(refusal) for refusal in selection.refusals))
            return self._refused(state, f"{event} is refused: {'; '.join(said)}", said)
        return self._refused(state, f"{event} is not accepted")

    def _refused(self, state: str, why: str, guards: tuple[str, ...] = ()) -> Refused:
        name = self.machine.name
        if state in self.final:
            text = f"{name} is in {state!r}, which is final and accepts nothing: {why}"
            return Refused(text, state=state)
        edges = [e for e in self.machine.edges if e.source == state and e.event in self.commands]
        accepts = tuple(dict.fromkeys(edge.event for edge in edges))
        known = ", ".join(dict.fromkeys(_describe(edge) for edge in edges)) or "no command"
        text = f"{name} is in {state!r}: {why}. Accepted there: {known}"
        return Refused(text, state=state, accepts=accepts, guards=guards)


def _describe(edge: Edge) -> str:
    guard = f" if {edge.guard}" if edge.guard else ""
    return f"{edge.event} → {edge.target}{guard}"


def _call(handler: Handler, *arguments: Any) -> object:
    try:
        return handler(*arguments)
    except Exception as error:
        raise _failed(handler, f"raised {type(error).__name__}: {error}") from error


def _failed(function: Callable[..., Any], what: str) -> HandlerFailed:
    return HandlerFailed(getattr(function, "__name__", "?"), *place_of(function), what)


_FIXED = (str, bytes, int, float, complex, type(None), timedelta)


@contextmanager
def _untouched(data: BaseModel, functions: list[Callable[..., Any]]) -> Generator[None]:
    """Watch that the author's code does not change `data`; if it does, put it back and say so."""
    if not functions or _cannot_change(data):
        yield
        return
    before = copy.deepcopy(data)
    try:
        yield
    finally:
        changed = data != before and before == copy.deepcopy(before)
        if changed:
            fields = vars(data)
            fields.clear()
            fields.update(vars(before))
    if changed:
        names = ", ".join(dict.fromkeys(getattr(f, "__name__", "?") for f in functions))
        what = "changed its input in place; return data.model_copy(update={...}) instead"
        raise HandlerFailed(names, *place_of(functions[0]), what)


def _cannot_change(data: BaseModel) -> bool:
    frozen = data.model_config.get("frozen", False)
    return frozen and all(isinstance(value, _FIXED) for value in vars(data).values())
