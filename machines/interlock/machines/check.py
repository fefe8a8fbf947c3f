"""Problems of a machine that can be proved from its graph alone, with every guard left open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Edge, Machine

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a machine, or that its author should know.

    Attributes:
        code: which problem it is, the same in every release.
        severity: an `error` cannot run as drawn; a `warning` is most likely a mistake; an
            `info` may be meant.
        state: where, "" for the machine as a whole.
        message: what it is, and what to do.
        line: line of the author's source file, 0 for none.
    """

    code: str
    severity: Severity
    state: str
    message: str
    line: int


def problems(machine: Machine) -> list[Problem]:
    """Every problem found, errors first, then in the order of the source.

    A guard is taken as free to say yes or no, so that "unreachable" is certain, while a state
    that only guards keep from being reached is not reported.
    """
    found = [problem for look in _LOOKS for problem in look(machine)]
    order: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
    places = {node.id: number for number, node in enumerate(machine.nodes)}
    return sorted(found, key=lambda p: (order[p.severity], places.get(p.state, -1), p.code))


def _names(machine: Machine) -> Iterator[Problem]:
    """ILK080: two states or two edges of one name. ILK081: an edge to or from nowhere."""
    for what, ids in (
        ("states", Counter(node.id for node in machine.nodes)),
        ("edges", Counter(edge.id for edge in machine.edges)),
    ):
        for name, count in ids.items():
            if count > 1:
                state = name if what == "states" else ""
                text = f"{count} {what} are called {name!r}; each needs a name of its own"
                yield Problem("ILK080", "error", state, text, 0)
    if machine.initial not in machine.by_id:
        text = f"it begins in {machine.initial!r}, which is not a state"
        yield Problem("ILK081", "error", "", text, machine.line)
    for edge in machine.edges:
        for end in {edge.source, edge.target} - machine.by_id.keys():
            text = f"the edge {edge.id!r} joins {end!r}, which is not a state"
            yield Problem("ILK081", "error", edge.source, text, edge.line)


def _unreachable(machine: Machine) -> Iterator[Problem]:
    """ILK082: a state that no path leads to. A workflow's ends are the same for all."""
    reached = _closure({machine.initial}, _following(machine))
    reached |= {outer for state in reached for outer in _around(machine, state)}
    for node in machine.nodes:
        if node.id in reached or (machine.kind == "workflow" and node.kind == "final"):
            continue
        text = f"nothing leads to {node.id!r}; add a transition to it, or remove it"
        yield Problem("ILK082", "warning", node.id, text, node.line)


def _endless(machine: Machine) -> Iterator[Problem]:
    """ILK083: a state without a way out. ILK084: one from which no end can be reached."""
    final = {n.id for n in machine.nodes if n.kind == "final" and n.parent is None}
    back: dict[str, set[str]] = {}
    for source, targets in _following(machine).items():
        for target in targets:
            back.setdefault(target, set()).add(source)
    ending = _closure(final, back)
    leaving = {state for edge in machine.edges for state in _left(machine, edge)}
    for node in machine.nodes:
        if node.kind == "final" or node.parent is not None:
            continue
        if node.id not in leaving:
            text = f"nothing leads out of {node.id!r}; make it final, or add a transition"
            yield Problem("ILK083", "warning", node.id, text, node.line)
        elif final and node.id not in ending:
            text = f"no final state can be reached from {node.id!r}"
            yield Problem("ILK084", "warning", node.id, text, node.line)


def _shadowed(machine: Machine) -> Iterator[Problem]:
    """ILK085: an edge that another one always comes before."""
    if machine.kind != "lifecycle":
        return  # what a workflow's code decides is not a list of candidates
    open_ones: dict[tuple[str, str], Edge] = {}
    timers: dict[str, list[Edge]] = {}
    for edge in sorted(machine.edges, key=lambda edge: edge.order):
        first = open_ones.get((edge.source, edge.event))
        if first is not None:
            text = f"{edge.id!r} is never taken: {first.id!r} comes first, without a guard"
            yield Problem("ILK085", "error", edge.source, text, edge.line)
        elif not edge.guard:
            open_ones[edge.source, edge.event] = edge
            if edge.event.startswith("after "):
                timers.setdefault(edge.source, []).append(edge)
    for state, edges in timers.items():
        first = min(edges, key=_delay)
        for edge in edges:
            if edge is not first:
                text = f"{edge.event!r} never comes: {first.event!r} always leaves {state!r} before"
                yield Problem("ILK085", "warning", state, text, edge.line)


def _waits(machine: Machine) -> Iterator[Problem]:
    """ILK086: an approval or a wait that nothing but its answer can end."""
    for node in machine.nodes:
        if node.kind in ("approval", "wait") and node.timeout is False:
            text = f"{node.id!r} may wait for ever; give it a timeout= if that is not meant"
            yield Problem("ILK086", "info", node.id, text, node.line)


_LOOKS: tuple[Callable[[Machine], Iterator[Problem]], ...] = (
    _names,
    _unreachable,
    _endless,
    _shadowed,
    _waits,
)


def _delay(edge: Edge) -> float:
    try:
        return duration(edge.event.removeprefix("after ")).total_seconds()
    except BadDefinition:
        return float("inf")  # a machine read from elsewhere, in other words


def _left(machine: Machine, edge: Edge) -> Iterator[str]:
    """The states that a move leaves for good: its source, and those around it."""
    kept = {edge.target, *_around(machine, edge.target)}
    return (state for state in (edge.source, *_around(machine, edge.source)) if state not in kept)


def _around(machine: Machine, state: str) -> Iterator[str]:
    node = machine.by_id.get(state)
    while node is not None and node.parent is not None:
        yield node.parent
        node = machine.by_id.get(node.parent)


def _following(machine: Machine) -> dict[str, set[str]]:
    """The states that each one leads to; what is nested is entered with its parent."""
    found: dict[str, set[str]] = {}
    for edge in machine.edges:
        found.setdefault(edge.source, set()).add(edge.target)
    for node in machine.nodes:
        if node.parent is not None:
            found.setdefault(node.parent, set()).add(node.id)
            found.setdefault(node.id, set()).update(found.get(node.parent, ()))
    return found


def _closure(first: set[str], following: dict[str, set[str]]) -> set[str]:
    seen, todo = set(first), list(first)
    while todo:
        for state in following.get(todo.pop(), set()) - seen:
            seen.add(state)
            todo.append(state)
    return seen
