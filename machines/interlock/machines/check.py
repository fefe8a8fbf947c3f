"""Problems of a machine that can be proved from its graph alone, with every guard left open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.ir import ALWAYS, DONE, Edge, Machine, Node
from interlock.machines.kernel import endless, flaws
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.machines.resilience.undeclared import undeclared
from interlock.machines.steps_of import steps_of
from interlock.machines.undefined import undefined_names

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


def undefined(function: Callable[..., Any]) -> Iterator[Problem]:
    """ILK088: a name that nothing defines."""
    for name, line in undefined_names(function):
        text = f"{name!r} is not defined: a NameError in the middle of a run; define or import it"
        yield Problem("ILK088", "error", "", text, line)


def undeclared_gates(program: Program | LifecycleProgram) -> Iterator[Problem]:
    """ILK105: a step names a breaker, rate limit or bulkhead that nothing declares."""
    for text in undeclared(steps_of(program)):
        yield Problem("ILK105", "error", "", text, 0)


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
        for end in sorted({edge.source, *edge.targets} - machine.by_id.keys()):
            text = f"the edge {edge.id!r} joins {end!r}, which is not a state"
            yield Problem("ILK081", "error", edge.source, text, edge.line)


def _unreachable(machine: Machine) -> Iterator[Problem]:
    """ILK082: a state that no path leads to. A workflow's ends are the same for all."""
    reached = closure({machine.initial, *machine.more}, _following(machine))
    for node in machine.nodes:
        if (
            node.id in reached
            or node.kind == "history"
            or (machine.kind == "workflow" and node.kind == "final")
        ):
            continue
        text = f"nothing leads to {node.id!r}; add a transition to it, or remove it"
        yield Problem("ILK082", "warning", node.id, text, node.line)


def _endless(machine: Machine) -> Iterator[Problem]:
    """ILK083: a state without a way out. ILK084: one from which no end can be reached."""
    tops = {node.id: _top(machine, node) for node in machine.nodes}
    final = {node.id for node in machine.nodes if node.kind == "final" and node.parent is None}
    back: dict[str, set[str]] = {}
    leaving: set[str] = set()
    for edge in machine.edges:
        source = tops.get(edge.source, edge.source)
        for target in edge.targets:
            end = tops.get(target, target)
            back.setdefault(end, set()).add(source)
            if end != source:
                leaving.add(source)
    ending = closure(final, back)
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
    for edge in machine.edges:
        always = open_ones.get((edge.source, ALWAYS))
        if always is not None and not always.stays and edge.event not in (ALWAYS, always.event):
            text = f"{edge.id!r} is never taken: {always.id!r} leaves {edge.source!r} at once"
            yield Problem("ILK085", "warning", edge.source, text, edge.line)
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


def _nesting(machine: Machine) -> Iterator[Problem]:
    """ILK130: states that are not nested as they can be run."""
    for flaw in flaws(machine):
        yield Problem("ILK130", "error", flaw.state, flaw.text, flaw.line)


def _always(machine: Machine) -> Iterator[Problem]:
    """ILK131: transitions that follow by themselves for ever."""
    edge = endless(machine)
    if edge is not None:
        text = f"{edge.id!r} follows by itself for ever; give an `always` on its way a guard"
        yield Problem("ILK131", "error", edge.source, text, edge.line)


def _never_done(machine: Machine) -> Iterator[Problem]:
    """ILK132: a state that is waited for to be done, and has no final state inside to be."""
    if machine.kind == "workflow":
        return
    for edge in machine.edges:
        of = edge.source if edge.event == DONE else edge.event.removeprefix(f"{DONE} ")
        if edge.event != DONE and of == edge.event:
            continue
        node = machine.by_id.get(of)
        if node is None or not _can_end(machine, node):
            text = f"{edge.id!r} is never taken: {of!r} has no final states inside that end it"
            yield Problem("ILK132", "warning", edge.source, text, edge.line)


def _can_end(machine: Machine, node: Node) -> bool:
    inside = [n for n in machine.nodes if n.parent == node.id and n.kind != "history"]
    if node.kind == "parallel":
        return all(_can_end(machine, region) for region in inside)
    return any(n.kind == "final" for n in inside)


def _irreversible(machine: Machine) -> Iterator[Problem]:
    """ILK087: a step that cannot be undone, in a machine that undoes what it did."""
    if not any(node.compensated for node in machine.nodes):
        return
    for node in machine.nodes:
        if node.irreversible:
            text = f"{node.id!r} stays when the run is undone: {node.irreversible}"
            yield Problem("ILK087", "info", node.id, text, node.line)


_LOOKS: tuple[Callable[[Machine], Iterator[Problem]], ...] = (
    _names,
    _unreachable,
    _endless,
    _shadowed,
    _waits,
    _nesting,
    _always,
    _never_done,
    _irreversible,
)


def _delay(edge: Edge) -> float:
    try:
        return duration(edge.event.removeprefix("after ")).total_seconds()
    except BadDefinition:
        return float("inf")  # a machine read from elsewhere, in other words


def _following(machine: Machine) -> dict[str, set[str]]:
    """The states that each one leads to: by an edge, or because one is not entered alone."""
    found: dict[str, set[str]] = {node.id: set() for node in machine.nodes}
    for edge in machine.edges:
        found.setdefault(edge.source, set()).update(edge.targets)
    for node in machine.nodes:
        first = set(node.more) if node.initial is None else {node.initial, *node.more}
        found[node.id] |= first
        if node.parent is None or node.parent not in found:
            continue
        parent = machine.by_id[node.parent]
        found[node.id].add(parent.id)
        if node.kind != "history" and parent.kind == "parallel":
            found[parent.id].add(node.id)
    return found


def _top(machine: Machine, node: Node) -> str:
    """The state at the top that a state is in."""
    seen = {node.id}
    while node.parent is not None and node.parent in machine.by_id and node.parent not in seen:
        seen.add(node.parent)
        node = machine.by_id[node.parent]
    return node.id


def closure(first: set[str], following: dict[str, set[str]]) -> set[str]:
    """All that can be come to from some states, these included."""
    seen, todo = set(first), list(first)
    while todo:
        for state in following.get(todo.pop(), set()) - seen:
            seen.add(state)
            todo.append(state)
    return seen
