"""The functions of a workflow: itself, and each helper at every place where it is called."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from interlock.machines.checks.walking import closure, event_of
from interlock.machines.errors import CompileError
from interlock.machines.facts import Facts, Joined
from interlock.machines.ir import DONE, Edge, Node
from interlock.machines.program import Place, Program
from interlock.machines.workflow import Workflow


@dataclass(eq=False)
class Frame:
    """A function of a workflow where it is called.

    Attributes:
        program: what it was compiled to.
        name: of the state that stands for the call, "" for the workflow itself.
        way: the shortest way there.
    """

    program: Program
    name: str = ""
    way: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts:
        """What its code says."""
        return self.program.facts

    @property
    def file(self) -> str:
        """Where its code stands."""
        return self.program.machine.file

    def full(self, state: str) -> str:
        """The name of one of its states in the whole workflow."""
        return f"{self.name}/{state}" if self.name else state

    def node(self, state: str) -> Node | None:
        """How a state or a call is drawn."""
        return self.program.machine.places.get(state)

    def joined(self, state: str) -> Joined:
        """What a join waits for."""
        return self.facts.joins.get(state) or Joined()

    @cached_property
    def edges(self) -> list[Edge]:
        """Those between its own states, what is in helpers left out."""
        own = {self.program.machine.initial, *self.program.places}
        return [edge for edge in self.program.machine.edges if edge.source in own]

    @cached_property
    def following(self) -> dict[str, set[str]]:
        """The states that each leads to, by whatever happens."""
        found: dict[str, set[str]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, set()).update(edge.targets)
        return found

    @cached_property
    def behind(self) -> dict[str, set[str]]:
        """The states that may come after each one was passed well."""
        first: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.event == DONE:
                first.setdefault(edge.source, set()).update(edge.targets)
        return {state: closure(ends, self.following) for state, ends in first.items()}

    @cached_property
    def completing(self) -> set[str]:
        """The states from which the function can come to its end, no failure on the way."""
        before: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.event == DONE:
                for end in edge.targets:
                    before.setdefault(end, set()).add(edge.source)
        return closure({"completed"}, before)

    @cached_property
    def ending(self) -> set[str]:
        """The states from which it can come to its end, a failure that is caught on the way."""
        before: dict[str, set[str]] = {}
        for edge in self.edges:
            for end in edge.targets:
                before.setdefault(end, set()).add(edge.source)
        return closure({"completed"}, before)

    @cached_property
    def _ways(self) -> dict[str, tuple[str, ...]]:
        initial = self.program.machine.initial
        out: dict[str, list[Edge]] = {}
        for edge in self.edges:
            out.setdefault(edge.source, []).append(edge)
        ways: dict[str, tuple[str, ...]] = {initial: self.way}
        todo = deque(ways)
        while todo:
            state = todo.popleft()
            for edge in out.get(state, ()):
                said = event_of(edge.event, edge.label, self.full(state))
                for end in edge.targets:
                    if end not in ways:
                        ways[end] = (*ways[state], f"{said} → {self.full(end)}")
                        todo.append(end)
        return ways

    def way_to(self, state: str) -> tuple[str, ...]:
        """The shortest way to one of its states, () where none leads there."""
        return self._ways.get(state, self.way)

    def helper(self, place: Place) -> Frame | None:
        """The helper that is awaited at one of its states."""
        return self._frame(place, self.full(place.state), self.way_to(place.state))

    def member(self, join: Place, call: Place) -> Frame | None:
        """The helper that is called in a join."""
        return self._frame(call, self.inside(join, call), self.way_to(join.state))

    def inside(self, join: Place, call: Place) -> str:
        """What a call in a join is called."""
        longer = call.state.startswith(f"{join.state}/")
        return self.full(call.state if longer else f"{join.state}/{call.state}")

    def started(self, name: str) -> Frame | None:
        """The helper that is begun as a call of this name."""
        return self._frame(self.program.calls[name], self.full(name), self.way_to_start(name))

    def way_to_start(self, name: str) -> tuple[str, ...]:
        """The shortest way to where a call is begun."""
        ways = [self.way_to(state) for state, calls in self.facts.begun.items() if name in calls]
        return (*min(ways, key=len, default=self.way), f"{self.full(name)} is begun")

    @property
    def begun(self) -> list[str]:
        """The names of all calls that it starts."""
        return [*dict.fromkeys(name for calls in self.facts.begun.values() for name in calls)]

    def _frame(self, place: Place, name: str, way: tuple[str, ...]) -> Frame | None:
        return None if place.program is None else Frame(place.program, name, way)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a workflow, or of a call that it makes.

    Attributes:
        frame: the function that it is in.
        place: what is called.
        name: what it is called in the whole workflow.
        way: the shortest way there.
        child: name of the child workflow that it belongs to, "" for none.
    """

    frame: Frame
    place: Place
    name: str
    way: tuple[str, ...]
    child: str = ""

    @property
    def node(self) -> Node | None:
        """How it is drawn."""
        return self.frame.node(self.place.state)


def spots(frame: Frame, *, children: bool = False) -> Iterator[Spot]:
    """Every place of a workflow, those in joins, in helpers and behind `start` included.

    Args:
        children: those of the workflows that it runs as well.
    """
    yield from _spots(frame, "", {frame.program.machine.name} if children else None)


def _spots(frame: Frame, child: str, seen: set[str] | None) -> Iterator[Spot]:
    for place in frame.program.places.values():
        here = Spot(frame, place, frame.full(place.state), frame.way_to(place.state), child)
        yield from _below(here, frame.helper(place), seen)
        for call in place.calls:
            inner = Spot(frame, call, frame.inside(place, call), here.way, child)
            yield from _below(inner, frame.member(place, call), seen)
    for name in frame.begun:
        begun = frame.program.calls[name]
        here = Spot(frame, begun, frame.full(name), frame.way_to_start(name), child)
        yield from _below(here, frame.started(name), seen)
    for one in frame.facts.children if seen is not None else ():
        yield from _of_child(one, frame.full(one.name), frame.way, seen)


def _below(spot: Spot, inner: Frame | None, seen: set[str] | None) -> Iterator[Spot]:
    yield spot
    if inner is not None:
        yield from _spots(inner, spot.child, seen)
    if spot.place.child is not None and seen is not None:
        yield from _of_child(spot.place.child, spot.name, spot.way, seen)


def _of_child(
    child: Workflow[..., Any], name: str, way: tuple[str, ...], seen: set[str] | None
) -> Iterator[Spot]:
    program = program_of(child)
    if program is not None and seen is not None and child.name not in seen:
        seen.add(child.name)
        yield from _spots(Frame(program, name, way), child.name, seen)


def program_of(child: Workflow[..., Any]) -> Program | None:
    """What a child is compiled to; None where it cannot be, which its own check tells."""
    try:
        return child.program
    except CompileError:
        return None


def frames(frame: Frame) -> Iterator[Frame]:
    """A function, and all that it calls, wherever."""
    yield frame
    for place in frame.program.places.values():
        inner = [frame.helper(place), *(frame.member(place, call) for call in place.calls)]
        for one in inner:
            if one is not None:
                yield from frames(one)
    for name in frame.begun:
        begun = frame.started(name)
        if begun is not None:
            yield from frames(begun)
