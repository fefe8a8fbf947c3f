"""What stays in the world when a run is undone, and failures that undo nothing."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.checks.subject import Subject
from interlock.machines.checks.waiting import listed, named, passing_to
from interlock.machines.checks.walking import closure
from interlock.machines.ir import DONE, Edge, Machine
from interlock.machines.problem import Problem
from interlock.machines.program import Place


def irreversible(subject: Subject) -> Iterator[Problem]:
    """ILK087: a step that cannot be undone, in a machine that undoes what it did."""
    machine = subject.machine
    if not any(node.compensated for node in machine.nodes):
        return
    for node in machine.nodes:
        if node.irreversible:
            text = f"{node.id!r} stays when the run is undone: {node.irreversible}"
            way = subject.way_to(node.id)
            yield Problem("ILK087", "info", node.id, text, node.line, node.file, way)


def without_undo(subject: Subject) -> Iterator[Problem]:
    """ILK107: steps of a workflow that compensates which stay when it does."""
    if not any(p.step and p.step.options.compensate for p in subject.places()):
        return
    names, line = named(subject, _stays)
    if names:
        text = (
            f"nothing undoes {listed(names)} when the run is undone; give compensate=, or say "
            "irreversible= why not"
        )
        yield Problem("ILK107", "info", "", text, line)


def _stays(place: Place) -> bool:
    step = place.step
    return step is not None and not step.options.compensate and not step.options.irreversible


def bypassed(subject: Subject) -> Iterator[Problem]:
    """ILK108: a failure behind a step with an undo that is caught, so that nothing is undone."""
    machine = subject.machine
    if subject.workflow is None or not any(node.compensated for node in machine.nodes):
        return
    ways = _ways(machine)
    completing = passing_to(machine, "completed")
    for edge in machine.edges:
        if not _is_failure(edge) or edge.target not in completing:
            continue
        done = [
            node.id
            for node in machine.nodes
            if node.compensated and node.parent is None and edge.source in ways[node.id]
        ]
        if done:
            text = (
                f"when {edge.source!r} fails ({edge.label or edge.event}), the run may go on to "
                f"its end, and {listed(done)} is not undone; raise to undo it"
            )
            node = machine.by_id[edge.source]
            fails = f"{edge.source} fails ({edge.label or edge.event}) → {edge.target}"
            way = (*subject.way_to(edge.source), fails)
            yield Problem("ILK108", "info", edge.source, text, node.line, node.file, way)


def _is_failure(edge: Edge) -> bool:
    return edge.event == "error" or edge.event.startswith("raise ")


def _ways(machine: Machine) -> dict[str, set[str]]:
    """What may come after each state once it was passed well."""
    following: dict[str, set[str]] = {node.id: set() for node in machine.nodes}
    for edge in machine.edges:
        following[edge.source].update(edge.targets)
    first: dict[str, set[str]] = {node.id: set() for node in machine.nodes}
    for edge in machine.edges:
        if edge.event == DONE:
            first[edge.source].update(edge.targets)
    return {name: closure(starts, following) for name, starts in first.items()}
