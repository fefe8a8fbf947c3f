"""A compiled lifecycle at work: pure decisions about one run's states and data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.effect import Effect
from interlock.machines.effect import effects as effects_in
from interlock.machines.errors import MachineError
from interlock.machines.guard import Guard
from interlock.machines.ir import Edge, Machine, Unhandled
from interlock.machines.kernel import Chart, Microstep, Snapshot, begin, react, readable
from interlock.machines.lifecycle_refusal import is_final, refusal, refused
from interlock.machines.lifecycle_watch import Handler, call, failed, untouched
from interlock.machines.migration import Migrations
from interlock.machines.selector import Refusal, Selector
from interlock.machines.step import Step
from interlock.store.values.registry import Types

__all__ = ["Handler", "LifecycleProgram", "Parts", "Taken"]


@dataclass(frozen=True, slots=True)
class Taken:
    """Transitions that were decided together, and are to be recorded.

    Attributes:
        edges: which: one, or one for each of several regions; none for the beginning.
        source, target: the states they lead from and to, as one readable line.
        data: what the run's data becomes.
        effects: calls to make after it is recorded.
        step: what is left and entered.
        then: what follows by itself, in order.
        said: the guards that said no to others on the way; the first one tells of all.
    """

    edges: tuple[Edge, ...]
    source: str
    target: str
    data: Any
    effects: tuple[Effect, ...]
    step: Microstep
    then: tuple[Taken, ...] = ()
    said: tuple[Refusal, ...] = ()

    @property
    def edge(self) -> Edge:
        """The first of the edges."""
        return self.edges[0]

    @property
    def entered(self) -> bool:
        """Whether any state is entered (its timers start); not by an internal transition."""
        return bool(self.step.entered)


@dataclass(frozen=True, slots=True)
class Parts:
    """The author's functions behind a machine's parts.

    Attributes:
        handlers: by edge.
        guards: by edge, asked in order; only edges that have some.
        acting: those that name effects, by `entering` or `exiting` and the state, or `taking`
            and the edge; in the order of the class.
        delays: of the `after` edges.
        steps: the steps that effects may call, by name.
        id_of: a state's name in the machine, None for one of another enumeration.
    """

    handlers: Mapping[str, Handler]
    guards: Mapping[str, tuple[Guard, ...]]
    acting: Mapping[tuple[str, str], tuple[Handler, ...]]
    delays: Mapping[str, timedelta]
    steps: Mapping[str, Step[..., Any]]
    id_of: Callable[[StrEnum], str | None]


class LifecycleProgram:
    """What a lifecycle's class compiles to. It holds no run; every method is pure.

    The author's functions get the run's own data, so that what they leave as it was keeps its
    identity and is not recorded again. One that changes it in place is caught: the data is put
    back and `HandlerFailed` is raised.

    Where a run is can be given as a `Snapshot`, or as the name of a state that is not nested.

    Attributes:
        machine: the graph.
        chart: the graph, ready for moving.
        types: the classes that values of its runs may have.
        data_type: the class of the data.
        commands: what it accepts, by name.
        initial: the state it begins in.
        final: the states that accept nothing.
        steps: the steps that its effects may call, by name.
        id_of: see `Lifecycle.id_of`; None for a state of something else.
        migrations: what its author says about runs of other definitions.
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
        self.chart = Chart(machine)
        self.types = types
        self.data_type = data_type
        self.migrations = Migrations()
        self.commands = dict(commands)
        self.initial = machine.initial
        self.final = frozenset(
            node.id for node in machine.nodes if node.kind == "final" and node.parent is None
        )
        self.steps = dict(parts.steps)
        self.id_of = parts.id_of
        self._parts = parts
        self._selector = Selector(machine, parts.guards)
        self._edges = {edge.id: edge for edge in machine.edges}
        self._asked: dict[tuple[str, str], list[Handler]] = {}
        self._timers: dict[str, tuple[tuple[str, timedelta], ...]] = {}
        for edge in machine.edges:
            asked = self._asked.setdefault((edge.source, edge.event), [])
            asked += parts.guards.get(edge.id, ())
            if edge.id in parts.delays:
                timer = (edge.id, parts.delays[edge.id])
                self._timers[edge.source] = (*self._timers.get(edge.source, ()), timer)

    @property
    def parts(self) -> Parts:
        """The author's functions, by the parts of the machine that they belong to."""
        return self._parts

    def begin(self, data: Any) -> Taken:
        """What starting a run enters, and what follows by itself.

        Raises:
            HandlerFailed: the author's code failed.
        """
        asking = _Asking(self, data, None)
        return self._joined(asking, "", begin(self.chart, asking.choose))

    def decide(self, place: Snapshot | str, data: Any, command: Command) -> Taken:
        """The transitions that `command` takes, and what follows by itself in `then`.

        Raises:
            Refused: there is none from these states, or guards said no.
            HandlerFailed: the author's code failed.
            EndlessChain: what follows by itself does not end.
        """
        snapshot = self.snapshot(place)
        event = type(command).__name__
        if self.commands.get(event) is not type(command):
            why = f"{event} is not a command of {self.machine.name}"
            raise refused(self.chart, snapshot, self.commands, why)
        asking = _Asking(self, data, command)
        steps = react(self.chart, snapshot, event, asking.choose)
        source = self._words(snapshot)
        if not is_final(self.chart, snapshot):
            for step in steps:
                return self._joined(asking, source, steps, step)
        raise refusal(self.chart, snapshot, self.commands, event, asking.refusals)

    def unhandled(self, place: Snapshot | str, command: Command) -> Unhandled:
        """What happens to a command that was refused: only one without a transition is kept.

        Each innermost active state answers with its own word or that of the next one around it
        that has a word. Of several answers "defer" comes before "refuse", and that before
        "ignore"; where none has a word, that of the machine holds.
        """
        snapshot, event = self.snapshot(place), type(command).__name__
        known = self.commands.get(event) is type(command)
        if not known or is_final(self.chart, snapshot):
            return "refuse"
        by_id, said = self.machine.by_id, set[str]()
        for leaf in self.chart.leaves(snapshot.active):
            around = self.chart.upward(leaf)
            if any((state, event) in self._asked for state in around):
                return "refuse"  # a guard said no
            said.add(next((by_id[s].unhandled for s in around if by_id[s].unhandled), ""))
        for word in _WORDS:
            if said & {word}:
                return word
        return self.machine.unhandled

    def expire(self, place: Snapshot | str, data: Any, edge_id: str) -> Taken:
        """The transition of an `after` timer that fired.

        Raises:
            Refused: the run has left the timer's state, or the definition has no such timer.
            HandlerFailed: the author's code failed.
        """
        snapshot = self.snapshot(place)
        edge = self._edges.get(edge_id)
        if edge is None or edge_id not in self._parts.delays or edge.source not in snapshot.active:
            why = f"the timer {edge_id!r} does not belong to this state"
            raise refused(self.chart, snapshot, self.commands, why)
        asking = _Asking(self, data, None, edge)
        steps = react(self.chart, snapshot, edge.event, asking.choose)
        return self._joined(asking, self._words(snapshot), steps)

    def enter(self, state: str, data: Any) -> tuple[Effect, ...]:
        """The effects of entering one state.

        Raises:
            HandlerFailed: the author's code failed.
        """
        self.snapshot(state)
        return self.effects("entering", state, data)

    def handler(self, edge: str) -> Handler:
        """The method that computes the new data on an edge."""
        return self._parts.handlers[edge]

    def acts(self, when: str, place: str) -> bool:
        """Whether there are effects of a state or an edge; see `effects`."""
        return (when, place) in self._parts.acting

    def guards(self, edge: str) -> tuple[Guard, ...]:
        """The guards of an edge, in the order in which they are asked."""
        return self._parts.guards.get(edge, ())

    def timers(self, state: str) -> tuple[tuple[str, timedelta], ...]:
        """The timers to set on entering `state`: the id of the edge, and the delay."""
        return self._timers.get(state, ())

    def snapshot(self, place: Snapshot | str) -> Snapshot:
        """Where a run is.

        Raises:
            MachineError: the machine has no such states.
        """
        snapshot = Snapshot((place,)) if isinstance(place, str) else place
        for state in snapshot.active:
            if state not in self.machine.by_id:
                text = f"{self.machine.name} has no state {state!r}"
                raise MachineError(text)
        return snapshot

    def _words(self, snapshot: Snapshot) -> str:
        active = snapshot.active
        return active[0] if self.chart.flat else readable(self.machine, active)

    def _joined(
        self,
        asking: _Asking,
        source: str,
        steps: Iterator[Microstep],
        first: Microstep | None = None,
    ) -> Taken:
        """Run the author's functions after each microstep, before the next one is chosen."""
        first = first or next(steps)
        taken = self._take(asking, source, first)
        then: list[Taken] = []
        source = taken.target
        for step in steps:
            then.append(self._take(asking, source, step))
            source = then[-1].target
        if then or asking.refusals:
            return replace(taken, then=tuple(then), said=tuple(asking.refusals))
        return taken

    def _take(self, asking: _Asking, source: str, step: Microstep) -> Taken:
        found: list[Effect] = []
        for state in step.exited:
            found += self.effects("exiting", state, asking.data)
        for edge in step.edges:
            arguments = (asking.command,) if edge.event in self.commands else ()
            asking.data = self._changed(edge, asking.data, arguments)
            found += self.effects("taking", edge.id, asking.data, *arguments)
        for state in step.entered:
            found += self.effects("entering", state, asking.data)
        target = source if step.edges and not step.entered else ""
        target = target or self._words(step.after)
        return Taken(step.edges, source, target, asking.data, tuple(found), step)

    def _changed(self, edge: Edge, data: Any, arguments: tuple[Any, ...]) -> Any:
        handler = self._parts.handlers[edge.id]
        with untouched(data, [handler]):
            changed = call(handler, data, *arguments)
        if not isinstance(changed, self.data_type):
            wanted = self.data_type.__name__
            what = f"returned {changed!r}; return the new {wanted} (or the one it was given)"
            raise failed(handler, what)
        return changed

    def effects(self, when: str, place: str, data: Any, *arguments: Any) -> tuple[Effect, ...]:
        """What to do on `entering` or `exiting` a state, or on `taking` an edge.

        Raises:
            HandlerFailed: the author's code failed.
        """
        handlers = self._parts.acting.get((when, place))
        if handlers is None:
            return ()
        found: list[Effect] = []
        for handler in handlers:
            with untouched(data, [handler]):
                answer = call(handler, data, *arguments)
            try:
                found += effects_in(answer)
            except TypeError as error:
                raise failed(handler, str(error)) from None
            self._findable(handler, found)
        return tuple(found)

    def _findable(self, handler: Handler, found: list[Effect]) -> None:
        """A step must be known by its name, to be called again after a restart."""
        for effect in found:
            if self.steps.get(effect.step.name, effect.step).function is not effect.step.function:
                what = f"uses a second step called {effect.step.name!r}; give one another name="
                raise failed(handler, what)
            if effect.step.name not in self.steps:
                what = (
                    f"uses the step {effect.step.name!r}, which cannot be found after a restart; "
                    f"name it in the class: class {self.machine.name}(..., steps=[...])"
                )
                raise failed(handler, what)

    def select(
        self, state: str, event: str, data: Any, command: Command | None
    ) -> tuple[Edge | None, tuple[Refusal, ...]]:
        """Ask the guards of one state's candidates.

        Raises:
            HandlerFailed: a guard failed.
        """
        with untouched(data, self._asked.get((state, event), [])):
            selection = self._selector.select(state, event, data, command)
        return selection.edge, selection.refusals


_WORDS: tuple[Unhandled, ...] = ("defer", "refuse", "ignore")
"""From the strongest to the weakest."""


class _Asking:
    """Asks the guards during one reaction, with the data as they are at each microstep."""

    def __init__(
        self,
        program: LifecycleProgram,
        data: Any,
        command: Command | None,
        only: Edge | None = None,
    ) -> None:
        self._program = program
        self._only = only
        self.data = data
        self.command = command
        self.refusals: list[Refusal] = []

    def choose(self, state: str, event: str) -> Edge | None:
        """See the kernel's `Choose`; a timer takes its own edge alone."""
        if self._only is not None and event == self._only.event:
            return self._only if state == self._only.source else None
        edge, refusals = self._program.select(state, event, self.data, self.command)
        self.refusals += refusals
        return edge
