"""Which transitions can be taken: those that others come before, and chains without an end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from interlock.machines.checks.subject import Subject
from interlock.machines.checks.walking import closure, is_done
from interlock.machines.due import Due, delay_of
from interlock.machines.ir import ALWAYS, DONE, Edge, Machine, Node
from interlock.machines.kernel import Chart, Snapshot, endless
from interlock.machines.problem import Problem, Severity


def shadowed(subject: Subject) -> Iterator[Problem]:
    """ILK085: a transition that another one always comes before."""
    if subject.machine.kind != "lifecycle":
        return  # what a workflow's code decides is not a list of candidates
    round_and_round = _round(subject.machine)  # told as what never comes to rest
    told = dict[str, Problem]()
    for edge, severity, text in (*_behind_open_ones(subject.machine), *_late(subject.machine)):
        way = subject.way_to(edge.source)
        told.setdefault(edge.id, Problem("ILK085", severity, edge.source, text, edge.line, "", way))
    yield from (p for p in told.values() if p.state not in round_and_round)
    others = {edge.id for edge, _ in _overlapping(subject)}
    for edge in subject.never:
        if edge.id not in told and edge.id not in others and not is_done(edge.event):
            text = f"{edge.id!r} is never taken: other states always take {edge.event!r} before"
            way = subject.way_to(edge.source)
            yield Problem("ILK085", "warning", edge.source, text, edge.line, trace=way)


def _behind_open_ones(machine: Machine) -> Iterator[tuple[Edge, Severity, str]]:
    """Candidates behind one without a guard, and all that an `always` leaves no time for."""
    first = _open_ones(machine)
    for edge in sorted(machine.edges, key=lambda edge: edge.order):
        before = first.get((edge.source, edge.event))
        if before is not None and before.order < edge.order and edge.guard:
            text = f"{edge.id!r} is never taken: {before.id!r} comes first, without a guard"
            yield edge, "error", text
    for edge in machine.edges:
        always = first.get((edge.source, ALWAYS))
        if always is not None and not always.stays and edge.event not in (ALWAYS, always.event):
            text = f"{edge.id!r} is never taken: {always.id!r} leaves {edge.source!r} at once"
            yield edge, "warning", text


def _round(machine: Machine) -> set[str]:
    """States that open `always` transitions lead away from and back to."""
    first = _open_ones(machine)
    onward = {state: e.targets for (state, event), e in first.items() if event == ALWAYS}
    return {state for state, ends in onward.items() if state in closure(ends, onward)}


def _late(machine: Machine) -> Iterator[tuple[Edge, Severity, str]]:
    """Timers that a shorter one of the state, or of one around it, always comes before."""
    never = Due(machine).never
    timers = [
        edge for edge in machine.edges if edge.event.startswith("after ") and not edge.internal
    ]
    for edge in machine.edges:
        if edge.id in never:
            around = {*_upward(machine, edge.source)}
            first = min((one for one in timers if one.source in around), key=delay_of)
            text = (
                f"{edge.event!r} never comes: {first.event!r} always leaves {first.source!r} before"
            )
            yield edge, "warning", text


def _open_ones(machine: Machine) -> dict[tuple[str, str], Edge]:
    """The first candidate without a guard of each state and event."""
    found: dict[tuple[str, str], Edge] = {}
    for edge in sorted(machine.edges, key=lambda edge: edge.order):
        if not edge.guard:
            found.setdefault((edge.source, edge.event), edge)
    return found


def overlapping(subject: Subject) -> Iterator[Problem]:
    """ILK300: two transitions without a guard of which only one can be taken."""
    if subject.machine.kind != "lifecycle":
        return
    for edge, before in _overlapping(subject):
        text = (
            f"{edge.id!r} and {before.id!r} are both open to {edge.event!r}, without a guard, and "
            f"only {before.id!r} is taken; give the first of them a guard, or remove one"
        )
        way = subject.way_to(edge.source)
        yield Problem("ILK300", "error", edge.source, text, edge.line, trace=way)


def _overlapping(subject: Subject) -> Iterator[tuple[Edge, Edge]]:
    """Pairs: one that is not taken, and the one that is."""
    machine = subject.machine
    first = _open_ones(machine)
    for edge in machine.edges:
        before = first.get((edge.source, edge.event))
        if before is not None and before is not edge and not edge.guard:
            yield edge, before
    if subject.chart is None or subject.chart.flat:
        return
    by_event: dict[str, list[Edge]] = {}
    for edge in first.values():
        if not edge.event.startswith("after "):
            by_event.setdefault(edge.event, []).append(edge)
    for edges in by_event.values():
        for one, other in itertools.combinations(edges, 2):
            lost = _undone(subject.chart, machine, one, other)
            if lost is not None:
                yield lost, other if lost is one else one


def _undone(chart: Chart, machine: Machine, one: Edge, other: Edge) -> Edge | None:
    """Which of two transitions of different regions is not taken with the other."""
    if is_done(one.event) or not _side_by_side(machine, one.source, other.source):
        return None
    both = {one.source: one, other.source: other}
    place = Snapshot(chart.entering((one.source, other.source)))
    taken = chart.select(place, one.event, lambda state, event: both.get(state))
    return None if len(taken) != 1 else next(e for e in (one, other) if e not in taken)


def _side_by_side(machine: Machine, one: str, other: str) -> bool:
    """Whether two states are in different regions of a parallel one."""
    above = [*_upward(machine, one)]
    shared = next((s for s in _upward(machine, other) if s in above), None)
    inside = shared not in (None, one, other)
    return inside and machine.by_id[shared or ""].kind == "parallel"


def _upward(machine: Machine, name: str) -> Iterator[str]:
    state: str | None = name
    while state is not None:
        yield state
        state = machine.by_id[state].parent


def always(subject: Subject) -> Iterator[Problem]:
    """ILK131: transitions that follow by themselves for ever."""
    edge = endless(subject.machine)
    if edge is not None:
        text = f"{edge.id!r} follows by itself for ever; give an `always` on its way a guard"
        way = subject.way_to(edge.source)
        yield Problem("ILK131", "error", edge.source, text, edge.line, trace=way)


def never_done(subject: Subject) -> Iterator[Problem]:
    """ILK132: a state or join that is waited for, and can never come to its end."""
    machine = subject.machine
    if machine.kind == "workflow":
        return
    told: set[str] = set()
    for edge in machine.edges:
        if not is_done(edge.event):
            continue
        of = edge.source if edge.event == DONE else edge.event.removeprefix(f"{DONE} ")
        node = machine.by_id.get(of)
        if node is None or not _can_end(machine, node):
            told.add(edge.id)
            text = f"{edge.id!r} is never taken: {of!r} has no final states inside that end it"
            yield Problem("ILK132", "warning", edge.source, text, edge.line)
    if any(told) or subject.exact is None:
        return
    taken = {(e.source, e.event) for e in machine.edges if e.id in subject.exact.taken}
    for edge in subject.never:
        if is_done(edge.event) and (edge.source, edge.event) not in taken:
            text = f"{edge.id!r} is never taken: the states that it waits for never end together"
            way = subject.way_to(edge.source)
            yield Problem("ILK132", "warning", edge.source, text, edge.line, trace=way)


def _can_end(machine: Machine, node: Node) -> bool:
    inside = [n for n in machine.nodes if n.parent == node.id and n.kind != "history"]
    if node.kind == "parallel":
        return all(_can_end(machine, region) for region in inside)
    return any(n.kind == "final" for n in inside)
