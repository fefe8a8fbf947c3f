"""Every configuration that a lifecycle can stand in, with every guard free to say yes or no.

Breadth first over single steps, so that the way to each is a shortest one. What is never come to
here is never come to; what is, may still be kept from happening by guards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from interlock.machines.checks.walking import is_done
from interlock.machines.due import Due
from interlock.machines.ir import ALWAYS, Edge, Machine
from interlock.machines.kernel import Chart, Snapshot, readable

LIMIT = 500
"""How many configurations are looked at, unless another number is given."""

_MOST_WAITING = 20

_Key: TypeAlias = tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...]]


@dataclass(slots=True)
class Spot:
    """A configuration, at rest or on its way.

    Attributes:
        snapshot: the active states, and what histories remember.
        waiting: what is still to be looked at before it rests.
        before: number of the spot that it was come to from first, -1 for the beginning.
        event: what led here, "" for what followed by itself.
        rests: it waits here for an event: nothing follows by itself, or guards may say no to it.
        ends: a final state at the top is active.
        ways: numbers of the spots that one step leads to.
    """

    snapshot: Snapshot
    waiting: tuple[str, ...]
    before: int
    event: str
    rests: bool = False
    ends: bool = False
    ways: set[int] = field(default_factory=set[int])


@dataclass(slots=True)
class Walked:
    """What was seen.

    Attributes:
        machine: the graph.
        spots: in the order in which they were come to.
        taken: ids of the edges that were taken.
        entered: the first spot of each state that was entered.
        complete: nothing is left to look at.
    """

    machine: Machine
    spots: list[Spot] = field(default_factory=list[Spot])
    taken: set[str] = field(default_factory=set[str])
    entered: dict[str, int] = field(default_factory=dict[str, int])
    complete: bool = True

    def trace(self, number: int) -> tuple[str, ...]:
        """The way to a spot, a line for each event."""
        lines: list[str] = []
        while number >= 0:
            spot = self.spots[number]
            end = readable(self.machine, spot.snapshot.active)
            if spot.before >= 0 and spot.event:
                lines.append(f"{spot.event} → {end}")
            elif spot.before >= 0:
                lines.append(f"(by itself) → {end}")
            number = spot.before
        return tuple(reversed(lines))

    def way_to(self, state: str) -> tuple[str, ...]:
        """The way to a state, () when it was not come to."""
        return self.trace(self.entered.get(state, -1))


def walked(machine: Machine, chart: Chart, limit: int = LIMIT) -> Walked:
    """Look at every configuration, at most `limit` of them.

    Args:
        chart: of the machine.
    """
    return _Walk(machine, chart, limit).run()


class _Walk:
    """One exploration."""

    def __init__(self, machine: Machine, chart: Chart, limit: int) -> None:
        self.found = Walked(machine)
        self.machine = machine
        self.chart = chart
        self.limit = limit
        self._known: dict[_Key, int] = {}
        self._todo: deque[int] = deque()
        self._options = _options(machine)
        self._events: dict[str, dict[str, None]] = {}
        self._due = Due(machine)
        for edge in machine.edges:
            timed = edge.event.startswith("after ")
            if not timed and edge.event != ALWAYS and not is_done(edge.event):
                self._events.setdefault(edge.source, {})[edge.event] = None

    def run(self) -> Walked:
        first = self.chart.begin()
        self._come(first.after, first.raised, -1, "", done=first.done)
        while self._todo:
            if len(self.found.spots) > self.limit:
                self.found.complete = False
                break
            self._from(self._todo.popleft())
        return self.found

    def _from(self, number: int) -> None:
        spot = self.found.spots[number]
        if spot.ends:
            return
        if not self._follow(number, spot):
            return
        spot.rests = True
        active = spot.snapshot.active
        for event in dict.fromkeys(e for state in active for e in self._events.get(state, ())):
            for edges in self._selections(spot.snapshot, event):
                self._take(number, edges, event, ())
        for edge in self._due.of(active):
            self._take(number, (edge,), edge.event, ())

    def _follow(self, number: int, spot: Spot) -> bool:
        """Take what follows by itself; whether it may also rest."""
        waiting = spot.waiting
        for event in (ALWAYS, *waiting):
            if event != ALWAYS:
                waiting = waiting[1:]
            possible = self._selections(spot.snapshot, event)
            for edges in possible:
                self._take(number, edges, "", waiting)
            if () not in possible:
                return False
        return True

    def _take(
        self, number: int, edges: tuple[Edge, ...], event: str, waiting: tuple[str, ...]
    ) -> None:
        if not edges:
            return
        step = self.chart.take(self.found.spots[number].snapshot, edges)
        self.found.taken.update(edge.id for edge in edges)
        to = self._come(step.after, (*waiting, *step.raised), number, event, done=step.done)
        self.found.spots[number].ways.add(to)

    def _come(
        self, snapshot: Snapshot, waiting: tuple[str, ...], before: int, event: str, *, done: bool
    ) -> int:
        waiting = tuple(e for e in waiting if self.chart.knows(e))
        if len(waiting) > _MOST_WAITING:
            waiting, self.found.complete = waiting[:_MOST_WAITING], False
        key = (snapshot.active, tuple(sorted(snapshot.history.items())), waiting)
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.found.spots)
            self.found.spots.append(Spot(snapshot, waiting, before, event, ends=done))
            self._todo.append(number)
            for state in snapshot.active:
                self.found.entered.setdefault(state, number)
        return number

    def _selections(self, snapshot: Snapshot, event: str) -> list[tuple[Edge, ...]]:
        """Every set of edges that an event may take, as guards may answer."""
        if not self.chart.knows(event):
            return [()]
        if self.chart.flat:
            edges = self._options.get((snapshot.active[0], event), (None,))
            return [() if edge is None else (edge,) for edge in edges]
        return [*dict.fromkeys(_answers(self.chart, snapshot, event, self._options))]


_Options: TypeAlias = dict[tuple[str, str], tuple[Edge | None, ...]]


def _options(machine: Machine) -> _Options:
    """What each state may answer to each event: a guarded edge, or the first without a guard."""
    by_place: dict[tuple[str, str], list[Edge]] = {}
    for edge in sorted(machine.edges, key=lambda edge: edge.order):
        by_place.setdefault((edge.source, edge.event), []).append(edge)
    found: _Options = {}
    for place, edges in by_place.items():
        free = next((n for n, edge in enumerate(edges) if not edge.guard), None)
        found[place] = (*edges, None) if free is None else tuple(edges[: free + 1])
    return found


def _answers(
    chart: Chart, snapshot: Snapshot, event: str, options: _Options
) -> Iterator[tuple[Edge, ...]]:
    """What is selected for every way in which the states that are asked may answer."""
    chosen: list[int] = []
    while True:
        widths: list[int] = []

        def choose(
            state: str, event: str, chosen: list[int] = chosen, widths: list[int] = widths
        ) -> Edge | None:
            possible = options.get((state, event), (None,))
            place = len(widths)
            widths.append(len(possible))
            if place == len(chosen):
                chosen.append(0)
            return possible[chosen[place]]

        yield chart.select(snapshot, event, choose)
        while chosen and chosen[-1] + 1 >= widths[len(chosen) - 1]:
            chosen.pop()
        if not chosen:
            return
        chosen[-1] += 1
